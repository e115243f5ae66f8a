"""Standard MIDI files, bare or wrapped in RIFF, as notes in seconds."""

from __future__ import annotations

import os
import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from motes import places
from motes.errors import AudioError, ParameterError

if TYPE_CHECKING:
    from mido import Message, MidiFile

LONGEST_S = 3600.0
DRUM_CHANNEL = 9  # numbered from 0
DEFAULT_TEMPO_US = 500_000
# Tracks of files of this type are patterns, each after the one before.
PATTERNS = 2
NTSC_FPS = 30_000 / 1001  # written as 29
_SYSEX, _ESCAPE, _META = 0xF0, 0xF7, 0xFF
_END_OF_TRACK, _SET_TEMPO = 0x2F, 0x51
# How many bytes follow a system message that files may not hold but some do.
_REAL_TIME = 0xF8
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


@dataclass
class MidiNote:
    """A note: onset and end in seconds, key and velocity 0 … 127, channel 0 … 15, the program (from 0) of its channel
    at its onset.
    """

    onset_s: float
    end_s: float
    key: int
    velocity: int
    channel: int
    program: int

    @property
    def is_drum(self) -> bool:
        """Whether it is on the drum channel, where keys are no pitches."""
        return self.channel == DRUM_CHANNEL


def read_midi_file(path: str | os.PathLike[str]) -> list[MidiNote]:
    """All notes of a MIDI file in order of onset, drums too, tempo changes followed; pedals are not.

    A note ends at its note-off, one that has none with the file. AudioError for what is no MIDI file, ParameterError
    where it lasts longer than an hour.
    """
    shown = os.fspath(path)
    try:
        division, file = _opened(places.read_bytes(shown))
        notes = _notes(file, division)
    except OSError as error:
        reason = error.strerror or (str(error) if str(error) else "it ends too soon")
        raise AudioError(f"cannot read {shown}: {reason}") from None
    except (EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error) as error:
        raise AudioError(f"{shown} is not a whole MIDI file ({str(error) or type(error).__name__})") from None
    if notes and notes[-1].onset_s > LONGEST_S:
        raise ParameterError(f"{shown} lasts {notes[-1].onset_s:.0f} s, longer than {LONGEST_S:.0f} s")
    return notes


@dataclass(frozen=True)
class Division:
    """What a tick is: so many to a beat, whose length tempi tell, or, where these are 0, so many to a second."""

    per_beat: int
    per_s: float = 0.0

    @staticmethod
    def of(word: int) -> Division:
        """By the word of a file's header; ValueError where it tells of no time."""
        if 0 < word < 0x8000:
            return Division(word)
        frames, ticks = 256 - (word >> 8), word & 0xFF
        if word == 0 or ticks == 0:
            raise ValueError("its header says 0 ticks, so that nothing tells when its notes begin")
        return Division(0, (NTSC_FPS if frames == 29 else frames) * ticks)

    def tick_s(self, tempo_us: int) -> float:
        """Seconds of a tick while a beat takes `tempo_us`."""
        return 1 / self.per_s if self.per_s else tempo_us / 1e6 / self.per_beat


def _notes(file: MidiFile, division: Division) -> list[MidiNote]:
    from mido import merge_tracks

    notes: list[MidiNote] = []
    now_s = 0.0
    for tracks in [[track] for track in file.tracks] if file.type == PATTERNS else [file.tracks]:
        tick_s = division.tick_s(DEFAULT_TEMPO_US)
        playing = _Playing()
        for message in merge_tracks(tracks):
            now_s += message.time * tick_s
            if message.type == "set_tempo":
                tick_s = division.tick_s(message.tempo)
            elif (begun := playing.follow(message, now_s)) is not None:
                notes.append(begun)
        playing.end_all(now_s)
    return notes


