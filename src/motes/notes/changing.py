"""Notes changed as notes: one split into two, several merged into one, and a copy of one at another pitch and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.edit import operations
from motes.edit.detail.shares import cut_at
from motes.edit.joining import merged
from motes.edit.note_changes import without_empty_parts
from motes.edit.note_columns import known_notes
from motes.edit.selection import Selection
from motes.edit.tables import by_kind, check_gap, column, kept, rebuilt, require_time
from motes.errors import ParameterError
from motes.events.event_table import Mask
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.notes import hz_to_pitch, pitch_of
from motes.events.shares import united
from motes.kinds.gabor.edited import in_own_layer
from motes.scene.scene import Scene
from motes.units import require_finite

# Notes shorter than this, in seconds, have no length that another could be measured by.
SHORTEST_S = 0.001


def split_note(scene: Scene, note: int, at_s: float) -> Selection:
    """The scene with a note as two, the second of which begins at `at_s` and is selected; it sounds as before.

    Events go to the note in which their centres lie. ParameterError where there is no such note, where it does not
    sound then, or where one of the two would have no events.
    """
    at_s, row = require_time("at_s", at_s), _row(scene, note)
    onset_s, end_s = float(row.onset_s[0]), float(row.end_s[0])
    if not onset_s < at_s < end_s:
        raise ParameterError(f"note {note} sounds from {onset_s:g} to {end_s:g} s, and cannot be split at {at_s:g} s")
    chosen = cut_at(scene.select(note=note), at_s)
    scene, later = chosen.scene, chosen.mask & (column(chosen.scene, "placed_s") >= at_s - 0.5 / scene.sample_rate_hz)
    if not later.any() or not (chosen.mask & ~later).any():
        where = "from" if not later.any() else "before"
        raise ParameterError(f"note {note} has no events {where} {at_s:g} s on that would be a note of their own")
    groups, new = scene.groups, int(scene.groups.id.max()) + 1
    parent = groups.parent[groups.id == note]
    rows = known_notes(scene).only(known_notes(scene).id != note)
    notes = rows.joined(row.replace(end_s=np.array([at_s])))
    notes = notes.joined(row.replace(id=np.array([new]), onset_s=np.array([at_s])))
    made = Groups(
        np.append(groups.id, new), np.append(groups.parent, parent), np.append(groups.role, ROLES.index("note")), notes
    )
    group_id = np.where(later, new, column(scene, "group_id"))
    return _in_groups(replace(chosen, mask=later), group_id, made)


def merge_notes(scene: Scene, notes: Iterable[int]) -> Selection:
    """The scene with notes merged into the first of them, which is selected; it sounds as before.

    The note lasts from the first onset to the last end, and has the pitch and the part of the strongest. ParameterError
    where there is no such note, or they are less than two.
    """
    numbers = list(dict.fromkeys(notes))
    if len(numbers) < 2:
        raise ParameterError(f"merging takes two notes or more, not {numbers}")
    rows = _row(scene, *numbers)
    chosen = scene.select(note=numbers)
    scene, first = chosen.scene, numbers[0]
    strongest = rows.only(np.array([int(np.argmax(rows.gain_db))]))
    one = strongest.replace(
        id=np.array([first]),
        onset_s=rows.onset_s.min(keepdims=True),
        end_s=rows.end_s.max(keepdims=True),
        sureness=rows.sureness.max(keepdims=True),
    )
    groups, gone = scene.groups, np.array(numbers[1:])
    known = known_notes(scene)
    together = known.only(~np.isin(known.id, numbers)).joined(one)
    parent = np.where(np.isin(groups.parent, gone), first, groups.parent)
    parent[groups.id == first] = groups.parent[groups.id == strongest.id[0]]
    left = ~np.isin(groups.id, gone)
    made = without_empty_parts(Groups(groups.id[left], parent[left], groups.role[left], together))
    group_id = column(scene, "group_id")
    found = _in_groups(chosen, np.where(np.isin(group_id, gone), first, group_id), made)
    gabor, whole = united(found.scene.gabor, _of_gabor(found))
    masks = [part[whole] if table.KIND == "gabor" else part for table, part in _parts(found)]
    tables = [gabor if table.KIND == "gabor" else table for table in found.scene.tables]
    return rebuilt(found, tables, np.concatenate(masks))


def add_note(
    scene: Scene, pitch: str | float | None, onset_s: float, like: int, end_s: float | None = None, gain_db: float = 0.0
) -> Selection:
    """The scene with a copy of the note `like` at another pitch (a name such as "A4", a MIDI number, or None for that
    of `like`) and time, which is selected; it ends at `end_s` if that is given, and is louder by `gain_db`.

    ParameterError where there is no such note, or a value makes no sense.
    """
    onset_s, row = require_time("onset_s", onset_s), _row(scene, like)
    gain_db, semitones = require_finite("gain_db", gain_db), _semitones(row, pitch)
    factor = _factor(row, onset_s, end_s)
    check_gap(scene, onset_s, "adding a note", onset_s)
    chosen = scene.select(note=like)
    scene, old_s, by_s = chosen.scene, float(row.onset_s[0]), onset_s - float(row.onset_s[0])
    ends = column(scene, "end_s")
    sounding = np.minimum(ends + by_s, onset_s + factor * (ends - old_s)) >= 0
    copy = as_first(kept(chosen, chosen.mask & sounding).scene, like)
    copy = operations.move(copy.select(), by_s).scene
    if semitones:
        copy = operations.transpose(copy.select(), semitones).scene
    if factor != 1:
        copy = operations.stretch(copy.select(), factor, about_s=onset_s).scene
    if gain_db:
        copy = operations.gain(copy.select(), gain_db).scene
    both = merged(scene, copy, chosen)
    groups = both.scene.groups
    parent = groups.parent.copy()
    parent[groups.id == int(scene.groups.id.max()) + 1] = scene.groups.parent[scene.groups.id == like]
    beside = Groups(groups.id, parent, groups.role, groups.notes)
    return replace(both, scene=both.scene.with_tables((), groups=beside))


def as_first(scene: Scene, note: int) -> Scene:
    """A scene of the events of one note alone, which is in no group, as note 1."""
    groups = scene.groups.only(np.isin(scene.groups.id, scene.groups.within(note)))
    number = np.where(groups.id == note, 1, 2 + np.cumsum(groups.id != note) - 1)
    order = np.argsort(number)
    known = dict(zip([0, *groups.id.tolist()], [0, *number.tolist()], strict=True))
    row = known_notes(scene).only(known_notes(scene).id == note).replace(id=np.ones(1, np.int64))
    parent = np.array([known[one] for one in groups.parent.tolist()], np.int64)
    made = Groups(number[order], parent[order], groups.role[order], row)
    tables = [
        table.replace(group_id=np.array([known[one] for one in table.column("group_id").tolist()], np.int64))
        for table in scene.tables
    ]
    return scene.with_tables(tables, groups=made)


def _semitones(row: NoteTable, pitch: str | float | None) -> float:
    """How much higher a pitch is than a note."""
    if pitch is None or pitch == "none":
        return 0.0
    wanted = pitch_of(pitch) if isinstance(pitch, str) else require_finite("pitch", pitch)
    if np.isnan(row.f0_hz[0]):
        raise ParameterError(f"note {row.id[0]} has no pitch: leave out the pitch of a copy (None, or `none`)")
    return float(wanted - hz_to_pitch(row.f0_hz[0]))


def _factor(row: NoteTable, onset_s: float, end_s: float | None) -> float:
    """How many times as long as a note one from `onset_s` to `end_s` is."""
    if end_s is None:
        return 1.0
    end_s, length_s = require_time("end_s", end_s), float(row.end_s[0] - row.onset_s[0])
    if end_s <= onset_s:
        raise ParameterError(f"a note that begins at {onset_s:g} s cannot end at {end_s:g} s")
    if length_s < SHORTEST_S:
        raise ParameterError(f"note {row.id[0]} has no length: leave out the end of a copy")
    return (end_s - onset_s) / length_s


def _row(scene: Scene, *numbers: int) -> NoteTable:
    """What is known of these notes; ParameterError where there is none of such a number."""
    known = known_notes(scene)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise ParameterError(f"notes are named by their numbers, whole ones, not by {number!r}")
        if number not in known.id:
            there = f"they are numbered {known.id.min()} … {known.id.max()}" if len(known) else "the scene has none"
            raise ParameterError(f"there is no note {number}: {there}")
    return known.only(np.isin(known.id, numbers))


def _in_groups(selection: Selection, group_id: NDArray[Any], groups: Groups) -> Selection:
    """The selection in a scene of these groups, its atoms in a layer of their own where no edit follows partials."""
    scene, tables = selection.scene, []
    for (table, mask), ids in zip(_parts(selection), by_kind(scene, group_id), strict=True):
        changed = table.replace(group_id=ids)
        tables.append(in_own_layer(changed, mask) if table.KIND == "gabor" else changed)
    return replace(selection, scene=scene.with_tables(tables, groups=groups))


def _parts(selection: Selection) -> list[tuple[Any, Mask]]:
    return list(zip(selection.scene.tables, by_kind(selection.scene, selection.mask), strict=True))


def _of_gabor(selection: Selection) -> Mask:
    return next(mask for table, mask in _parts(selection) if table.KIND == "gabor")
