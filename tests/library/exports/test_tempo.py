"""Tempi: found where onsets keep a beat, up to a doubling, and else 120."""

import numpy as np
import pytest

from motes.library.exports.tempo import USUAL_BPM, tempo_of


@pytest.mark.parametrize("bpm", [92.0, 100.0, 126.5, 140.0, 170.0])
@pytest.mark.parametrize("steps", [(0.5, 0.5, 1, 1, 2), (0.25, 0.5, 0.75, 1)])
def test_a_beat_is_found(bpm, steps):
    random = np.random.default_rng(0)
    beats = np.cumsum(random.choice(steps, 60))
    assert tempo_of(beats * 60 / bpm + random.normal(0, 0.012, 60)) == pytest.approx(bpm, abs=0.5)


def test_without_a_beat_it_is_120():
    random = np.random.default_rng(0)
    assert {tempo_of(random.uniform(0, 0.3 * n, n)) for n in (0, 1, 7, 30, 300)} == {USUAL_BPM}
    assert tempo_of(np.zeros(20)) == USUAL_BPM
