"""Overlapping partials: sounds so near each other that they share atoms, as atoms long enough to resolve them.

Where such lines run side by side and steadily, all their atoms together are one signal; of long pieces of it
(`fourier_terms`) each term is of the nearest line. Where the sound is not steady, an attack say, it stays
with the line that had it, in short atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.gabor.partials.fourier_terms import HOPS, AtomColumns, analytic, atoms_of_terms, loudest, terms
from motes.kinds.gabor.partials.tracking import Curve, Curves, Lines
from motes.kinds.gabor.table import Gabor

if TYPE_CHECKING:
    from motes.kernels.linking.curve_relations import NearAtoms

# An atom is shared by lines less than so many of its bins apart, and lines are separated if they share this part of the
# energy of one of them.
SHARED_BINS, SHARED_PART = 4.0, 0.01
# Windows resolve lines that are so many of their bins apart.
APART_BINS = 5.0
# Longer windows are not tried, in samples.
LONGEST = 1 << 15
# Nor windows so many times as long as those for which `windows_for` would take a line to be straight: its readings
# waver where two sounds beat.
STEADY_TIMES = 16
# More lines than this in a row, each sharing with the next, are not one chord but noise.
MOST_LINES = 8
# A piece is taken in long windows if but this part of its energy is further than so many bins from every line.
NEAR_BINS, CLEAR_PART = 3.0, 0.01


@dataclass(frozen=True)
class Chord:
    """Lines (from 1) that share atoms, and the window in samples that resolves them."""

    numbers: tuple[int, ...]
    window: int


class Sharing(NamedTuple):
    """The first line of those that each line shares atoms with; by such first lines all of them, where there are
    several, and how many Hz the nearest two are apart.
    """

    first: Ints
    members: dict[int, tuple[int, ...]]
    nearest_hz: dict[int, float]


def chords(shared: Sharing, windows: Ints, touched: Ints, sample_rate_hz: int) -> list[Chord]:
    """Lines that share atoms, and are steady enough for windows that resolve them; only where one of them is
    `touched`. `windows` are those of `windows_for`.
    """
    found = []
    for root in np.unique(shared.first[touched]).tolist():
        numbers = shared.members.get(root, ())
        if not 2 <= len(numbers) <= MOST_LINES:
            continue
        window = 1 << int(np.ceil(np.log2(APART_BINS * sample_rate_hz / max(1e-3, shared.nearest_hz[root]))))
        if window <= LONGEST and window <= STEADY_TIMES * windows[list(numbers)].min():
            found.append(Chord(numbers, window))
    return found


def sharing(events: Gabor, lines: Lines) -> Sharing:
    """Which lines share atoms. Found once for each set of lines; `events` know their partials."""
    return lines.once("sharing", lambda: _found_sharing(events, lines))


def _found_sharing(events: Gabor, lines: Lines) -> Sharing:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, pairs = len(lines.curves) + 1, _find_sharing(events, lines.number, lines.curves)
    graph = coo_array((np.ones(len(pairs.hz), np.bool_), (pairs.one, pairs.other)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    first = np.unique(component, return_index=True)[1][component].astype(np.int64)
    members: dict[int, list[int]] = {}
    shared = np.flatnonzero(np.bincount(first)[first] > 1)
    for k, root in zip(shared.tolist(), first[shared].tolist(), strict=True):
        members.setdefault(root, []).append(k)
    nearest = np.full(n, np.inf)
    np.minimum.at(nearest, first[pairs.one], pairs.hz)
    nearest_hz = {root: float(nearest[root]) for root in members}
    return Sharing(first, {root: tuple(numbers) for root, numbers in members.items()}, nearest_hz)


class _Pairs(NamedTuple):
    """Pairs of lines that share atoms, and how many Hz they are apart; `(n,)`, some twice."""

    one: Ints
    other: Ints
    hz: Array


def _find_sharing(events: Gabor, number: Ints, curves: Curves) -> _Pairs:
    line, atom, away_hz = _near_atoms(events, number, curves)
    order = np.lexsort((away_hz, number[atom], line))
    line, atom, away_hz = line[order], atom[order], away_hz[order]
    other = number[atom]
    # Of each line and each other line whose atoms lie near it.
    begins = np.flatnonzero(np.diff(line, prepend=-1) | np.diff(other, prepend=-1))
    count = np.diff(begins, append=len(line))
    energy = np.sum(np.square(events.amplitude), axis=1) * events.window_s
    whole = np.bincount(number, energy, len(curves) + 1)
    shared = np.add.reduceat(energy[atom], begins) if len(begins) else np.empty(0)
    median_hz = (away_hz[begins + (count - 1) // 2] + away_hz[begins + count // 2]) / 2
    one, two = line[begins], other[begins]
    enough = shared > SHARED_PART * np.minimum(whole[one], whole[two])
    return _Pairs(one[enough], two[enough], median_hz[enough])


def _near_atoms(events: Gabor, number: Ints, curves: Curves) -> NearAtoms:
    """Atoms of other lines near each line."""
    from motes.kernels.linking.curve_relations import LinkedAtoms, NearAtoms, near_atoms

    atoms, found = LinkedAtoms(events.time_s, events.window_s, events.partial_hz, number), NearAtoms.unread(0)
    if n_found := near_atoms(curves.nodes, curves.start, atoms, SHARED_BINS, found):
        found = NearAtoms.unread(n_found)
        near_atoms(curves.nodes, curves.start, atoms, SHARED_BINS, found)
    return found


def separated(
    events: Gabor, mine: Ints, chord: Chord, lines: Lines, sample_rate_hz: int, groups: tuple[int, ...]
) -> tuple[list[AtomColumns], Ints]:
    """New atoms, in the groups of the chord's lines, for its events `mine` as far as it is steady, and the events
    that they replace.
    """
    rate, window, hop, number = sample_rate_hz, chord.window, chord.window // HOPS, lines.number
    curves = [lines.curves[k - 1] for k in chord.numbers]
    first = int(np.ceil(max(curve.time_s[0] for curve in curves) * rate / hop)) + HOPS // 2
    last = int(np.floor(min(curve.time_s[-1] for curve in curves) * rate / hop)) - HOPS // 2
    if last < first or len(mine) == 0:
        return [], mine[:0]
    place, start = np.arange(first, last + 1), (first - HOPS // 2) * hop
    signal = analytic(events, mine, rate, start, (last - first) * hop + window)
    where, bins, values = terms(signal, place, curves[0], rate, window, window // 2)
    line_hz = np.array([curve.at(where * hop / rate)[0] for curve in curves])
    base_hz = line_hz[0] + bins * (rate / window)
    nearest = np.abs(line_hz - base_hz).argmin(axis=0)
    power = np.sum(np.square(np.abs(values)), axis=1)
    beside = np.abs(line_hz - base_hz).min(axis=0) > NEAR_BINS * rate / window
    total, astray = (np.bincount(where - first, weights, len(place)) for weights in (power, power * beside))
    steady = (astray < CLEAR_PART * total)[where - first]
    if not steady.any():
        return [], mine[:0]
    taken = _taken(where[steady], place, hop, window)
    touched = mine[_overlap(events, mine, taken, start, rate)]
    where, bins, values, nearest = where[steady], bins[steady], values[steady], nearest[steady]
    keep = loudest(values)
    parts = []
    for i, (k, group) in enumerate(zip(chord.numbers, groups, strict=True)):
        part = keep[nearest[keep] == i]
        shift_hz = line_hz[0][steady][part] - line_hz[i][steady][part]
        parts.append(atoms_of_terms(where[part], bins[part], values[part], curves[i], rate, window, group, shift_hz))
        rest = touched[number[touched] == k]
        if len(rest):
            parts.append(_rest(events, rest, taken, start, curves[i], rate, group))
    return parts, touched


def _taken(where: Ints, place: Ints, hop: int, window: int) -> Array:
    """What part of the signal the pieces at places `where` are, sample by sample."""
    u = np.arange(window) - window // 2
    piece = np.square(0.5 + 0.5 * np.cos(2 * np.pi * u / window)) / (0.375 * HOPS)
    taken = np.zeros((len(place) - 1) * hop + window)
    for k in np.unique(where - place[0]).tolist():
        taken[k * hop : k * hop + window] += piece
    return taken


def _overlap(events: Gabor, these: Ints, taken: Array, start: int, rate: int) -> NDArray[np.bool_]:
    """Which of these events sound where something was taken."""
    so_far, middle, half = np.concatenate([[0.0], np.cumsum(taken)]), events.time_s[these], events.window_s[these] / 2
    low, high = (
        np.clip(np.rint(edge * rate).astype(int) - start, 0, len(taken)) for edge in (middle - half, middle + half)
    )
    return so_far[high] - so_far[low] > 1e-9


def _rest(events: Gabor, these: Ints, taken: Array, start: int, curve: Curve, rate: int, group: int) -> AtomColumns:
    """What is left of some events of a line, in windows as short as its shortest."""
    middle, long = events.time_s[these], events.window_s[these]
    window = 1 << int(np.log2(np.clip(long.min() * rate, 512, 2048)))
    hop = window // HOPS
    first, last = (
        int(np.floor((middle - long / 2).min() * rate / hop)) - HOPS // 2,
        int(np.ceil((middle + long / 2).max() * rate / hop)) + HOPS // 2,
    )
    begin = first * hop - window // 2
    signal = analytic(events, these, rate, begin, (last - first) * hop + window)
    low, high = max(start, begin), min(start + len(taken), begin + signal.shape[1])
    signal[:, low - begin : high - begin] *= 1 - np.minimum(taken[low - start : high - start], 1)
    where, bins, values = terms(signal, np.arange(first, last + 1), curve, rate, window, 48)
    keep = loudest(values)
    return atoms_of_terms(where[keep], bins[keep], values[keep], curve, rate, window, group, 0.0)
