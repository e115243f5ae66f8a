"""Envelopes of notes are found again where they were planted."""

import numpy as np
import pytest

from motes.encoders.fit.notes.envelope import Envelope, decays, fitted, rung
from motes.kinds.splat.table import Splat, ringing

TIMES = np.arange(0, 1.2, 0.004)


def test_a_ring_is_as_the_kind_defines_it():
    splat = Splat([0.0], [0.02], [100.0], [100.0], [1.0], [0.4], np.zeros((1, 1)))
    decay = np.array([np.log(1000) / 0.4])
    defined = ringing(splat, 0, decay, -0.2, 1e-3, 600)[:, 0]
    assert np.abs(rung(-0.2 + 1e-3 * np.arange(600), 0.02, float(decay[0])) - defined).max() < 1e-3


@pytest.mark.parametrize("t60", [0.3, 0.8, 3.0])
def test_a_struck_note(t60):
    found = fitted(0.3 * Envelope(0.1, 0.004, t60).at(TIMES, 0.01), TIMES, 0.11, 1.0, 0.01)
    assert abs(found.time_s - 0.1) < 0.015
    assert found.width_s < 0.03
    assert found.t60_s == pytest.approx(t60, rel=0.3)
    assert found.crossfade_s == np.inf


def test_a_note_that_swells():
    found = fitted(Envelope(0.5, 0.2, 0.1).at(TIMES), TIMES, 0.1, 0.9, 0.01)
    assert found.width_s > 0.08
    assert abs(found.time_s - 0.5) < 0.15


def test_decays_of_each_partial():
    wanted = np.array([0.5, 1.0, 2.0])
    measured = np.stack(
        [a * Envelope(0.1, 0.004, t).at(TIMES, 0.01) for a, t in zip((1, 0.5, 0.1), wanted, strict=True)]
    )
    amplitude, t60 = decays(measured, TIMES, Envelope(0.1, 0.004, 1.0), 0.01)
    assert np.abs(t60 / wanted - 1).max() < 0.15
    assert np.abs(amplitude / (1, 0.5, 0.1) - 1).max() < 0.05
