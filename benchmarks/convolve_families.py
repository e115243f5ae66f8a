"""Kernels to measure convolution with: real rooms, simulated rooms with a source that moves, resonances, and noise,
which has no structure.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from motes.kernels._jit import jit

Array = NDArray[np.float32]
RATE = 44100
SPEED = 343.0
SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")
# Fractions of a sample that delays are rounded to.
STEPS = 8192
# Attenuation by the air, which grows with the square of the frequency: 0.1 dB/m at 8 kHz.
AIR_DB_PER_M_HZ2 = 1.5e-9


def music(seconds: float) -> Array:
    """The recording bundled with motes, from its second second on, repeated as often as needed, at 44.1 kHz."""
    import soxr

    audio, rate = soundfile.read(
        Path(__file__).parents[1] / "src/motes/demo/demo.flac", dtype="float32", always_2d=True
    )
    mono = soxr.resample(audio.mean(1), rate, RATE)
    return np.resize(mono[RATE:], round(seconds * RATE)).astype(np.float32)


def real_rooms() -> dict[str, Array]:
    """Name to impulse response, both channels as rooms of their own; empty where the folder is absent."""
    rooms = {}
    for path in sorted((SHARED / "impulse_responses").rglob("*.wav")):
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        if rate == RATE:
            rooms |= {f"{path.stem} {'LR'[c]}": np.ascontiguousarray(channel) for c, channel in enumerate(audio.T)}
    return rooms


def fitted(kernels: list[Array], n_taps: int) -> Array:
    """`(n_kernels, n_taps)`, cut or filled up with zeros."""
    return np.stack([np.pad(k[:n_taps], (0, max(n_taps - len(k), 0))) for k in kernels])


def _images(
    size: NDArray[np.float64], source: NDArray[np.float64], listener: NDArray[np.float64], reach_m: float
) -> tuple[NDArray[np.float64], ...]:
    """Distances and numbers of reflections of the images of a source in a shoebox (Allen and Berkley 1979), nearer
    than `reach_m`.
    """
    offsets, counts = [], []
    for axis in range(3):
        n = np.arange(-int(reach_m / (2 * size[axis])) - 1, int(reach_m / (2 * size[axis])) + 2)
        offsets.append(
            np.concatenate([2 * n * size[axis] + source[axis], 2 * n * size[axis] - source[axis]]) - listener[axis]
        )
        counts.append(np.concatenate([np.abs(2 * n), np.abs(2 * n - 1)]))
    squared = offsets[0][:, None, None] ** 2 + offsets[1][None, :, None] ** 2 + offsets[2][None, None, :] ** 2
    near = squared < reach_m**2
    order = counts[0][:, None, None] + counts[1][None, :, None] + counts[2][None, None, :]
    return np.sqrt(squared[near]), order[near]


def _through_air(h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Low-passed ever more with the distance travelled, piece by piece with cross-fades."""
    n_pieces, y = 24, np.zeros_like(h)
    edges = np.linspace(0, len(h), n_pieces + 1)
    frequency = np.fft.rfftfreq(2 * len(h), 1 / RATE)
    spread = edges[1]
    for k in range(n_pieces + 1):
        weight = np.clip(1 - np.abs(np.arange(len(h)) - edges[k]) / spread, 0, 1)
        gain = 10 ** (-AIR_DB_PER_M_HZ2 * frequency**2 * edges[k] / RATE * SPEED / 20)
        y += np.fft.irfft(np.fft.rfft(h * weight, 2 * len(h)) * gain)[: len(h)]
    return y


@jit
def _add_taps(h, first, step, gain, table):  # type: ignore[no-untyped-def]
    for i in range(first.size):
        for j in range(table.shape[1]):
            h[first[i] + j] += gain[i] * table[step[i], j]


def moved_sources(n_kernels: int, seconds: float, path_m: float) -> Array:
    """`simulated_rooms`, kept in the folder for temporary files: they take 50 ms a second each."""
    kept = Path(tempfile.gettempdir()) / f"motes_moved_{n_kernels}_{seconds:g}s_{path_m:g}m.npy"
    if not kept.exists():
        np.save(kept, simulated_rooms(n_kernels, seconds, path_m))
    kernels: Array = np.load(kept)
    return kernels


