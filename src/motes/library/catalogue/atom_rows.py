"""Notes and partials of a scene as rows of a catalogue: what does not stand in the table of notes is estimated from
the atoms.
"""

from __future__ import annotations

import numpy as np

from motes.edit.note_columns import known_notes, note_of_groups, part_numbers
from motes.edit.partials import partials
from motes.events.event_table import Array, Ints
from motes.kinds.gabor.edited import partial_numbers
from motes.kinds.gabor.table import Gabor
from motes.library.catalogue.descriptor import Components, centre_hz, course, numbers
from motes.library.catalogue.rows import DESCRIPTOR, Rows, rows
from motes.notes.vectors import vectors_of
from motes.scene.scene import Scene

# An atom is of a note's k-th harmonic, up to the sixteenth, where it lies within so many semitones of it.
N_HARMONICS, TOLERANCE_SEMITONES = 16, 0.6
# An atom may be centred so much before the onset of its note, in seconds.
EARLY_S = 0.02
# Where a spectrum is not known.
ANYWHERE_HZ = 1000.0


def note_rows(scene: Scene) -> Rows:
    """A row for each note, by its vector where it has one, else by the atoms at its harmonics while it sounds."""
    notes = known_notes(scene)
    parts = _note_atoms(scene)
    length_s = np.maximum(notes.end_s - notes.onset_s, 1e-3)
    no_pitch = np.isnan(notes.f0_hz)
    reference_hz = np.where(no_pitch, np.nan_to_num(centre_hz(parts, len(notes)), nan=ANYWHERE_HZ), notes.f0_hz)
    found = numbers(reference_hz, notes.gain_db, length_s, course(parts, length_s), no_pitch * 1.0, parts)
    known = vectors_of(scene)
    return rows(
        "note",
        notes.id,
        notes.onset_s,
        notes.f0_hz,
        np.where(known.has[:, None], known.numbers, found),
        np.where(known.has, known.model.astype(object), DESCRIPTOR),
        length_s=length_s,
        gain_db=notes.gain_db,
        part=part_numbers(scene, notes),
        group_id=notes.id,
    )


def _note_atoms(scene: Scene) -> Components:
    """The atoms that are each note's by their group, or that lie at its harmonics while it sounds; of what has no
    pitch all of these.
    """
    notes, atoms = known_notes(scene), scene.gabor
    of_atom = note_of_groups(scene.groups, atoms.group_id)
    order = np.argsort(atoms.time_s, kind="stable")
    first, last = (
        np.searchsorted(atoms.time_s[order], at_s) for at_s in (notes.onset_s - EARLY_S, notes.end_s + EARLY_S)
    )
    count = np.maximum(last - first, 0)
    row = np.repeat(np.arange(len(notes)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    atom = order[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = atoms.frequency_hz[atom] / notes.f0_hz[row]
        harmonic = np.clip(np.rint(ratio), 1, N_HARMONICS)
        near = np.abs(12 * np.log2(ratio / harmonic)) <= TOLERANCE_SEMITONES
    owned = np.isin(notes.id, of_atom)
    mine = np.where(owned[row], of_atom[atom] == notes.id[row], near | np.isnan(ratio))
    return _components(atoms, row[mine], atom[mine], notes.onset_s)


def _components(atoms: Gabor, row: Ints, atom: Ints, onset_s: Array) -> Components:
    """These atoms of these rows, which begin at `onset_s` `(n_rows,)`."""
    energy = np.sum(np.square(atoms.amplitude[atom]), axis=1) * atoms.window_s[atom]
    return Components(row, atoms.frequency_hz[atom], energy, atoms.time_s[atom] - onset_s[row])


def partial_rows(scene: Scene) -> Rows:
    """A row for each partial."""
    listed = partials(scene)
    number = np.array([one.number for one in listed], np.int64)
    start_s, end_s, hz, level_db = (
        np.array([getattr(one, name) for one in listed], np.float64)
        for name in ("start_s", "end_s", "frequency_hz", "level_db")
    )
    note = np.array([one.note or 0 for one in listed], np.int64)
    parts = _partial_atoms(scene, number, start_s)
    length_s = np.maximum(end_s - start_s, 1e-3)
    vector = numbers(hz, level_db, length_s, course(parts, length_s), np.zeros(len(hz)), parts)
    notes = known_notes(scene)
    part = dict(zip(notes.id.tolist(), part_numbers(scene, notes).tolist(), strict=True))
    more = {"part": np.array([part.get(one, 0) for one in note.tolist()], np.int64), "group_id": note}
    return rows("partial", number, np.maximum(start_s, 0.0), hz, vector, DESCRIPTOR, **more)


def _partial_atoms(scene: Scene, number: Ints, start_s: Array) -> Components:
    """The atoms of each partial."""
    if not len(number):
        none = np.zeros(0)
        return Components(none.astype(np.int64), none, none, none)
    of_atom = partial_numbers(scene.gabor, scene.sample_rate_hz)
    atom = np.flatnonzero(of_atom > 0)
    return _components(scene.gabor, np.searchsorted(number, of_atom[atom]), atom, start_s)
