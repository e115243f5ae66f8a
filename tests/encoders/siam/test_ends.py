"""Ends of notes: read off courses that are planted, by weights made for it, never after the key's next onset."""

import numpy as np
import pytest

from motes.encoders.siam.ends import (
    N_COLUMNS,
    N_FEATURES,
    N_HIDDEN,
    OFFSETS,
    Course,
    EndReader,
    course_of,
    features,
    joined_courses,
    with_ends,
)
from motes.encoders.siam.peaks import FRAME_S, Detections
from motes.encoders.siam.spectra import BINS_PER_KEY, N_BINS, N_KEYS
from motes.errors import FormatError


def arrays(size=0.05):
    """Weights by chance."""
    rng, sizes, out = np.random.default_rng(0), (N_FEATURES, N_HIDDEN, N_HIDDEN, len(OFFSETS)), {}
    for i in range(3):
        out[f"{i}.weight"] = rng.normal(0, size, (sizes[i + 1], sizes[i])).astype(np.float32)
        out[f"{i}.bias"] = rng.normal(0, size, sizes[i + 1]).astype(np.float32)
    return out


def by_sounding():
    """Weights under which a note has ended where its key does not sound."""
    out = {name: np.zeros_like(array) for name, array in arrays().items()}
    place = np.arange(len(OFFSETS))
    out["0.weight"][place, N_COLUMNS * place] = 1
    out["0.bias"][place] = 2
    out["1.weight"][place, place] = 1
    out["2.weight"][place, place] = -20
    out["2.bias"][place] = 40
    return out


def planted(n, notes):
    """The course of n frames, and the events: notes of frame, end and key."""
    course = Course(*(np.full((n, N_KEYS), value, np.float32) for value in (-9, -9, -80, -80, -80)))
    for frame, end, key in notes:
        course.sounding[frame:end, key] = 9
    onset_s, key = (np.array([note[i] for note in notes]) * scale for i, scale in ((0, FRAME_S), (2, 1.0)))
    many = len(notes)
    pitched = np.ones(many, bool)
    return course, Detections(onset_s, onset_s + 0.1, key + 21, *np.zeros((2, many)), pitched, np.arange(many))


def test_notes_end_where_their_keys_do():
    lengths = np.array([6, 20, 43, 150])
    course, found = planted(400, [(10 + i, 10 + i + n, 30 + i) for i, n in enumerate(lengths)])
    ended = with_ends(found, course, EndReader(by_sounding()))
    assert np.all(np.abs((ended.end_s - found.onset_s) / (lengths * FRAME_S) - 1) < 0.2)


def test_the_next_onset_of_a_key_ends_it():
    course, found = planted(300, [(10, 300, 40), (10, 300, 41), (50, 300, 40)])
    ended = with_ends(found, course, EndReader(by_sounding()))
    assert ended.end_s[0] == found.onset_s[2]
    assert np.all(ended.end_s[1:] > 200 * FRAME_S)


def test_what_has_no_pitch_keeps_its_end():
    course, found = planted(100, [(10, 30, 40), (20, 60, 41)])
    mixed = with_ends(found._replace(is_pitched=np.array([False, True])), course, EndReader(by_sounding()))
    assert mixed.end_s[0] == found.end_s[0]
    assert mixed.end_s[1] != found.end_s[1]


def test_the_longest_notes_and_the_shortest_have_an_end():
    course, found = planted(30, [(0, 30, 40), (29, 30, 41), (10, 10, 42)])
    for weights in (by_sounding(), arrays(5.0)):
        length_s = with_ends(found, course, EndReader(weights)).end_s - found.onset_s
        assert np.all(np.isfinite(length_s))
        assert np.all(length_s > 0.01)


def test_lengths_are_those_that_vectors_are_stored_with():
    seen = np.random.default_rng(0).normal(0, 1, (50, N_FEATURES)).astype(np.float32)
    eighths = 8 * np.log2(EndReader(arrays()).lengths_s(seen))
    np.testing.assert_allclose(eighths, np.round(eighths), atol=1e-9)


def test_notes_beside_a_note_change_no_bit_of_it():
    seen = np.random.default_rng(0).normal(0, 1, (33, N_FEATURES)).astype(np.float32)
    reader = EndReader(arrays())
    for i in (0, 7, 32):
        np.testing.assert_array_equal(reader.ended(seen)[i], reader.ended(seen[i : i + 1])[0])


def test_courses_follow_the_lowest_harmonics():
    key, levels = 40, np.full((5, 2, N_BINS), -100, np.float32)
    levels[2:4, 0, 1 + BINS_PER_KEY * key] = -20
    levels[3, 1, 1 + BINS_PER_KEY * (key + 12)] = -30
    course = course_of(np.zeros((5, N_KEYS, 5), np.float32), levels)
    np.testing.assert_allclose(course.lowest[:, key], [-100, -100, -20, -20, -100])
    np.testing.assert_allclose(course.harmonics[2, key], -20, atol=0.1)
    np.testing.assert_allclose(course.short[2:4, key], [-94, -30], atol=0.1)
    halves = joined_courses([Course(*(part[:2] for part in course)), Course(*(part[2:] for part in course))])
    seen = [features(each, np.array([1.0]), np.array([key]), np.zeros(1, np.float32)) for each in (course, halves)]
    np.testing.assert_array_equal(*seen)
    assert joined_courses([]).sounding.shape == (0, N_KEYS)


def test_weights_of_other_names_or_shapes_are_refused():
    wider = arrays() | {"0.bias": np.zeros(N_HIDDEN + 1, np.float32)}
    for wrong in ({}, wider):
        with pytest.raises(FormatError, match="other names or shapes"):
            EndReader(wrong)
