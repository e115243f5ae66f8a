"""The gammatone bank against the published formulae, and what auditory images show and hear."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from motes.errors import ParameterError
from motes.losses._gammatone import erb_hz, erb_rate, erb_spaced_hz, gammatones
from motes.losses.auditory import (
    PHASE_LOCKING_HZ,
    auditory_image,
    auditory_image_distance,
    filter_bank,
    nerve_activity,
    nerve_activity_distance,
    strobes,
)

RATE = 22050


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.1


def tone(frequency_hz: float, n: int) -> torch.Tensor:
    return 0.14 * torch.sin(2 * math.pi * frequency_hz / RATE * torch.arange(n, dtype=torch.float64))[None, None]


def pulses(f0_hz: float, n: int) -> torch.Tensor:
    train = torch.zeros(1, 1, n, dtype=torch.float64)
    train[..., torch.round(torch.arange(0, n * f0_hz / RATE) * RATE / f0_hz).long().clamp(max=n - 1)] = 0.5
    return train


def test_erb_spacing_is_that_of_glasberg_and_moore() -> None:
    assert erb_hz(np.array([1000.0]))[0] == pytest.approx(132.6, abs=0.1)  # the paper's example: about 130 Hz at 1 kHz
    assert erb_rate(np.array([1000.0]))[0] == pytest.approx(15.6, abs=0.05)
    centres = erb_spaced_hz(60, 9000, 64)
    assert centres[0] == pytest.approx(60)
    assert centres[-1] == pytest.approx(9000)
    steps = np.diff(erb_rate(centres))
    np.testing.assert_allclose(steps, steps[0])
    # A step of ERB rate is that many bandwidths: dE/df = 1 / ERB(f), with the paper's rounded constants.
    np.testing.assert_allclose(np.diff(centres) / steps[0], erb_hz((centres[1:] + centres[:-1]) / 2), rtol=0.01)


def test_gammatones_are_those_of_the_formula() -> None:
    """t³ exp(−2π · 1.019 ERB t) cos 2πft, of unit gain at f, with an equivalent rectangular bandwidth of one ERB,
    and long enough.
    """
    centres = np.array([60.0, 250.0, 1000.0, 4000.0])
    responses = gammatones(centres, RATE)
    t = np.arange(responses.shape[1]) / RATE
    for f, response in zip(centres, responses, strict=True):
        formula = t**3 * np.exp(-2 * np.pi * 1.019 * (24.7 * (4.37 * f / 1000 + 1)) * t) * np.cos(2 * np.pi * f * t)
        np.testing.assert_allclose(response / np.abs(response).max(), formula / np.abs(formula).max(), atol=1e-9)
        gain = np.abs(np.fft.rfft(response, n=2**18))
        hz = np.arange(len(gain)) * RATE / 2**18
        assert gain[round(f / RATE * 2**18)] == pytest.approx(1, abs=1e-3)
        assert np.sum(gain**2) * hz[1] == pytest.approx(erb_hz(np.array([f]))[0], rel=0.03)
        assert np.abs(response[-20:]).max() < 1.1e-4 * np.abs(response).max()


def test_nerves_follow_low_tones_and_only_the_envelope_of_high_ones() -> None:
    """The share of the fine structure that is left falls as two poles at 1200 Hz do."""
    left = []
    for frequency in (300.0, 4000.0):
        activity, rate = nerve_activity(tone(frequency, 8192), RATE)
        centre = filter_bank(8192, RATE, 64, 60.0, torch.float64, torch.device("cpu")).centre_hz
        channel = activity[0, 0, int((centre - frequency).abs().argmin()), 1000:3000]
        spectrum = torch.fft.rfft((channel - channel.mean()) * torch.hann_window(2000, dtype=torch.float64)).abs()
        at = round(frequency / rate * 2000)
        left.append(float(spectrum[at - 2 : at + 3].max() / channel.mean() / 500))
    gain = [1 / (1 + (f / PHASE_LOCKING_HZ) ** 2) for f in (300, 4000)]
    assert left[1] / left[0] == pytest.approx(gain[1] / gain[0], rel=0.25)


def test_strobes_follow_a_threshold_that_each_sets_anew() -> None:
    """The closed form against the sample-by-sample definition."""
    activity = noise(6, 4000).abs() * torch.linspace(0.1, 3, 4000, dtype=torch.float64).sin().abs()
    found = strobes(activity, 11025.0)
    for row, marks in zip(activity.numpy(), found.numpy(), strict=True):
        threshold, expected = 0.0, []
        for t in range(1, len(row) - 1):
            threshold *= math.exp(-1 / (0.02 * 11025))
            if row[t - 1] < row[t] >= row[t + 1] and row[t] > max(threshold, 0.00415):
                threshold = row[t]
                expected.append(t)
        assert list(np.flatnonzero(marks)) == expected


@pytest.mark.parametrize("f0_hz", [90.0, 140.0])
def test_a_pulse_train_gives_ridges_at_multiples_of_its_period(f0_hz: float) -> None:
    image, _, lag_s = auditory_image(pulses(f0_hz, 32768), RATE)
    profile = image[0, 0, 20:].mean((0, 1)).numpy()
    lags = np.arange(len(profile)) * lag_s
    for multiple in range(1, int(lags[-1] * f0_hz - 0.3) + 1):
        near = np.abs(lags - multiple / f0_hz) < 0.5 / f0_hz
        assert lags[near][np.argmax(profile[near])] == pytest.approx(multiple / f0_hz, abs=2 * lag_s)
        between = profile[np.argmin(np.abs(lags - (multiple - 0.5) / f0_hz))]
        assert profile[near].max() > 2 * between


def test_a_delayed_sound_gives_the_same_image_later() -> None:
    signal = torch.zeros(1, 1, 20000, dtype=torch.float64)
    signal[..., 1000:9000] = noise(1, 1, 8000)
    image, hop_s, _ = auditory_image(signal, RATE)
    hop = round(hop_s * RATE)
    later, _, _ = auditory_image(signal.roll(5 * hop, -1), RATE)
    torch.testing.assert_close(later[:, :, 5:], image[:, :, :-5], atol=1e-6, rtol=1e-4)


def test_a_steady_pulse_train_looks_the_same_wherever_it_begins() -> None:
    """The point of strobing: the image does not depend on when, the activity does."""
    train, shifted = pulses(100.0, 32768), pulses(100.0, 32768).roll(90, -1)
    image = float(auditory_image_distance(shifted, train, RATE))
    nerve = float(nerve_activity_distance(shifted, train, RATE))
    assert image < 0.15
    assert nerve > 3 * image


def test_two_draws_of_noise_are_nearer_than_noise_and_a_tone() -> None:
    n = 32768
    one, other = noise(1, 1, n), noise(1, 1, n, seed=1)
    same = float(auditory_image_distance(other, one, RATE))
    for frequency in (200.0, 1000.0, 5000.0):
        assert same < 0.7 * float(auditory_image_distance(tone(frequency, n), one, RATE))
        assert same < 0.7 * float(auditory_image_distance(one, tone(frequency, n), RATE))


def test_the_image_fades() -> None:
    signal = torch.zeros(1, 1, 30000, dtype=torch.float64)
    signal[..., :8000] = pulses(100.0, 8000)
    image, hop_s, _ = auditory_image(signal, RATE)
    level = image.sum((-1, -2))[0, 0]
    stop = math.ceil(8000 / RATE / hop_s) + 3
    assert bool((level[stop + 1 :] < level[stop:-1]).all())
    assert float(level[-1]) < 1e-3 * float(level[8])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
def test_any_rate_gives_the_same_axes(rate: int) -> None:
    activity, nerve_rate = nerve_activity(noise(1, 1, rate // 10), rate, n_bands=8)
    assert nerve_rate >= min(rate, 11000)
    assert activity.shape[-1] / nerve_rate == pytest.approx(0.1, abs=2 / nerve_rate)
    _, hop_s, lag_s = auditory_image(noise(1, 1, rate // 10), rate, n_bands=8)
    assert hop_s == pytest.approx(0.023, rel=0.01)
    assert lag_s == pytest.approx(1 / nerve_rate)


def test_gradcheck() -> None:
    signal = noise(1, 2, 200).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: nerve_activity(x, 8000, n_bands=4)[0][..., ::7], (signal,))
    with torch.no_grad():  # a step of the check must not move a strobe
        image, _, _ = auditory_image(signal, 8000, n_bands=3)
    assert float(image.max()) > 0
    assert torch.autograd.gradcheck(
        lambda x: auditory_image(x, 8000, n_bands=3)[0][..., ::9], (signal,), eps=1e-7, atol=1e-4
    )


def test_a_bank_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="low_hz"):
        auditory_image(noise(1, 1, 1000), 8000, low_hz=5000.0)
    with pytest.raises(ParameterError, match="n_bands"):
        auditory_image(noise(1, 1, 1000), 8000, n_bands=0)
    with pytest.raises(ParameterError, match=r"signal .*\(1, 1000\)"):
        auditory_image(noise(1, 1000), 8000)
