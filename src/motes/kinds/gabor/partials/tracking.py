"""Partials: atoms linked into lines through time, so that an atom on a grid of bins knows the frequency of the sound it
is part of.

The frequency under each atom is read off the rendered scene, seen through the atom's own window (reassignment, Auger &
Flandrin 1995); lines grow through these places from the strongest atom on, by frequency, amplitude and phase (after
McAulay & Quatieri 1986). docs/partials.md tells more.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from motes.events.chirps import chirps_in_samples
from motes.events.event_table import Array, Ints
from motes.events.frozen import Frozen
from motes.kinds.gabor.table import Gabor

if TYPE_CHECKING:
    from motes.kernels.linking.partials import LineAtoms, LineTable, Rules
    from motes.kernels.reassignment import Atoms, Sounds

_STRETCH_SAMPLES = 1 << 18
_N_KEPT, _MOST_KEPT = 3, 1_000_000


@dataclass(frozen=True, eq=False)
class Lines(Frozen):
    """Per event: its line (from 1 in order of time, 0 for none), and the line's frequency there in Hz and phase
    since its first atom in rad.
    """

    number: Ints
    frequency_hz: Array
    phase_rad: Array
    # Whether one sound sweeps under the event.
    swept: NDArray[np.bool_]
    # Of line k, curves[k − 1].
    curves: Curves = field(default_factory=lambda: Curves(np.empty((0, 3)), np.zeros(1, np.int64)))

    def phases_at(self, time_s: float) -> Array:
        """What each line has run through at a time, in rad, 0 where it begins later; of line k, phases_at(…)[k]."""
        at = [curve.at(np.array([time_s]))[1][0] if curve.time_s[0] < time_s else 0.0 for curve in self.curves]
        return np.array([0.0, *at])


class _Search:
    """The lines of some atoms, once they are found; whoever asks while another finds them waits for this one search."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: Lines | None = None

    def found(self, events: Gabor, sample_rate_hz: int) -> Lines:
        with self.lock:
            if self.lines is None:
                self.lines = find_lines(events, sample_rate_hz)
            return self.lines


# The latest searches by what the atoms are, and the lock of whoever reads or changes them.
_SEARCHES: dict[bytes, _Search] = {}
_SEARCHES_LOCK = threading.Lock()


@dataclass(frozen=True, eq=False)
class Curve(Frozen):
    """A line between its atoms: at times in s its frequency in Hz, which is straight in between, and its phase in
    rad, `(n,)` each.
    """

    time_s: Array
    frequency_hz: Array
    phase_rad: Array

    def at(self, time_s: Array) -> tuple[Array, Array]:
        """Frequency in Hz and phase in rad; before the first and after the last place the frequency stays."""
        k = np.clip(np.searchsorted(self.time_s, time_s, side="right") - 1, 0, len(self.time_s) - 1)
        frequency = np.interp(time_s, self.time_s, self.frequency_hz)
        return frequency, self.phase_rad[k] + np.pi * (self.frequency_hz[k] + frequency) * (time_s - self.time_s[k])


class Curves(Sequence[Curve]):
    """The curves of lines as rows (time in s, frequency in Hz, phase in rad) one line after the other, `(n, 3)`, of
    which line k begins at start[k]. Large scenes have so many lines that each becomes an object only when it is asked
    for, which stays; not so where one goes through all of them.
    """

    def __init__(self, nodes: Array, start: Ints) -> None:
        self.nodes, self.start = nodes, start
        self._made: dict[int, Curve] = {}

    def __len__(self) -> int:
        return len(self.start) - 1

    @overload
    def __getitem__(self, k: int) -> Curve: ...
    @overload
    def __getitem__(self, k: slice) -> list[Curve]: ...
    def __getitem__(self, k: int | slice) -> Curve | list[Curve]:
        if isinstance(k, slice):
            return [self[one] for one in range(*k.indices(len(self)))]
        k = range(len(self))[k]
        return self._made.get(k) or self._made.setdefault(k, self._curve(k))

    def __iter__(self) -> Iterator[Curve]:
        return map(self._curve, range(len(self)))

    def _curve(self, k: int) -> Curve:
        return Curve(*self.nodes[self.start[k] : self.start[k + 1]].T)