class _Playing:
    """The notes that sound, and the programs of the channels."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], deque[MidiNote]] = defaultdict(deque)
        self._programs = [0] * 16

    def follow(self, message: Message, now_s: float) -> MidiNote | None:
        """The note that a message begins; of two on one key the first begun ends first."""
        if message.type == "program_change":
            self._programs[message.channel] = message.program
        if message.type not in ("note_on", "note_off"):
            return None
        sounding = self._notes[message.channel, message.note]
        if message.type == "note_off" or message.velocity == 0:
            if sounding:
                sounding.popleft().end_s = now_s
            return None
        program = self._programs[message.channel]
        note = MidiNote(now_s, now_s, message.note, message.velocity, message.channel, program)
        sounding.append(note)
        return note

    def end_all(self, now_s: float) -> None:
        for sounding in self._notes.values():
            while sounding:
                sounding.popleft().end_s = now_s


def _opened(data: bytes) -> tuple[Division, MidiFile]:
    """The file as mido reads it, without what only others need: mido takes every chunk for a track, and refuses
    a whole file for one meta event with an unusual value.
    """
    from mido import MidiFile

    chunks = _chunks(_unwrapped(data))
    name, header = next(chunks, (b"", b""))
    if name != b"MThd":
        raise ValueError("it does not begin with MThd")
    kind, n_tracks, word = struct.unpack(">HHH", header[:6])
    division = Division.of(word)
    tracks = [_plain(chunk) for name, chunk in chunks if name == b"MTrk"]
    if len(tracks) < n_tracks:
        raise ValueError(f"it ends too soon: {len(tracks)} of {n_tracks} tracks are there")
    parts = [struct.pack(">4sLHHH", b"MThd", 6, min(kind, PATTERNS), len(tracks), division.per_beat or 1)]
    parts += [struct.pack(">4sL", b"MTrk", len(track)) + track for track in tracks]
    return division, MidiFile(file=BytesIO(b"".join(parts)), clip=True)


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file inside of a RIFF file (.rmi)."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    for name, chunk in _chunks(data[12:], "<", 2):
        if name == b"data":
            return chunk
    raise ValueError("its RIFF holds no MIDI data")


def _chunks(data: bytes, order: str = ">", align: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk; the last may be cut short."""
    at = 0
    while at + 8 <= len(data):
        name, length = struct.unpack(f"{order}4sL", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + -length % align


def _plain(track: bytes) -> bytes:
    """The channel messages and tempi of a track, up to its end; IndexError where it is cut short."""
    kept, at, delta, running = bytearray(), 0, 0, 0
    while at < len(track):
        step, at = _number(track, at)
        delta += step
        status = running
        if track[at] >= 0x80:
            status, at = track[at], at + 1
        if status < 0x80:
            raise ValueError(f"a message without a status at byte {at} of a track")
        kind = -1
        if status == _META:
            kind, at = track[at], at + 1
        if status in (_SYSEX, _ESCAPE, _META):
            n_bytes, at = _number(track, at)
        else:
            n_bytes = _SYSTEM_BYTES.get(status, 0) if status >= 0xF0 else 1 if 0xC0 <= status < 0xE0 else 2
        if kind == _END_OF_TRACK:
            break
        body, at = track[at : at + n_bytes], at + n_bytes
        if at > len(track):
            raise IndexError("it ends too soon")
        running = status if status < 0xF0 else running if status >= _REAL_TIME else 0
        is_tempo = kind == _SET_TEMPO and n_bytes == 3
        if status < 0xF0 or is_tempo:
            kept += _written(delta) + bytes([status]) + (bytes([kind, 3]) if is_tempo else b"") + body
            delta = 0
    return bytes(kept) + _written(delta) + bytes([_META, _END_OF_TRACK, 0])


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = 0
    while True:
        byte, at = data[at], at + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at


def _written(value: int) -> bytes:
    """A number of variable length."""
    out = bytes([value & 0x7F])
    while value := value >> 7:
        out = bytes([0x80 | value & 0x7F]) + out
    return out
