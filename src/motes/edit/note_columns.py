"""What conditions can ask of notes, and which notes a scene has: those that it knows, and groups of the role note."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import EventTable, Ints
from motes.events.groups import Groups
from motes.events.note_table import NoteTable
from motes.events.notes import NO_PROGRAM
from motes.units import SILENCE_DB

if TYPE_CHECKING:
    from motes.scene.scene import Scene

# Of a note: its number, the nearest MIDI pitch, its frequency, when it begins and ends, its level, how sure it is, and
# its part.
WORDS = ("note", "pitch", "note_f0_hz", "note_onset_s", "note_end_s", "note_gain_db", "sureness", "part")


def group_ids(scene: Scene) -> Ints:
    """The group of each event, `(n_events,)`."""
    return np.asarray(_column(scene, "group_id"))


def _column(scene: Scene, name: str) -> NDArray[Any]:
    return np.concatenate([table.column(name) for table in scene.tables])


def known_notes(scene: Scene) -> NoteTable:
    """All notes of a scene: of those that users grouped, when their events sound, and how high most of these are."""
    return scene.once("known notes", lambda: _known_notes(scene))


def _known_notes(scene: Scene) -> NoteTable:
    groups = scene.groups
    others = np.setdiff1d(groups.with_role("note"), groups.notes.id)
    return groups.notes.joined(_described(scene, others)) if len(others) else groups.notes


def _described(scene: Scene, ids: Ints) -> NoteTable:
    """Notes of these groups, by their events; those without events are left out."""
    group_id, rows = group_ids(scene), []
    start_s, end_s = _column(scene, "start_s"), _column(scene, "end_s")
    level_db = np.clip(np.concatenate([levels_db(table) for table in scene.tables]), -400, 400)
    pitch_hz = _frequencies_hz(scene)
    for number in ids.tolist():
        mine = np.flatnonzero(np.isin(group_id, scene.groups.within(number)))
        if not len(mine):
            continue
        loudest = mine[np.argmax(level_db[mine])]
        f0_hz = pitch_hz[loudest]
        onset_s, stop_s = float(start_s[mine].min()), float(end_s[mine].max())
        rows.append((number, max(onset_s, 0.0), max(stop_s, 0.0), f0_hz, level_db[loudest], 1.0, NO_PROGRAM))
    return NoteTable(*(np.array(rows).reshape(-1, 7).T)).rounded()


def levels_db(table: EventTable) -> NDArray[np.float64]:
    """How strong each event is in its loudest channel, in dB."""
    values = table.column(table.LEVEL) if table.LEVEL else np.zeros(len(table))
    values = values.max(axis=1, initial=-400.0) if values.ndim > 1 else values
    names = {param.name for param in table.PARAMS if param.unit.startswith("dB")}
    # A vector has a loudness of its own, and its channels are so much louder than that.
    values = values + table.column("loudness_db") if "loudness_db" in names else values
    if table.LEVEL in names:
        return np.asarray(values)
    return np.asarray(20 * np.log10(np.maximum(values, 10 ** (SILENCE_DB / 20))))


def _frequencies_hz(scene: Scene) -> NDArray[np.float64]:
    """The fundamental of each event, or the frequency of one that has no more; NaN for noise."""
    parts = []
    for table in scene.tables:
        names = {param.name for param in table.PARAMS}
        name = next((name for name in ("f0_hz", "frequency_hz") if name in names), None)
        values = np.full(len(table), np.nan) if name is None else table.column(name)
        parts.append(np.where(values >= 1, values, np.nan))
    return np.concatenate(parts)


def part_numbers(scene: Scene, notes: NoteTable) -> Ints:
    """The part of each note, numbered from 1 in order of their ids; 0 for none, `(n_notes,)`."""
    groups = scene.groups
    parts = groups.with_role("part")
    parent = groups.parent[np.searchsorted(groups.id, notes.id)]
    return np.where(np.isin(parent, parts), np.searchsorted(parts, parent) + 1, 0)


def columns_of(scene: Scene, notes: NoteTable) -> dict[str, Any]:
    """The columns of `notes` by WORDS, `(n_notes,)`."""
    part = part_numbers(scene, notes)
    found = (
        notes.id,
        np.rint(notes.pitch),
        notes.f0_hz,
        notes.onset_s,
        notes.end_s,
        notes.gain_db,
        notes.sureness,
        part,
    )
    return {name: np.asarray(values, np.float64) for name, values in zip(WORDS, found, strict=True)}


def note_of_groups(groups: Groups, group_id: Ints) -> Ints:
    """The note that each of these groups is, or is in; 0 for none."""
    known = np.concatenate([[0], groups.id])
    notes, above = groups.with_role("note"), np.concatenate([[0], groups.parent])
    found = known.copy()
    while True:
        climbing = (found > 0) & ~np.isin(found, notes)
        if not climbing.any():
            break
        found[climbing] = above[np.searchsorted(known, found[climbing])]
    return np.asarray(found[np.searchsorted(known, group_id)])


def event_columns(scene: Scene, group_id: Ints) -> dict[str, Any]:
    """The columns of WORDS for events of these groups, `(n_events,)`: 0 as the note and part of those in none, and NaN
    as all else of theirs.
    """
    notes, number = known_notes(scene), note_of_groups(scene.groups, group_id)
    at = np.searchsorted(notes.id, number).clip(0, max(len(notes) - 1, 0))
    has = (number > 0) & (len(notes) > 0) & (notes.id[at] == number if len(notes) else False)
    columns: dict[str, Any] = {}
    for name, values in columns_of(scene, notes).items():
        none = 0.0 if name in ("note", "part") else np.nan
        columns[name] = np.where(has, values[at], none) if len(notes) else np.full(len(group_id), none)
    return columns


def with_members(scene: Scene, ids: Iterable[int] | None = None) -> Ints:
    """Those of these notes, by default of all, that have events of their own."""
    notes = known_notes(scene).id if ids is None else np.asarray(list(ids), np.int64)
    held = np.unique(note_of_groups(scene.groups, np.unique(group_ids(scene))))
    return np.asarray(notes[np.isin(notes, held)])
