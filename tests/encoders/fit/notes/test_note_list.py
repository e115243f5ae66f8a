"""Notes out of files."""

import json
from typing import NamedTuple

import numpy as np
import pytest

from motes.audio import ArraySource
from motes.encoders.fit.notes.note_list import Note, notes_for, read_notes
from motes.errors import ParameterError

WANTED = (Note(0.1, 0.5, 60.0, 1.0), Note(0.4, 0.9, 64.5, 0.5))
ROWS = [{"onset_s": n.onset_s, "end_s": n.end_s, "pitch": n.pitch, "strength": n.strength} for n in WANTED]
SILENCE = ArraySource(np.zeros(16000), 16000)


@pytest.mark.parametrize(
    "text",
    ["onset_s,end_s,pitch,strength\n0.4,0.9,64.5,0.5\n0.1,0.5,60,\n", json.dumps(ROWS), json.dumps({"notes": ROWS})],
)
def test_files_of_notes(tmp_path, text):
    (tmp_path / "notes").write_text(text, encoding="utf-8")
    assert read_notes(tmp_path / "notes") == WANTED
    assert notes_for(SILENCE, str(tmp_path / "notes")) == WANTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("onset,end\n1,2\n", "note 1 has no number onset_s"),
        ("onset_s,end_s,pitch\n2,1,60\n", "must end after its onset"),
        ("onset_s,end_s,pitch\n1,2,440\n", "was this Hz"),
        ("[1, 2", "Expecting"),
        ('{"a": 1}', "no list of notes"),
    ],
)
def test_bad_files_are_named(tmp_path, text, said):
    (tmp_path / "notes").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        read_notes(tmp_path / "notes")


def test_without_a_list_the_encoder_of_events_is_asked(monkeypatch):
    from motes.encoders import siam

    def detect(source):
        assert source.sample_rate_hz == 16000
        numbers = ([note.onset_s for note in WANTED], [note.end_s for note in WANTED], [note.pitch for note in WANTED])
        return Found(*numbers, [note.strength for note in WANTED], [True] * len(WANTED))

    monkeypatch.setattr(siam, "detect", detect)
    assert notes_for(SILENCE, None) == WANTED


class Found(NamedTuple):
    onset_s: list[float]
    end_s: list[float]
    pitch: list[float]
    sureness: list[float]
    is_pitched: list[bool]
