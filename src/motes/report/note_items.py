"""The notes of a scene as things to click: which events are whose, how each runs, and what there is to say of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.edit.note_columns import group_ids, known_notes, note_of_groups, part_numbers
from motes.events.event_table import Array, Ints
from motes.kinds.gabor.partials.tracking import Curve
from motes.notes.note import notes_of
from motes.notes.splitting import split
from motes.scene.scene import Scene

NOTE = "note"
PARAMS = (
    ("time_s", "s", "when it begins"),
    ("duration_s", "s", "how long it lasts"),
    ("f0_hz", "Hz", "its fundamental; of what has no pitch the middle of its band"),
    ("gain_db", "dB", "at its loudest, full scale = 0"),
    ("sureness", "", "how likely it is to be a note, 0 … 1"),
    ("part", "", "the number of its part, 0 for none"),
    ("n_events", "", "of how many events, or parts of such, it consists"),
)


def with_note_events(scene: Scene) -> Scene:
    """The scene with the atoms that its notes share divided among these; as it is where it has none."""
    notes = known_notes(scene)
    return split(scene, notes.id) if len(notes) else scene


def note_numbers(scene: Scene) -> Ints:
    """The note that each event is of, 0 for none, `(n_events,)`."""
    found = note_of_groups(scene.groups, group_ids(scene))
    return np.where(np.isin(found, known_notes(scene).id), found, 0)


def curves_of(scene: Scene, numbers: list[int]) -> dict[int, Curve]:
    """How the fundamentals of these notes run, by their numbers, of those that have one."""
    found = {}
    for note in notes_of(scene):
        if note.number in numbers and note.f0_hz is not None:
            time_s, f0_hz = note.pitch_curve
            if len(time_s):
                found[note.number] = Curve(time_s, f0_hz, np.zeros(len(time_s)))
    return found


def rows_of(scene: Scene, numbers: Ints, n_events: Ints, middle_hz: Array) -> list[Array]:
    """PARAMS of these notes; `middle_hz` is said of those without a pitch."""
    notes = known_notes(scene)
    at = np.searchsorted(notes.id, numbers)
    f0_hz = notes.f0_hz[at]
    columns: tuple[Any, ...] = (
        notes.onset_s[at],
        (notes.end_s - notes.onset_s)[at],
        np.where(np.isnan(f0_hz), middle_hz, f0_hz),
        notes.gain_db[at],
        notes.sureness[at],
        part_numbers(scene, notes)[at],
        n_events,
    )
    return [np.asarray(column, np.float64) for column in columns]
