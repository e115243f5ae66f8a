"""A note as an object."""

import numpy as np
import pytest

import motes
from motes.notes.finding import find

RATE = 22050


@pytest.fixture(scope="module")
def scene():
    t = np.arange(RATE) / RATE
    swell = np.exp(-3 * t) * np.minimum(1, t / 0.003) * np.minimum(1, (1 - t) / 0.02)
    tones = [swell * sum(np.sin(2 * np.pi * k * f0 * t) / k**1.5 for k in range(1, 7)) for f0 in (261.6, 392.0)]
    audio = 0.2 * np.concatenate([np.zeros(RATE // 10), *tones])
    return find(motes.encode(audio, sample_rate_hz=RATE, snr_db=25))


def test_names_pitches_and_parts(scene):
    first, last = (next(note for note in scene.notes if note.name == name) for name in ("C4", "G4"))
    assert first.pitch == pytest.approx(60, abs=0.1)
    assert abs(first.cents) < 10
    assert first.part == last.part >= 1
    assert scene.notes is scene.notes
    assert [note.number for note in scene.notes] == sorted(note.number for note in scene.notes)


def test_its_sound_is_its_own(scene):
    first = next(note for note in scene.notes if note.sureness > 0.8)
    alone = first.render()
    assert alone.shape == scene.render().shape
    before, after = (np.square(alone[part]).sum() for part in (slice(0, int(1.1 * RATE)), slice(int(1.3 * RATE), None)))
    assert before > 50 * after
    assert first.events.mask.any()
    assert first.partials


def test_what_has_no_pitch_has_no_name():
    from motes.notes.note import Note

    hit = Note(1, 0.0, 0.1, None, -20.0, 0.9, 1, 128, motes.Scene(RATE, RATE, 1))
    assert (hit.pitch, hit.name, hit.cents) == (None, "", None)
