"""Specific loudness: a sinusoid of full scale is 1 where it lies, and faint sounds count."""

import pytest
import torch

from motes.errors import ParameterError
from motes.losses.loudness import loudness_distance, specific_loudness

RATE = 22050


def tone(hz, amplitude=1.0):
    return amplitude * torch.sin(2 * torch.pi * hz * torch.arange(RATE, dtype=torch.float64) / RATE)[None, None]


def test_a_sinusoid_of_full_scale_is_about_one_in_its_band():
    loudness = specific_loudness(tone(1000.0), RATE)[0, 0, 40]
    assert float(loudness.max()) == pytest.approx(1.0, abs=0.15)
    assert float(loudness[-5:].max()) < 0.1


def test_ten_decibels_are_a_factor_of_1_6():
    loud, soft = (specific_loudness(tone(1000.0, a), RATE)[0, 0, 40].max() for a in (0.3, 0.3 * 10**-0.5))
    assert float(loud / soft) == pytest.approx(10**0.2, rel=0.05)


def test_a_faint_tone_counts_more_than_to_magnitudes():
    reference = tone(300.0, 0.3) + tone(4000.0, 0.003)
    assert float(loudness_distance(tone(300.0, 0.3), reference, RATE)) > 0.03
    assert float(loudness_distance(reference, reference, RATE)) == 0


def test_too_low_a_rate_is_named():
    with pytest.raises(ParameterError, match="above 100"):
        loudness_distance(tone(10.0), tone(10.0), 90)
