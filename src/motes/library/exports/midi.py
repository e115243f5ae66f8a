"""Notes as a standard MIDI file: a track for each part, velocities by level, bends by pitch curves."""

from __future__ import annotations

import itertools
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from motes.data.midi_file import DRUM_CHANNEL
from motes.errors import MotesWarning, ParameterError
from motes.events.notes import DRUMS, velocity_of
from motes.library.exports.bends import NO_BEND, Bend, bend_of
from motes.library.exports.chosen_notes import Chosen, divided
from motes.library.exports.drums import drum_keys
from motes.library.exports.tempo import tempo_of
from motes.notes.note import Note
from motes.units import require_finite

if TYPE_CHECKING:
    from mido import Message, MidiFile

USUAL_RANGE, MPE_RANGE, WIDEST_RANGE = 2, 48, 96
SLOWEST_BPM, FASTEST_BPM = 4.0, 1000.0
# Ticks of a beat, doubled until one is at most 1 ms.
TICKS = 960
# Notes on one channel are bent where none of them sounds into another for longer, in seconds and beside the shorter.
OVERLAP_S, OVERLAP = 0.1, 0.25
MPE_MANAGER, FEWER_MEMBERS = 0, 8
# Registered parameters: bend range, and how many channels a zone of MPE has.
_BEND_RANGE, _ZONE = (0, 0), (0, 6)
_HIGHEST_BEND = 8192
# What comes first of what is due at one tick.
_OFF, _SETTING, _ON = 0, 1, 2


@dataclass(frozen=True)
class MidiOptions:
    """How notes become MIDI: `bend_range` in semitones, 0 for no bends, by default 2, with `mpe` 48; `mpe` gives each
    sounding note a channel of its own; `tempo` in beats per minute, by default found.
    """

    bend_range: int | None = None
    mpe: bool = False
    tempo: float | None = None

    def __post_init__(self) -> None:
        if self.bend_range is not None and not 0 <= self.bend_range <= WIDEST_RANGE:
            raise ParameterError(
                f"bend_range must be 0 … {WIDEST_RANGE} semitones, not {self.bend_range:g}: is it in cents?"
            )
        if self.tempo is not None:
            require_finite("tempo", self.tempo)
            if not SLOWEST_BPM <= self.tempo <= FASTEST_BPM:
                raise ParameterError(
                    f"tempo must be {SLOWEST_BPM:g} … {FASTEST_BPM:g} beats per minute, not {self.tempo:g}"
                )

    @property
    def semitones(self) -> int:
        """The range of bends in force."""
        return (MPE_RANGE if self.mpe else USUAL_RANGE) if self.bend_range is None else self.bend_range


@dataclass
class _Played:
    """A note on its way: ticks at which it begins and ends, and what is sent."""

    note: Note
    key: int
    on: int
    off: int
    channel: int = 0
    bend: Bend = NO_BEND


