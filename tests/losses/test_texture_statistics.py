"""Statistics of textures: each by its definition, draws of one texture near, different textures far."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from motes.losses.texture_statistics import MODULATIONS_HZ, texture_distance, texture_statistics

RATE = 16000
N = 3 * RATE


def noise(seed: int, n: int = N) -> torch.Tensor:
    return torch.randn(1, 1, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.1


def crackle(seed: int) -> torch.Tensor:
    """Sparse clicks through a resonance: fire."""
    clicks = noise(seed) * (torch.rand(1, 1, N, generator=torch.Generator().manual_seed(seed + 100)) < 0.002) * 20
    spectrum = torch.fft.rfft(clicks)
    f = torch.arange(spectrum.shape[-1]) * RATE / N
    return torch.fft.irfft(spectrum / (1 + (f / 1500 - 1.0) ** 2 * 20), n=N)


def waves(seed: int, rate_hz: float = 4.0) -> torch.Tensor:
    """Noise that swells."""
    t = torch.arange(N) / RATE
    return noise(seed) * (1 + 0.9 * torch.sin(2 * math.pi * rate_hz * t + seed))


def dark(seed: int) -> torch.Tensor:
    spectrum = torch.fft.rfft(noise(seed))
    f = torch.arange(spectrum.shape[-1]) * RATE / N
    return torch.fft.irfft(spectrum / (1 + (f / 400) ** 2) * 2, n=N)


TEXTURES: tuple[Callable[[int], torch.Tensor], ...] = (noise, crackle, waves, dark)


def test_draws_of_one_texture_are_nearer_than_different_textures() -> None:
    for texture in TEXTURES:
        same = float(texture_distance(texture(1), texture(2), RATE))
        for other in TEXTURES:
            if other is not texture:
                assert float(texture_distance(other(1), texture(2), RATE)) > 1.5 * same, (
                    texture.__name__,
                    other.__name__,
                )


def test_rain_is_nearer_to_its_other_half_than_to_noise(shared_audio: Callable[[str], Path]) -> None:
    import soundfile

    audio, rate = soundfile.read(shared_audio("rain"))
    half = len(audio) // 2
    one, other = (torch.from_numpy(audio[i * half : (i + 1) * half])[None, None] for i in (0, 1))
    white = noise(0, half) * (one.std() / 0.1)
    assert float(texture_distance(other, one, rate)) < 0.5 * float(texture_distance(white, one, rate))


def test_marginal_statistics() -> None:
    """A tone's envelope does not vary; noise's does as theory says; crackle is skewed."""
    t = torch.arange(N, dtype=torch.float64) / RATE
    steady = texture_statistics(0.1 * torch.sin(2 * math.pi * 1000 * t)[None, None], RATE)
    white = texture_statistics(noise(0), RATE)
    band = int(steady.mean[0, 0].argmax())
    assert float(steady.variation[0, 0, band]) < 0.1
    # A Rayleigh-distributed envelope to the power 0.3: σ / μ = √(Γ(1.3) / Γ(1.15)² − 1), less what the 200 Hz limit
    # takes from wide bands.
    theory = math.sqrt(math.gamma(1.3) / math.gamma(1.15) ** 2 - 1)
    assert float(white.variation[0, 0, 3]) == pytest.approx(theory, rel=0.15)
    assert (
        float(texture_statistics(crackle(0), RATE).skewness[0, 0, 12:].mean())
        > float(white.skewness[0, 0, 12:].mean()) + 0.5
    )


def test_modulation_statistics_find_the_rate_of_a_swell() -> None:
    for rate_hz in (2.0, 8.0, 30.0):
        modulation = texture_statistics(waves(0, rate_hz), RATE).modulation[0, 0].mean(0)
        found = MODULATIONS_HZ[int(modulation.argmax())]
        assert found == pytest.approx(rate_hz, rel=0.25)


def test_cross_band_statistics() -> None:
    """Bands of noise are independent, bands of a common swell are not; a band agrees with itself."""
    white, swelling = texture_statistics(noise(0), RATE), texture_statistics(waves(0), RATE)
    torch.testing.assert_close(
        white.correlation[0, 0].diagonal(), torch.ones(30, dtype=torch.float64), atol=1e-2, rtol=0
    )
    assert float(white.correlation[0, 0, 5, 20:].abs().max()) < 0.2
    assert float(swelling.correlation[0, 0, 20, 25:].mean()) > 0.7
    assert float(swelling.modulation_correlation[0, 0, 0, 20, 25:].mean()) > 0.9  # 3 Hz, the octave of the swell
    assert float(swelling.modulation_correlation[0, 0, 5, 20, 25:].mean().abs()) < 0.3


def test_gradcheck() -> None:
    e, r = noise(0, 500).requires_grad_(), noise(1, 500)
    assert torch.autograd.gradcheck(lambda x: texture_distance(x, r, 4000, n_bands=5), (e,), eps=1e-7, atol=1e-4)
