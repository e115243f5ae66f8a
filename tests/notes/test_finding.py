"""Notes found: in sound, in recordings, of events; and what is kept when they are found again."""

import numpy as np
import pytest

import motes
from motes.audio.source import ArraySource
from motes.encoders.siam.peaks import Detections
from motes.events.notes import DRUMS, NO_PROGRAM
from motes.notes.finding import find, notes_in, table_of

RATE = 22050


def melody(*keys, seconds=0.5):
    t = np.arange(int(seconds * RATE)) / RATE
    decay = np.exp(-3 * t) * np.minimum(1, t / 0.003) * np.minimum(1, (seconds - t) / 0.02)
    tones = [
        sum(np.sin(2 * np.pi * n * 440 * 2 ** ((key - 69) / 12) * t) / n**1.5 for n in range(1, 8)) for key in keys
    ]
    return np.concatenate([np.zeros(RATE // 10), *(0.2 * decay * tone for tone in tones)])


def sure(scene):
    return [note for note in scene.notes if note.sureness > 0.9]


@pytest.fixture(scope="module")
def scene():
    return motes.encode(melody(60, 64, 67, 72), sample_rate_hz=RATE, snr_db=25)


def test_a_melody_is_found_in_the_scene_and_in_the_recording(scene):
    for found in (find(scene), find(scene, ArraySource(melody(60, 64, 67, 72), RATE))):
        notes = sure(found)
        assert [note.name for note in notes] == ["C4", "E4", "G4", "C5"]
        assert [note.onset_s for note in notes] == pytest.approx([0.1, 0.6, 1.1, 1.6], abs=0.03)
        assert all(abs(note.cents) < 10 for note in notes)
        assert np.array_equal(found.render(), scene.render())


def test_levels_pitches_and_programs_of_detections():
    columns = ([0.1, 0.2], [0.5, 0.3], [69.0, 40.0], [-20, -30], [0.9, 0.5], [True, False], [0, 0])
    found = Detections(*(np.array(column) for column in columns))
    table = table_of(found)
    assert table.id.tolist() == [1, 2]
    assert table.f0_hz[0] == pytest.approx(440, abs=0.2)
    assert np.isnan(table.f0_hz[1])
    assert table.gain_db.tolist() == [-20, -30]
    assert table.program.tolist() == [NO_PROGRAM, DRUMS]


def test_found_again_replaces_all_but_what_was_edited(scene):
    first = find(scene)
    second = sure(first)[1]
    again = find(first.select(note=second.number).transpose(-2))
    by_onset = sorted(sure(again), key=lambda note: note.onset_s)
    assert [note.name for note in by_onset] == ["C4", "D4", "G4", "C5"]
    assert next(note for note in again.notes if note.name == "D4").number == second.number


def test_parts_are_groups_and_as_many_as_are_known(scene):
    found = find(scene)
    assert len({note.part for note in sure(found)}) == 1
    known = find(scene, n_instruments=2)
    assert len({note.part for note in known.notes if note.f0_hz}) == 2
    assert len(known.groups.with_role("part")) == len({note.part for note in known.notes})


def test_less_sure_notes_are_more(scene):
    found = [find(scene, sureness=least).notes for least in (0.05, 0.4, 0.95)]
    assert len(found[0]) > len(found[1]) > len(found[2])
    assert min(note.sureness for note in found[1]) >= 0.375


@pytest.mark.parametrize("kind", ["vector", "splat"])
def test_of_other_events_each_is_a_note(kind):
    vectors = motes.encode(melody(60, 64), sample_rate_hz=RATE, encoder="siam")
    events = vectors if kind == "vector" else vectors.bake()
    found = find(events)
    assert len(found.notes) >= 2
    assert all(note.sureness == 1 and note.events.mask.any() for note in found.notes)
    if kind == "vector":
        assert len(found.notes) == len(vectors.vector)
        by_time = {round(note.onset_s, 2): note for note in found.notes}
        for onset_s, loudness_db, gain_db in zip(
            *(vectors.vector.column(n) for n in ("time_s", "loudness_db", "gain_db")), strict=False
        ):
            note = by_time[round(float(onset_s), 2)]
            assert abs(note.gain_db - loudness_db - np.max(gain_db)) < 20


@pytest.mark.parametrize("seconds", [0, 1 / RATE, 0.1, 1.0])
def test_silence_has_none(seconds):
    source = ArraySource(np.zeros(round(seconds * RATE), np.float32), RATE)
    assert len(notes_in(source).notes) == 0
    assert find(motes.encode(np.zeros(round(seconds * RATE)), sample_rate_hz=RATE)).notes == ()


def test_any_rate_and_number_of_channels():
    rate = 96000
    t = np.arange(rate // 2) / rate
    tone = 0.2 * np.sin(2 * np.pi * 440 * t) * np.exp(-4 * t)
    six = np.pad(np.outer(np.linspace(0.2, 1, 6), tone), ((0, 0), (rate // 10, 0))).astype(np.float32)
    found = notes_in(ArraySource(six, rate)).notes
    assert np.any(np.abs(found.f0_hz - 440) < 5)


def test_noise_is_no_music():
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    found = notes_in(ArraySource(noise, RATE)).notes
    assert np.sum(found.sureness[~np.isnan(found.f0_hz)] > 0.6) <= 2


@pytest.mark.parametrize(("name", "most"), [("piano", 0.6), ("speech", 1.0), ("vibraphone", 0.6)])
def test_real_recordings(shared_audio, name, most):
    audio = motes.audio.open_source(shared_audio(name))
    found = notes_in(audio)
    assert len(found.notes) == len(found.part)
    pitched = ~np.isnan(found.notes.f0_hz)
    assert pitched.any()
    assert np.mean(found.notes.sureness[pitched] < 0.5) <= most