def instantaneous(events: Gabor, sample_rate_hz: int) -> tuple[Array, Array]:
    """Each atom's partial: its frequency in Hz at the atom's centre and the phase it has run through since its first
    atom, both `(n_events,)`. `events` stand in canonical order.

    Where an atom belongs to no partial these are its own frequency and 0, so that it is moved as it is. Edits keep
    them in step in the columns `partial_hz` and `partial_rad` (transposing by r multiplies both by r, stretching by s
    the second by s), which are believed where they are set.
    """
    frequency, phase = events.partial_hz.copy(), events.partial_rad.copy()
    unknown = events.partial_hz == 0
    if unknown.all():
        lines = lines_of(events, sample_rate_hz)
        frequency, phase = lines.frequency_hz, lines.phase_rad
    elif unknown.any():
        lines = find_lines(events.take(unknown), sample_rate_hz)
        frequency[unknown], phase[unknown] = lines.frequency_hz, lines.phase_rad
    return frequency, phase


def lines_of(events: Gabor, sample_rate_hz: int) -> Lines:
    """What `find_lines` finds, kept for the latest few tables: edits ask again and again for the lines of the atoms
    as they were.
    """
    key = _key(events, sample_rate_hz)
    with _SEARCHES_LOCK:
        search = _SEARCHES.pop(key, None) or _Search()
        _SEARCHES[key] = search
        while len(_SEARCHES) > _N_KEPT:
            del _SEARCHES[next(iter(_SEARCHES))]
    found = search.found(events, sample_rate_hz)
    if len(events) > _MOST_KEPT:
        with _SEARCHES_LOCK:
            _SEARCHES.pop(key, None)
    return found


def forget_lines(events: Gabor, sample_rate_hz: int) -> None:
    """Keep the lines of these events no longer: nobody will ask for them again."""
    with _SEARCHES_LOCK:
        _SEARCHES.pop(_key(events, sample_rate_hz), None)


def _key(events: Gabor, sample_rate_hz: int) -> bytes:
    """What is equal for tables whose lines are."""
    digest = hashlib.blake2b(repr((sample_rate_hz, events.n_channels)).encode(), digest_size=16)
    for name in ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad", "chirp_hz_per_s"):
        digest.update(np.ascontiguousarray(events.column(name)).data)
    return digest.digest()


def find_lines(events: Gabor, sample_rate_hz: int, n_threads: int = 0) -> Lines:
    """Lines through atoms in canonical order, by what they sound like together: a line has two atoms at least. 0
    threads: one per core.

    Edits move atoms by these, also those of version-1 files, so that they stay as they are; `find_partials` gives lines
    that end where their sound ends.
    """
    from motes.kernels.linking.partials import LOOSE

    if len(events) == 0:
        return _no_lines(events, sample_rate_hz)
    read = _read(events, sample_rate_hz, n_threads)
    return _in_order(read, _followed(read, _grown(read, LOOSE)), sample_rate_hz)


def find_partials(events: Gabor, sample_rate_hz: int, n_threads: int = 0) -> Lines:
    """Lines as `find_lines` gives them, that end where their sound ends: at a leap, and at an onset of their own."""
    from motes.kernels.linking.partial_onsets import STEP_S, OwnWaves, cut_lines
    from motes.kernels.linking.partials import STRICT

    if len(events) == 0:
        return _no_lines(events, sample_rate_hz)
    read = _read(events, sample_rate_hz, n_threads)
    found = _followed(read, _grown(read, STRICT))
    waves = OwnWaves(read.atoms.own, read.atoms.amplitude, read.atoms.phase)
    step = float(max(1, round(STEP_S * sample_rate_hz)))
    pieces = cut_lines(read.line_atoms, waves, found.table, found.n_lines, found.n_nodes, found.nodes, step)
    if pieces.any():
        found = _followed(read, _cut(read, found, pieces))
    return _in_order(read, found, sample_rate_hz)


