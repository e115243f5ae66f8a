"""Encoding with notes: they count within the bitrate, and the sound is what the rest of it buys."""

import numpy as np
import pytest

import motes
from motes.codec import dumps

RATE = 22050


@pytest.fixture(scope="module")
def audio():
    t = np.arange(RATE) / RATE
    decay = np.exp(-3 * t) * np.minimum(1, t / 0.003)
    tone = decay * sum(np.sin(2 * np.pi * k * 262 * t) / k for k in range(1, 6))
    return np.tile(0.2 * np.concatenate([np.zeros(RATE // 10), tone]), 3)


@pytest.mark.parametrize("kbps", [16.0, 32.0])
def test_notes_count_within_the_bitrate(audio, kbps):
    made = motes.encode(audio, sample_rate_hz=RATE, kbps=kbps, notes=True)
    assert len(made.notes) >= 3
    assert 8e-3 * len(dumps(made)) / made.duration_s <= kbps * 1.01
    assert made.metadata.options["kbps"] == kbps


def test_without_a_bitrate_the_sound_is_the_same(audio):
    plain = motes.encode(audio, sample_rate_hz=RATE, snr_db=20)
    made = motes.encode(audio, sample_rate_hz=RATE, snr_db=20, notes=True)
    assert made.notes
    assert not plain.notes
    assert np.array_equal(made.render(), plain.render())


def test_other_encoders_have_notes_of_their_own(audio):
    made = motes.encode(audio, sample_rate_hz=RATE, encoder="siam", notes=True)
    assert len(made.notes) == len(made.vector)


@pytest.mark.parametrize("n", [0, 1, 100])
def test_next_to_nothing(n):
    assert motes.encode(np.zeros(n), sample_rate_hz=RATE, kbps=24, notes=True).notes == ()
