"""Waveforms that recur in recordings, learned from them: a dictionary of which every waveform may stand anywhere.

By turns, each recording is approximated by the waveforms so far (`motes.encoders.learned.shifts`), and each waveform
becomes the one that fits best, by least squares, what stood wherever it was used: the first singular vector of these
stretches. That is K-SVD (Aharon, Elad & Bruckstein, "K-SVD: an algorithm for designing overcomplete dictionaries
for sparse representation", 2006) as Mailhé, Lesage, Gribonval, Bimbot & Vandergheynst took it to all shifts
("Shift-invariant dictionary learning for sparse representations: extending K-SVD", EUSIPCO 2008); that waveforms are
learned one after another from what those before leave, as here in rounds, is of Jost, Vandergheynst, Lesage &
Gribonval ("MoTIF: an efficient algorithm for learning translation invariant dictionaries", ICASSP 2006). Grosse, Raina,
Kwong & Ng ("Shift-invariant sparse coding for audio classification", UAI 2007) solve the same by convex optimisation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from motes.encoders.learned.shifts import Floats, Search, Shifts

# Rounds in which waveforms are added, and rounds in which those that hardly recur are exchanged.
GROWING, EXCHANGING = 8, 4
# What a waveform has to take to be used, as a part of the mean energy of a stretch of its length.
LEAST_PART = 0.5
# How often one has to be used to stay.
LEAST_USES = 2
# Parts of a waveform over which it fades in and out: what begins or ends at once leaves more than it takes.
FADE_IN, FADE_OUT = 1 / 64, 1 / 4
# How far a waveform may move to where it has most energy, as a part of its length.
MOST_SHIFT = 1 / 4
# Times the stretches are projected on the waveform and it becomes their weighted sum.
POWER_STEPS = 5
# Recordings are approximated in stretches of so many samples.
STRETCH = 1 << 18


class Use(NamedTuple):
    """Where a waveform was used: in which recording, from which sample on, and how strongly."""

    recording: int
    place: int
    coefficient: float


def learn(
    recordings: Sequence[Floats], n_waveforms: int, length: int, on_round: Callable[[int, int], None] | None = None
) -> Floats:
    """At most so many waveforms of `length` samples and energy 1 that recur in recordings `(n,)` of one sample rate,
    the most used first: `(n, length)`, none where nothing recurs.

    `on_round` is given the number of rounds that are done, and of how many.
    """
    levelled = [_levelled(one) for one in recordings if len(one) >= length and np.any(one)]
    waveforms, least = np.zeros((0, length), np.float32), LEAST_PART * length
    n_rounds = GROWING + EXCHANGING
    for number in range(n_rounds if levelled else 0):
        left = [one.copy() for one in levelled]
        uses = _approximated(waveforms, left, least)
        for k, mine in enumerate(uses):
            if mine:
                waveforms[k] = _updated(waveforms[k], mine, left)
        counts = np.array([len(mine) for mine in uses], np.int64)
        waveforms = waveforms[counts >= LEAST_USES][np.argsort(-counts[counts >= LEAST_USES], kind="stable")]
        room = n_waveforms - len(waveforms)
        room = min(room, -(-n_waveforms // GROWING)) if number < GROWING else room
        if number < n_rounds - 2:  # the last ones are approximated twice, so that those stay that recur
            waveforms = np.concatenate([waveforms, _new(left, room, length, least)])
        if on_round is not None:
            on_round(number + 1, n_rounds)
    return waveforms


def _levelled(recording: Floats) -> Floats:
    """A recording at the level 1, so that loud ones count no more than others."""
    level = np.sqrt(np.mean(np.square(recording, dtype=np.float64)))
    return (recording / np.float32(level)).astype(np.float32)


def _approximated(waveforms: Floats, left: list[Floats], least: float) -> list[list[Use]]:
    """Where each waveform is used, down to a least energy; what is used is subtracted from what is left."""
    uses: list[list[Use]] = [[] for _ in waveforms]
    if not len(waveforms):
        return uses
    shifts = Shifts(waveforms)
    for i, whole in enumerate(left):
        for first in range(0, len(whole), STRETCH):
            search = Search(shifts, whole[None, first : first + STRETCH + shifts.length])
            while True:
                energy, place, k = search.strongest()
                if energy < least:
                    break
                coefficient = search.coefficients(place, k)
                search.take(place, k, coefficient)
                uses[k].append(Use(i, first + place, float(coefficient[0])))
    return uses


def _updated(waveform: Floats, uses: list[Use], left: list[Floats]) -> Floats:
    """The waveform of energy 1 that fits best what stands where it is used, the others held fixed, from where on it
    has most energy; what that leaves takes the place of what was left.
    """
    n, margin = len(waveform), round(len(waveform) * MOST_SHIFT)
    for use in uses:
        left[use.recording][use.place : use.place + n] += np.float32(use.coefficient) * waveform
    stood = np.array([_stretch(left[use.recording], use.place - margin, n + 2 * margin) for use in uses])
    wide = np.pad(waveform, margin)
    for _ in range(POWER_STEPS):
        made = (stood @ wide) @ stood
        begins = int(np.argmax(_energies(made, n)))
        wide = np.zeros_like(wide)
        wide[begins : begins + n] = made[begins : begins + n] * _fades(n)
        wide /= np.linalg.norm(wide)
    waveform = wide[begins : begins + n].astype(np.float32)
    for use in uses:
        place = use.place + begins - margin
        if 0 <= place <= len(left[use.recording]) - n:
            stretch = left[use.recording][place : place + n]
            stretch -= (stretch @ waveform) * waveform
    return waveform


def _stretch(audio: Floats, first: int, n: int) -> Floats:
    """Samples from `first` on, zeros beyond both ends."""
    part = audio[max(0, first) : max(0, first + n)]
    return np.pad(part, (max(0, -first), n - len(part) - max(0, -first)))


def _energies(audio: Floats, n: int) -> np.ndarray:
    """The energy of every stretch of n samples."""
    total = np.cumsum(np.concatenate([[0.0], np.square(audio, dtype=np.float64)]))
    return np.asarray(total[n:] - total[:-n])


def _fades(n: int) -> Floats:
    """What a waveform of so many samples is multiplied by, quarters of a sine at both ends."""
    fades = np.ones(n, np.float32)
    for part, place in ((FADE_IN, slice(None)), (FADE_OUT, slice(None, None, -1))):
        m = round(part * n)
        fades[place][:m] *= np.sin(np.pi / 2 * (np.arange(m) + 0.5) / m).astype(np.float32) if m else 1
    return fades


def _new(left: list[Floats], n_new: int, length: int, least: float) -> Floats:
    """Stretches of what is left that have most energy, none within half a length of another."""
    energies, found = [_energies(one, length) for one in left], []
    for _ in range(n_new):
        i = int(np.argmax([energy.max(initial=0.0) for energy in energies]))
        place = int(np.argmax(energies[i]))
        if energies[i][place] < least:
            break
        made = left[i][place : place + length] * _fades(length)
        found.append(made / np.float32(np.linalg.norm(made)))
        energies[i][max(0, place - length // 2) : place + length // 2] = 0
    return np.array(found, np.float32).reshape(-1, length)
