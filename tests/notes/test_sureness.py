"""Sureness rises with the probability, and is at most a half for what may be partials of a stronger note."""

import numpy as np

from motes.encoders.siam.peaks import Detections
from motes.notes.sureness import (
    HIDDEN_SURENESS,
    PROBABILITIES,
    RIGHT,
    RIGHT_UNPITCHED,
    hidden,
    probability_of,
    sureness_of,
)


def detections(*rows):
    """Of onset, end, pitch, level and probability; without a pitch where that is None."""
    onset, end, pitch, level, p = (np.array(each) for each in zip(*rows, strict=True))
    is_pitched = np.array([each is not None for each in pitch])
    pitch = np.where(is_pitched, pitch, 60).astype(float)
    return Detections(onset, end, pitch, level.astype(np.float32), p.astype(np.float32), is_pitched, np.arange(len(p)))


def test_tables_rise():
    for right in (RIGHT, RIGHT_UNPITCHED):
        assert len(right) == len(PROBABILITIES)
        assert (np.diff(right) >= 0).all()
        assert min(right) >= 0
        assert max(right) <= 1
    found = detections(*((k, k + 0.5, 60, -20, p) for k, p in enumerate(np.linspace(0.05, 1, 20))))
    sure = sureness_of(found)
    assert (np.diff(sure) >= 0).all()
    assert sure[0] >= 0
    assert sure[-1] <= 1
    assert len(sureness_of(found.only(np.zeros(20, bool)))) == 0


def test_a_weaker_octave_is_at_most_half_sure():
    lower = (0.0, 2.0, 60, -20, 0.99)
    for interval, level, is_hidden in ((12, -26, True), (19, -26, True), (7, -26, False), (12, -20, False)):
        found = detections(lower, (0.01, 1.0, 60 + interval, level, 0.99))
        assert hidden(found).tolist() == [False, is_hidden]
        assert (sureness_of(found)[1] <= HIDDEN_SURENESS) == is_hidden


def test_one_that_began_before_hides_while_it_sounds():
    for end, level, is_hidden in ((2.0, -32, True), (2.0, -26, False), (0.9, -32, False)):
        found = detections((0.0, end, 60, -20, 0.99), (1.0, 1.5, 72, level, 0.99))
        assert hidden(found).tolist() == [False, is_hidden]


def test_what_has_no_pitch_neither_hides_nor_is_hidden():
    assert not hidden(detections((0.0, 1.0, 60, -20, 0.9), (0.0, 0.1, None, -40, 0.9))).any()


def test_hits_are_believed_where_some_are_sure():
    few = [(k, k + 0.1, None, -30, 0.35) for k in range(5)]
    alone = sureness_of(detections(*few))
    beside = sureness_of(detections(*few, *((k, k + 0.1, None, -30, 0.9) for k in range(5, 11))))
    assert alone.max() < 0.1
    assert beside[0] > 0.4


def test_probabilities_of_sureness():
    found = detections((0.0, 1.0, 60, -20, probability_of(0.6)))
    assert abs(sureness_of(found)[0] - 0.6) < 1e-6
