"""Another sample rate: as long as before, and a tone where it was."""

from __future__ import annotations

import numpy as np
import pytest
from audio_examples import sound

from motes.audio import resample_blocks


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(44100, 48000), (48000, 44100), (8000, 192000), (192000, 8000), (44100, 44100)]
)
@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 100_000])
def test_resampling_gives_the_same_duration(from_hz, to_hz, n_samples):
    blocks = list(resample_blocks(iter(np.array_split(sound(n_samples, 2), 3, axis=1)), 2, from_hz, to_hz))
    assert sum(block.shape[1] for block in blocks) == -(-n_samples * to_hz // from_hz)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44100, 48000), (48000, 44100), (44100, 96000)])
def test_a_tone_stays_where_it_is(from_hz, to_hz):
    def tone(rate):
        return np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)

    pieces = np.array_split(tone(from_hz).astype(np.float32)[np.newaxis], 5, axis=1)
    out = np.concatenate(list(resample_blocks(pieces, 1, from_hz, to_hz)), axis=1)[0]
    np.testing.assert_allclose(out[2000:-2000], tone(to_hz)[2000:-2000], atol=1e-6)
