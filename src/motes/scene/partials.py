"""Partials: atoms linked into lines through time, so that an atom on a grid of bins knows the frequency of the sound it is part of.

The frequency under each atom is read off the rendered scene, seen through the atom's own window (reassignment, Auger & Flandrin 1995); lines grow
through these places from the strongest atom on, by frequency, amplitude and phase (after McAulay & Quatieri 1986). docs/partials.md tells more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.scene.groups import ROLES, Groups
from motes.scene.kinds import Array, Ints
from motes.scene.scene import Scene

_BLOCK_SAMPLES = 1 << 20


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
    unknown = events.partial_hz <= 0
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
    """Read with each atom's window, or a quarter of it where one sound sweeps under the atom."""
    from motes.kernels.partials import OWN_BINS, OWN_BINS_SWEPT, OWN_TIME, POINTS, SHORTEST_S, STEADY

    n_events = len(time)
    sound, delay, phase, _ = _read(scene, time, window, own, channel)
    usable = (np.abs(sound - own) * window < OWN_BINS) & (np.abs(delay) < OWN_TIME * window) & (sound > 0)
    n_points, at, found = np.ones(n_events, np.int64), np.repeat(time[:, None], POINTS, axis=1), np.repeat(sound[:, None], POINTS, axis=1)
    long = np.flatnonzero(window >= 4 * SHORTEST_S * scene.sample_rate_hz)
    if len(long):
        places = time[long, None] + np.linspace(-0.25, 0.25, POINTS) * window[long, None]
        order = np.argsort(places, axis=None, kind="stable")
        of = np.repeat(long, POINTS)[order]
        swept, strength = np.empty(len(order)), np.empty(len(order))
        swept[order], _, _, strength[order] = _read(scene, places.reshape(-1)[order], 0.25 * window[of], own[of], channel[of])
        swept, strength = swept.reshape(-1, POINTS), strength.reshape(-1, POINTS)
        bins = np.minimum(np.abs(swept - own[long, None]) * (0.25 * window[long, None]), 1.7) + 1e-9
        strength /= np.sinc(bins) / (1 - bins * bins)  # of a Hann window so many bins beside a sinusoid
        one = strength.max(axis=1) < STEADY * strength.min(axis=1)
        one &= (np.abs(swept - own[long, None]).max(axis=1) * window[long] < 2 * OWN_BINS_SWEPT) & (swept.min(axis=1) > 0)
        one &= np.abs(swept[:, POINTS // 2] - own[long]) * window[long] < OWN_BINS_SWEPT
        n_points[long[one]], usable[long[one]] = POINTS, True
        at[long[one]], found[long[one]] = places[one], swept[one]
        sound[long[one]] = swept[one, POINTS // 2]
    return _Under(n_points, at, found, sound, phase, usable)


def _read(scene: Scene, time: Array, window: Array, own: Array, channel: Ints) -> tuple[Array, Array, Array, Array]:
    """What the rendered scene holds at places in order of time: frequency in cycles per sample, delay in samples, phase, strength, each `(n,)`."""
    from motes.kernels.gabor import add_gabor
    from motes.kernels.partials import reassign

    events, rate = scene.gabor, scene.sample_rate_hz
    sound, delay, phase, strength = (np.empty(len(time)) for _ in range(4))
    centre, length, omega = events.time_s * rate, events.window_s * rate, 2 * np.pi * events.frequency_hz / rate
    reach, first = float(length.max()), 0
    while first < len(time):
        last = int(np.searchsorted(time, time[first] + _BLOCK_SAMPLES, side="right"))
        start, end = int(np.floor(time[first] - reach)), int(np.ceil(time[last - 1] + reach))
        n_samples = end - start
        audio = np.zeros(scene.n_channels * (n_samples + 16))
        low, high = np.searchsorted(centre, (start - reach, end + reach))
        add_gabor(
            audio, n_samples + 16, n_samples, start, centre, length, omega, events.amplitude, events.phase_rad, int(low), int(high)
        )  # fmt: skip
        reassign(
            audio, n_samples + 16, start, n_samples, channel, time, window, 2 * np.pi * own, first, last, sound, delay, phase, strength
        )  # fmt: skip
        first = last
    return sound / (2 * np.pi), delay, phase, strength
