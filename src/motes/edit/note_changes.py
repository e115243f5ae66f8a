"""What edits of events do to the notes that these are: a note follows where all of its events are edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motes.edit.note_columns import group_ids, note_of_groups
from motes.events.event_table import Array, Mask
from motes.events.groups import Groups
from motes.events.note_table import LATEST_S, NoteTable
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from motes.edit.selection import Selection

Change = Callable[[NoteTable], NoteTable]
# How far pitches can be taken, in Hz.
_LOWEST_HZ, _HIGHEST_HZ = 1.0, 1e5


def followed(before: Selection, after: Selection, change: Change) -> Selection:
    """`after`, an edit of `before`, with those notes changed too whose events are all edited."""
    notes = before.scene.groups.notes
    if not len(notes):
        return after
    mask = edited(before)
    if not mask.any():
        return after
    made = change(notes.only(mask))
    together = notes.only(~mask).joined(made)
    return replace(after, scene=with_notes(after.scene, together))


def with_notes(scene: Scene, notes: NoteTable) -> Scene:
    """The scene with these notes known in place of those that it knew."""
    return scene.with_tables((), groups=scene.groups.with_notes(notes))


def edited(selection: Selection) -> Mask:
    """Which of the known notes have all their events selected; without events of their own, where all are."""
    scene = selection.scene
    notes, mask = scene.groups.notes, selection.mask
    of_event = note_of_groups(scene.groups, group_ids(scene))
    held, chosen = np.unique(of_event), np.unique(of_event[mask])
    untouched = np.unique(of_event[~mask])
    whole = np.isin(notes.id, chosen) & ~np.isin(notes.id, untouched)
    return np.asarray(whole | (~np.isin(notes.id, held) & bool(mask.all()) & (len(mask) > 0)))


def moved(by_s: float) -> Change:
    """Later by so many seconds."""
    return lambda notes: notes.replace(onset_s=_times(notes.onset_s + by_s), end_s=_times(notes.end_s + by_s))


def transposed(ratio: float) -> Change:
    """So many times higher."""
    return lambda notes: notes.replace(f0_hz=np.clip(notes.f0_hz * ratio, _LOWEST_HZ, _HIGHEST_HZ))


def stretched(factor: float, about_s: float) -> Change:
    """So many times as long about a time."""

    def change(notes: NoteTable) -> NoteTable:
        onset_s, end_s = (about_s + factor * (times - about_s) for times in (notes.onset_s, notes.end_s))
        return notes.replace(onset_s=_times(onset_s), end_s=_times(end_s))

    return change


def amplified(db: float) -> Change:
    """Louder by so many dB."""
    return lambda notes: notes.replace(gain_db=np.clip(notes.gain_db + db, -400, 400))


def mirrored(twice_s: float) -> Change:
    """Backwards about half of `twice_s`."""
    return lambda notes: notes.replace(onset_s=_times(twice_s - notes.end_s), end_s=_times(twice_s - notes.onset_s))


def without_lost(before: Scene, after: Scene) -> Scene:
    """`after`, some of whose events are gone, without the notes that have lost all of theirs; of notes without events
    of their own, where nothing else is left either.
    """
    notes = before.groups.notes
    if not len(notes):
        return after
    held, left = (note_of_groups(scene.groups, group_ids(scene)) for scene in (before, after))
    had = np.isin(notes.id, held)
    kept = np.where(had, np.isin(notes.id, left), bool(np.any(left == 0)) | ~had.any())
    return after if kept.all() else without_notes(after, ~np.asarray(kept))


def without_notes(scene: Scene, gone: Mask) -> Scene:
    """The scene without these of its known notes, whose groups nothing is in."""
    groups = scene.groups
    ids = groups.notes.id[gone]
    left = groups.only(~np.isin(groups.id, ids))
    return scene.with_tables((), groups=without_empty_parts(left))


def without_empty_parts(groups: Groups) -> Groups:
    """The groups without parts that no note is in."""
    is_part = np.isin(groups.id, groups.with_role("part"))
    return groups.only(~is_part | np.isin(groups.id, groups.parent))


def cut(scene: Scene, first_s: float, duration_s: float) -> Scene:
    """The notes of a scene that has been cut out of another from `first_s` on: those that sound in it."""
    notes = scene.groups.notes
    if not len(notes):
        return scene
    onset_s, end_s = notes.onset_s - first_s, notes.end_s - first_s
    gone = (onset_s >= duration_s) | (end_s <= 0)
    moved_notes = notes.replace(
        onset_s=onset_s.clip(0, max(duration_s, 0)), end_s=np.maximum(end_s, 0).clip(0, max(duration_s, 0))
    )
    return without_notes(with_notes(scene, moved_notes), gone)


def _times(seconds: Array) -> Array:
    return np.clip(seconds, -LATEST_S, LATEST_S)
