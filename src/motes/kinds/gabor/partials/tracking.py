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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.events.frozen import Frozen
from motes.kinds.gabor.table import Gabor

if TYPE_CHECKING:
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
    curves: tuple[Curve, ...] = ()


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
    digest = hashlib.blake2b(repr((sample_rate_hz, events.n_channels)).encode(), digest_size=16)
    for name in ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad"):
        digest.update(np.ascontiguousarray(events.column(name)).data)
    key = digest.digest()
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


def find_lines(events: Gabor, sample_rate_hz: int, n_threads: int = 0) -> Lines:
    """Lines through atoms in canonical order, by what they sound like together: a line has two atoms at least. 0
    threads: one per core.
    """
    from motes.kernels.partial_curves import follow_lines
    from motes.kernels.partials import LineAtoms, LineTable, grow_lines, join_lines
    from motes.kernels.reassignment import POINTS

    n_events, rate = len(events), sample_rate_hz
    number, frequency, turns = np.zeros(n_events, np.int64), events.frequency_hz / rate, np.zeros(n_events)
    if n_events == 0:
        return Lines(number, frequency, turns, number > 0)
    atoms = _atoms(events, rate)
    under = _sounds(atoms, rate, n_threads or os.cpu_count() or 1)
    amplitude = np.sqrt(np.sum(np.square(atoms.amplitude), axis=1))
    energy = np.square(amplitude) * atoms.window
    order = np.argsort(-energy, kind="stable")
    read = LineAtoms(
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
    table = LineTable(number, np.zeros(n_events + 1, np.int64), np.zeros(n_events, np.int64))
    n_lines = grow_lines(read, under.usable & (energy > 0), order, table)
    n_lines, starts, knots = _joined(join_lines(read, table, n_lines), table.starts, table.knots, number)
    n_nodes, nodes = np.zeros(n_lines, np.int64), np.zeros((POINTS * len(knots), 3))
    follow_lines(read, LineTable(number, starts, knots), n_lines, frequency, turns, n_nodes, nodes)
    alone = np.bincount(number, minlength=n_lines + 1)[number] < 2
    frequency[alone], turns[alone], number[alone] = atoms.own[alone], 0.0, 0
    first = np.full(n_lines + 1, n_events)
    np.minimum.at(first, number, np.arange(n_events))
    used = np.unique(number[number > 0])
    rank = np.zeros(n_lines + 1, np.int64)
    used = used[np.argsort(first[used], kind="stable")]
    rank[used] = np.arange(1, len(used) + 1)
    nodes *= np.array([1 / rate, rate, 2 * np.pi])
    curves = tuple(Curve(*nodes[POINTS * starts[k - 1] :][: n_nodes[k - 1]].T) for k in used.tolist())
    return Lines(rank[number], frequency * rate, turns * (2 * np.pi), under.n_points > 1, curves)


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
    return Atoms(
        events.time_s * rate, events.window_s * rate, own, amplitude, events.phase_rad.copy(), amplitude.argmax(axis=1)
    )


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
