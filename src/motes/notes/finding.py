"""The notes of a scene, found by the network of `encoders.siam` in its sound or in the recording it was made from; of
a scene without atoms each event is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.audio.source import ArraySource, Source
from motes.edit.note_changes import without_empty_parts
from motes.edit.note_columns import levels_db, with_members
from motes.encoders.siam import SiamOptions, describe
from motes.events.event_table import EventTable
from motes.events.groups import ROLES, Groups
from motes.events.note_table import HIGHEST_DB, LOWEST_DB, SURENESS_UNITS, NoteTable
from motes.events.notes import DRUMS, NO_PROGRAM, pitch_to_hz
from motes.notes.parts import parts_of
from motes.notes.sureness import probability_of, sureness_of
from motes.notes.timbre import embedded
from motes.notes.vectors import steps_of
from motes.scene.notes import times_and_pitches
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from motes.encoders.progress import Progress
    from motes.encoders.siam import Detections

# Notes that are found again: so near in time and pitch, in seconds and semitones.
SAME_S, SAME_SEMITONES = 0.06, 0.6
# What is less sure is no note, unless it is asked for.
SURENESS = 0.4
# The network is never surer.
MOST_SURE = 0.99
_NOTE, _PART = ROLES.index("note"), ROLES.index("part")


class Found(NamedTuple):
    """Notes in order of onset: a table whose ids count from 1, and the part of each from 0."""

    notes: NoteTable
    part: NDArray[np.int64]


def find(
    scene: Scene,
    recording: Source | None = None,
    sureness: float = SURENESS,
    progress: Callable[[Progress], None] | None = None,
    n_instruments: int | None = None,
    vectors: bool = False,
) -> Scene:
    """The scene with its notes as groups, and these in parts; `recording` is listened to in place of the scene's sound.
    Where it is known how many instruments play, notes come in so many parts. `vectors` gives them their sixteen
    numbers.

    Notes that have events of their own, since users or edits made them, stay. Where the scene has atoms the notes
    share these; of a scene of other events each is a note, with the group that says so.
    """
    if not len(scene.gabor) and scene.n_events > len(scene.texture):
        return _every_event(scene)
    if recording is None:
        recording = ArraySource(scene.render(), scene.sample_rate_hz)
    return with_found(scene, notes_in(recording, sureness, progress, n_instruments, vectors))


def notes_in(
    recording: Source,
    sureness: float = SURENESS,
    progress: Callable[[Progress], None] | None = None,
    n_instruments: int | None = None,
    vectors: bool = False,
) -> Found:
    """The notes and other sounds of a recording that are at least so sure; with the numbers of `vectors` if asked."""
    described = describe(recording, SiamOptions(sureness=min(probability_of(sureness), MOST_SURE), events_per_second=0))
    is_pitched, table = described.found.is_pitched, table_of(described.found)
    table = table.replace(numbers=steps_of(described.numbers)) if vectors else table
    sure = table.sureness >= sureness - 0.5 / SURENESS_UNITS
    notes, hits = embedded(described)
    kept = table.only(sure)
    part = parts_of(notes[sure[is_pitched]], hits[sure[~is_pitched]], is_pitched[sure], n_instruments)
    return Found(kept.replace(id=np.arange(1, len(kept) + 1)), part)


def table_of(found: Detections) -> NoteTable:
    """Events that the network detected, as notes."""
    return NoteTable(
        np.arange(1, len(found.onset_s) + 1),
        found.onset_s,
        found.end_s,
        pitch_to_hz(np.where(found.is_pitched, found.pitch, np.nan)),
        np.clip(found.loudness_db.astype(np.float64), LOWEST_DB, HIGHEST_DB),
        sureness_of(found),
        np.where(found.is_pitched, NO_PROGRAM, DRUMS),
    ).rounded()


def with_found(scene: Scene, found: Found) -> Scene:
    """The scene with these notes in place of those that have no events of their own."""
    members = with_members(scene, scene.groups.notes.id)
    stale = np.setdiff1d(scene.groups.notes.id, members)
    groups = without_empty_parts(scene.groups.only(~np.isin(scene.groups.id, stale)))
    new = ~_known(groups.notes, found.notes)
    return scene.with_tables((), groups=_added(groups, found.notes.only(new), found.part[new]))


def _known(held: NoteTable, found: NoteTable) -> NDArray[np.bool_]:
    """Which of the notes found are among those that a scene has."""
    near = np.abs(found.onset_s[:, None] - held.onset_s) <= SAME_S
    apart = np.abs(found.pitch[:, None] - held.pitch)
    return np.any(near & ((apart <= SAME_SEMITONES) | np.isnan(apart)), axis=1)


def _added(groups: Groups, notes: NoteTable, part: NDArray[np.int64]) -> Groups:
    """The groups with these notes, whose ids come after all others, and a group for each of their parts."""
    first = int(groups.id.max(initial=0)) + 1
    ids = first + np.arange(len(notes))
    names, which = np.unique(part, return_inverse=True)
    parts = first + len(notes) + np.arange(len(names))
    together = Groups(
        np.concatenate([groups.id, ids, parts]),
        np.concatenate([groups.parent, parts[which.reshape(-1)], np.zeros_like(parts)]),
        np.concatenate([groups.role, np.full(len(ids), _NOTE), np.full(len(parts), _PART)]),
        groups.notes.joined(notes.replace(id=ids)),
    )
    return together


def _every_event(scene: Scene) -> Scene:
    """The scene with a group of the role note for each event that is in none and has a time of its own."""
    groups, tables = scene.groups, []
    for events in scene.tables:
        free = np.flatnonzero(events.column("group_id") == 0)
        if events.KIND == "texture" or not len(free):
            tables.append(events)
            continue
        free = free[np.argsort(events.column("time_s")[free], kind="stable")]
        groups = _added(groups, _as_notes(events.take(free)), np.zeros(len(free), np.int64))
        group_id = events.column("group_id").copy()
        group_id[free] = groups.notes.id[-len(free) :]
        tables.append(events.replace(group_id=group_id))
    return scene.with_tables(tables, groups=groups)


def _as_notes(events: EventTable) -> NoteTable:
    onset_s, end_s, pitch = times_and_pitches(events)
    n = len(events)
    return NoteTable(
        np.arange(1, n + 1),
        np.maximum(onset_s, 0),
        np.maximum(end_s, np.maximum(onset_s, 0)),
        pitch_to_hz(pitch),
        np.clip(levels_db(events), LOWEST_DB, HIGHEST_DB),
        np.ones(n),
        np.where(np.isnan(pitch), DRUMS, NO_PROGRAM),
    ).rounded()
