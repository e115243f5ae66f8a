"""An instrument played by MIDI messages: notes with velocity, bends, modulation, the sustain pedal, and MPE, in which
each note has a channel of its own. The page's player does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from motes.errors import ParameterError
from motes.kinds.strike.table import Strike
from motes.synth.keys import PIANO, REFERENCE_VELOCITY, VELOCITY_EXPONENT, Key, keys_or_controls
from motes.synth.player import Player

# How far bends of a channel reach in semitones, by default and in MPE.
BEND, MPE_BEND = 2.0, 48.0
# What modulation and timbre at their most do to brightness, in dB per octave; by what pressure divides decay times.
MODULATION_DB, TIMBRE_DB, PRESSURE_DAMPING = 6.0, 6.0, 3.0
# What a released key divides decay times by.
RELEASE = 6.0
MODULATION, DATA_ENTRY, SUSTAIN, TIMBRE, PARAMETER_LOW, PARAMETER_HIGH = 1, 6, 64, 74, 100, 101
SILENCE = (120, 123)
# Registered parameters: how far bends reach, and the channels of MPE.
BEND_RANGE, MPE_CHANNELS = 0, 6


@dataclass
class _Note:
    voice: str
    semitones: float
    is_released: bool = False


@dataclass
class _Channel:
    reach: float = BEND
    bend: float = 0.0
    timbre: float = 0.0
    pressure: float = 0.0
    sustains: bool = False
    parameter: int = -1
    notes: dict[int, _Note] = field(default_factory=dict)


class Keyboard:
    """MIDI messages, as mido has them, that play a `Player`: `message` takes one.

    `keys` say what plays each key of a piano (see `keys_or_controls`; None finds them, `strikes` being how the
    instrument is usually played). A key that is released divides the decay times of its note by `release`; 1 lets it
    ring.
    """

    def __init__(
        self, player: Player, strikes: Strike | None = None, keys: Sequence[Key] | None = None, release: float = RELEASE
    ) -> None:
        if not 1 <= release <= 1000:
            raise ParameterError(f"release must lie in 1 … 1000, not {release}")
        usual = Strike.empty(player.instrument.n_channels) if strikes is None else strikes
        self.player, self.release = player, release
        self.keys = keys_or_controls(player.instrument, usual) if keys is None else list(keys)
        self._channels = [_Channel() for _ in range(16)]
        self._n_notes = 0

    def message(self, message: Any, at_s: float | None = None) -> None:
        """Do what a message says; notes begin at `at_s` on the player's clock, or now. Others than those of channels,
        and keys that no piano has, are passed over.
        """
        if not hasattr(message, "channel"):
            return
        channel, kind = self._channels[message.channel], message.type
        if kind == "note_on" and message.velocity > 0:
            self._press(channel, message.note, message.velocity, at_s)
        elif kind in ("note_on", "note_off"):
            self._lift(channel, message.note)
        elif kind == "pitchwheel":
            channel.bend = message.pitch / 8192
            self._follow(channel)
        elif kind in ("aftertouch", "polytouch"):
            channel.pressure = message.value / 127
            self._follow(channel)
        elif kind == "control_change":
            self._control(message.channel, message.control, message.value)

    def _press(self, channel: _Channel, key: int, velocity: int, at_s: float | None) -> None:
        if not 0 <= key - PIANO.start < len(self.keys):
            return
        self._lift(channel, key)
        found = self.keys[key - PIANO.start]
        note = _Note(f"midi:{self._n_notes}", found.semitones)
        self._n_notes += 1
        channel.notes[key] = note
        amplitude = found.amplitude * (velocity / REFERENCE_VELOCITY) ** VELOCITY_EXPONENT
        self.player.strike(found.control, amplitude, at_s, voice=note.voice)
        self.player.bend(note.voice, **self._deformation(channel, note))

    def _lift(self, channel: _Channel, key: int) -> None:
        note = channel.notes.get(key)
        if note is not None:
            note.is_released = True
            if not channel.sustains:
                self._end(channel, key)

    def _end(self, channel: _Channel, key: int) -> None:
        note = channel.notes.pop(key)
        if self.release != 1:
            self.player.bend(note.voice, damping=self.release)

    def _follow(self, channel: _Channel) -> None:
        for note in channel.notes.values():
            self.player.bend(note.voice, **self._deformation(channel, note))

    def _deformation(self, channel: _Channel, note: _Note) -> dict[str, float]:
        return {
            "transpose": max(-120.0, min(120.0, note.semitones + channel.bend * channel.reach)),
            "brightness": TIMBRE_DB * channel.timbre,
            "damping": 1 + PRESSURE_DAMPING * channel.pressure,
        }

    def _control(self, number: int, control: int, value: int) -> None:
        channel = self._channels[number]
        if control == MODULATION:
            self.player.deform(brightness=MODULATION_DB * value / 127)
        elif control == TIMBRE:
            channel.timbre = (value - 64) / 64
            self._follow(channel)
        elif control == SUSTAIN:
            channel.sustains = value >= 64
            for key in [key for key, note in channel.notes.items() if note.is_released and not channel.sustains]:
                self._end(channel, key)
        elif control in SILENCE:
            for each in self._channels:
                each.notes.clear()
            self.player.silence()
        else:
            self._parameter(number, control, value)

    def _parameter(self, number: int, control: int, value: int) -> None:
        """Registered parameters: their number comes in two parts, then what they are set to."""
        channel = self._channels[number]
        if control == PARAMETER_HIGH:
            channel.parameter = value << 7
        elif control == PARAMETER_LOW:
            channel.parameter = max(0, channel.parameter) | value
        elif control == DATA_ENTRY and channel.parameter == BEND_RANGE:
            channel.reach = float(value)
        elif control == DATA_ENTRY and channel.parameter == MPE_CHANNELS:
            # So many channels beside a manager, the first or the last, have notes of their own.
            for i in range(1, min(value, 15) + 1):
                self._channels[i if number == 0 else 15 - i].reach = MPE_BEND
