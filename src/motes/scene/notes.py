"""The events of a scene that are notes: which do, follows from the columns that their kind has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import EventTable
from motes.events.notes import DRUMS, NO_PROGRAM, Notes, Reals, hz_to_pitch
from motes.scene.scene import Scene

# An event of which more is noise has no pitch.
MOST_NOISE = 0.5
# A vector's length is that of its sound until it is inaudible. Its note has ended, 26 dB down, in this part of it: the
# median of rendered notes.
NOTE_PART = 2.0**-0.25
# Standard deviations before its peak at which a gaussian has a tenth of it.
TENTH = 2.15


class _Way(NamedTuple):
    """How events with certain columns are notes: onset and end in seconds, and pitch."""

    columns: frozenset[str]
    onset_s: Callable[[Any], Reals]
    end_s: Callable[[Any], Reals]
    pitch: Callable[[Any], Reals]


_WAYS = (
    _Way(
        frozenset({"time_s", "pitch_semitones", "log2_length_s", "noise"}),
        lambda events: events.time_s,
        lambda events: events.time_s + NOTE_PART * 2.0**events.log2_length_s,
        lambda events: events.pitch_semitones,
    ),
    _Way(
        frozenset({"time_s", "width_s", "f0_hz", "t60_s", "noise"}),
        lambda events: np.maximum(events.start_s, events.time_s - TENTH * events.width_s),
        lambda events: np.minimum(events.end_s, events.time_s + TENTH * events.width_s + events.t60_s),
        lambda events: hz_to_pitch(events.f0_hz),
    ),
)


def events_as_notes(scene: Scene) -> Notes:
    """The notes of a scene: its vectors and splats, those without pitch where noise is more than half of them.

    A vector is a note from its onset for NOTE_PART of its length; a splat from where its burst has risen to a tenth
    until it has decayed by 60 dB. A scene without events has no notes; ParameterError for one whose events are all of
    other kinds.
    """
    found = [_notes(events, way) for events in scene.tables for way in _WAYS if _has(events, way) and len(events)]
    if not found and scene.n_events:
        held = " and ".join(events.KIND for events in scene.tables if len(events))
        raise ParameterError(f"a scene of {held} events has no notes: atoms are not notes, encode with --encoder siam")
    return Notes.joined(found)


def _has(events: EventTable, way: _Way) -> bool:
    return way.columns <= {param.name for param in events.PARAMS}


def _notes(events: EventTable, way: _Way) -> Notes:
    has_pitch = events.column("noise") <= MOST_NOISE
    return Notes(
        way.onset_s(events),
        way.end_s(events),
        np.where(has_pitch, way.pitch(events), np.nan),
        instrument=np.where(has_pitch, NO_PROGRAM, DRUMS),
    )
