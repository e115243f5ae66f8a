"""Playing instruments: from chance, from other scenes, from MIDI, and what cannot be played."""

from pathlib import Path

import numpy as np
import pytest

from motes.errors import AudioError, ParameterError
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.library.perform import Notes, Shape, control_pitch, on_instrument, permuted, play_notes, random_strikes
from motes.scene.scene import Scene

mido = pytest.importorskip("mido")
from motes.library.midi import read_notes  # noqa: E402

RATE = 8000
PITCHES = np.array([220.0, 330.0, 523.25])


def piano(n_controls=3, seed=0):
    """Controls of three harmonics each, and a fourth so weak that nobody plays it."""
    rng = np.random.default_rng(seed)
    hz = np.concatenate([PITCHES * h for h in (1, 2, 3)] + [[900.0]])
    weights = np.zeros((4, 10), complex)
    for control in range(3):
        weights[control, control::3][:3] = 0.2 / np.arange(1, 4) * np.exp(1j * rng.uniform(-3, 3, 3))
    weights[3, 9] = 1e-4
    order = np.argsort(hz)
    model = Instrument(RATE, hz[order], np.full(10, 0.6), weights[:n_controls, order], np.ones((1, 10)))
    control = np.array([0, 1, 2, 1])[: max(1, n_controls)] % n_controls
    times = np.array([0.1, 0.4, 0.6, 1.0])[: len(control)]
    return Scene(
        RATE, 2 * RATE, 1, strike=Strike(times, control, np.ones(len(times)), np.ones(len(times))), instruments=(model,)
    )


def test_chance_is_repeated_by_its_seed():
    scene = piano(4)
    one, same, other = (random_strikes(scene, seed, 50.0, 4.0) for seed in (1, 1, 2))
    assert one.strike.equals(same.strike)
    assert not one.strike.equals(other.strike)
    assert 130 < len(one.strike) < 270  # 200 are expected
    assert set(one.strike.control) == {0, 1, 2}
    assert one.strike.time_s.max() <= 4.0
    assert one.duration_s >= 4.0
    assert one.render().any()


def test_permuting_keeps_moments_and_controls():
    scene = piano()
    there = permuted(scene, 3)
    assert np.array_equal(there.strike.time_s, scene.strike.time_s)
    assert sorted(there.strike.control) == sorted(scene.strike.control)
    assert there.n_samples == scene.n_samples


def test_another_performance_on_this_instrument():
    scene, other = piano(), piano(seed=5).move(0.5)
    assert np.array_equal(on_instrument(scene, piano()).strike.control, scene.strike.control)
    played = on_instrument(scene, other)
    assert played.instruments == scene.instruments
    assert np.allclose(played.strike.time_s, other.strike.time_s)
    single = on_instrument(piano(1), other)
    assert set(single.strike.control) == {0}


def test_pitches_are_heard():
    assert np.allclose(control_pitch(piano().instruments[0])[:3], PITCHES)


def test_notes_go_to_the_nearest_control_and_are_transposed_the_rest():
    notes = Notes(
        np.array([0.0, 0.5, 0.5]), np.array([57, 58, 72]), np.array([100, 50, 100])
    )  # A3, B♭3 and C5, which overlap
    played = play_notes(piano(), notes)
    by_time = played.strike
    assert by_time.control[0] == 0
    assert by_time.frequency_ratio[0] == pytest.approx(1.0, abs=1e-3)
    sounding = np.sort(by_time.frequency_ratio * PITCHES[by_time.control])
    assert np.allclose(sounding, np.sort(440 * 2 ** ((notes.key - 69) / 12)), rtol=1e-6)
    assert by_time.amplitude.min() < 0.5 * by_time.amplitude.max()
    spectrum = np.abs(np.fft.rfft(played.render(0.0, 0.5)))
    assert np.argmax(spectrum) * 2 == pytest.approx(220, abs=3)


def test_the_shape_of_playing():
    scene = piano()
    whole = float(np.sum(scene.render() ** 2))
    assert np.sum(Shape(damping=4).of(scene).render() ** 2) < 0.5 * whole
    assert np.sum(Shape(gain_db=-6).of(scene).render() ** 2) == pytest.approx(whole * 10**-0.6, rel=0.01)
    bright = np.abs(np.fft.rfft(Shape(brightness=6).of(scene).render())) ** 2
    plain = np.abs(np.fft.rfft(scene.render())) ** 2
    assert bright[2000:].sum() / bright.sum() > 1.5 * plain[2000:].sum() / plain.sum()
    assert Shape(transpose=12).of(scene).strike.frequency_ratio[0] == pytest.approx(2)
    with pytest.raises(ParameterError, match="damping"):
        Shape(damping=0).of(scene)


def test_what_cannot_be_played():
    empty = Scene(RATE, 100, 1)
    for play in (
        lambda: random_strikes(empty, 1),
        lambda: on_instrument(piano(), empty),
        lambda: play_notes(empty, Notes(*np.zeros((3, 1)))),
    ):
        with pytest.raises(ParameterError):
            play()
    with pytest.raises(ParameterError, match="1000 strikes"):
        random_strikes(piano(), 1, 1e6)


def outcome(path: Path) -> str:
    try:
        return "read" if np.isfinite(read_notes(path).time_s).all() else "not a number"
    except (AudioError, ParameterError) as error:
        return str(error)


def midi_file(path: Path, *tracks) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    for messages in tracks:
        track = mido.MidiTrack()
        track.extend(messages)
        file.tracks.append(track)
    file.save(path)
    return path


def test_midi_follows_tempo_changes_and_overlapping_notes(tmp_path):
    tempo = [
        mido.MetaMessage("set_tempo", tempo=500_000, time=0),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
    ]
    on, off = (
        (lambda note, time, velocity=80: mido.Message("note_on", note=note, velocity=velocity, time=time)),
        (lambda note, time: mido.Message("note_off", note=note, time=time)),
    )
    path = midi_file(
        tmp_path / "a.mid", tempo, [on(60, 0), on(60, 240), on(64, 240), off(60, 100), on(64, 380, 0), on(67, 0)]
    )
    notes = read_notes(path)
    assert np.allclose(notes.time_s, [0.0, 0.25, 0.5, 1.5])  # 480 ticks are half a second at first, then a whole one
    assert notes.key.tolist() == [60, 60, 64, 67]
    assert notes.velocity.tolist() == [80] * 4


def test_midi_that_holds_nothing_or_is_none(tmp_path):
    with pytest.raises(ParameterError, match="no notes"):
        read_notes(midi_file(tmp_path / "empty.mid", [mido.MetaMessage("set_tempo", tempo=400_000, time=0)]))
    drums = [mido.Message("note_on", note=36, velocity=90, time=0, channel=9)]
    with pytest.raises(ParameterError, match="no notes"):
        read_notes(midi_file(tmp_path / "drums.mid", drums))
    whole = midi_file(tmp_path / "a.mid", [mido.Message("note_on", note=60, velocity=80, time=0)]).read_bytes()
    rng = np.random.default_rng(0)
    broken = [
        b"",
        b"RIFF",
        whole[:20],
        whole[:30],
        b"MThd" + bytes(40),
        *(rng.integers(0, 256, 60, dtype=np.uint8).tobytes() for _ in range(20)),
    ]
    for _ in range(60):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        broken.append(bytes(data))
    for data in broken:
        path = tmp_path / "broken.mid"
        path.write_bytes(data)
        result = outcome(path)
        assert "\n" not in result
        assert "broken.mid" in result or result == "read"
    with pytest.raises(AudioError, match="cannot read"):
        read_notes(tmp_path / "missing.mid")
