"""More of what is selected: what is similar to it, its harmonics, what it goes on as, and whole partials and notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from motes.arguments import checked
from motes.edit.note_columns import group_ids, levels_db, note_of_groups
from motes.edit.tables import column, numbers_of
from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Mask
from motes.events.notes import hz_to_pitch
from motes.kinds.gabor.edited import partial_numbers
from motes.scene.scene import Scene
from motes.units import require_positive

if TYPE_CHECKING:
    from motes.edit.selection import Selection

# Steps of time in which the lowest selected event is looked for.
_STEP_S = 0.005
MOST_HARMONICS = 100


class Widening:
    """What of a scene belongs to a selection: each returns another selection of the same scene."""

    @checked
    def similar(
        self, semitones: float | None = 0.5, length_octaves: float | None = 0.5, level_db: float | None = 6.0
    ) -> Self:
        """Events of the same kind as one of these, at most so far from it in pitch, in length (for atoms the window)
        and in level, all three; None leaves one aside. These are among them.
        """
        return cast(Self, similar(_own(self), semitones, length_octaves, level_db))

    @checked
    def harmonics(self, cents: float = 40.0) -> Self:
        """These events and those that sound with them at a whole multiple, to `cents` or half of what their window
        tells apart, of the lowest of these at that time.
        """
        return cast(Self, harmonics(_own(self), cents))

    @checked
    def grown(self, by_s: float = 0.1, semitones: float = 0.5) -> Self:
        """These events and those whose middle is at most `by_s` from that of one of them, and `semitones` in pitch."""
        return cast(Self, grown(_own(self), by_s, semitones))

    def whole_partials(self) -> Self:
        """These events and all others of the partials that these are of."""
        return cast(Self, whole_partials(_own(self)))

    def whole_notes(self) -> Self:
        """These events and all others of the notes that these are of, of those that have events of their own."""
        return cast(Self, whole_notes(_own(self)))


def _own(selection: Any) -> Selection:
    """What is a selection: its class is built on this one, so that types cannot say so."""
    return cast("Selection", selection)


def similar(
    selection: Selection, semitones: float | None, length_octaves: float | None, level_db: float | None
) -> Selection:
    """Events at most 1 from a selected one by the largest of three differences, each over its tolerance: semitones of
    the pitch, octaves of the length from start to end, dB of the level; of noise the pitch is the middle of its band.
    """
    scene = selection.scene
    kind = np.concatenate([np.full(len(table), number) for number, table in enumerate(scene.tables)])
    features = [10.0 * kind]  # kinds lie apart
    for tolerance, values in (
        (semitones, pitches(scene)),
        (length_octaves, np.log2(np.maximum(column(scene, "end_s") - column(scene, "start_s"), 1e-6))),
        (level_db, np.concatenate([levels_db(table) for table in scene.tables])),
    ):
        if tolerance is not None:
            features.append(values / require_positive("the tolerance", tolerance))
    return _near(selection, np.stack(features, axis=1))


def grown(selection: Selection, by_s: float, semitones: float) -> Selection:
    """Events whose middle is at most `by_s` from that of a selected one, at about its pitch."""
    scene = selection.scene
    by_s, semitones = require_positive("by_s", by_s), require_positive("semitones", semitones)
    pitch = pitches(scene) / semitones
    middle = (column(scene, "start_s") + column(scene, "end_s")) / 2
    return _near(selection, np.stack([middle / by_s, pitch], axis=1))


def _near(selection: Selection, places: Array) -> Selection:
    """The events at most 1 from a selected one, by the largest difference of coordinates `(n_events, n)`."""
    from scipy.spatial import cKDTree

    if not len(selection):
        return selection
    tree = cKDTree(places[selection.mask])
    distance, _ = tree.query(places, k=1, p=np.inf, distance_upper_bound=1.0 + 1e-9)
    return replace(selection, mask=selection.mask | np.isfinite(distance))


def harmonics(selection: Selection, cents: float) -> Selection:
    """Events near whole multiples of the lowest selected event that sounds in their middle."""
    scene = selection.scene
    cents = require_positive("cents", cents)
    if not len(selection):
        return selection
    hz = 440 * 2 ** ((pitches(scene) - 69) / 12)
    start_s, end_s = column(scene, "start_s"), column(scene, "end_s")
    lowest = _lowest(scene, start_s[selection.mask], end_s[selection.mask], hz[selection.mask])
    middle = np.clip(np.rint((start_s + end_s) / 2 / _STEP_S).astype(np.int64), 0, len(lowest) - 1)
    f0 = lowest[middle]
    number = np.maximum(np.rint(hz / f0), 1)
    apart_hz = np.maximum(hz * (2 ** (cents / 1200) - 1), 0.5 / np.maximum(end_s - start_s, 1e-3))
    has_pitch = np.concatenate([_has_pitch(table) for table in scene.tables])
    found = has_pitch & np.isfinite(f0) & (np.abs(hz - number * f0) <= np.minimum(apart_hz, 0.25 * f0))
    return replace(selection, mask=selection.mask | (found & (number <= MOST_HARMONICS)))


def _lowest(scene: Scene, start_s: Array, end_s: Array, hz: Array) -> Array:
    """The lowest frequency of these events at each step of time; infinite where none sounds."""
    lowest = np.full(int(scene.duration_s / _STEP_S) + 2, np.inf)
    first = np.clip(np.floor(start_s / _STEP_S).astype(np.int64), 0, len(lowest) - 1)
    last = np.clip(np.ceil(end_s / _STEP_S).astype(np.int64), 0, len(lowest) - 1)
    for a, b, frequency in zip(first.tolist(), last.tolist(), hz.tolist(), strict=True):
        np.minimum(lowest[a : b + 1], frequency, out=lowest[a : b + 1])
    return lowest


def whole_partials(selection: Selection) -> Selection:
    """All atoms of the partials that a selected one is of."""
    scene = selection.scene
    number, rows = partial_numbers(scene.gabor, scene.sample_rate_hz), numbers_of(scene, "gabor")
    held = np.unique(number[selection.mask[rows]])
    mask = selection.mask.copy()
    mask[rows] |= np.isin(number, held[held > 0])
    return replace(selection, mask=mask)


def whole_notes(selection: Selection) -> Selection:
    """All events of the notes that a selected one is of."""
    note = note_of_groups(selection.scene.groups, group_ids(selection.scene))
    held = np.unique(note[selection.mask])
    return replace(selection, mask=selection.mask | np.isin(note, held[held > 0]))


def pitches(scene: Scene) -> Array:
    """The pitch of each event as a MIDI number with fractions, `(n_events,)`; of one that has a band only, of the
    middle of that on a logarithmic scale.
    """
    return np.concatenate([_pitches(table) for table in scene.tables])


def _has_pitch(table: EventTable) -> Mask:
    names = {param.name for param in table.PARAMS}
    return np.full(len(table), bool(names & {"f0_hz", "frequency_hz", "pitch_semitones"}))


def _pitches(table: EventTable) -> Array:
    names = {param.name for param in table.PARAMS}
    if "pitch_semitones" in names:
        return np.asarray(table.column("pitch_semitones"))
    if (name := next((one for one in ("f0_hz", "frequency_hz") if one in names), "")) != "":
        return hz_to_pitch(np.maximum(table.column(name), 1.0))
    if {"low_hz", "high_hz"} <= names:
        low, high = np.clip(table.column("low_hz"), 20, 2e4), np.clip(table.column("high_hz"), 20, 2e4)
        return hz_to_pitch(np.sqrt(low * high))
    raise ParameterError(f"{table.KIND} events have no frequency")
