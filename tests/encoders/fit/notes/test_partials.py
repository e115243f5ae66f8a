"""Tuning and amplitudes of a stiff string's partials."""

import numpy as np

from motes.encoders.fit.notes.note_list import Note
from motes.encoders.fit.notes.partials import partials_of, stretched, tuned

RATE = 22050


def string(f0, inharmonicity, n=RATE):
    t = np.arange(n) / RATE
    hz = f0 * stretched(np.arange(1.0, 13), inharmonicity)
    return sum(0.1 / k * np.cos(2 * np.pi * f * t + k) for k, f in enumerate(hz, 1)) * (t > 0.2)


def test_tuning_is_found_within_a_cent_from_half_a_semitone_off():
    for f0, b in ((110.0, 3e-4), (440.0, 0.0), (1000.0, 1e-4)):
        pitch = 69 + 12 * np.log2(f0 / 440) + 0.3
        found = tuned(string(f0, b), RATE, Note(0.2, 0.9, pitch))
        assert abs(1200 * np.log2(found[0] / f0)) < 1
        assert abs(found[1] - b) < 3e-5


def test_amplitudes_and_silence():
    partials = partials_of(string(220.0, 1e-4)[None], RATE, Note(0.2, 0.9, 57.0))
    middle = partials.strength[:12, partials.strength.shape[1] // 2]
    assert np.abs(middle * np.arange(1, 13) / 0.1 - 1).max() < 0.05
    assert tuned(np.zeros(RATE), RATE, Note(0.2, 0.9, 57.0)) == (220.0, 0.0)
