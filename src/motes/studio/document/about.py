"""A document as answers of the API have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motes import kinds
from motes.edit.note_columns import known_notes
from motes.scene.scene import Scene
from motes.studio.answers import DocumentAnswer, Track
from motes.studio.drawing.tiles import coarsest_level
from motes.studio.rooms import rooms_of
from motes.studio.sound.sound import TRACKS

if TYPE_CHECKING:
    from motes.studio.document.documents import Document


# More lanes than these are too thin to be told apart.
_MOST_LANES = 256


def about(document: Document) -> DocumentAnswer:
    """The document; whoever asks holds its lock."""
    now, history = document.history.current, document.history
    scene, made = now.scene, now.scene.metadata
    tracks: tuple[Track, ...] = TRACKS if document.recording is not None else ("reconstruction",)
    return {
        "id": document.id,
        "name": document.name,
        "path": document.shown_path,
        "n_bytes": None if document.stamp is None else document.stamp[1],
        "revision": now.number,
        "saved_revision": document.saved_revision,
        "dirty": document.is_dirty,
        "undo": history.undo_label,
        "redo": history.redo_label,
        "n_events": scene.n_events,
        "counts": {table.KIND: len(table) for table in scene.tables},
        "lanes": _lanes(scene),
        "n_muted": int(np.count_nonzero(now.muted)),
        "sample_rate_hz": scene.sample_rate_hz,
        "n_samples": scene.n_samples,
        "n_channels": scene.n_channels,
        "duration_s": scene.duration_s,
        "top_hz": scene.sample_rate_hz / 2,
        "original": None if document.recording is None else document.recording.about(),
        "tracks": list(tracks),
        "groups": len(scene.groups),
        "notes": document.note_work.to_json(len(known_notes(scene))),
        "instruments": len(scene.instruments),
        "rooms": rooms_of(scene),
        "unheard": scene.unheard,
        "metadata": {
            "encoder": made.encoder,
            "options": made.options,
            "stop_reason": made.stop_reason,
            "source_digest": made.source_digest,
            "version": made.version,
        },
        "markers": [{"start_s": one.start_s, "end_s": one.end_s, "name": one.name} for one in made.markers],
        "group_names": dict(made.group_names),
        "finest_level": 0,
        "coarsest_level": coarsest_level(scene.duration_s),
    }


def _lanes(scene: Scene) -> dict[str, list[int]]:
    """The numbers of lanes in use, ascending, of each kind whose events lie on such."""
    named = [(table, kinds.of(table).look.lane) for table in scene.tables if len(table)]
    return {
        table.KIND: np.unique(table.column(lane))[:_MOST_LANES].astype(int).tolist() for table, lane in named if lane
    }
