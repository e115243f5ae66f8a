"""Waveforms of a dictionary are found where they were put, and what is left is what the render leaves."""

import numpy as np
import pytest
from recurring import LENGTH, RATE, recording, sounds

from motes.audio import ArraySource
from motes.encoders.learned import peeling
from motes.encoders.learned.beside import Rest
from motes.encoders.learned.peeling import WindowEnergies, peel
from motes.events.model import Model
from motes.kinds.learned.integers import rounded

WHOLE = np.rint(sounds() * (127 / np.abs(sounds()).max(axis=1, keepdims=True))).astype(np.int16)
DICTIONARY = Model("bursts", "cd" * 32, RATE, np.array([2, 5, 9]), WHOLE)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_sounds_are_found_and_what_is_left_is_little(n_channels):
    audio = recording(4, n_channels=n_channels, tone=0.0)
    source = ArraySource(audio, RATE)
    found = peel(source, DICTIONARY, 0.05)
    assert 20 <= len(found) <= 40
    assert set(found.waveform) == {2, 5, 9}
    assert rounded(found, RATE).equals(found)
    left = np.concatenate(list(Rest(source, found, DICTIONARY).blocks()), axis=1)
    assert np.square(left).sum() < 0.05 * np.square(audio).sum()


def test_stretches_do_not_matter(monkeypatch):
    source = ArraySource(recording(5), RATE)
    whole = peel(source, DICTIONARY, 0.05)
    monkeypatch.setattr(peeling, "LEAST_STRETCH", 4096)
    monkeypatch.setattr(peeling, "MOST_AT_ONCE", 1)
    parts = peel(source, DICTIONARY, 0.05)
    assert len(parts) == len(whole)
    np.testing.assert_allclose(parts.time_s, whole.time_s)


@pytest.mark.parametrize("n_samples", [0, 1, 100, LENGTH])
def test_recordings_of_any_length(n_samples):
    assert len(peel(ArraySource(np.zeros(n_samples, np.float32), RATE), DICTIONARY, 0.1)) == 0


def test_where_sinusoids_take_far_more_no_waveform_is_taken():
    tone = np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE)).astype(np.float32)
    assert len(peel(ArraySource(tone, RATE), DICTIONARY, 1e-3)) == 0


def test_what_a_window_takes_is_the_energy_of_its_best_sinusoid():
    t = np.arange(8192)
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    audio = np.zeros((1, 8192), np.float32)
    audio[0, 2048 - 256 : 2048 + 256] = 0.3 * shape * np.cos(2 * np.pi * 32 / 512 * t[:512])
    energies = WindowEnergies(audio)
    energy = float(np.square(audio, dtype=np.float64).sum())
    assert energies.most(2000, 100) == pytest.approx(energy, rel=1e-3)
    audio *= 2
    energies.changed(2048 - 256, 512)
    assert energies.most(2000, 100) == pytest.approx(4 * energy, rel=1e-3)
