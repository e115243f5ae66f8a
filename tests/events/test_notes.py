"""Notes as columns."""

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.events.notes import Notes, hz_to_pitch, pitch_to_hz


def test_notes_are_in_order_and_cannot_be_written_to():
    notes = Notes([2, 1, 1], [3, 2, 1.5], [60, 64, 50], instrument=[0, 40, 128])
    assert notes.onset_s.tolist() == [1, 1, 2]
    assert notes.pitch.tolist() == [50, 64, 60]
    assert notes.instrument.tolist() == [128, 40, 0]
    with pytest.raises(ValueError, match="read-only"):
        notes.pitch[0] = 1
    assert len(Notes.joined([notes, Notes.empty(), notes])) == 6
    assert len(Notes.joined([])) == 0


def test_a_stretch_keeps_what_sounds_in_it():
    notes = Notes([0, 1, 2, 3], [1.5, 1.5, 2, 4], [60, 61, 62, 63])
    part = notes.between(1, 3)
    assert part.onset_s.tolist() == [-1, 0, 1]
    assert part.end_s.tolist() == [0.5, 0.5, 1]


def test_pitch_and_frequency():
    np.testing.assert_allclose(pitch_to_hz([69, 81, 60]), [440, 880, 261.6255653])
    np.testing.assert_allclose(hz_to_pitch(pitch_to_hz([12.5, 100])), [12.5, 100])


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (([1], [0], [60]), r"note 1 ends \(0 s\) before it begins"),
        (([1], [2], [440]), "no MIDI number: is it in Hz"),
        (([1, 2], [2], [60]), "differ in length: 2 onset_s, 1 end_s"),
        (([np.nan], [2], [60]), "must be finite"),
        (([0], [1], [60], [2]), "strength 2"),
        (([0], [1], [60], [1], [129]), "instrument 129"),
        ((["x"], [1], [60]), "must be numbers"),
        (([[1]], [1], [60]), "one row"),
    ],
)
def test_columns_that_make_no_sense(columns, why):
    with pytest.raises(ParameterError, match=why):
        Notes(*columns)
