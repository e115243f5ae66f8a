"""Atoms divided among the notes that share them: a row of the table for each note, and one for what is left.

Which part of an atom is a note's is derived from the scene when it is first asked for, of all notes that have no events
yet; scenes that edits make of it keep what was derived, as long as their other atoms are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.edit.detail.shares import REST, Part, divided_detail
from motes.edit.note_columns import group_ids, known_notes, note_of_groups, with_members
from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.events.note_table import NoteTable
from motes.events.shares import SHARE_UNITS, shares_of
from motes.events.shares import part_of as atoms_as_parts
from motes.kinds.gabor.table import Gabor
from motes.notes.division import Division, with_hits
from motes.notes.noise import divided_noise
from motes.scene.scene import Scene
from motes.units import SILENCE_DB

if TYPE_CHECKING:
    from motes.notes.sharing.sharing import Shares

# What identifies an atom among those of one scene.
_KEY = ("time_s", "frequency_hz", "window_s", "edit_layer", "share_re", "share_im", "chirp_hz_per_s")


def division_of(scene: Scene, progress: Callable[[float], None] | None = None) -> Division:
    """Which parts of its atoms are whose, of all notes that have no events of their own yet; found once for a scene."""

    def found() -> Division:
        free = np.flatnonzero(note_of_groups(scene.groups, scene.gabor.group_id) == 0)
        atoms = scene.gabor.take(free)
        kept = scene.derived
        if isinstance(kept, Division) and _same_atoms(kept.atoms, atoms):
            return replace(kept, atoms=atoms)  # which may be in other rooms
        made = _derived(scene, atoms, progress)
        scene.keeping(made)
        return made

    return scene.once("division", found)


def _same_atoms(ours: Gabor, theirs: Gabor) -> bool:
    if len(ours) != len(theirs):
        return False
    columns = (*_KEY, "amplitude", "phase_rad")
    return ours is theirs or all(np.array_equal(ours.column(name), theirs.column(name)) for name in columns)


def _derived(scene: Scene, atoms: Gabor, progress: Callable[[float], None] | None) -> Division:
    from motes.notes.sharing.sharing import SoundingNotes, shares_of

    notes = known_notes(scene)
    notes = notes.only(~np.isin(notes.id, with_members(scene)))
    hits = notes.only(np.isnan(notes.f0_hz))
    notes = notes.only(~np.isnan(notes.f0_hz))
    # A table of notes goes by their ids, what shares atoms by their onsets.
    order = np.argsort(notes.onset_s, kind="stable")
    part, program = _parts(scene, notes)[order], notes.program[order]
    rest = scene.with_tables(table.take(np.zeros(0, np.int64)) for table in scene.tables).replace(
        gabor=atoms, instruments=(), models=()
    )
    sounding = SoundingNotes(notes.onset_s[order], notes.end_s[order], notes.f0_hz[order], part, program)
    return with_hits(_on_grid(atoms, notes.id[order], shares_of(rest, sounding, progress)), hits)


def _parts(scene: Scene, notes: NoteTable) -> Ints:
    """The part of each note from 0, those of none together."""
    parent = scene.groups.parent[np.searchsorted(scene.groups.id, notes.id)]
    return np.unique(parent, return_inverse=True)[1].reshape(-1)


def _on_grid(atoms: Gabor, ids: Ints, found: Shares) -> Division:
    """Shares of atoms, which may be parts themselves, on the grid of whole atoms; without those that round to 0."""
    of_atom = np.stack([found.re, found.im], axis=1).astype(np.float64)
    whole = shares_of(atoms)
    if whole is not None:
        held = whole[found.event] / SHARE_UNITS
        turned = (of_atom[:, 0] + 1j * of_atom[:, 1]) * (held[:, 0] + 1j * held[:, 1])
        of_atom = np.stack([turned.real, turned.imag], axis=1)
    share = np.rint(of_atom * SHARE_UNITS).astype(np.int64)
    kept = share.any(axis=1)
    bands = {int(ids[note]): each for note, each in found.bands.items()}
    return Division(atoms, ids[found.note[kept]], found.event[kept].astype(np.int64), share[kept], bands)


def split(
    scene: Scene, ids: Iterable[int] | NDArray[np.int64], with_noise: bool = False, with_detail: bool = False
) -> Scene:
    """The scene with the atoms of these notes divided, so that each has events of its own in its group, and sounds as
    before; those that have events already are left as they are. Noise and detail stay with the rest, or are divided
    too.
    ParameterError where there is no such note.
    """
    wanted = np.unique(np.asarray(list(ids), np.int64))
    known = known_notes(scene).id
    unknown = wanted[~np.isin(wanted, known)]
    if len(unknown):
        there = f"they are numbered {known.min()} … {known.max()}" if len(known) else "the scene has none"
        raise ParameterError(f"there is no note {unknown[0]}: {there}")
    fresh = wanted[~np.isin(wanted, with_members(scene))]
    made = _split(scene, fresh, with_noise)
    return _with_detail(made, wanted, fresh) if with_detail and len(scene.detail) else made


def _split(scene: Scene, wanted: Ints, with_noise: bool) -> Scene:
    if not len(wanted) or not len(scene.gabor):
        return scene
    division = division_of(scene)
    texture = [divided_noise(scene, division, wanted)] if with_noise and len(scene.texture) else []
    pairs = np.flatnonzero(np.isin(division.note, wanted))
    if not len(pairs):
        return scene.with_tables(texture) if texture else scene
    own = _own(scene, division, pairs)
    rest, kept = _rest(division, pairs)
    in_notes = scene.gabor.take(np.flatnonzero(note_of_groups(scene.groups, scene.gabor.group_id) > 0))
    gabor = rest.with_more(in_notes, own)
    order = gabor.order()
    left = _left(division, pairs, rest, kept)
    return scene.with_tables([gabor if order is None else gabor.take(order), *texture]).keeping(left)


def _with_detail(scene: Scene, ids: Ints, fresh: Ints) -> Scene:
    """The scene in which these notes, which have events of their own, have their shares of detail; of the `fresh` ones,
    which were divided just now, it was found which part of all that sounds is whose.
    """
    bands = scene.derived.bands if isinstance(scene.derived, Division) else {}
    known: dict[int, Part] = {number: bands[number].at for number in fresh.tolist() if number in bands}
    ids = np.setdiff1d(ids, note_of_groups(scene.groups, scene.detail.group_id))
    note = note_of_groups(scene.groups, group_ids(scene))
    found = divided_detail(scene, np.where(np.isin(note, ids), note, REST), known=known)
    return scene if found is None else scene.with_tables([found.detail])


def _own(scene: Scene, division: Division, pairs: Ints) -> Gabor:
    """The parts that are these notes', each note's in a layer of its own: its partials are found among them alone."""
    atoms, note = division.atoms, division.note[pairs]
    layer = 1 + int(scene.gabor.edit_layer.max(initial=0)) + np.searchsorted(np.unique(note), note)
    taken = atoms.take(division.row[pairs])
    return atoms_as_parts(taken, division.share[pairs]).replace(
        group_id=note, edit_layer=layer, partial_hz=None, partial_rad=None
    )


def _rest(division: Division, pairs: Ints) -> tuple[Gabor, NDArray[np.bool_]]:
    """What is left of the atoms, and which of them are left at all."""
    atoms, left = division.atoms, division.left(pairs)
    touched = np.unique(division.row[pairs])
    changed = np.zeros(len(atoms), np.bool_)
    changed[touched] = True
    rest = atoms_as_parts(atoms, left, changed)
    kept: NDArray[np.bool_] = np.asarray(left.any(axis=1))
    return rest.take(kept), np.asarray(kept)


def _left(division: Division, pairs: Ints, rest: Gabor, kept: NDArray[np.bool_]) -> Division:
    """The division of what is left among the other notes."""
    others = np.ones(len(division.note), np.bool_)
    others[pairs] = False
    others &= kept[division.row]
    row = np.cumsum(kept) - 1
    return replace(
        division, atoms=rest, note=division.note[others], row=row[division.row[others]], share=division.share[others]
    )


def rest_change_db(before: Scene, after: Scene, with_noise: bool = False, with_detail: bool = True) -> float | None:
    """How loud at most, in dBFS, after − before − (new notes − old notes) is, of the notes that have events of their
    own after an edit, or are gone; None where there are none, or the scene has other channels. `with_noise` and
    `with_detail` say that the edit gave notes their part of the noise and of detail.
    """
    known, left = known_notes(before).id, known_notes(after).id
    ids = np.union1d(with_members(after), np.setdiff1d(known, left))
    if before.n_channels != after.n_channels or not len(ids):
        return None
    old = _alone(split(before, ids[np.isin(ids, known)], with_noise, with_detail), ids)
    new, change = _alone(after, ids).astype(np.float64), after.render().astype(np.float64)
    n = min(before.n_samples, after.n_samples)
    change[..., :n] -= before.render()[..., :n]
    new[..., :n] -= old[..., :n]
    change -= new
    return float(20 * np.log10(max(np.abs(change).max(initial=0.0), 10 ** (SILENCE_DB / 20))))


def _alone(scene: Scene, ids: Ints) -> NDArray[np.float32]:
    mine = [np.isin(note_of_groups(scene.groups, table.column("group_id")), ids) for table in scene.tables]
    return scene.with_tables(table.take(mask) for table, mask in zip(scene.tables, mine, strict=True)).render()
