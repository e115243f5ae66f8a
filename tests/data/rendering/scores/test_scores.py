"""Scores: those by chance are equal for equal seeds and can be played, written ones stay what they were."""

from __future__ import annotations

import json
from itertools import pairwise

import mido
import numpy as np
import pytest
from sound_sources import write_scores

from motes.data.rendering.scores.random_scores import STYLES, random_score
from motes.data.rendering.scores.score import Score, ScoreNote, without_doubles
from motes.data.rendering.scores.test_excerpts import EXCERPTS, PIANO_EXCERPTS, performed
from motes.data.rendering.scores.written_scores import excerpt_by_chance, played, read_scores, score_paths
from motes.errors import MotesError, ParameterError


def well_formed(score: Score, duration_s: float) -> None:
    ends: dict[tuple[int, int], float] = {}
    for note in score.notes:
        assert 0 <= note.onset_s < duration_s
        assert 0 < note.duration_s <= duration_s - note.onset_s + 1e-9
        assert 0 <= note.key <= 127
        assert 1 <= note.velocity <= 127
        assert note.part < len(score.programs)
        assert note.onset_s >= ends.get((note.part, note.key), 0.0) - 1e-9  # no key is struck while it sounds
        ends[note.part, note.key] = note.onset_s + note.duration_s


def test_random_scores_can_be_played():
    assert sum(chance for _, chance in STYLES) == pytest.approx(1)
    for seed in range(60):
        score = random_score(np.random.default_rng(seed), 12.0)
        assert score == random_score(np.random.default_rng(seed), 12.0)
        well_formed(score, 12.0)
    assert len({random_score(np.random.default_rng(seed), 12.0).programs for seed in range(20)}) > 12


def test_written_scores_are_played_whole(tmp_path):
    folder = write_scores(tmp_path)
    for seed in range(20):
        score = excerpt_by_chance(str(folder), np.random.default_rng(seed), 10.0)
        well_formed(score, 10.0)
        assert len(score.programs) == 2
    # The intervals of the tune are kept, whatever it is transposed by, doubled or moved into a range.
    pitches = [note.key for note in sorted(score.notes) if note.part == 0]
    assert {(b - a) % 12 for a, b in pairwise(pitches)} <= {0, 1, 2, 10, 11}


def test_long_notes_stay_long():
    written = {"notes": [[0, 8, 60, 0], [0, 1, 64, 0], [1, 1, 65, 0], [2, 6, 67, 0], [2, 0, 67, 0]], "parts": 1}
    score = played(written, np.random.default_rng(1), 30.0)
    beats = sorted(note.duration_s * score.beats_per_minute / 60 for note in score.notes)
    assert beats[-1] > 4.5
    assert len(score.notes) in (4, 8)  # doubled in octaves or not; what lasts no time is no note


def test_notes_of_one_key_end_each_other():
    notes = [ScoreNote(0, 2, 60, 90, 0), ScoreNote(1, 1, 60, 90, 0), ScoreNote(1.01, 1, 60, 90, 0)]
    assert [note.duration_s for note in without_doubles(notes)] == [1, 1]
    excerpt = Score(tuple(notes), (0,)).excerpt(0.5, 1)
    assert (excerpt.notes[0].onset_s, excerpt.notes[0].duration_s) == (0.5, 0.5)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"notes": [[0, 1, 60, 3]], "parts": 1}]', '[{"notes": [[0, 1]]}]'])
def test_what_is_no_score_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(MotesError, match=r"bad\.json is no score") as caught:
        read_scores(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ParameterError, match="there are no scores"):
        score_paths(str(tmp_path / "nothing"))


def test_midi_files_are_scores(tmp_path):
    track = mido.MidiTrack([mido.Message("program_change", program=11, channel=2)])
    for key in (60, 64, 67, 72, 76):
        track += [mido.Message("note_on", note=key, channel=2, time=0)]
        track += [mido.Message("note_off", note=key, channel=2, time=480)]
    mido.MidiFile(tracks=[track]).save(tmp_path / "a.mid")
    (score,) = read_scores(tmp_path / "a.mid")
    assert (score["parts"], score["programs"]) == (1, [11])
    assert [note[2] for note in score["notes"]] == [60, 64, 67, 72, 76]
    (tmp_path / "b.mid").write_bytes(b"MThd")
    with pytest.raises(MotesError, match=r"b\.mid"):
        read_scores(tmp_path / "b.mid")


def test_excerpts_of_tests_are_performed(tmp_path):
    written = json.loads((write_scores(tmp_path) / "canon.json").read_text())[0]
    for excerpt in (*EXCERPTS, *PIANO_EXCERPTS):
        score = performed(written, excerpt, np.random.default_rng(0), 30.0)
        well_formed(score, 30.0)
    assert len(EXCERPTS) == 24
