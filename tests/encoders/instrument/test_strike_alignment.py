"""Strike times: moved to the sample where the modes fit, and within it without a change of sound."""

from dataclasses import replace

import numpy as np

from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.strike_alignment import aligned, kept_strikes, losses_without, moved_to_sample

RATE, N = 16000, 6000


def sites():
    rng = np.random.default_rng(4)
    poles = np.stack([-rng.uniform(1e-3, 4e-3, 5), np.sort(rng.uniform(0.1, 2.0, 5))])
    amplitudes = rng.normal(size=(3, 5)) + 1j * rng.normal(size=(3, 5))
    amplitudes[2] = 0.7 * amplitudes[0] * np.exp(0.4 * (poles[0] + 1j * poles[1]))  # 0.4 samples later in its course
    return Sites(poles, np.ones((1, 5), complex), np.array([500.0, 2000.0, 3500.0]), amplitudes)


def test_strikes_that_are_late_or_early_are_moved_back():
    """To a sample: what explains the recording is a complex mode, whose mirror image is not counted."""
    planted = sites()
    audio = planted.render(N)
    wrong = replace(planted, strike_samples=planted.strike_samples + np.array([13.0, -21.0, 8.0]))
    found = moved_to_sample(wrong, audio - wrong.render(N), RATE)
    assert np.abs(found - planted.strike_samples).max() <= 1


def test_times_within_a_sample_leave_the_sound_and_make_strikes_alike():
    planted = sites()
    found = aligned(planted, 0)
    assert np.abs(found.render(N) - planted.render(N)).max() < 1e-9
    assert np.all(
        (planted.strike_samples - found.strike_samples > 0) & (planted.strike_samples - 1 < found.strike_samples)
    )

    def likeness(sites):
        gram = (sites.amplitudes.conj() @ sites.mode_gram() @ sites.amplitudes.T).real
        return gram[0, 2] / np.sqrt(gram[0, 0] * gram[2, 2])

    assert likeness(found) > 0.995 > likeness(planted)


def test_strikes_that_others_make_up_for_are_left_out():
    """One struck as what rings already carries on, 300 samples after the first, is not worth it; the others are."""
    planted = sites()
    early = 0.9 * planted.amplitudes[:1]
    later = 0.1 * planted.amplitudes[:1] * np.exp(300 * planted.sigma)
    amplitudes = np.concatenate([early, later, planted.amplitudes[1:]])
    at = np.array([500.0, 800.0, 2000.0, 3500.0])
    doubled = replace(planted, strike_samples=at, amplitudes=amplitudes)
    lost = losses_without(doubled, N)
    assert np.all(lost >= 0)
    assert np.argmin(lost) == 1
    assert kept_strikes(doubled, doubled.render(N), RATE, np.ones(4), 0).tolist() == [0, 2, 3]
    assert len(kept_strikes(planted, planted.render(N), RATE, np.ones(3), 1)) == 1
