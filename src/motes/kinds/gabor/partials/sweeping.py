"""Partials that sweep, as atoms so short that they hardly sweep within one: an edit moves each atom by one frequency
only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.gabor.partials.fourier_terms import HOPS, AtomColumns, analytic, atoms_of_terms, loudest, terms
from motes.kinds.gabor.partials.tracking import Curve, Curves, Lines
from motes.kinds.gabor.table import Gabor

# A partial moved by one frequency may stray from its phase by this much at a quarter of an atom's window from its
# centre.
SWEEP_RAD = 0.07
# So much of an atom that rises as its partial does, to either side.
SWEPT_RAD = 0.3
# No atoms are made shorter than this, in samples.
SHORTEST = 128
# Terms so many bins from the line are the last.
MOST_BINS = 48
# Long lines are taken in pieces of this length.
PIECE_SAMPLES = 1 << 20
# The window, in samples, that lines ask for which do not sweep.
ANY_WINDOW = 1 << 30
# How fast a line moves is seen over so many steps of so many samples, this part of which it moves more slowly in.
STEP, STEPS, MOST_PART = 256, 4, 0.95


def longer_than_asked(events: Gabor, number: Ints, windows: Ints, sample_rate_hz: int) -> NDArray[np.bool_]:
    """Which events of lines have longer windows than their lines ask for, and lie near enough to these to be
    rewritten in such.
    """
    longer = (number > 0) & (events.window_s * sample_rate_hz > 1.5 * windows[number])
    return longer & (np.abs(events.frequency_hz - events.partial_hz) * windows[number] / sample_rate_hz < MOST_BINS / 2)


def rise_with_their_lines(events: Gabor, number: Ints, curves: Sequence[Curve], by: float) -> NDArray[np.bool_]:
    """Which events rise as their lines do, `(n_events,)`, so that they still follow these once moved by `by`."""
    found = np.zeros(len(events), np.bool_)
    if events.at_default("chirp_hz_per_s"):
        return found
    rising = np.flatnonzero((events.chirp_hz_per_s != 0) & (number > 0))
    for k in np.unique(number[rising]).tolist():
        mine = rising[number[rising] == k]
        time, quarter = events.time_s[mine], events.window_s[mine] / 4
        middle, turned = curves[k - 1].at(time)
        stray = np.zeros(len(mine))
        for u in (-quarter, quarter):
            expected = 2 * np.pi * middle * u + np.pi * events.chirp_hz_per_s[mine] * u * u
            stray = np.maximum(stray, np.abs(curves[k - 1].at(time + u)[1] - turned - expected))
        found[mine] = by * stray < SWEPT_RAD
    return found


def windows_for(lines: Lines, sample_rate_hz: int, by: float) -> Ints:
    """The longest windows, powers of two in samples, in which lines moved by `by` stray by SWEEP_RAD at most; of
    line k, windows[k].
    """
    chirp = chirps(lines, sample_rate_hz)
    if by == 0:
        return np.full(len(chirp), ANY_WINDOW)
    longest_s = 4 * np.sqrt(SWEEP_RAD / (np.pi * by * np.fmax(chirp, 1e-6)))
    windows = np.maximum(SHORTEST, 1 << np.log2(longest_s * sample_rate_hz).astype(np.int64))
    return np.where(np.isnan(chirp), ANY_WINDOW, windows)


def chirps(lines: Lines, sample_rate_hz: int) -> Array:
    """How fast each line moves where it moves fast, Hz per s, from 1 on; NaN where it is too short to tell. Found
    once for each set of lines.
    """
    return lines.once("chirps", lambda: _found_chirps(lines.curves, sample_rate_hz))


def _found_chirps(curves: Curves, sample_rate_hz: int) -> Array:
    from motes.kernels.linking.curve_relations import quantile_moves

    moves = np.full(len(curves) + 1, -1.0)
    quantile_moves(curves.nodes, curves.start, STEP / sample_rate_hz, STEPS, MOST_PART, moves[1:])
    return np.where(moves < 0, np.nan, moves * sample_rate_hz / (STEP * STEPS))


def shorter(events: Gabor, long: Ints, curve: Curve, sample_rate_hz: int, window: int, group: int) -> AtomColumns:
    """Atoms of `window` samples, in a group, that add up to some long events of one line, to LEFT_OUT of their
    energy.
    """
    hop, rate = window // HOPS, sample_rate_hz
    start_s, end_s = events.time_s[long] - events.window_s[long] / 2, events.time_s[long] + events.window_s[long] / 2
    first, last = (
        int(np.floor(start_s.min() * rate / hop)) - HOPS // 2,
        int(np.ceil(end_s.max() * rate / hop)) + HOPS // 2,
    )
    per_piece = max(1, PIECE_SAMPLES // hop)
    half = min(window // 2, MOST_BINS)
    pieces = []
    for begin in range(first, last + 1, per_piece):
        places = np.arange(begin, min(begin + per_piece, last + 1))
        signal = analytic(events, long, rate, begin * hop - window // 2, (len(places) - 1) * hop + window)
        pieces.append(terms(signal, places, curve, rate, window, half))
    place, bins, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
    taken = loudest(values)
    return atoms_of_terms(place[taken], bins[taken], values[taken], curve, rate, window, group)
