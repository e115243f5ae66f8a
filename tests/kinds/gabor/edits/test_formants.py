"""Transposed notes whose formants stay."""

from __future__ import annotations

import numpy as np
import pytest

import motes
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.kinds.gabor.edits.formants import envelope_of
from motes.metrics.signal import spectral_convergence

RATE = 24_000


def envelope(hz):
    """Two formants."""
    return np.exp(-(((hz - 900) / 400) ** 2)) + 0.5 * np.exp(-(((hz - 2400) / 500) ** 2)) + 0.02


def voice(f0_hz):
    time_s = np.arange(round(1.2 * RATE)) / RATE
    level = np.clip(np.minimum(time_s, 1.2 - time_s) / 0.05, 0, 1)
    hz = f0_hz * np.arange(1, 24)
    return 0.1 * sum(level * envelope(f) * np.cos(2 * np.pi * f * time_s + k * k) for k, f in enumerate(hz, 1))


@pytest.mark.parametrize("semitones", [4, -5])
def test_partials_move_under_the_envelope(semitones):
    scene = motes.encode(voice(220), sample_rate_hz=RATE, snr_db=35)
    one = np.ones(1)
    table = NoteTable(one, 0 * one, 1.2 * one, 220 * one, -20 * one, one, -one)
    scene = scene.replace(
        gabor=scene.gabor.replace(group_id=np.ones(len(scene.gabor), np.int64)),
        groups=Groups(one, 0 * one, np.full(1, ROLES.index("note")), table),
    )
    truth = voice(220 * 2 ** (semitones / 12))
    kept, moved = scene.transpose(semitones, keep_formants=True), scene.transpose(semitones)
    assert spectral_convergence(kept.render(), truth) < 0.25
    assert spectral_convergence(moved.render(), truth) > 0.5
    back = kept.transpose(-semitones, keep_formants=True)
    assert np.abs(back.render() - scene.render()).max() < 1e-6


def test_an_envelope_goes_through_the_levels_of_partials():
    hz = np.array([100.0, 200, 300, 400, 205])
    power = np.array([1.0, 0.01, 1.0, 0.1, 1e-5])
    found = envelope_of(hz, power, np.full(5, 0.1), np.array([1, 2, 3, 4, 5]), 100.0)
    assert found.at(np.array([100.0, 300, 400])) == pytest.approx([0, 0, -10])
    assert found.at(np.array([200.0, 50, 800])) == pytest.approx([0, 0, -10])
