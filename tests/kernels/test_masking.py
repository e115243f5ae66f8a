"""Masking by recurrences against the sum over all bins."""

import numpy as np
import pytest
from plain_masking import spread_masking_plain

from motes.encoders.pursuit.masking import BANDS_PER_ERB, POST_MASKING_S, _bands
from motes.kernels.masking import spread_masking
from motes.units import erb_rate


@pytest.mark.parametrize("window", [64, 512, 8192])
@pytest.mark.parametrize("rate", [1, 8000, 44100, 192000])
def test_masking_equals_its_twin(window, rate):
    upward_db, downward_db, n_frames = 5.0, 10.0, 7
    power = np.random.default_rng(window).exponential(1.0, (n_frames, window // 2 + 1)).astype(np.float32) ** 4
    bands, kept = _bands(window, rate, upward_db, downward_db), float(np.exp(-window / 4 / rate / POST_MASKING_S))
    slopes = [10 ** (-db / 10 / BANDS_PER_ERB) for db in (upward_db, downward_db)]
    found = np.empty((n_frames, len(bands.quiet)), np.float32)
    spread_masking(power, bands.above, bands.to_above, bands.to_below, *slopes, kept, found)
    place = erb_rate(np.arange(window // 2 + 1) * (rate / window)) * BANDS_PER_ERB
    expected = spread_masking_plain(power.astype(np.float64), place, len(bands.quiet), *slopes, kept) / window
    np.testing.assert_allclose(found, expected, rtol=1e-6)
