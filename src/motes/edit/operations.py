"""Operations on selected events: each takes a Selection and returns one of the same events in the edited scene. Exact,
pure and never rounded; docs/edit.md explains them.

An atom is a carrier, its partial's instantaneous frequency f_p with the phase Φ = 2π∫f_p from the partial's first atom,
times what the atom is relative to it: (f − f_p, phase − Φ). Transposing by r makes the carrier (r·f_p, r·Φ); stretching
by s makes it (f_p, s·Φ) and what is relative to it slower, (f − f_p)/s. Phases are those at the windows' centres.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.edit import note_changes
from motes.edit.detail.shares import takes_detail
from motes.edit.note_changes import followed
from motes.edit.note_columns import note_of_groups
from motes.edit.tables import (
    audible_end_s,
    changed,
    check_early,
    check_gap,
    column,
    kept,
    onset_s,
    parts,
    rebuilt,
    samples_up_to,
    sounding,
)
from motes.errors import MotesWarning, ParameterError
from motes.events import room as rooms
from motes.events.event_table import Array, EventTable, Mask
from motes.events.room import Room
from motes.kinds.gabor.edits import attacks
from motes.kinds.gabor.edits.formants import formant_gains
from motes.kinds.gabor.table import Gabor
from motes.scene.markers import with_moved
from motes.scene.rooms import without_unused
from motes.scene.scene import Scene
from motes.units import require_finite, require_positive

if TYPE_CHECKING:
    from motes.edit.selection import Selection

MAX_SEMITONES, MAX_FACTOR, MAX_GAIN_DB = 240.0, 1000.0, 200.0
WETNESS = 0.3


def _with_partials(selection: Selection) -> Selection:
    """The selection in a scene whose selected events know the partials that edits of frequency and length follow."""
    scene = selection.scene
    tables = [events.with_partials(scene.sample_rate_hz, mask) for events, mask in parts(scene, selection.mask)]
    return replace(selection, scene=scene.with_tables(tables))


@takes_detail
def move(selection: Selection, by_s: float) -> Selection:
    """Later by `by_s` seconds; phases at the centres stay."""
    by_s, scene = require_finite("by_s", by_s), selection.scene
    check_gap(scene, onset_s(selection) + by_s, "moving", by_s)
    check_early(selection, column(scene, "end_s") + by_s, "moving")
    n_samples = samples_up_to(scene, audible_end_s(selection) + by_s) if len(selection) else scene.n_samples
    made = changed(selection, lambda events, mask: events.moved(np.where(mask, by_s, 0.0)), True, n_samples=n_samples)
    return followed(selection, made, note_changes.moved(by_s))


@takes_detail
def transpose(selection: Selection, semitones: float, keep_formants: bool = False) -> Selection:
    """Higher by `semitones`; times and windows stay. `keep_formants` leaves partials under their note's envelope."""
    semitones = require_finite("semitones", semitones)
    if abs(semitones) > MAX_SEMITONES:
        raise ParameterError(
            f"semitones must lie in −{MAX_SEMITONES:g} … {MAX_SEMITONES:g}, not {semitones:g}: were these Hz?"
        )
    ratio = 2.0 ** (semitones / 12)

    def higher(events: EventTable, mask: Mask) -> EventTable:
        if keep_formants and isinstance(events, Gabor):
            events = events.amplified(_formant_gains(selection.scene, events, mask, ratio))
        return events.transposed(np.where(mask, ratio, 1.0))

    made = changed(_with_partials(selection), higher, not keep_formants)
    return followed(selection, made, note_changes.transposed(ratio))


def _formant_gains(scene: Scene, events: Gabor, mask: Mask, ratio: float) -> Array:
    notes = scene.groups.notes
    heights = {int(one): hz for one, hz in zip(notes.id, notes.f0_hz, strict=True) if not np.isnan(hz)}
    return formant_gains(
        events, mask, ratio, note_of_groups(scene.groups, events.group_id), heights, scene.sample_rate_hz
    )


