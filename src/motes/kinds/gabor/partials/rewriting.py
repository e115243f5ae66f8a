"""Atoms rewritten before an edit moves them: those that no one frequency is right for as others that sound alike.

What was made for a set of lines is kept with it, since edits differ in how far they move atoms, seldom in which.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Ints
from motes.kinds.gabor.partials.fourier_terms import AtomColumns
from motes.kinds.gabor.partials.overlapping import chords, separated, sharing
from motes.kinds.gabor.partials.sweeping import longer_than_asked, rise_with_their_lines, shorter, windows_for
from motes.kinds.gabor.partials.tracking import Lines
from motes.kinds.gabor.table import Gabor

# The long atoms of a line are replaced if a sweeping sound is under so much of their energy.
SWEPT_PART = 0.5
# So many atoms that were made once are kept with each set of lines, where those of each call weigh as so many more.
MOST_REMEMBERED, ENTRY_ATOMS = 1 << 19, 10

Made = TypeVar("Made")


class Rewrite(NamedTuple):
    """Which atoms stay as they are, `(n_events,)`, and the atoms that take the place of all others."""

    kept: NDArray[np.bool_]
    added: list[Gabor]


def rewrite_for_edit(events: Gabor, lines: Lines, mask: NDArray[np.bool_], sample_rate_hz: int, by: float) -> Rewrite:
    """Of the atoms in `mask` those that no one frequency is right for, when they are moved, rewritten as others.

    `by` is how far phases are to be moved, |r·s − 1| for transposing by r and stretching by s. Atoms that a line sweeps
    under are replaced by shorter ones, those that lines share by longer ones, which render the same to −60 dB. `events`
    know their partials, as `lines` found them.
    """
    rate, windows = sample_rate_hz, windows_for(lines, sample_rate_hz, by)
    numbers = lines.number[np.flatnonzero(mask)]
    touched = np.unique(numbers[numbers > 0])
    found = chords(sharing(events, lines), windows, touched, rate)
    # Of large scenes but the lines that are touched, and those that share atoms with these.
    is_near = np.zeros(len(lines.curves) + 1, np.bool_)
    is_near[touched] = True
    for chord in found:
        is_near[list(chord.numbers)] = True
    rows = np.flatnonzero(is_near[lines.number])
    near, number = events.take(rows), lines.number[rows]
    energy = np.sum(np.square(near.amplitude), axis=1) * near.window_s
    sounding = mask[rows] & (energy > 0) & (2 * near.frequency_hz < rate)
    long = longer_than_asked(near, number, windows, rate) & ~rise_with_their_lines(near, number, lines.curves, by)
    whole, swept = (
        np.bincount(number[these], energy[these], len(is_near)) for these in (long, long & lines.swept[rows])
    )
    chosen = np.flatnonzero(sounding & long & (swept > SWEPT_PART * whole)[number])
    chosen = chosen[np.argsort(number[chosen], kind="stable")]
    parts, kept = [], np.ones(len(events), bool)
    kept[rows[chosen]] = False
    for some in np.split(chosen, np.flatnonzero(np.diff(number[chosen])) + 1) if len(chosen) else []:
        k, mine = int(number[some[0]]), rows[some]
        group = int(near.group_id[some[np.argmax(near.amplitude[some].max(axis=1) * near.window_s[some])]])
        parts.append(remembered(lines, shorter, events, mine, lines.curves[k - 1], rate, int(windows[k]), group))
    for chord in found:
        mine = rows[sounding & kept[rows] & np.isin(number, chord.numbers)]
        groups = tuple(int(near.group_id[number == k].max()) for k in chord.numbers)
        new, replaced = remembered(lines, separated, events, mine, chord, lines, rate, groups)
        kept[replaced] = False
        parts += new
    return Rewrite(kept, [Gabor(*map(np.concatenate, zip(*parts, strict=True)))] if parts else [])


class Remembered:
    """What was made for a set of lines, the latest used last, as far as `MOST_REMEMBERED` atoms go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: dict[Hashable, Any] = {}
        self.n_atoms = 0

    def get(self, key: Hashable) -> Any:
        """What is kept under a key; None where nothing is."""
        with self.lock:
            found = self.made.pop(key, None)
            if found is not None:
                self.made[key] = found
            return found

    def keep(self, key: Hashable, made: Any) -> None:
        """Keep something, and forget what was not used for longest."""
        with self.lock:
            self.n_atoms += n_atoms_of(made) - n_atoms_of(self.made.pop(key, None))
            self.made[key] = made
            while self.n_atoms > MOST_REMEMBERED:
                self.n_atoms -= n_atoms_of(self.made.pop(next(iter(self.made))))


def remembered(lines: Lines, make: Callable[..., Made], events: Gabor, mine: Ints, *others: Any) -> Made:
    """make(events, mine, …), which is kept with the lines of these events: edits differ in how far they move atoms,
    seldom in which.
    """
    kept = lines.once("remembered", Remembered)
    digest = hashlib.blake2b(np.ascontiguousarray(mine).data, digest_size=16)
    digest.update(np.ascontiguousarray(events.amplitude[mine]).data)
    key = make, digest.digest(), *others
    made: Made | None = kept.get(key)
    if made is None:
        made = make(events, mine, *others)
        kept.keep(key, made)
    return made


def n_atoms_of(made: Any) -> int:
    """How many atoms are kept with what `shorter` or `separated` made."""
    if made is None:
        return 0
    return ENTRY_ATOMS + (
        len(made.time_s) if isinstance(made, AtomColumns) else sum(len(part.time_s) for part in made[0])
    )
