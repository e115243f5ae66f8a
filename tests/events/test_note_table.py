"""What is known of notes: values in their ranges, and as whole numbers of a file."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from note_examples import notes

from motes.errors import ParameterError
from motes.events.note_table import COLUMNS, HIGHEST_HZ, LOWEST_HZ, NoteTable, from_integers, to_integers


def one(**columns):
    """A note with some of its columns otherwise."""
    usual = {"id": 1, "onset_s": 0.5, "end_s": 1.0, "f0_hz": 440.0, "gain_db": -20.0, "sureness": 0.5, "program": 0}
    return NoteTable(**{name: np.array([value]) for name, value in (usual | columns).items()})


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"id": 0}, "id of a note must lie in 1"),
        ({"onset_s": np.nan}, "onset_s of a note"),
        ({"onset_s": 2e6}, "onset_s of a note"),
        ({"end_s": 0.4}, r"note 1 ends \(0.4 s\) before it begins \(0.5 s\)"),
        ({"f0_hz": 0.1}, "f0_hz of a note must lie in 0.25"),
        ({"f0_hz": np.inf}, "f0_hz of a note"),
        ({"gain_db": 500.0}, "gain_db of a note must lie in -400 … 400, not 500"),
        ({"sureness": 1.01}, "sureness of a note must lie in 0 … 1, not 1.01"),
        ({"program": 129}, "program of a note must lie in -1 … 128, not 129"),
    ],
)
def test_values_out_of_range_are_refused(columns, says):
    with pytest.raises(ParameterError, match=says):
        one(**columns)


def test_ids_ascend_and_columns_are_as_long():
    known = notes()
    for ids in ([2, 3, 3, 9], [3, 2, 5, 9]):
        with pytest.raises(ParameterError, match="must ascend"):
            known.replace(id=np.array(ids))
    with pytest.raises(ParameterError, match="end_s of notes has the shape"):
        known.replace(end_s=known.end_s[:2])


def test_columns_cannot_be_written_to_nor_those_of_copies():
    known = notes()
    for table in (known, copy.deepcopy(known), pickle.loads(pickle.dumps(known)), known.only(np.array([1, 2]))):
        assert table.equals(known) or len(table) == 2
        for name in COLUMNS:
            assert not getattr(table, name).flags.writeable


def test_some_and_joined():
    known, more = notes((1, 4)), notes((2, 9), 1)
    both = known.joined(more)
    assert both.id.tolist() == [1, 2, 4, 9]
    assert both.only(np.isin(both.id, known.id)).equals(known)
    assert not both.equals(known)
    assert not known.replace(program=known.program * 0 + 7).equals(known)
    assert NoteTable.empty().joined(known).equals(known)
    assert len(NoteTable.empty()) == 0


def test_pitch_is_a_midi_number():
    assert one().pitch.tolist() == [69.0]
    assert np.isnan(one(f0_hz=np.nan).pitch).all()


@given(
    st.integers(1, 2**40),
    st.floats(-1e6, 1e6),
    st.floats(0, 1000),
    st.one_of(st.just(np.nan), st.floats(LOWEST_HZ, HIGHEST_HZ)),
    st.floats(-400, 400),
    st.floats(0, 1),
    st.integers(-1, 128),
)
def test_rounding_stays_within_half_a_step_and_is_done_once(
    number, onset_s, length_s, f0_hz, gain_db, sureness, program
):
    known = one(
        id=number,
        onset_s=onset_s,
        end_s=min(onset_s + length_s, 1e6),
        f0_hz=f0_hz,
        gain_db=gain_db,
        sureness=sureness,
        program=program,
    )
    found = known.rounded()
    assert found.rounded().equals(found)
    np.testing.assert_array_equal(to_integers(found), to_integers(known))
    assert (found.id, found.program) == (known.id, known.program)
    assert np.abs(found.onset_s - known.onset_s) <= 0.0005001
    assert np.abs(found.end_s - known.end_s) <= 0.0005001
    assert np.isnan(f0_hz) == np.isnan(found.f0_hz[0])
    assert np.isnan(f0_hz) or np.abs(found.pitch - known.pitch) <= 0.0050001
    assert np.abs(found.gain_db - known.gain_db) <= 0.25
    assert np.abs(found.sureness - known.sureness) <= 1 / 60 + 1e-12


def test_the_lowest_and_the_highest_pitch_stay_pitches():
    for f0_hz in (LOWEST_HZ, HIGHEST_HZ):
        assert one(f0_hz=f0_hz).rounded().f0_hz == pytest.approx(f0_hz, rel=1e-3)


def test_whole_numbers_out_of_range_are_refused():
    whole = to_integers(notes())
    for column, value in ((0, 0), (2, -1), (3, 40_000), (4, 900), (5, 31), (6, 130)):
        wrong = whole.copy()
        wrong[0, column] = value
        with pytest.raises(ParameterError):
            from_integers(wrong)
