"""Partials: atoms linked into lines through time, so that an atom on a grid of bins knows the frequency of the sound it is part of.

The frequency under each atom is read off the rendered scene, seen through the atom's own window (reassignment, Auger & Flandrin 1995); lines grow
through these places from the strongest atom on, by frequency, amplitude and phase (after McAulay & Quatieri 1986). docs/partials.md tells more.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.scene.groups import ROLES, Groups
from motes.scene.kinds import Array, Ints
from motes.scene.scene import Scene

_BLOCK_SAMPLES = 1 << 20
_SHARE = 1024


@dataclass(frozen=True, eq=False)
class Lines:
    """Per event: its line (from 1 in order of time, 0 for none), and the line's frequency there in Hz and phase since its first atom in rad."""

    number: Ints
    frequency_hz: Array
    phase_rad: Array


def link(scene: Scene) -> Scene:
    """The scene with its atoms grouped into partials, whatever partials there were before; other groups stay."""
    number = find_lines(scene).number
    others = scene.groups.role != ROLES.index("partial")
    kept, events = scene.groups.id[others], scene.gabor
    mine = np.where(np.isin(events.group_id, kept), events.group_id, 0)
    above = int(kept.max(initial=0))
    group_id = np.where(mine > 0, mine, np.where(number > 0, number + above, 0))
    partials = np.unique(group_id[group_id > above])
    parents = np.concatenate([np.where(np.isin(scene.groups.parent[others], kept), scene.groups.parent[others], 0), np.zeros_like(partials)])
    roles = np.concatenate([scene.groups.role[others], np.full_like(partials, ROLES.index("partial"))])
    return scene.replace(gabor=replace(events, group_id=group_id), groups=Groups(np.concatenate([kept, partials]), parents, roles))


def instantaneous(scene: Scene) -> tuple[Array, Array]:
    """Each event's partial: its frequency in Hz at the event's centre and the phase it has run through since its first atom, both `(n_events,)`.

    Where an event belongs to no partial these are its own frequency and 0, so that it is moved as it is. Edits keep them in step in the columns
    `partial_hz` and `partial_rad` (transposing by r multiplies both by r, stretching by s the second by s), which are believed where they are set.
    """
    events = scene.gabor
    frequency, phase = events.partial_hz.copy(), events.partial_rad.copy()
    unknown = events.partial_hz == 0
    if unknown.all():
        lines = find_lines(scene)
        frequency, phase = lines.frequency_hz, lines.phase_rad
    elif unknown.any():
        lines = find_lines(scene.replace(gabor=events.take(unknown)))
        frequency[unknown], phase[unknown] = lines.frequency_hz, lines.phase_rad
    return frequency, phase


def find_lines(scene: Scene) -> Lines:
    """Lines through the atoms of a scene, by what it sounds like: a line has two atoms at least."""
    from motes.kernels.partials import follow_lines, grow_lines

    events, n_events, rate = scene.gabor, len(scene.gabor), scene.sample_rate_hz
    number, frequency, turns = np.zeros(n_events, np.int64), events.frequency_hz / rate, np.zeros(n_events)
    if n_events == 0:
        return Lines(number, frequency, turns)
    time, window = events.time_s * rate, events.window_s * rate
    channel, amplitude = events.amplitude.argmax(axis=1), np.sqrt(np.sum(np.square(events.amplitude), axis=1))
    energy, own = np.square(amplitude) * window, frequency.copy()
    under = _under(scene, time, window, own, channel)
    starts, knots = np.zeros(n_events + 1, np.int64), np.zeros(n_events, np.int64)
    order = np.argsort(-energy, kind="stable")
    points = (under.n_points, under.time, under.sound)
    n_lines = grow_lines(
        order, time, window, own, under.centre, under.phase, channel, energy, amplitude, under.usable & (energy > 0), *points, number, starts, knots
    )  # fmt: skip
    follow_lines(n_lines, starts, knots, time, window, own, amplitude, *points, number, frequency, turns)
    alone = np.bincount(number, minlength=n_lines + 1)[number] < 2
    frequency[alone], turns[alone], number[alone] = own[alone], 0.0, 0
    first = np.full(n_lines + 1, n_events)
    np.minimum.at(first, number, np.arange(n_events))
    used = np.unique(number[number > 0])
    rank = np.zeros(n_lines + 1, np.int64)
    rank[used[np.argsort(first[used], kind="stable")]] = np.arange(1, len(used) + 1)
    return Lines(rank[number], frequency * rate, turns * (2 * np.pi))


@dataclass(frozen=True, eq=False)
class _Under:
    """What sounds under each atom: its frequency (cycles per sample) at `n_points` times (samples) and at the centre, its phase there, and whether
    the atom lies where its sound is.
    """

    n_points: Ints
    time: Array
    sound: Array
    centre: Array
    phase: Array
    usable: NDArray[np.bool_]


