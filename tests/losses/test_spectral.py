"""Spectrogram losses, the octave split, and the transforms under them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from motes.losses._fourier import power_spectrum, rfft
from motes.losses._frames import power_spectrogram
from motes.losses.octave import merge_octaves, octave_stft, split_octaves
from motes.losses.spectral import a_weight, multi_resolution_stft
from motes.stft import stft


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 0.1


@pytest.mark.parametrize("n", [1, 2, 7, 8])
@pytest.mark.parametrize("function", [rfft, power_spectrum])
def test_gradients_of_the_real_fft(function, n: int) -> None:
    assert torch.autograd.gradcheck(function, (noise(3, n).requires_grad_(),))


@pytest.mark.parametrize("n", [1, 100, 1000])
def test_spectrogram_is_that_of_motes_stft(n: int) -> None:
    """The same frames; a full-scale sinusoid on a bin has the magnitude 1."""
    signal = noise(1, n)
    ours = power_spectrogram(signal, 256, 64).sqrt().numpy() * (256 / 4)
    np.testing.assert_allclose(ours, np.abs(stft(signal.numpy(), 256, 64)), atol=1e-5)
    tone = torch.cos(torch.arange(1024) * 2 * math.pi * 16 / 256)
    assert power_spectrogram(tone, 256, 64)[8, 16] == pytest.approx(1, abs=1e-5)


def test_each_term_by_its_definition() -> None:
    e, r = noise(1, 1, 2000), noise(1, 1, 2000, seed=1)
    m, n = (np.abs(stft(x[0].numpy(), 512, 128).astype(complex)) * 4 / 512 for x in (e, r))
    floor = 1e-4
    only = dict.fromkeys(("linear_weight", "log_weight", "convergence_weight"), 0.0)
    for term, expected in {
        "linear_weight": np.abs(m - n).mean() / n.mean(),
        "log_weight": np.abs(np.log((m + floor) / (n + floor))).mean(),
        "convergence_weight": np.linalg.norm(m - n) / np.linalg.norm(n),
    }.items():
        assert float(multi_resolution_stft(e, r, windows=(512,), **{**only, term: 1.0})) == pytest.approx(
            expected, rel=0.02
        ), term


@pytest.mark.parametrize("options", [{}, {"n_mels": 8}, {"a_weighting": True}, {"gain_invariant": True}])
def test_gradcheck_of_the_spectrogram_loss(options: dict[str, object]) -> None:
    r = noise(2, 1, 90)
    e = noise(2, 1, 90, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: multi_resolution_stft(x, r, 8000, windows=(16, 32), **options), (e,))


def test_gradcheck_of_the_octave_loss() -> None:
    r = noise(1, 2, 90)
    e = noise(1, 2, 90, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: octave_stft(x, r, n_bands=3, windows=(8, 16)), (e,))


def test_gain_invariance_hears_no_gain() -> None:
    x, other = noise(1, 2, 5000), noise(1, 2, 5000, seed=1)
    for loss in (multi_resolution_stft, octave_stft):
        assert float(loss(0.25 * x, x, gain_invariant=True)) < 1e-3 * float(loss(0.25 * x, x))
        assert float(loss(0.25 * x, other, gain_invariant=True)) == pytest.approx(
            float(loss(x, other, gain_invariant=True)), rel=1e-3
        )


def test_a_weighting_is_that_of_the_standard() -> None:
    """IEC 61672-1:2013, table 3, in dB."""
    table = {
        31.5: -39.4,
        63: -26.2,
        125: -16.1,
        250: -8.6,
        500: -3.2,
        1000: 0.0,
        2000: 1.2,
        4000: 1.0,
        8000: -1.1,
        16000: -6.6,
    }
    frequency = torch.tensor(list(table), dtype=torch.float64)
    np.testing.assert_allclose(20 * torch.log10(a_weight(frequency)), list(table.values()), atol=0.15)


def test_a_weighting_and_mel_hear_what_they_should() -> None:
    """A change at 50 Hz counts for less when A-weighted; one of 20 Hz at 10 kHz counts for less in mel bands."""
    t = torch.arange(16384, dtype=torch.float64) / 44100
    tone = [0.1 * torch.sin(2 * math.pi * f * t)[None, None] for f in (50, 3000, 10000, 10120)]
    low = multi_resolution_stft(tone[1] + tone[0], tone[1], 44100, a_weighting=True) / multi_resolution_stft(
        tone[1] + tone[0], tone[1]
    )
    assert float(low) < 0.5
    mel = multi_resolution_stft(tone[2], tone[3], 44100, n_mels=40) / multi_resolution_stft(tone[2], tone[3])
    assert float(mel) < 0.3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [1, 255, 44100])
def test_octave_split_loses_nothing_of_noise(n: int, dtype: torch.dtype) -> None:
    signal = noise(2, 2, n, dtype=dtype)
    error = merge_octaves(split_octaves(signal), n) - signal
    assert float(10 * torch.log10(signal.square().sum() / error.square().sum())) > (
        120 if dtype == torch.float32 else 250
    )


@pytest.mark.parametrize("octave", range(1, 9))
def test_octave_split_loses_nothing_of_a_tone_at_the_edge_of_a_band(octave: int) -> None:
    n = 40000
    tone = torch.sin(torch.arange(n) * (2 * math.pi * 0.5**octave) + 0.3).float()[None, None]
    bands = split_octaves(tone)
    error = merge_octaves(bands, n) - tone
    assert float(10 * torch.log10(tone.square().sum() / error.square().sum())) > 100
    energy = [float(band.square().sum()) * 2**k for k, band in enumerate(bands)]
    assert sum(energy[max(0, octave - 2) : octave]) > 0.9 * sum(energy)


def test_octave_bands_are_octaves() -> None:
    """A tone in the middle of an octave is in its band alone, at its amplitude."""
    for k in range(7):
        frequency = 0.5 ** (k + 1) * 0.6
        bands = split_octaves(torch.sin(torch.arange(65536) * (2 * math.pi * frequency)).double()[None, None])
        rms = [float(band.square().mean().sqrt()) for band in bands]
        assert rms[k] == pytest.approx(math.sqrt(0.5), rel=0.01)
        assert sorted(rms)[-2] < 0.05
