"""Notes out of files."""

import json

import numpy as np
import pytest

from motes.audio import ArraySource
from motes.encoders.fit.notes import note_list
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


def test_without_notes_and_without_a_listener_it_says_what_to_give(monkeypatch):
    monkeypatch.setattr(note_list, "LISTENER", "motes.encoders.nobody")
    with pytest.raises(ParameterError, match="--notes FILE"):
        notes_for(SILENCE, None)


def test_a_listener_is_asked(monkeypatch):
    monkeypatch.setattr(note_list, "LISTENER", __name__)
    monkeypatch.setattr("importlib.import_module", lambda name: somebody)
    assert notes_for(SILENCE, None) == WANTED


class somebody:
    @staticmethod
    def detect_notes(source):
        assert source.sample_rate_hz == 16000
        return ROWS
