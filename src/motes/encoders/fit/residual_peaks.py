"""Atoms where a mix lacks most: at the peaks of what its spectrograms are short of."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motes.kinds.parameterisation import HANN_ENERGY, Atoms
from motes.stft import hann

# Parts of a window between frames.
HOPS_PER_WINDOW = 4
# Half width in bins of the main lobe that a peak takes with it.
LOBE_BINS = 1.5

Peak = tuple[float, float, float, float]


@torch.no_grad()
def residual_peaks(
    reference: Tensor, estimate: Tensor, sample_rate_hz: int, n_atoms: int, windows: tuple[int, ...]
) -> Atoms:
    """Atoms where the estimate lacks most, by magnitude, the strongest by energy first: at most `n_atoms`.

    `reference`, `estimate`: `(n_channels, n_samples)`; `windows` are the lengths of the spectrograms compared, in
    samples.
    """
    lacks = [_lack(reference, estimate, n) for n in windows]
    peaks: list[Peak] = []
    for _ in range(n_atoms):
        best = max(range(len(windows)), key=lambda w: lacks[w].max())
        n = windows[best]
        f, t = np.unravel_index(int(np.argmax(lacks[best])), lacks[best].shape)
        energy = float(lacks[best][f, t])
        if energy <= 0:
            break
        time, hz = t * n / HOPS_PER_WINDOW, f * sample_rate_hz / n
        peaks.append((time / sample_rate_hz, n / sample_rate_hz, hz, energy / (HANN_ENERGY * n)))
        for lack, length in zip(lacks, windows, strict=True):
            lack[_taken(time, n, hz * length / sample_rate_hz, length)] = 0.0
    return _atoms(peaks, (reference - estimate).double().numpy(), sample_rate_hz)


def _lack(reference: Tensor, estimate: Tensor, n: int) -> NDArray[np.float32]:
    """Energy, as of a sinusoid, that each bin of a spectrogram is short of, `(n_bins, n_frames)`."""
    window = torch.hann_window(n)
    wanted, found = (
        torch.stft(a, n, n // HOPS_PER_WINDOW, window=window, pad_mode="constant", return_complex=True).abs() * (4 / n)
        for a in (reference, estimate)
    )
    lack: NDArray[np.float32] = ((wanted - found).clamp(min=0).square().sum(0) * (HANN_ENERGY * n)).numpy()
    return lack


def _taken(time: float, n: int, bin_: float, length: int) -> tuple[slice, slice]:
    """Bins and frames, of windows of `length`, that a peak at bin `bin_` of them takes with it, which a window of `n`
    around sample `time` showed.
    """
    hop, lobe = length / HOPS_PER_WINDOW, LOBE_BINS * max(1, length / n)
    frames = slice(max(0, math.floor((time - n / 2) / hop)), math.ceil((time + n / 2) / hop) + 1)
    bins = slice(max(0, math.floor(bin_ - lobe)), math.ceil(bin_ + lobe) + 1)
    return bins, frames


def _atoms(peaks: list[Peak], residual: NDArray[np.float64], sample_rate_hz: int) -> Atoms:
    """Atoms at these peaks (time, window, frequency, power), with the residual's phases and shares of channels."""
    at = np.array(peaks).reshape(-1, 4)
    amplitude, phase = np.zeros((len(at), len(residual))), np.zeros((len(at), len(residual)))
    for i, (time_s, window_s, hz, power) in enumerate(at):
        centre, n = time_s * sample_rate_hz, round(window_s * sample_rate_hz)
        bins = np.stack([_bin(channel, centre, n, hz / sample_rate_hz) for channel in residual])
        amplitude[i] = np.sqrt(power) * np.maximum(np.abs(bins), 1e-9) / max(1e-9, float(np.linalg.norm(bins)))
        phase[i] = np.angle(bins)
    return Atoms(at[:, 0], at[:, 1], at[:, 2], amplitude, phase)


def _bin(audio: NDArray[np.float64], centre: float, n: int, cycles: float) -> complex:
    """The Fourier coefficient at `cycles` per sample of `n` samples around a centre, under a Hann window."""
    first = round(centre) - n // 2
    inside = np.arange(max(0, first), min(len(audio), first + n))
    return complex(np.sum(audio[inside] * hann(n)[inside - first] * np.exp(-2j * np.pi * cycles * (inside - centre))))
