"""Events as notes, by the columns that their kind has."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from kind_examples import gabor

from motes.errors import ParameterError
from motes.events.event_table import EventTable, Param
from motes.kinds.splat.table import Splat
from motes.scene.notes import NOTE_PART, events_as_notes


@dataclass(frozen=True, eq=False)
class Voice(EventTable):
    """A kind that says pitch and length as vectors do."""

    time_s: np.ndarray
    pitch_semitones: np.ndarray
    log2_length_s: np.ndarray
    noise: np.ndarray
    KIND = "voice"
    PARAMS = tuple(Param(name, "", -1e3, 1e3, name) for name in ("time_s", "pitch_semitones", "log2_length_s", "noise"))


def scene_of(*tables):
    return SimpleNamespace(tables=tables, n_events=sum(map(len, tables)))


def test_pitch_and_length_by_their_columns():
    notes = events_as_notes(scene_of(Voice([1.0, 0.0], [60.25, 36.0], [-1.0, 2.0], [0.2, 0.9])))
    assert notes.onset_s.tolist() == [0.0, 1.0]
    assert notes.end_s.tolist() == [4.0 * NOTE_PART, 1.0 + 0.5 * NOTE_PART]
    assert np.isnan(notes.pitch[0])
    assert notes.pitch[1] == 60.25
    assert notes.instrument.tolist() == [128, -1]


@pytest.mark.parametrize("shape", [0.0, 4.0])
def test_splats_from_their_rise_until_they_have_decayed(shape):
    splats = Splat([1.0], [0.01], [440.0], [500.0], [2.0], [0.5], [[-10.0]], shape=[shape])
    notes = events_as_notes(scene_of(splats))
    assert notes.pitch.tolist() == [69.0]
    assert 0.975 <= notes.onset_s[0] <= 0.99
    assert 1.45 <= notes.end_s[0] <= 1.55


def test_scenes_of_other_kinds_have_no_notes():
    with pytest.raises(ParameterError, match=r"gabor events has no notes: atoms are not notes, encode with --encoder"):
        events_as_notes(scene_of(gabor(1)))
    assert len(events_as_notes(scene_of())) == 0