class _Track:
    """Messages with the ticks at which they are due."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, int, Any]] = []

    def add(self, tick: int, order: int, message: Any) -> None:
        self._due.append((tick, order, len(self._due), message))

    def set_parameter(self, channel: int, number: tuple[int, int], value: int) -> None:
        """A registered parameter at the start; then none is chosen, so that nothing else changes it."""
        controls = (101, number[0]), (100, number[1]), (6, value), (38, 0), (101, 127), (100, 127)
        for control, amount in controls:
            self.add(0, _SETTING, _message("control_change", channel, control=control, value=amount))

    def messages(self) -> Iterator[Any]:
        now = 0
        for tick, _, _, message in sorted(self._due, key=lambda due: due[:3]):
            yield message.copy(time=tick - now)
            now = tick


def write_midi(chosen: Chosen, handle: BinaryIO, options: MidiOptions | None = None) -> None:
    """Write notes as a file of type 1: tempo and title in the first track, then a track a part.

    Velocities are those of `velocity_of`. What has no pitch is on channel 10 (`drum_keys`), pitched parts have a
    channel each, those past the fifteenth share; with MPE each note has one as long as it sounds. Times are rounded
    once each, to less than 0.6 ms. Two notes on one key of a channel never overlap: the first ends with the second.
    """
    how, notes = options or MidiOptions(), chosen.notes
    bpm = how.tempo or tempo_of(np.array([note.onset_s for note in notes]))
    file, ticks_per_s = _file(bpm)
    played = _timed(chosen, ticks_per_s)
    if how.mpe:
        _share_members(played)
    else:
        _share_channels(played)
    if how.semitones:
        _bend(played, how)
    _unite_unisons(played)
    tracks = {part: _Track() for part in sorted({each.note.part for each in played})}
    first = next(iter(tracks.values()), _Track())
    _set_up(first, played, how)
    _add_notes(tracks, played, how, ticks_per_s)
    _save(file, bpm, tracks, chosen.scene.tags.get("title", ()), handle)


def _file(bpm: float) -> tuple[MidiFile, float]:
    """An empty file, and how many of its ticks make a second at its tempo, a whole number of microseconds a beat."""
    from mido import MidiFile, bpm2tempo

    ticks = TICKS
    beat_s = bpm2tempo(bpm) / 1e6
    while ticks / beat_s < 1000 and ticks < 1 << 14:
        ticks *= 2
    return MidiFile(type=1, ticks_per_beat=ticks, charset="utf-8"), ticks / beat_s


def _timed(chosen: Chosen, ticks_per_s: float) -> list[_Played]:
    drums = drum_keys(chosen.scene, chosen.notes)
    played = []
    for note in chosen.notes:
        key = drums.get(note.part, 0) if note.pitch is None else int(np.clip(round(note.pitch), 0, 127))
        on = max(round(note.onset_s * ticks_per_s), 0)
        played.append(_Played(note, key, on, max(round(note.end_s * ticks_per_s), on + 1)))
    return played


def _is_pitched(each: _Played) -> bool:
    return each.note.pitch is not None


def _share_channels(played: Iterable[_Played]) -> None:
    """A channel for each pitched part, the tenth for what has no pitch."""
    pitched = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    parts = sorted({each.note.part for each in played if _is_pitched(each)})
    for each in played:
        if _is_pitched(each):
            each.channel = pitched[parts.index(each.note.part) % len(pitched)]
        else:
            each.channel = DRUM_CHANNEL


def _members(has_drums: bool) -> range:
    """The channels that notes of the lower zone of MPE have; before the tenth where that is for drums."""
    return range(1, 1 + FEWER_MEMBERS) if has_drums else range(1, 16)


def _share_members(played: Sequence[_Played]) -> None:
    """A channel for each note that sounds, of those that are free the one that has been so for longest; where all
    sound, the one that ends first.
    """
    free_at = dict.fromkeys(_members(not all(map(_is_pitched, played))), -1)
    for each in played:
        if not _is_pitched(each):
            each.channel = DRUM_CHANNEL
            continue
        each.channel = min(free_at, key=lambda channel: free_at[channel])
        free_at[each.channel] = max(each.off, free_at[each.channel])


def _unite_unisons(played: Iterable[_Played]) -> None:
    """End each note where another begins on its channel and key: a note-off says no more than these two."""
    sounding: dict[tuple[int, int], _Played] = {}
    for each in played:
        before = sounding.get((each.channel, each.key))
        if before is not None and before.off > each.on:
            before.off = max(each.on, before.on + 1)
        sounding[each.channel, each.key] = each


def _bend(played: Sequence[_Played], how: MidiOptions) -> None:
    """Give notes their bends: with MPE all, else those that sound alone on their channels."""
    chosen = [how.mpe] * len(played) if how.mpe else _alone(played)
    bent = [each for each, may_bend in zip(played, chosen, strict=True) if may_bend and _is_pitched(each)]
    for each, note in zip(bent, divided([each.note for each in bent]), strict=True):
        each.bend = bend_of(note.pitch_curve, each.key, with_tuning=how.mpe)
    furthest = max((float(np.abs(each.bend.semitones).max(initial=0)) for each in bent), default=0.0)
    if furthest > how.semitones:
        warnings.warn(
            MotesWarning(
                f"pitches glide {furthest:.1f} semitones from their keys, further than bends reach:"
                f" bend_range={int(np.ceil(furthest))} would hold them"
            ),
            stacklevel=2,
        )


def _alone(played: Sequence[_Played]) -> list[bool]:
    """Of each note whether no other of its channel sounds for long while it does."""
    onset = np.array([each.note.onset_s for each in played])
    end = np.array([each.note.end_s for each in played])
    channel = np.array([each.channel for each in played])
    found = []
    for k in range(len(played)):
        allowed = np.maximum(OVERLAP_S, OVERLAP * np.minimum(end - onset, end[k] - onset[k]))
        others = (channel == channel[k]) & (np.minimum(end, end[k]) - np.maximum(onset, onset[k]) > allowed)
        others[k] = False
        found.append(not others.any())
    return found


def _set_up(track: _Track, played: Sequence[_Played], how: MidiOptions) -> None:
    """What synthesisers are to know before the first note."""
    channels = sorted({each.channel for each in played if _is_pitched(each)})
    if how.mpe:
        channels = list(_members(not all(map(_is_pitched, played))))
        track.set_parameter(MPE_MANAGER, _ZONE, len(channels))
    if how.semitones:
        for channel in channels:
            track.set_parameter(channel, _BEND_RANGE, how.semitones)


def _add_notes(tracks: Mapping[int, _Track], played: Sequence[_Played], how: MidiOptions, ticks_per_s: float) -> None:
    programs: dict[int, int] = {}
    wheels: dict[int, int] = defaultdict(int)
    following = _next_onsets(played)
    for each, next_on in zip(played, following, strict=True):
        track, channel = tracks[each.note.part], each.channel
        program = each.note.program
        if 0 <= program < DRUMS and channel != DRUM_CHANNEL and programs.get(channel) != program:
            track.add(each.on, _SETTING, _message("program_change", channel, program=program))
            programs[channel] = program
        if how.semitones and channel != DRUM_CHANNEL:
            for tick, wheel in _wheel_moves(each, next_on, how.semitones, ticks_per_s):
                if wheel != wheels[channel]:
                    track.add(tick, _SETTING, _message("pitchwheel", channel, pitch=wheel))
                    wheels[channel] = wheel
        velocity = int(velocity_of(each.note.gain_db))
        track.add(each.on, _ON, _message("note_on", channel, note=each.key, velocity=velocity))
        track.add(each.off, _OFF, _message("note_off", channel, note=each.key, velocity=64))


def _next_onsets(played: Sequence[_Played]) -> list[int]:
    """The tick of the next onset on the channel of each note."""
    coming: dict[int, int] = {}
    found = []
    for each in reversed(played):
        found.append(coming.get(each.channel, 1 << 60))
        coming[each.channel] = each.on
    return found[::-1]


def _wheel_moves(each: _Played, next_on: int, semitones: int, ticks_per_s: float) -> Iterator[tuple[int, int]]:
    """Where the wheel is when a note begins, and while it and no later one sounds."""
    if not len(each.bend.time_s):
        yield each.on, 0
        return
    wheel = np.rint(each.bend.semitones * (_HIGHEST_BEND / semitones)).clip(-_HIGHEST_BEND, _HIGHEST_BEND - 1)
    ticks = np.maximum(np.rint(each.bend.time_s * ticks_per_s).astype(np.int64), each.on)
    for tick, value in zip(ticks.tolist(), wheel.astype(np.int64).tolist(), strict=True):
        if tick == each.on or tick < min(each.off, next_on):
            yield tick, value


def _message(kind: str, channel: int, **values: int) -> Message:
    from mido import Message

    return Message(kind, channel=channel, **values)


def _save(file: MidiFile, bpm: float, tracks: Mapping[int, _Track], titles: Iterable[str], handle: BinaryIO) -> None:
    from mido import MetaMessage, MidiTrack, bpm2tempo

    title = "; ".join(titles)
    named = [MetaMessage("track_name", name=title)] if title else []
    file.tracks.append(MidiTrack([*named, MetaMessage("set_tempo", tempo=bpm2tempo(bpm))]))
    for part, track in tracks.items():
        name = MetaMessage("track_name", name=f"part {part}" if part else "notes")
        file.tracks.append(MidiTrack(itertools.chain([name], track.messages())))
    file.save(file=handle)
