"""Which part of each atom is which note's: of notes with a pitch as it was factorised; what these leave of short
atoms after a hit is the hit's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from motes.events.event_table import Ints
from motes.events.note_table import NoteTable
from motes.events.shares import SHARE_UNITS, WHOLE, shares_of
from motes.kinds.gabor.table import Gabor

if TYPE_CHECKING:
    from motes.notes.sharing.band_shares import BandShares

# A hit has atoms whose middle lies from so long before it to so long after it; and
# longer windows than this are of what rings. All in seconds.
BEFORE_S, AFTER_S, LONGEST_WINDOW_S = 0.01, 0.35, 0.1
# What notes with a pitch leave of an atom, if it is less than this of it, is nobody's.
LEAST_LEFT = 0.5


@dataclass(frozen=True, eq=False)
class Division:
    """Of each pair of a note and an atom that it shares: the note's id, the row of `atoms`, and the part in 1/64,
    `(n_pairs, 2)`. `atoms` are those that are in no note, in order. `bands` says by the ids of notes with a pitch which
    part of noise is theirs.
    """

    atoms: Gabor
    note: Ints
    row: Ints
    share: Ints
    bands: dict[int, BandShares] = field(default_factory=dict)

    def left(self, pairs: Ints | slice = slice(None)) -> Ints:
        """What these pairs, by default all, leave of each atom, in 1/64, `(n_atoms, 2)`."""
        held = shares_of(self.atoms)
        left = np.tile(np.array(WHOLE, np.int64), (len(self.atoms), 1)) if held is None else held.copy()
        np.subtract.at(left, self.row[pairs], self.share[pairs])
        return left


def with_hits(division: Division, hits: NoteTable) -> Division:
    """The division with the atoms of sounds without pitch, each of the last hit before it and of the loudest of several
    that come together.
    """
    atoms = division.atoms
    if not len(hits) or not len(atoms):
        return division
    order = np.lexsort((hits.gain_db, hits.onset_s))
    onset_s = hits.onset_s[order]
    at = np.searchsorted(onset_s, atoms.time_s + BEFORE_S, side="right") - 1
    near = (at >= 0) & (atoms.time_s - onset_s[at.clip(0)] <= AFTER_S) & (atoms.window_s <= LONGEST_WINDOW_S)
    left = division.left()
    rows = np.flatnonzero(near & (np.hypot(left[:, 0], left[:, 1]) >= LEAST_LEFT * SHARE_UNITS))
    return replace(
        division,
        note=np.concatenate([division.note, hits.id[order][at[rows]]]),
        row=np.concatenate([division.row, rows]),
        share=np.concatenate([division.share, left[rows]]),
    )