def _under(scene: Scene, time: Array, window: Array, own: Array, channel: Ints) -> _Under:
    """Read with each atom's window, or a quarter of it where one sound sweeps under the atom; in stretches of time, so that memory is bounded."""
    from motes.kernels.partials import POINTS

    n_events, first = len(time), 0
    found = _Under(
        np.ones(n_events, np.int64), np.repeat(time[:, None], POINTS, axis=1), np.empty((n_events, POINTS)), np.empty(n_events), np.empty(n_events),
        np.zeros(n_events, bool),
    )  # fmt: skip
    while first < n_events:
        last = int(np.searchsorted(time, time[first] + _BLOCK_SAMPLES, side="right"))
        _read_stretch(_Heard.of(scene, time, window, own, first, last), np.arange(first, last), time, window, own, channel, found)
        first = last
    return found


def _read_stretch(heard: _Heard, these: Ints, time: Array, window: Array, own: Array, channel: Ints, found: _Under) -> None:
    """Fill `found` for some atoms."""
    from motes.kernels.partials import OWN_BINS, OWN_BINS_SWEPT, POINTS, SHORTEST_S, STEADY

    sound, phase, _ = heard.read(time[these], window[these], own[these], channel[these])
    found.centre[these], found.phase[these], found.sound[these] = sound, phase, sound[:, None]
    found.usable[these] = (np.abs(sound - own[these]) * window[these] < OWN_BINS) & (sound > 0)
    long = these[window[these] >= 4 * SHORTEST_S * heard.sample_rate_hz]
    if len(long) == 0:
        return
    middle, quarter = own[long, None], 0.25 * window[long, None]
    places = time[long, None] + np.linspace(-1, 1, POINTS) * quarter
    around = np.repeat(long, POINTS)
    swept, _, strength = (c.reshape(-1, POINTS) for c in heard.read(places.reshape(-1), 0.25 * window[around], own[around], channel[around]))
    bins = np.minimum(np.abs(swept - middle) * quarter, 1.7) + 1e-9
    strength = strength / (np.sinc(bins) / (1 - bins * bins))  # of a Hann window so many bins beside a sinusoid
    one = strength.max(axis=1) < STEADY * strength.min(axis=1)
    one &= (np.abs(swept - middle).max(axis=1) * window[long] < 2 * OWN_BINS_SWEPT) & (swept.min(axis=1) > 0)
    one &= np.abs(swept[:, POINTS // 2] - own[long]) * window[long] < OWN_BINS_SWEPT
    chosen = long[one]
    found.n_points[chosen], found.usable[chosen] = POINTS, True
    found.time[chosen], found.sound[chosen], found.centre[chosen] = places[one], swept[one], swept[one, POINTS // 2]


@dataclass(frozen=True, eq=False)
class _Heard:
    """A stretch of the rendered scene from sample `start` on: `n_channels` rows of `n_samples` + 16."""

    audio: Array
    start: int
    n_samples: int
    sample_rate_hz: int

    @classmethod
    def of(cls, scene: Scene, time: Array, window: Array, own: Array, first: int, last: int) -> _Heard:
        """All that sounds under events first … last − 1."""
        from motes.kernels.gabor import add_gabor

        reach, events = float(window.max()), scene.gabor
        start, end = int(np.floor(time[first] - reach)), int(np.ceil(time[last - 1] + reach))
        audio = np.zeros(scene.n_channels * (end - start + 16))
        low, high = np.searchsorted(time, (start - reach, end + reach))
        omega = 2 * np.pi * own
        add_gabor(
            audio, end - start + 16, end - start, start, time, window, omega, events.amplitude, events.phase_rad, int(low), int(high)
        )  # fmt: skip
        return cls(audio, start, end - start, scene.sample_rate_hz)

    def read(self, time: Array, window: Array, own: Array, channel: Ints) -> tuple[Array, Array, Array]:
        """What sounds at these places: frequency in cycles per sample, phase, strength, each `(n,)`; shared out to all cores."""
        from motes.kernels.partials import reassign

        sound, phase, strength = (np.empty(len(time)) for _ in range(3))

        def work(first: int) -> None:
            reassign(
                self.audio, self.n_samples + 16, self.start, self.n_samples, channel, time, window, 2 * np.pi * own, first,
                min(first + _SHARE, len(time)), sound, phase, strength,
            )  # fmt: skip

        with ThreadPoolExecutor(min(os.cpu_count() or 1, 1 + len(time) // _SHARE)) as executor:
            list(executor.map(work, range(0, len(time), _SHARE)))
        return sound / (2 * np.pi), phase, strength
