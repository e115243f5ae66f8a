"""Where sounds lie: what is alike lies near, whatever its level."""

import numpy as np
import pytest

from motes.audio.source import ArraySource
from motes.encoders.siam import SiamOptions, describe
from motes.errors import FormatError
from motes.notes import timbre

RATE = 22050


def tone(f0_hz, powers):
    t = np.arange(RATE // 2) / RATE
    waves = sum(power * np.sin(2 * np.pi * (k + 1) * f0_hz * t) for k, power in enumerate(powers))
    return waves * np.exp(-3 * t) * np.minimum(1, t / 0.005)


def described(audio):
    return describe(ArraySource(np.asarray(audio, np.float32), RATE), SiamOptions(events_per_second=0))


def test_notes_of_one_sound_lie_nearer_than_those_of_another():
    bright, dull = (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), (0.3, 0.03, 0.003)
    places = (262, 294, 330, 349)
    audio = np.concatenate([tone(f0_hz, powers) for powers in (bright, dull) for f0_hz in places])
    made = described(audio)
    notes, hits = timbre.embedded(made)
    found = made.found.only(made.found.is_pitched)
    first = np.rint(found.onset_s * 2).astype(int)
    right = np.abs(found.onset_s - first / 2) < 0.05
    middle = [notes[right & (first // 4 == k)].mean(axis=0) for k in (0, 1)]
    spread = [np.var(notes[right & (first // 4 == k)], axis=0).sum() for k in (0, 1)]
    assert np.square(middle[0] - middle[1]).sum() > max(spread)
    assert notes.shape[1] > hits.shape[1]
    assert len(hits) == (~made.found.is_pitched).sum()


def test_silence_has_no_points():
    notes, hits = timbre.embedded(described(np.zeros(RATE)))
    assert notes.shape[0] == hits.shape[0] == 0


def test_a_file_of_other_arrays_is_refused(monkeypatch, tmp_path):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    save_file({"notes.scale": np.zeros(3, np.float32)}, tmp_path / "x.safetensors")
    monkeypatch.setattr(timbre, "MODEL", tmp_path / "x.safetensors")
    timbre._shipped.cache_clear()
    with pytest.raises(FormatError, match="holds other arrays"):
        timbre._shipped()
    timbre._shipped.cache_clear()