class _Read(NamedTuple):
    """Atoms and what was read under them; which may carry a line."""

    atoms: Atoms
    line_atoms: LineAtoms
    usable: NDArray[np.bool_]


class _Found(NamedTuple):
    """Lines as kernels give them, with the nodes of their curves and what each atom takes from its line."""

    table: LineTable
    n_lines: int
    frequency: Array
    turns: Array
    n_nodes: Ints
    nodes: Array


def _no_lines(events: Gabor, sample_rate_hz: int) -> Lines:
    number = np.zeros(len(events), np.int64)
    return Lines(number, events.frequency_hz / sample_rate_hz, np.zeros(len(events)), number > 0)


def _read(events: Gabor, sample_rate_hz: int, n_threads: int) -> _Read:
    from motes.kernels.linking.partials import LineAtoms

    atoms = _atoms(events, sample_rate_hz)
    under = _sounds(atoms, sample_rate_hz, n_threads or os.cpu_count() or 1)
    amplitude = np.sqrt(np.sum(np.square(atoms.amplitude), axis=1))
    energy = np.square(amplitude) * atoms.window
    line_atoms = LineAtoms(
        time=atoms.time,
        window=atoms.window,
        own=atoms.own,
        sound=under.centre,
        phase=under.phase,
        strength=under.strength,
        channel=atoms.channel,
        energy=energy,
        amplitude=amplitude,
        points=under.n_points,
        point_time=under.time,
        point_sound=under.sound,
    )
    return _Read(atoms, line_atoms, under.usable & (energy > 0))


def _grown(read: _Read, rules: Rules) -> tuple[LineTable, int]:
    """Lines grown by these rules, those that go on in others joined; and how many they are."""
    from motes.kernels.linking.partials import LineTable, grow_lines, join_lines

    n_events, atoms = len(read.usable), read.line_atoms
    number, order = np.zeros(n_events, np.int64), np.argsort(-atoms.energy, kind="stable")
    table = LineTable(number, np.zeros(n_events + 1, np.int64), np.zeros(n_events, np.int64))
    n_lines = grow_lines(atoms, read.usable.copy(), order, table, rules)
    n_lines, starts, knots = _joined(join_lines(atoms, table, n_lines, rules), table.starts, table.knots, number)
    return LineTable(number, starts, knots), n_lines


def _followed(read: _Read, grown: tuple[LineTable, int]) -> _Found:
    """Lines with their curves; atoms that a line masks are in it."""
    from motes.kernels.linking.partial_curves import follow_lines
    from motes.kernels.reassignment import POINTS

    table, n_lines = grown
    frequency, turns = read.atoms.own.copy(), np.zeros(len(read.usable))
    n_nodes, nodes = np.zeros(n_lines, np.int64), np.zeros((POINTS * len(table.knots), 3))
    follow_lines(read.line_atoms, table, n_lines, frequency, turns, n_nodes, nodes)
    return _Found(table, n_lines, frequency, turns, n_nodes, nodes)


def _cut(read: _Read, found: _Found, pieces: Ints) -> tuple[LineTable, int]:
    """Each piece of a line as a line. A piece without knots has its strongest atom as one."""
    from motes.kernels.linking.partials import LineTable

    line, knots = found.table.line, found.table.knots
    knot_line = np.repeat(np.arange(1, found.n_lines + 1), np.diff(found.table.starts[: found.n_lines + 1]))
    base = int(pieces.max()) + 1
    key = np.where(line > 0, line * base + pieces, 0)
    keys, number = np.unique(key, return_inverse=True)
    number = number.reshape(-1) + (0 if keys[0] == 0 else 1)
    n_lines = int(number.max())
    mine = np.zeros(len(line), np.bool_)
    mine[knots[line[knots] == knot_line]] = True
    without = np.setdiff1d(np.arange(1, n_lines + 1), number[mine])
    if len(without):
        falling = np.lexsort((-read.line_atoms.energy, number))
        mine[falling[np.searchsorted(number[falling], without)]] = True
    chosen = np.flatnonzero(mine & (number > 0))
    chosen = chosen[np.argsort(number[chosen], kind="stable")]
    starts = np.append(0, np.cumsum(np.bincount(number[chosen], minlength=n_lines + 1)[1:]))
    return LineTable(number, starts, chosen), n_lines


