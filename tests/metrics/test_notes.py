"""How many notes are found, against planted truths and mir_eval's own figures."""

import numpy as np
import pytest

from motes.events.notes import Notes, pitch_to_hz
from motes.metrics.notes import note_scores

transcription = pytest.importorskip("mir_eval.transcription")
TRUE = Notes([0.5, 1.0, 1.5, 1.5], [1.0, 1.2, 3.5, 3.5], [60, 64, 67, 72])


def moved(by_s=0.0, end_by_s=0.0, cents=0.0, notes=TRUE):
    return Notes(notes.onset_s + by_s, notes.end_s + by_s + end_by_s, notes.pitch + cents / 100)


def test_what_is_right_is_right():
    scores = note_scores(TRUE, TRUE)
    assert {value for name, value in scores.items() if not name.startswith("n_")} == {1.0}
    assert (scores["n_reference"], scores["n_estimate"]) == (4, 4)


@pytest.mark.parametrize(
    ("change", "note", "onset", "with_end"),
    [
        ({"by_s": 0.049}, 1, 1, 1),
        ({"by_s": 0.05004}, 1, 1, 1),  # differences are rounded to 0.1 ms
        ({"by_s": -0.051}, 0, 0, 0),
        ({"cents": 49}, 1, 1, 1),
        ({"cents": -51}, 0, 1, 0),
        ({"end_by_s": 0.045}, 1, 1, 1),
        ({"end_by_s": 0.09}, 1, 1, 0.75),  # of 0.5 s 0.1 s, of 0.2 s 0.05 s, of 2 s 0.4 s
        ({"end_by_s": 0.3}, 1, 1, 0.5),
    ],
)
def test_tolerances(change, note, onset, with_end):
    scores = note_scores(moved(**change), TRUE)
    assert (scores["note_f1"], scores["onset_f1"], scores["note_offset_f1"]) == (note, onset, with_end)


def test_each_note_counts_once():
    twice = Notes.joined([TRUE, moved(0.01)])
    scores = note_scores(twice, TRUE)
    assert (scores["note_precision"], scores["note_recall"], scores["events_per_note"]) == (0.5, 1, 2)
    octave = Notes.joined([TRUE, moved(cents=1200)])
    assert note_scores(octave, TRUE)["note_precision"] == pytest.approx(0.5, abs=0.13)  # one octave is a note too


def test_nothing_in_nothing_is_right_and_nothing_in_something_wrong():
    none = Notes.empty()
    scores = note_scores(none, none)
    assert (scores["note_f1"], scores["onset_precision"], scores["note_offset_recall"]) == (1, 1, 1)
    assert "events_per_note" not in scores
    assert note_scores(none, TRUE)["note_f1"] == note_scores(TRUE, none)["note_f1"] == 0
    assert note_scores(none, TRUE)["note_precision"] == 0
    assert note_scores(none, TRUE)["events_per_note"] == 0


def test_what_has_no_pitch_is_matched_by_onset_alone():
    drums = Notes([0.2, 0.8], [0.2, 0.8], [np.nan, np.nan])
    scores = note_scores(Notes.joined([TRUE, drums]), Notes.joined([TRUE, moved(0.02, notes=drums)]))
    assert (scores["note_f1"], scores["unpitched_onset_f1"], scores["onset_f1"]) == (1, 1, 1)
    scores = note_scores(TRUE, Notes.joined([TRUE, drums]))
    assert (scores["note_f1"], scores["unpitched_onset_recall"], scores["onset_recall"]) == (1, 0, 4 / 6)
    assert "unpitched_onset_f1" not in note_scores(TRUE, TRUE)


@pytest.mark.parametrize("seed", range(6))
def test_scores_are_those_of_mir_eval(seed):
    """Matched between gaps or all at once, it is the same."""
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 150))
    onset_s = random.uniform(0.5, 0.5 + 0.1 * n, n)
    truth = Notes(onset_s, onset_s + random.uniform(0.05, 0.6, n), random.integers(55, 60, n).astype(float))
    kept = random.random(n) < 0.9
    late_s = random.normal(0, 0.03, kept.sum()).clip(-0.4, 0.4)
    estimate = Notes(
        truth.onset_s[kept] + late_s,
        truth.end_s[kept] + late_s + random.uniform(0, 0.2, kept.sum()),
        truth.pitch[kept] + random.choice([0, 0.4, 1], kept.sum()),
    )
    scores = note_scores(estimate, truth)
    given = [
        each
        for notes in (truth, estimate)
        for each in (np.stack([notes.onset_s, notes.end_s], 1), pitch_to_hz(notes.pitch))
    ]
    for name, ratio in (("note", None), ("note_offset", 0.2)):
        expected = transcription.precision_recall_f1_overlap(*given, offset_ratio=ratio)[:3]
        found = [scores[f"{name}_{which}"] for which in ("precision", "recall", "f1")]
        np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(scores["onset_f1"], transcription.onset_precision_recall_f1(given[0], given[2])[2])
