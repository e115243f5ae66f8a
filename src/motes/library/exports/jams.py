"""Notes as JAMS (JSON Annotated Music Specification, Humphrey et al. 2014): of each part its notes and pitch curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from motes.library.exports.chosen_notes import Chosen, divided
from motes.notes.note import Note
from motes.scene.scene import Scene
from motes.version import __version__

JAMS_VERSION = "0.3.4"


def write_jams(chosen: Chosen, handle: BinaryIO) -> None:
    """Write notes as annotations of the namespaces `note_midi` and `pitch_contour`, a pair for each part, whose number
    is in their sandboxes; what has no pitch as `onset`. Confidences are sureness.
    """
    handle.write(msgspec.json.encode(jams_of(chosen)) + b"\n")


def jams_of(chosen: Chosen) -> dict[str, Any]:
    """The object of a JAMS file."""
    scene = chosen.scene
    annotations = []
    notes = divided(chosen.notes)
    for part in sorted({note.part for note in notes}):
        pitched = [note for note in notes if note.part == part and note.pitch is not None]
        others = [note for note in notes if note.part == part and note.pitch is None]
        if pitched:
            annotations.append(_annotation(scene, "note_midi", part, _sparse(pitched)))
            annotations.append(_annotation(scene, "pitch_contour", part, _contours(pitched)))
        if others:
            annotations.append(_annotation(scene, "onset", part, _sparse(others)))
    tags = {name: "; ".join(scene.tags.get(tag, ())) for name, tag in _TAGS.items()}
    return {
        "file_metadata": {**tags, "duration": scene.duration_s, "identifiers": {}, "jams_version": JAMS_VERSION},
        "annotations": annotations,
        "sandbox": {},
    }


_TAGS = {"title": "title", "artist": "artist", "release": "album"}


def _annotation(scene: Scene, namespace: str, part: int, data: Any) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": __version__,
            "corpus": "",
            "annotation_tools": f"motes {__version__}",
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
        "time": 0.0,
        "duration": scene.duration_s,
        "sandbox": {"part": part},
        "data": data,
    }


def _sparse(notes: Sequence[Note]) -> list[dict[str, Any]]:
    return [
        {
            "time": max(note.onset_s, 0.0),
            "duration": max(note.end_s, 0.0) - max(note.onset_s, 0.0),
            "value": note.pitch,
            "confidence": note.sureness,
        }
        for note in notes
    ]


def _contours(notes: Sequence[Note]) -> dict[str, list[Any]]:
    """The pitch curves of all notes, which their numbers tell apart, in columns."""
    points = []
    for note in notes:
        curve = note.pitch_curve
        for time_s, f0_hz in zip(curve.time_s.tolist(), curve.f0_hz.tolist(), strict=True):
            value = {"index": note.number, "frequency": round(f0_hz, 3), "voiced": True}
            points.append((round(max(time_s, 0.0), 6), value, note.sureness))
    points.sort(key=lambda point: (point[0], point[1]["index"]))
    return {
        "time": [point[0] for point in points],
        "duration": [0.0] * len(points),
        "value": [point[1] for point in points],
        "confidence": [point[2] for point in points],
    }