def _in_order(read: _Read, found: _Found, rate: int) -> Lines:
    """Lines of two atoms at least, numbered in order of their first."""
    from motes.kernels.reassignment import POINTS

    number, frequency, turns, nodes = found.table.line, found.frequency, found.turns, found.nodes
    n_lines, n_events = found.n_lines, len(found.table.line)
    alone = np.bincount(number, minlength=n_lines + 1)[number] < 2
    frequency[alone], turns[alone], number[alone] = read.atoms.own[alone], 0.0, 0
    first = np.full(n_lines + 1, n_events)
    np.minimum.at(first, number, np.arange(n_events))
    used = np.unique(number[number > 0])
    rank = np.zeros(n_lines + 1, np.int64)
    used = used[np.argsort(first[used], kind="stable")]
    rank[used] = np.arange(1, len(used) + 1)
    nodes *= np.array([1 / rate, rate, 2 * np.pi])
    starts, n_nodes = found.table.starts, found.n_nodes
    sizes = n_nodes[used - 1]
    first_node = np.append(0, np.cumsum(sizes))
    rows = np.repeat(POINTS * starts[used - 1] - first_node[:-1], sizes) + np.arange(first_node[-1])
    columns = rank[number], frequency * rate, turns * (2 * np.pi), read.line_atoms.points > 1
    for column in columns:  # which tables of events then share
        column.flags.writeable = False
    return Lines(*columns, Curves(nodes[rows], first_node))


def _joined(after: Ints, starts: Ints, knots: Ints, number: Ints) -> tuple[int, Ints, Ints]:
    """Lines that go on in others as one: their number, and starts and knots as `grow_lines` gives them; `number` is
    changed in place.
    """
    n_lines, heads = len(after), np.setdiff1d(np.arange(len(after)), after)
    chains, new = [], np.zeros(n_lines + 1, np.int64)
    for rank, head in enumerate(heads.tolist(), start=1):
        while head >= 0:
            chains.append(knots[starts[head] : starts[head + 1]])
            new[head + 1] = rank
            head = int(after[head])
    number[:] = new[number]
    sizes = np.bincount(new[1:], np.diff(starts[: n_lines + 1]), len(heads) + 1).astype(np.int64)
    return len(heads), np.cumsum(sizes), np.concatenate([*chains, np.empty(0, np.int64)])


def _atoms(events: Gabor, rate: int) -> Atoms:
    """The events in samples; those above half the sample rate are silent."""
    from motes.kernels.reassignment import Atoms

    own, amplitude = (
        events.frequency_hz / rate,
        events.amplitude.copy(),
    )  # numba compiles anew for arrays that cannot be written to
    amplitude[own > 0.5] = 0
    loudest, chirp = amplitude.argmax(axis=1), chirps_in_samples(events, rate)
    return Atoms(events.time_s * rate, events.window_s * rate, own, amplitude, events.phase_rad.copy(), loudest, chirp)


def _sounds(atoms: Atoms, sample_rate_hz: int, n_threads: int) -> Sounds:
    """What sounds under each atom, read in stretches of time that threads share."""
    from motes.kernels.reassignment import SHORTEST_S, Sounds, read_sounds

    found = Sounds.unread(atoms.time)
    edges = np.searchsorted(
        atoms.time, np.arange(atoms.time[0], atoms.time[-1] + 2 * _STRETCH_SAMPLES, _STRETCH_SAMPLES)
    )
    stretches = list(pairwise(edges.tolist()))

    def work(ends: tuple[int, int]) -> None:
        read_sounds(atoms, *ends, SHORTEST_S * sample_rate_hz, found)

    if min(n_threads, len(stretches)) > 1:
        with ThreadPoolExecutor(min(n_threads, len(stretches))) as executor:
            list(executor.map(work, stretches))
    else:
        list(map(work, stretches))
    return found
