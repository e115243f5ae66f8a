"""What is planted in a note is found: partials, decay, length, attack, noise."""

import numpy as np
import pytest

from motes.data.note_analysis import analyse_note, cells

RATE = 22050


def note(f0, amplitudes, seconds=1.0, t60=2.0, attack=0.01, stiffness=0.0):
    t = np.arange(int(seconds * RATE)) / RATE
    k = np.arange(1, len(amplitudes) + 1)
    hz = f0 * k * np.sqrt((1 + stiffness * k**2) / (1 + stiffness))
    tone = sum(a * np.cos(2 * np.pi * f * t + f) for a, f in zip(amplitudes, hz, strict=True))
    return tone * np.minimum(t / attack, 1) * np.exp(-6.9078 * t / t60) * np.minimum((seconds - t) / 0.02, 1), hz


@pytest.mark.parametrize("f0", [55.0, 220.0, 1200.0])
def test_partials_are_found_at_their_frequencies_and_levels(f0):
    amplitudes = np.array([0.2, 0.1, 0.05, 0.02])
    sound, hz = note(f0, amplitudes, t60=60.0)
    found = analyse_note(sound, RATE, f0 * 1.003)
    np.testing.assert_allclose(found.pitch_hz, f0, rtol=0.004)
    np.testing.assert_allclose(found.ratio[:4] * found.pitch_hz, hz, rtol=0.01)
    middle = found.partials[:4, 10:18].mean(axis=1) * np.sqrt(2)
    np.testing.assert_allclose(middle, amplitudes, rtol=0.2)


def test_lengths_are_measured():
    sound, _ = note(440.0, [0.3, 0.1], seconds=1.5, t60=3.0, attack=0.05)
    found = analyse_note(sound, RATE, 440.0)
    assert found.length_s == pytest.approx(1.5, abs=0.05)
    assert found.t60_s == pytest.approx(3.0, rel=0.15)
    assert 0.02 < found.attack_s < 0.06


def test_stiff_strings_have_stretched_partials():
    sound, hz = note(110.0, 0.1 / np.arange(1, 17), stiffness=4e-4)
    found = analyse_note(sound, RATE, 110.0)
    np.testing.assert_allclose(found.ratio[:12] * found.pitch_hz, hz[:12], rtol=0.005)


def test_noise_is_told_from_partials():
    tone, _ = note(330.0, [0.2, 0.1, 0.1])
    hiss = np.random.default_rng(0).normal(size=len(tone)) * 0.1
    assert analyse_note(tone, RATE, 330.0).noise < 0.02
    assert analyse_note(hiss, RATE, None).noise > 0.8


def test_the_loudest_stretch_sets_the_level():
    assert analyse_note(0.5 * np.ones(RATE) * np.cos(np.arange(RATE)), RATE, None).loudness_db == pytest.approx(
        -9.03, abs=0.1
    )


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(10), np.zeros(RATE), np.ones(1), np.full(30, 1e-9)])
def test_next_to_nothing_is_analysed(sound):
    found = analyse_note(sound, RATE, 440.0)
    assert np.all(np.isfinite(found.partials))
    assert np.isfinite(found.loudness_db)


def test_cells_grow_from_the_onset_to_behind_the_end():
    edges = cells(0.7)
    assert edges[0] == 0
    assert np.all(np.diff(edges) > 0)
    assert edges[-1] > 0.7
