"""Which note each event is of, for colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import group_ids, note_of_groups
from motes.edit.tables import numbers_of
from motes.notes.splitting import division_of
from motes.scene.scene import Scene


def notes_of_events(scene: Scene) -> NDArray[np.uint32]:
    """The number of the note of each event, `(n_events,)`, 0 for none; of an atom that several share the one that has
    most of it.
    """
    found = note_of_groups(scene.groups, group_ids(scene))
    atoms = numbers_of(scene, "gabor")
    free = np.arange(atoms.start, atoms.stop)[found[atoms] == 0]
    if len(free) and len(scene.groups.notes):
        division = division_of(scene)
        strength = np.abs(division.share.astype(np.float64)).sum(axis=1)
        order = np.argsort(strength, kind="stable")
        # Of several that are written to one place the last stays.
        found[free[division.row[order]]] = division.note[order]
    return np.minimum(found, 2**32 - 1).astype(np.uint32)
