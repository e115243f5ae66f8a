"""Every source of sound: notes begin at their first sample, at the pitch of their key, and end."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sound_sources import RATE, click, tone, write_one_shots, write_patch, write_piano, write_soundfont

from motes.audio import write_audio
from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.sounds.additive import AdditiveInstrument
from motes.data.rendering.sounds.gus_patches import Patches
from motes.data.rendering.sounds.layered import LayeredInstrument
from motes.data.rendering.sounds.natural_sounds import any_natural_sound
from motes.data.rendering.sounds.one_shots import OneShots
from motes.data.rendering.sounds.sampled_piano import SampledPiano
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.data.rendering.sounds.sources import spectral_centre_key
from motes.errors import MissingExtraError, ParameterError


@pytest.fixture(scope="module", params=["soundfont", "patches", "piano"])
def source(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "soundfont":
        pytest.importorskip("tinysoundfont")
        return SoundFont(write_soundfont(folder / "tiny.sf2"), RATE)
    if request.param == "patches":
        write_patch(folder / "Tone_000/000_Tone.pat", 69)
        return Patches(folder, RATE)
    return SampledPiano(write_piano(folder), RATE)


def pitch_of(sound: np.ndarray) -> float:
    """The key of the strongest partial."""
    n = 1 << 17
    spectrum = np.abs(np.fft.rfft(sound[:RATE] * np.hanning(len(sound[:RATE])), n))
    return 69 + 12 * np.log2(np.argmax(spectrum) * RATE / n / 440)


@pytest.mark.parametrize("key", [66, 69, 75, 81])
def test_notes_begin_at_once_and_have_the_pitch_of_their_key(source, key):
    sound = source.instrument(0, 0)(key, 100, 0.4)
    assert sound.dtype == np.float32
    peak = np.abs(sound).max()
    assert np.flatnonzero(np.abs(sound) > 0.1 * peak)[0] < 0.001 * RATE
    assert abs(pitch_of(sound) - key) < 0.12
    assert np.abs(sound[-5:]).max() < 0.01 * peak


def test_notes_are_equal_each_time_and_louder_the_harder_they_are_struck(source):
    play = source.instrument(0, 3)
    first = play(69, 60, 0.3)
    play(50, 120, 0.1)
    np.testing.assert_array_equal(first, play(69, 60, 0.3))
    assert np.abs(play(69, 110, 0.3)).max() > 1.5 * np.abs(first).max()


def test_a_bend_bends(tmp_path):
    write_patch(tmp_path / "Tone_000/000_Tone.pat", 69)
    bent = Patches(tmp_path, RATE).note(0, 69, 100, 0.4, np.full(40, 100.0))
    assert abs(pitch_of(bent) - 70) < 0.1


def test_a_loop_sounds_as_long_as_the_note_is_held(tmp_path):
    period = 2 * round(RATE / 220)  # bytes
    write_patch(tmp_path / "Tone_000/021_Tone.pat", 57, (period * 60, period * 80))
    sound = Patches(tmp_path, RATE).note(21, 57, 100, 3.0)
    assert len(sound) > 3 * RATE
    assert np.abs(sound[2 * RATE : 3 * RATE - 100]).max() > 0.01


def test_the_layer_of_tests_is_kept_from_training(tmp_path):
    folder = write_piano(tmp_path / "p")
    assert 7 not in SampledPiano(folder, RATE)._paths
    assert list(SampledPiano(folder, RATE, (7,))._paths) == [7]


def test_one_shots_of_test_kits_are_kept_from_training(tmp_path):
    folder = write_one_shots(tmp_path)
    training, tests = OneShots((str(folder),), RATE), OneShots((str(folder),), RATE, test_kits=True)
    assert training.names() == ["Kit/150.wav", "Kit/5000.wav", "Kit/900.wav"]
    assert {name.partition("/")[0] for name in tests.names()} == {"VariBreaks"}
    assert np.argmax(np.abs(training.sound(0))) < 5  # the silence before it is gone
    play = training.instrument(DRUMS, 1)
    assert len({len(play(key, 100, 1.0)) for key in range(35, 45)}) >= 1
    assert not training.plays(0)


def test_what_swells_or_is_silent_is_no_one_shot(tmp_path):
    (tmp_path / "a").mkdir()
    write_audio(tmp_path / "a/silent.wav", np.zeros(1000), RATE, 1)
    write_audio(tmp_path / "a/swell.wav", np.linspace(0, 0.8, RATE) * np.sin(np.arange(RATE)), RATE, 1)
    (tmp_path / "a/text.wav").write_text("no audio")
    shots = OneShots((str(tmp_path),), RATE)
    assert [len(shots.sound(i)) for i in range(3)] == [0, 0, 0]


def test_additive_instruments_are_equal_for_equal_seeds():
    notes = [AdditiveInstrument(7, RATE).note(60, 90, 0.3) for _ in range(2)]
    np.testing.assert_array_equal(*notes)
    for seed in range(12):
        sound = AdditiveInstrument(seed, RATE).note(64, 90, 0.5)
        assert np.all(np.isfinite(sound))
        assert 0.01 < np.abs(sound).max() < 30


@pytest.mark.parametrize("hz", [100, 1000, 6000])
def test_the_centre_of_a_click_is_where_its_energy_is(hz):
    assert abs(spectral_centre_key(click(hz).astype(np.float32), RATE) - (69 + 12 * np.log2(hz / 440))) < 4
    assert spectral_centre_key(np.zeros(1000, np.float32), RATE) == 69


def test_what_is_no_source_is_refused_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "Tone_000").mkdir()
    bad = tmp_path / "Tone_000/000_Bad.pat"
    for data in (b"", b"GF1PATCH110", write_patch(tmp_path / "x.pat", 60).read_bytes()[:2000]):
        bad.write_bytes(data)
        with pytest.raises(ParameterError, match=r"000_Bad\.pat is no patch"):
            Patches(tmp_path, RATE).note(0, 60, 100, 0.2)
    for make in (Patches, SampledPiano):
        with pytest.raises(ParameterError, match="there are no"):
            make(tmp_path / "nothing", RATE)
    with pytest.raises(ParameterError, match="there are no one-shots"):
        OneShots((str(tmp_path),), RATE)
    monkeypatch.setitem(sys.modules, "tinysoundfont", None)
    with pytest.raises(MissingExtraError, match="pip install --no-deps tinysoundfont"):
        SoundFont(tmp_path / "a.sf2", RATE)


def test_nothing_of_a_note_is_left_in_the_next(tmp_path):
    """A planted tone, which begins with its highest sample, sounds at once, and alike whatever was cut before it."""
    pytest.importorskip("tinysoundfont")
    path = write_soundfont(tmp_path / "tiny.sf2")
    first, second = SoundFont(path, RATE), SoundFont(path, RATE)
    for _ in range(3):
        first.note(0, 50, 127, 0.02)
    np.testing.assert_array_equal(first.note(0, 69, 90, 0.3), second.note(0, 69, 90, 0.3))
    sound, planted = second.note(0, 69, 90, 0.5), tone(69)
    stretch = slice(200, 4000)
    lags = [np.dot(sound[200 + lag : 4000 + lag], planted[stretch]) for lag in range(-3, 4)]
    assert np.argmax(lags) == 3


def test_a_damaged_soundfont_is_refused(tmp_path):
    pytest.importorskip("tinysoundfont")
    (tmp_path / "bad.sf2").write_bytes(b"RIFF")
    with pytest.raises(ParameterError, match=r"bad\.sf2 is no SoundFont"):
        SoundFont(tmp_path / "bad.sf2", RATE)
    with pytest.raises(ParameterError, match="there is no SoundFont"):
        SoundFont(tmp_path / "gone.sf2", RATE)


def test_bars_have_their_fundamental_and_modes_that_are_no_harmonics():
    for seed in range(6):
        sound = AdditiveInstrument(seed, RATE, 12).note(60, 100, 1.0)
        np.testing.assert_array_equal(sound, AdditiveInstrument(seed, RATE, 12).note(60, 100, 1.0))
        spectrum = np.abs(np.fft.rfft(sound[:RATE], RATE))  # a bin is 1 Hz
        assert spectrum[255:269].max() > 0.05 * spectrum.max()
        assert spectrum[515:531].max() < 0.3 * spectrum[255:269].max()


def test_stops_of_an_organ_sound_other_keys_and_begin_with_it():
    def play(key, velocity, duration_s, bend_cents=None):
        return tone(key, duration_s).astype(np.float32)

    found = [LayeredInstrument(play, (), 19, seed, RATE) for seed in range(20)]
    assert any({12, 24} & {semitones for _, semitones, _ in each.layers} for each in found)
    assert any(not each.layers for each in found)
    for each in found:
        sound = each.note(60, 100, 0.3)
        assert sound.dtype == np.float32
        assert len(sound) == len(play(60, 100, 0.3))
        np.testing.assert_array_equal(sound, each.note(60, 100, 0.3))


def test_two_instruments_play_as_one_for_as_long_as_either():
    def short(key, velocity, duration_s, bend_cents=None):
        return np.ones(100, np.float32)

    def long(key, velocity, duration_s, bend_cents=None):
        return np.ones(300, np.float32)

    found = [LayeredInstrument(short, (long,), 0, seed, RATE).note(60, 100, 1.0) for seed in range(40)]
    assert {len(sound) for sound in found} == {100, 300}
    assert all(np.isfinite(sound).all() for sound in found)


def test_sounds_of_nature_begin_at_once_and_differ():
    rng = np.random.default_rng(0)
    sounds = [any_natural_sound(rng, RATE) for _ in range(40)]
    for sound in sounds:
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(0.5, abs=0.01)
        assert np.argmax(np.abs(sound) > 0.02) < 0.06 * RATE
    assert len({len(sound) for sound in sounds}) > 30
