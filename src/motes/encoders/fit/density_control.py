"""Where a fit begins, and where it begins anew: atoms of pursuit, random ones, and peaks of what is missing."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from motes.encoders.fit.optimiser import Descent, State
from motes.encoders.fit.parameterisation import Atoms, SplatUnknowns, Unknowns
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.stft import hann

WINDOW_S = (0.023, 0.046, 0.093, 0.186, 0.372, 0.743)
# Of all energy, what an event has that nobody would miss.
DEAD = 1e-6
# Part of the events that a round of density control may exchange for stronger ones.
WEAKEST = 0.03
# By how many times what is missing has to exceed the event that is given up for it.
GAINED = 2.0
# Part of the fit in which events are exchanged; then they settle.
UNTIL = 0.6


def windows_for(sample_rate_hz: int) -> tuple[int, ...]:
    """Window lengths in samples, powers of two near WINDOW_S."""
    return tuple(sorted({int(min(32768, max(64, 2 ** round(math.log2(s * sample_rate_hz))))) for s in WINDOW_S}))


def pursued(audio: np.ndarray, sample_rate_hz: int, n_events: int) -> Atoms:
    """The first atoms of matching pursuit; fewer where there is no more to be found."""
    gabor = pursue(
        audio,
        PursuitOptions(n_events=n_events, windows=windows_for(sample_rate_hz), n_threads=1),
        sample_rate_hz=sample_rate_hz,
    ).gabor
    loud = (gabor.amplitude > 1e-6).any(axis=1)
    return Atoms(
        gabor.time_s[loud], gabor.window_s[loud], gabor.frequency_hz[loud], gabor.amplitude[loud], gabor.phase_rad[loud]
    )


def drawn(audio: np.ndarray, sample_rate_hz: int, n_events: int, random: np.random.Generator) -> Atoms:
    """Atoms anywhere in time, and in frequency on a logarithmic scale, that together have about the recording's
    energy.
    """
    n_channels, n_samples = audio.shape
    window = np.exp(random.uniform(np.log(0.05), np.log(0.5), n_events))
    frequency = np.exp(random.uniform(np.log(80.0), np.log(0.2 * sample_rate_hz), n_events))
    energy = np.sum(audio**2, axis=1) / max(1, n_events)
    level = np.sqrt(energy[None] / (3 / 16 * window[:, None] * sample_rate_hz))
    phase = np.repeat(random.uniform(-np.pi, np.pi, (n_events, 1)), n_channels, axis=1)
    return Atoms(random.uniform(0, n_samples / sample_rate_hz, n_events), window, frequency, level, phase)


@torch.no_grad()
def missing(descent: Descent, estimate: Tensor, n_atoms: int) -> Atoms:
    """Atoms where the mix lacks most, by magnitude: peaks of three spectrograms, the strongest by energy first."""
    rate, n_channels = descent.unknowns.rate, len(estimate)
    lengths = windows_for(rate)[1:4]
    lacks = []
    for n in lengths:
        window = torch.hann_window(n)
        both = (
            torch.stft(a, n, n // 4, window=window, pad_mode="constant", return_complex=True).abs() * (4 / n)
            for a in (descent.reference, estimate)
        )
        reference, mix = both
        lacks.append(((reference - mix).clamp(min=0).square().sum(0) * (3 / 16 * n)).numpy())
    found = []
    for _ in range(n_atoms):
        best = max(range(len(lengths)), key=lambda w: lacks[w].max())
        n = lengths[best]
        f, t = np.unravel_index(int(np.argmax(lacks[best])), lacks[best].shape)
        energy = float(lacks[best][f, t])
        if energy <= 0:
            break
        found.append((t * n / 4 / rate, n / rate, f * rate / n, energy / (3 / 16 * n)))
        for w, length in enumerate(lengths):
            time, hz = t * n / 4, f * rate / n
            frames = slice(
                max(0, math.floor((time - n / 2) / (length / 4))), math.ceil((time + n / 2) / (length / 4)) + 1
            )
            bins = slice(
                max(0, math.floor(hz * length / rate - 1.5 * max(1, length / n))),
                math.ceil(hz * length / rate + 1.5 * max(1, length / n)) + 1,
            )
            lacks[w][bins, frames] = 0.0
    at = np.array(found).reshape(-1, 4)
    amplitude, phase = np.zeros((len(at), n_channels)), np.zeros((len(at), n_channels))
    residual = (descent.reference - estimate).double().numpy()
    for i, (time_s, window_s, hz, power) in enumerate(at):
        seen = np.stack([_heard(channel, time_s * rate, round(window_s * rate), hz / rate) for channel in residual])
        amplitude[i] = np.sqrt(power) * np.maximum(np.abs(seen), 1e-9) / max(1e-9, float(np.linalg.norm(seen)))
        phase[i] = np.angle(seen)
    return Atoms(at[:, 0], at[:, 1], at[:, 2], amplitude, phase)


def _heard(audio: np.ndarray, centre: float, n: int, cycles: float) -> complex:
    first = round(centre) - n // 2
    inside = np.arange(max(0, first), min(len(audio), first + n))
    return complex(np.sum(audio[inside] * hann(n)[inside - first] * np.exp(-2j * np.pi * cycles * (inside - centre))))


@torch.no_grad()
def exchanged(descent: Descent, state: State, n_events: int) -> State:
    """Density control: events nobody would miss are given up, the weaker of twins too, and of the weakest those that
    others are worth more than.

    In their place, up to `n_events` in all, come new ones where most is missing. Within another's reach one takes over
    its timbre: that is split.
    """
    unknowns = descent.unknowns
    columns = unknowns.columns(state.theta, state.anchor)
    energy = unknowns.energy(columns).numpy()
    alive = (energy > DEAD * energy.sum()) & ~_twins(columns, energy)
    spare = max(1, round(WEAKEST * n_events)) if n_events >= 8 else 0
    atoms = missing(descent, descent.render(columns), n_events - int(alive.sum()) + spare)
    worth = np.sum(atoms.amplitude**2, axis=1) * (3 / 16) * atoms.window_s * unknowns.rate
    free = n_events - int(alive.sum())
    used = min(free, len(worth))
    for i in np.flatnonzero(alive)[np.argsort(energy[alive], kind="stable")][:spare]:
        if used < len(worth) and worth[used] > GAINED * energy[i]:
            alive[i], used = False, used + 1
    chosen = Atoms(
        *(part[:used] for part in (atoms.time_s, atoms.window_s, atoms.frequency_hz, atoms.amplitude, atoms.phase_rad))
    )
    if used == 0 and alive.all():
        return state
    anchor = unknowns.of_atoms(chosen)
    if unknowns.TIMBRE:
        anchor = _with_timbre(unknowns, columns, anchor)
    return state.with_events(torch.from_numpy(np.flatnonzero(alive)), anchor)


def _twins(columns: dict[str, Tensor], energy: np.ndarray) -> np.ndarray:
    """Events that a stronger one at the same time and frequency, of nearly the same length, makes superfluous."""
    names = ("f0_hz", "width_s") if "f0_hz" in columns else ("frequency_hz", "window_s")
    hz, length, time = (columns[name].numpy() for name in (*names, "time_s"))
    length = length if "f0_hz" in columns else 0.19 * length
    twin = np.zeros(len(hz), np.bool_)
    for i in np.argsort(-energy, kind="stable"):
        if twin[i]:
            continue
        near = (np.abs(time - time[i]) < 0.25 * length[i]) & (np.abs(hz - hz[i]) * 2 * np.pi * length[i] < 0.25)
        near &= np.abs(np.log(length / length[i])) < 0.25
        near &= energy < energy[i]
        twin |= near
    return twin


def _with_timbre(unknowns: Unknowns, columns: dict[str, Tensor], anchor: Tensor) -> Tensor:
    """New splats that fall within another's first partial take over what its partials are like."""
    old = unknowns.anchored(columns)
    place = {name: i for i, name in enumerate(SplatUnknowns.ANCHORS)}
    shared = [place[name] for name in unknowns.TIMBRE]
    for row in anchor:
        off = (old[:, place["time_s"]] - row[place["time_s"]]).abs() / (
            2 * old[:, place["width_s"]] + old[:, place["t60_s"]] / 7
        )
        apart = (old[:, place["f0_hz"]] - row[place["f0_hz"]]).abs() * row[place["width_s"]] * 2
        near = torch.nonzero((off < 1) & (apart < 1))[:, 0]
        if len(near):
            row[shared] = old[near[torch.argmin(off[near])], shared]
    return anchor
