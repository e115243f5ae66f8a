"""MIDI ports: the first, one by its name, and what is not there."""

import sys

import mido
import pytest
from instrument_scenes import instrument_scene

from motes.errors import MissingExtraError, ParameterError
from motes.library.live.midi_input import listen
from motes.synth.keyboard import Keyboard
from motes.synth.player import Player


@pytest.fixture
def keyboard():
    scene = instrument_scene()
    return Keyboard(Player(scene.instruments[0]), scene.strike)


def test_messages_of_a_port_play(keyboard, monkeypatch):
    opened = []
    monkeypatch.setattr(mido, "get_input_names", lambda: ["Through", "Keys 1"], raising=False)
    monkeypatch.setattr(mido, "open_input", lambda name, callback: opened.append((name, callback)), raising=False)
    listen(keyboard, "Keys")
    listen(keyboard)
    assert [name for name, _ in opened] == ["Keys 1", "Through"]
    opened[0][1](mido.Message("note_on", note=60, velocity=90))
    assert keyboard.player.samples(500).any()
    with pytest.raises(ParameterError, match="no MIDI input 'Organ': connected are Through, Keys 1"):
        listen(keyboard, "Organ")


def test_without_ports_or_what_opens_them(keyboard, monkeypatch):
    monkeypatch.setattr(mido, "get_input_names", list, raising=False)
    with pytest.raises(ParameterError, match="there is no MIDI input: connected is none"):
        listen(keyboard)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(MissingExtraError, match=r"motes\[midi\]"):
        listen(keyboard)