@takes_detail
def stretch(selection: Selection, factor: float, about_s: float | None = None, keep_attacks: bool = True) -> Selection:
    """`factor` times as long about `about_s`, by default the first onset, of whole notes that of the first note;
    `keep_attacks` leaves the attacks of whole notes as sharp as they were.
    """
    factor = require_positive("factor", factor)
    if not 1 / MAX_FACTOR <= factor <= MAX_FACTOR:
        raise ParameterError(f"the factor must lie in {1 / MAX_FACTOR:g} … {MAX_FACTOR:g}, not {factor:g}")
    notes = list(_sounding(selection)) if keep_attacks else []
    about = _first_onset_s(selection, notes) if about_s is None else about_s
    n_samples = samples_up_to(selection.scene, about + factor * (audible_end_s(selection) - about))

    def longer(events: EventTable, mask: Mask) -> EventTable:
        if isinstance(events, Gabor) and (notes or not events.at_default("edit_from_s")):
            return attacks.stretched(events, mask, factor, about, notes, selection.scene.sample_rate_hz)
        return events.stretched(np.where(mask, factor, 1.0), about)

    alone = not notes and selection.scene.gabor.at_default("edit_from_s")
    made = changed(_with_partials(selection), longer, alone, n_samples=n_samples)
    return followed(selection, made, note_changes.stretched(factor, about))


def _first_onset_s(selection: Selection, notes: list[attacks.Sounding]) -> float:
    n_chosen = np.count_nonzero(sounding(selection))
    if notes and sum(np.count_nonzero(note.mask) for note in notes) == n_chosen:
        return max(0.0, min(note.onset_s for note in notes))
    return onset_s(selection)


def _sounding(selection: Selection) -> Iterator[attacks.Sounding]:
    """The selected notes that have atoms of their own."""
    notes, gabor = selection.scene.groups.notes, selection.scene.gabor
    if not len(gabor) or not len(notes):
        return
    of_atom = note_of_groups(selection.scene.groups, gabor.group_id)
    chosen = notes.only(note_changes.edited(selection) & np.isin(notes.id, of_atom))
    for number, first_s, last_s in zip(chosen.id, chosen.onset_s, chosen.end_s, strict=True):
        yield attacks.Sounding(of_atom == number, float(first_s), float(last_s))


def stretch_scene(scene: Scene, factor: float) -> Scene:
    """The whole scene `factor` times as long: silence at its ends too, and its length."""
    stretched = stretch(scene.select(), factor, about_s=0.0, keep_attacks=False).scene
    longer = stretched.replace(n_samples=math.ceil(scene.n_samples * float(factor) - 1e-6))
    return with_moved(longer, lambda at_s: at_s * float(factor))


@takes_detail
def gain(selection: Selection, db: float) -> Selection:
    """Louder by `db`."""
    db = require_finite("db", db)
    if abs(db) > MAX_GAIN_DB:
        raise ParameterError(f"the gain must lie in −{MAX_GAIN_DB:g} … {MAX_GAIN_DB:g} dB, not {db:g}")
    made = changed(selection, lambda events, mask: events.amplified(np.where(mask, 10.0 ** (db / 20), 1.0)), True)
    return followed(selection, made, note_changes.amplified(db))


@takes_detail
def only(selection: Selection) -> Selection:
    """The scene with nothing but the selected events."""
    return kept(selection, selection.mask)


@takes_detail
def drop(selection: Selection) -> Selection:
    """The scene without the selected events."""
    return kept(selection, ~selection.mask)


@takes_detail
def mute(selection: Selection) -> Selection:
    """Amplitude 0 for the selected events."""
    return _muted(selection, selection.mask)


@takes_detail
def solo(selection: Selection) -> Selection:
    """Amplitude 0 for all other events."""
    return _muted(selection, ~selection.mask)


def _muted(selection: Selection, mask: Mask) -> Selection:
    chosen = replace(selection, mask=mask)
    muted = changed(chosen, lambda events, part: events.amplified(np.where(part, 0.0, 1.0)), True)
    return replace(muted, mask=selection.mask)


@takes_detail
def reverse(selection: Selection, about_s: float | None = None) -> Selection:
    """Mirrored in time about `about_s`, by default the middle of the first and the last centre."""
    if not len(selection):
        return selection
    starts, ends = (column(selection.scene, name)[sounding(selection)] for name in ("start_s", "end_s"))
    centres = (starts + ends) / 2
    twice_s = float(centres.min() + centres.max()) if about_s is None else 2 * about_s
    check_early(selection, twice_s - column(selection.scene, "start_s"), "reversing")
    made = changed(selection, lambda events, mask: events.mirrored(mask, twice_s))
    return followed(selection, made, note_changes.mirrored(twice_s))


