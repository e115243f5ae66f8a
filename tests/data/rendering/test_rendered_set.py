"""Rendered sets: labels exact to the sample, equal bytes for equal options, and interruptions that lose nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from sound_sources import click, write_one_shots, write_piano, write_scores

import motes
from motes.audio import read_audio
from motes.data.dataset_check import check_data
from motes.data.rendering.in_rooms import in_room
from motes.data.rendering.piece import Piece, Rendered, audible_samples
from motes.data.rendering.render_options import SETS, RenderOptions
from motes.data.rendering.rendered_set import begin, folder_of, n_pieces, render_piece
from motes.data.rendering.scores.score import Score, ScoreNote
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ, SetFolder
from motes.data.rendering.sounds.additive import AdditiveInstrument
from motes.data.rendering.training_pieces import filtered, piece_of
from motes.data.rendering.unpitched import Placed, pattern, scattered
from motes.errors import ParameterError
from motes.library.render_data import render_set

ADDITIVE = {"additive": 1.0, "in_rooms": 0.0}
BRIEF = ADDITIVE | {"piece_s": 4.0}
PIECE_H = 4 / 3600


@pytest.fixture(autouse=True)
def no_rooms(monkeypatch):
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)


def rows_of(folder, number=0):
    with open(folder / f"train_labels/{10000 + number}.csv", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_set_is_laid_out_as_musicnet_and_its_labels_make_sense(tmp_path):
    options = RenderOptions(hours=0.001, seed=6, **ADDITIVE)
    assert motes.render_data(tmp_path / "a", hours=0.001, seed=6, **ADDITIVE) == tmp_path / "a"
    report = check_data(tmp_path / "a")
    assert report.is_ok, report.problems
    assert (report.layout, report.n_recordings) == ("labelled", n_pieces(options))
    manifest = json.loads((tmp_path / "a/manifest.json").read_text())
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((tmp_path / "a" / name).read_bytes()).hexdigest() == digest
    assert len(manifest["sha256"]) == 2 * n_pieces(options)


def test_the_mix_is_the_sum_of_the_notes_where_their_labels_say():
    options = RenderOptions(seed=5, **BRIEF)
    audio, notes = piece_of(options, 0).mix(4 * SAMPLE_RATE_HZ)
    whole = np.zeros(20 * SAMPLE_RATE_HZ)
    for note, sound in piece_of(options, 0).notes():
        whole[note.onset : note.onset + len(sound)] += sound
    np.testing.assert_allclose(audio, whole[: len(audio)], atol=1e-4)
    first = min(note.onset for note in notes)
    assert not audio[:first].any()
    assert len(notes) > 3


def test_a_note_ends_where_it_has_fallen_by_26_db():
    notes = (ScoreNote(0.5, 4.0, 69, 100, 0),)
    (played, sound), *_ = Piece(Score(notes, (0,)), (), 1, SAMPLE_RATE_HZ, 1.0).notes()
    assert played.onset == SAMPLE_RATE_HZ // 2
    t = np.arange(3 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    decaying = (np.sin(2 * np.pi * 440 * t) * 10 ** (-60 / 20 * t / 2)).astype(np.float32)  # 60 dB in 2 s
    assert audible_samples(decaying, SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ == pytest.approx(26 / 30, abs=0.05)
    assert audible_samples(sound[:0], SAMPLE_RATE_HZ) == 0


def test_unpitched_sounds_begin_where_their_labels_say(tmp_path):
    """Planted clicks, whose first sample is their highest: after filter and rounding they are where labels say."""
    kit = [click(hz).astype(np.float32) for hz in (300, 1500, 6000)]
    placed, folder = Placed(10 * SAMPLE_RATE_HZ), SetFolder(tmp_path / "a", "train")
    tempo = pattern(placed, kit, np.random.default_rng(3))
    scattered(placed, lambda rng: kit[int(rng.integers(3))], 2.0, np.random.default_rng(4))
    audio = filtered(placed.audio, np.random.default_rng(5))
    folder.begin({})
    folder.write(0, audio / np.abs(audio).max(), Rendered(audio, placed.notes, tempo, 1.0), 0.0)
    heights = np.abs(read_audio(folder.audio_path(0))[0]).reshape(-1)
    onsets = np.array([int(row["start_time"]) for row in rows_of(tmp_path / "a")])
    alone = [onset for onset in onsets if np.sum(np.abs(onsets - onset) < 0.09 * SAMPLE_RATE_HZ) == 1]
    assert len(alone) > 8
    for onset in alone:
        start = max(onset - 300, 0)
        assert start + np.argmax(heights[start : onset + 3000]) == onset
    keys = {round(float(row["centre_key"]) / 12) for row in rows_of(tmp_path / "a")}
    assert len(keys) == 3


def test_sets_without_pitch_are_laid_out_as_others(tmp_path):
    options = RenderOptions("unpitched", seed=3, one_shots=(str(write_one_shots(tmp_path / "kits")),), **BRIEF)
    begin(tmp_path / "a", options)
    for number in range(6):
        render_piece(tmp_path / "a", options, number)
    report = check_data(tmp_path / "a")
    assert report.is_ok, report.problems
    assert {row["instrument"] for row in rows_of(tmp_path / "a")} >= {"129"}


def test_equal_options_give_equal_bytes_in_any_order_and_process(tmp_path):
    scores = str(write_scores(tmp_path / "s"))
    options = RenderOptions(hours=4 * PIECE_H, seed=2, scores=scores, **(BRIEF | {"in_rooms": 0.5}))
    render_set(tmp_path / "a", options)
    begin(tmp_path / "b", options)
    for number in (2, 0):
        render_piece(tmp_path / "b", options, number)
    render_set(tmp_path / "b", options, 2)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_what_was_interrupted_goes_on(tmp_path):
    class Stopped(KeyboardInterrupt):
        pass

    def stop(fraction, words=""):
        if fraction >= 0.4:
            raise Stopped

    options = RenderOptions(hours=3 * PIECE_H, **BRIEF)
    with pytest.raises(Stopped):
        render_set(tmp_path / "a", options, progress=stop)
    folder = folder_of(tmp_path / "a", options)
    done = [number for number in range(3) if folder.has(number)]
    assert 0 < len(done) < 3
    before = {number: folder.audio_path(number).stat().st_mtime_ns for number in done}
    render_set(tmp_path / "a", options)
    assert all(folder.has(number) for number in range(3))
    assert before == {number: folder.audio_path(number).stat().st_mtime_ns for number in done}
    assert not list((tmp_path / "a").rglob(".motes-*"))
    render_set(tmp_path / "a", replace(options, hours=4 * PIECE_H))  # a longer one begins with a shorter one
    assert len(list((tmp_path / "a/train_data").iterdir())) == 4


def test_other_options_do_not_mix(tmp_path):
    options = RenderOptions(hours=PIECE_H, **BRIEF)
    render_set(tmp_path / "a", options)
    with pytest.raises(ParameterError, match=r"holds a set with seed 0, not 1: choose another folder"):
        render_set(tmp_path / "a", replace(options, seed=1))
    with pytest.raises(ParameterError, match="set_name"):
        render_set(tmp_path / "a", replace(options, set_name="unpitched"))
    (tmp_path / "a/manifest.json").write_text("{")
    with pytest.raises(ParameterError, match="cannot be read"):
        render_set(tmp_path / "a", options)
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match="cannot be the folder of a set"):
        render_set(tmp_path / "file", options)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "there is nothing to render with: give a SoundFont"),
        ({"soundfonts": ["gone.sf2"]}, "there is no SoundFont gone.sf2"),
        ({"scores": "gone", **ADDITIVE}, "there is no folder gone"),
        ({"hours": 0, **ADDITIVE}, "hours must lie above 0"),
        ({"written": 2, **ADDITIVE}, "written is a share"),
        ({"seed": -1, **ADDITIVE}, "seed must be a whole number"),
        ({"set_name": "tset"}, "there is no set 'tset'"),
        ({"set_name": "test"}, "rendered with one SoundFont, such as TimGM6mb.sf2"),
        ({"set_name": "test-drums"}, "a folder of one-shots"),
        ({"jobs": 0, **ADDITIVE}, "jobs must be at least 1"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(tmp_path, given, words):
    with pytest.raises(ParameterError, match=words) as caught:
        motes.render_data(tmp_path / "a", **given)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path).rglob("*.wav"))


def test_a_bad_score_stops_the_set_in_one_line(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s/bad.json").write_text("[1]")
    with pytest.raises(motes.MotesError, match=r"bad\.json is no score"):
        render_set(tmp_path / "a", RenderOptions(hours=PIECE_H, scores=str(tmp_path / "s"), written=1.0, **BRIEF))


def test_sounds_of_nature_are_a_fixed_set_that_needs_no_source(tmp_path):
    options = RenderOptions("test-nature")
    for folder in ("a", "b"):
        begin(tmp_path / folder, options)
        render_piece(tmp_path / folder, options, 3)
    path = "test_labels/10003.csv"
    assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    assert check_data(tmp_path / "a").is_ok


def test_fixed_sets_of_drums_and_of_a_piano(tmp_path):
    drums = RenderOptions("test-drums", one_shots=(str(write_one_shots(tmp_path / "kits")),))
    assert set(SETS) >= {"test", "test-drums", "test-nature", "test-piano"}
    begin(tmp_path / "d", drums)
    render_piece(tmp_path / "d", drums, 3)  # the fourth kit, which is there
    assert check_data(tmp_path / "d").is_ok
    pytest.importorskip("music21")
    piano = RenderOptions("test-piano", samples=str(write_piano(tmp_path / "p")))
    begin(tmp_path / "e", piano)
    render_piece(tmp_path / "e", piano, 0)
    assert check_data(tmp_path / "e").is_ok


def test_a_room_leaves_the_direct_sound_where_it_was():
    audio = np.zeros(4000, np.float32)
    audio[1000] = 1
    response = np.zeros(2000, np.float32)
    response[0], response[1500] = 1, 0.5
    wet = in_room(audio, response, 0.5)
    assert np.argmax(np.abs(wet)) == 1000
    assert np.abs(wet[:999]).max() < 1e-6
    assert wet[2500] > 0.1


def test_additive_instruments_play_where_no_source_has_a_program():
    notes = (ScoreNote(0.1, 0.5, 60, 90, 0),)
    piece = Piece(Score(notes, (40,)), (), 4, SAMPLE_RATE_HZ)
    assert [note.program for note, _ in piece.notes()] == [40]
    assert isinstance(AdditiveInstrument(1, SAMPLE_RATE_HZ).note(60, 60, 0.1), np.ndarray)
