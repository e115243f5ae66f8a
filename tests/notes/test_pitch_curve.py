"""Pitch curves follow a voice, and are straight where nothing bends."""

import numpy as np

import motes
from motes.events.groups import Groups
from motes.events.note_table import NoteTable
from motes.notes.finding import find
from motes.notes.pitch_curve import STEP_S

RATE = 22050


def voice(f0_hz, seconds, cents=0.0, hz=6.0, stretched=0.0):
    """Eight harmonics, the higher ones sharp by `stretched` as on strings, with a vibrato."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(f0_hz * 2 ** (cents / 1200 * np.sin(2 * np.pi * hz * t))) / RATE
    swell = np.minimum(1, t / 0.02) * np.minimum(1, (seconds - t) / 0.05)
    k = np.arange(1, 9)
    return 0.1 * swell * sum(np.sin(n * np.sqrt(1 + stretched * n * n) * phase + n) / n for n in k)


def longest(audio, **how):
    scene = find(motes.encode(audio, sample_rate_hz=RATE, **how))
    return max(scene.notes, key=lambda note: note.end_s - note.onset_s)


def cents_of(curve, f0_hz):
    return 1200 * np.log2(curve.f0_hz / f0_hz)


def test_a_vibrato_is_followed():
    scene = motes.encode(np.pad(voice(330, 1.5, cents=50), RATE // 5), sample_rate_hz=RATE, snr_db=30)
    planted = NoteTable([1], [0.2], [1.7], [330.0], [-10.0], [1.0], [-1])
    note = scene.replace(groups=Groups([1], [0], [1], planted)).notes[0]
    curve = note.pitch_curve
    apart = cents_of(curve, 330) - 50 * np.sin(2 * np.pi * 6 * (curve.time_s - 0.2))
    assert np.abs(apart[(curve.time_s > 0.3) & (curve.time_s < 1.6)]).max() < 10
    assert np.allclose(np.diff(curve.time_s), STEP_S)
    assert abs(curve.time_s[0] - note.onset_s) < 1e-9


def test_a_struck_string_does_not_bend():
    decay = np.exp(-3 * np.arange(RATE) / RATE)
    note = longest(np.pad(voice(220, 1.0, stretched=2e-4) * decay, RATE // 5), snr_db=30)
    cents = cents_of(note.pitch_curve, 220)
    assert cents.std() < 2
    assert abs(np.median(cents)) < 5


def test_vectors_have_curves_too():
    note = find(motes.encode(np.pad(voice(440, 0.6), RATE // 5), sample_rate_hz=RATE, encoder="siam")).notes[0]
    curve = note.pitch_curve
    assert len(curve.time_s)
    assert np.isfinite(curve.f0_hz).all()
    assert abs(np.median(cents_of(curve, 440))) < 30


def test_what_has_no_pitch_has_no_curve():
    hit = np.zeros(RATE)
    hit[RATE // 2 : RATE // 2 + 200] = 0.5 * np.random.default_rng(0).standard_normal(200)
    notes = find(motes.encode(hit, sample_rate_hz=RATE, snr_db=10)).notes
    for note in notes:
        if note.f0_hz is None:
            assert len(note.pitch_curve.time_s) == len(note.pitch_curve.f0_hz) == 0


def test_no_false_bends_on_a_piano(shared_audio):
    scene = find(motes.encode(shared_audio("piano"), kbps=48))
    for note in scene.notes:
        if note.f0_hz is not None and note.sureness > 0.7:
            assert cents_of(note.pitch_curve, note.f0_hz).std() < 5