def simulated_rooms(n_kernels: int, seconds: float, path_m: float, n_taps_sinc: int = 32) -> Array:
    """`(n_kernels, n_taps)`: a shoebox by its image sources, the source at even steps along a straight path, the
    listener 3 m away.

    Delays are fractional (windowed sinc), reflections lose 1.5 dB each, the air takes high frequencies.
    """
    size = np.array([6.1, 5.3, 2.9]) if seconds <= 0.5 else np.array([19.3, 14.2, 7.7])
    n = round(seconds * RATE)
    listener = size * [0.31, 0.42, 0.55]
    start = size * [0.72, 0.64, 0.47]
    away = np.arange(n_taps_sinc) - n_taps_sinc // 2 + 1 - np.arange(STEPS + 1)[:, None] / STEPS
    table = np.sinc(away) * np.cos(np.pi * away / (n_taps_sinc + 2)) ** 2
    kernels = []
    for k in range(n_kernels):
        source = start + np.array([0.8, 0.6, 0.0]) * path_m * (k / max(n_kernels - 1, 1) - 0.5)
        distance, order = _images(size, source, listener, n / RATE * SPEED)
        delay = distance / SPEED * RATE
        gain = 10 ** (-1.5 * order / 20) / distance
        first = np.floor(delay).astype(int) - n_taps_sinc // 2 + 1
        h = np.zeros(n + 2 * n_taps_sinc)
        _add_taps(h, first + n_taps_sinc, np.round((delay - np.floor(delay)) * STEPS).astype(int), gain, table)
        kernels.append(_through_air(h[n_taps_sinc : n_taps_sinc + n]).astype(np.float32))
    return np.stack(kernels)


def resonances(
    n_kernels: int, n_taps: int, n_modes: int = 8, seed: int = 0, t60_s: tuple[float, float] = (0.3, 3.0)
) -> Array:
    """One body of damped modes struck in different places: the modes are the same, their amplitudes are not."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_taps) / RATE
    shapes = []
    for frequency, t60 in zip(80 * 2 ** rng.uniform(0, 6, n_modes), rng.uniform(*t60_s, n_modes), strict=True):
        shapes += [10 ** (-3 * t / t60) * turn(2 * np.pi * frequency * t) for turn in (np.cos, np.sin)]
    return (rng.standard_normal((n_kernels, 2 * n_modes)) @ np.stack(shapes)).astype(np.float32)


def decaying_noise(n_kernels: int, n_taps: int, seed: int = 0) -> Array:
    """White noise that falls by 60 dB: no two alike, and nothing to be saved in any of them."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n_kernels, n_taps), np.float32) * 10 ** (-3 * np.arange(n_taps, dtype=np.float32) / n_taps)
    ).astype(np.float32)


def snr_db(estimate: Array, reference: Array) -> float:
    """Energy of the reference over that of the difference."""
    error = np.sum(np.square(estimate - reference, dtype=np.float64))
    return float(10 * np.log10(np.sum(np.square(reference, dtype=np.float64)) / max(error, 1e-30)))


def log_spectral_distance_db(estimate: Array, reference: Array) -> float:
    """Root mean square difference of spectrograms in dB, floored 60 dB below the loudest bin."""
    from scipy.signal import stft

    e, r = (np.abs(stft(a, RATE, nperseg=2048)[2]) for a in (estimate, reference))
    floor = 1e-3 * r.max()
    return float(np.sqrt(np.mean((20 * np.log10(np.maximum(e, floor) / np.maximum(r, floor))) ** 2)))


def decay_db(h: Array) -> NDArray[np.float64]:
    """Schroeder's backward integral, 0 dB at the start."""
    energy = np.cumsum(np.square(h[::-1], dtype=np.float64))[::-1]
    return 10 * np.log10(np.maximum(energy / max(energy[0], 1e-30), 1e-12))


def t30_s(h: Array) -> float:
    """Reverberation time from the fall between −5 and −35 dB; NaN if it does not fall so far."""
    decay = decay_db(h)
    part = np.flatnonzero((decay <= -5) & (decay >= -35))
    if len(part) < 100 or decay.min() > -35:
        return float("nan")
    slope = np.polyfit(part / RATE, decay[part], 1)[0]
    return float(-60 / slope)


def octave_energies_db(h: Array) -> NDArray[np.float64]:
    """Energy in the octaves around 125 Hz … 16 kHz."""
    power = np.abs(np.fft.rfft(h)) ** 2
    frequency = np.fft.rfftfreq(len(h), 1 / RATE)
    edges = 125 * 2.0 ** (np.arange(9) - 0.5)
    bands = [power[(frequency >= a) & (frequency < b)].sum() for a, b in itertools.pairwise(edges)]
    return 10 * np.log10(np.maximum(bands, 1e-30))