def reverse_scene(scene: Scene) -> Scene:
    """The whole scene backwards, sample by sample."""
    about_s = (scene.n_samples - 1) / (2 * scene.sample_rate_hz)
    return with_moved(reverse(scene.select(), about_s=about_s).scene, lambda at_s: 2 * about_s - at_s)


@takes_detail
def filter(selection: Selection, low_hz: float | None = None, high_hz: float | None = None) -> Selection:
    """Without what of the selected events lies outside low_hz … high_hz."""
    low_hz = 0.0 if low_hz is None else require_finite("low_hz", low_hz)
    high_hz = math.inf if high_hz is None else require_finite("high_hz", high_hz)
    if low_hz < 0 or high_hz < low_hz:
        raise ParameterError(f"a band from {low_hz:g} to {high_hz:g} Hz makes no sense: 0 ≤ low ≤ high")
    found = [events.in_band(mask, low_hz, high_hz) for events, mask in parts(selection.scene, selection.mask)]
    left = np.concatenate([kept for _, kept in found])
    return rebuilt(selection, [events for events, _ in found], selection.mask[left])


@takes_detail
def into_room(selection: Selection, room: Room | int | None, wetness: float = WETNESS) -> Selection:
    """Sent to a room, one of the scene's by its id, or to none: `wetness` of each event goes into it. The scene
    grows by as long as the room resounds.
    """
    wetness = require_finite("wetness", wetness)
    if not 0 <= wetness <= 1:
        raise ParameterError(f"wetness must lie in 0 … 1, not {wetness:g}: was this per cent?")
    scene, number = selection.scene, 0
    if isinstance(room, Room):
        found, ids = rooms.together(scene.rooms, (room,))
        scene, number = scene.replace(rooms=found), int(ids[1])
    elif room is not None:
        number = _known_room(scene, room)
    n_samples = scene.n_samples
    if number:
        tail_s = scene.rooms[number - 1].audible_s() * (wetness > 0)
        n_samples = samples_up_to(scene, audible_end_s(selection) + tail_s)
    sent = changed(
        replace(selection, scene=scene),
        lambda events, mask: events.replace(
            room_id=np.where(mask, number, events.room_id),
            wetness=np.where(mask, wetness if number else 0.0, events.wetness),
        ),
        n_samples=n_samples,
    )
    return replace(sent, scene=without_unused(sent.scene))


def _known_room(scene: Scene, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        raise ParameterError(f"a room is a Room, the id of one of the scene's, or None, not {number!r}")
    if not 0 <= number <= len(scene.rooms):
        raise ParameterError(f"there is no room {number}: the scene has {len(scene.rooms)}, from 1 on; 0 is none")
    return int(number)


def embed_rooms(scene: Scene) -> Scene:
    """The scene with its rooms' responses as a file that holds them will; MotesWarning names those that were not in
    a file before.
    """
    embedded = tuple(room.embedded(scene.sample_rate_hz) for room in scene.rooms)
    packed = [
        new.name for new, old in zip(embedded, scene.rooms, strict=True) if new.is_embedded and not old.is_embedded
    ]
    if packed:
        names = f"the response{'s' * (len(packed) > 1)} of {', '.join(packed)}"
        warnings.warn(
            f"{names} will be in the file: pass it on only if the licence allows that", MotesWarning, stacklevel=3
        )
    return scene.replace(rooms=embedded)


def embed(selection: Selection) -> Selection:
    """The selection in its scene with the rooms' responses as a file that holds them will."""
    return replace(selection, scene=embed_rooms(selection.scene))


def at_rate(scene: Scene, sample_rate_hz: int) -> Scene:
    """The events at another sample rate, without those above half of it."""
    below = filter(scene.select(), high_hz=sample_rate_hz / 2).scene
    instruments = tuple(instrument.at_rate(sample_rate_hz) for instrument in scene.instruments)
    n_samples = -(-scene.n_samples * sample_rate_hz // scene.sample_rate_hz)
    return below.replace(sample_rate_hz=sample_rate_hz, n_samples=n_samples, instruments=instruments)
