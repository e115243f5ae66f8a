"""Edits: each takes a Selection and returns one of the same events in the edited scene. Exact, pure and never rounded;
docs/edit.md explains them.

An atom is a carrier, its partial's instantaneous frequency f_p with the phase Φ = 2π∫f_p from the partial's first atom,
times what the atom is relative to it: (f − f_p, phase − Φ). Transposing by r makes the carrier (r·f_p, r·Φ); stretching
by s makes it (f_p, s·Φ) and what is relative to it slower, (f − f_p)/s. Phases are those at the windows' centres.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import MotesWarning, ParameterError
from motes.events import room as rooms
from motes.events.event_table import EventTable, Mask
from motes.events.groups import Groups
from motes.events.instrument import together
from motes.events.room import Room
from motes.kinds.gabor.edited import follow_partials, forget_edits, with_partials
from motes.scene.rooms import tail_s, without_unused
from motes.scene.scene import Scene
from motes.units import require_finite, require_positive

if TYPE_CHECKING:
    from motes.edit.selection import Selection

Array = NDArray[np.float64]
Change = Callable[[EventTable, Mask], EventTable]
MAX_SEMITONES, MAX_FACTOR, MAX_GAIN_DB = 240.0, 1000.0, 200.0
# What is moved or joined further past the end than this is taken for a mistake.
MAX_GAP_S = 3600.0


def parts(scene: Scene, mask: Mask) -> list[tuple[EventTable, Mask]]:
    """Each kind's events, with its part of a mask `(n_events,)` over all of them."""
    edges = np.cumsum([0, *map(len, scene.tables)])
    return [(table, mask[low:high]) for table, (low, high) in zip(scene.tables, pairwise(edges), strict=True)]


def column(scene: Scene, name: str) -> Any:
    """A column that every kind has, over all events `(n_events,)`."""
    return np.concatenate([table.column(name) for table in scene.tables])


def _rebuilt(
    selection: Selection, tables: list[EventTable], mask: Mask | None = None, **scene_changes: Any
) -> Selection:
    """The selection in its scene with its tables exchanged for these, in canonical order."""
    mask, masks, ordered, low = selection.mask if mask is None else mask, [], [], 0
    for table in tables:
        part, order = mask[low : low + len(table)], table.order()
        masks.append(part if order is None else part[order])
        ordered.append(table if order is None else table.take(order))
        low += len(table)
    return replace(selection, scene=selection.scene.with_tables(ordered, **scene_changes), mask=np.concatenate(masks))


def _changed(selection: Selection, change: Change, **scene_changes: Any) -> Selection:
    """The selection with each kind's selected events changed."""
    tables = [change(table, mask) if mask.any() else table for table, mask in parts(selection.scene, selection.mask)]
    return _rebuilt(selection, tables, **scene_changes)


def onset_s(selection: Selection) -> float:
    """When the first selected event begins to sound: not before 0."""
    starts = column(selection.scene, "start_s")[selection.mask]
    return max(0.0, float(starts.min())) if len(starts) else 0.0


def _carried(selection: Selection) -> Selection:
    """The selection in a scene whose atoms know the partials that edits of frequency and length follow."""
    scene = selection.scene
    return replace(selection, scene=scene.replace(gabor=with_partials(scene.gabor, scene.sample_rate_hz)))


# --- edits of events
# --------------------------------------------------------------------------------------------------


def move(selection: Selection, by_s: float) -> Selection:
    """Later by `by_s` seconds; phases at the centres stay."""
    by_s = require_finite("by_s", by_s)
    _check_gap(selection.scene, onset_s(selection) + by_s, "moving", by_s)
    _check_early(selection, column(selection.scene, "end_s") + by_s, "moving")
    n_samples = (
        _extended(selection.scene, _heard_end_s(selection) + by_s) if len(selection) else selection.scene.n_samples
    )
    return _changed(selection, lambda events, mask: events.moved(np.where(mask, by_s, 0.0)), n_samples=n_samples)


def transpose(selection: Selection, semitones: float) -> Selection:
    """Higher by `semitones`; times and windows stay."""
    semitones = require_finite("semitones", semitones)
    if abs(semitones) > MAX_SEMITONES:
        raise ParameterError(
            f"semitones must lie in −{MAX_SEMITONES:g} … {MAX_SEMITONES:g}, not {semitones:g}: were these Hz?"
        )
    ratio = 2.0 ** (semitones / 12)
    return _changed(_carried(selection), lambda events, mask: events.transposed(np.where(mask, ratio, 1.0)))


def stretch(selection: Selection, factor: float, about_s: float | None = None) -> Selection:
    """`factor` times as long about `about_s`, by default the first onset."""
    factor = require_positive("factor", factor)
    if not 1 / MAX_FACTOR <= factor <= MAX_FACTOR:
        raise ParameterError(f"the factor must lie in {1 / MAX_FACTOR:g} … {MAX_FACTOR:g}, not {factor:g}")
    about = onset_s(selection) if about_s is None else about_s
    n_samples = _extended(selection.scene, about + factor * (_heard_end_s(selection) - about))
    return _changed(
        _carried(selection),
        lambda events, mask: events.stretched(np.where(mask, factor, 1.0), about),
        n_samples=n_samples,
    )


def gain(selection: Selection, db: float) -> Selection:
    """Louder by `db`."""
    db = require_finite("db", db)
    if abs(db) > MAX_GAIN_DB:
        raise ParameterError(f"the gain must lie in −{MAX_GAIN_DB:g} … {MAX_GAIN_DB:g} dB, not {db:g}")
    return _changed(selection, lambda events, mask: events.amplified(np.where(mask, 10.0 ** (db / 20), 1.0)))


def mute(selection: Selection, mask: Mask) -> Selection:
    """Amplitude 0 for the events in `mask`."""
    muted = _changed(replace(selection, mask=mask), lambda events, part: events.amplified(np.where(part, 0.0, 1.0)))
    return replace(muted, mask=selection.mask)


def reverse(selection: Selection, about_s: float | None = None) -> Selection:
    """Mirrored in time about `about_s`, by default the middle of the first and the last centre."""
    if not len(selection):
        return selection
    starts, ends = (column(selection.scene, name)[selection.mask] for name in ("start_s", "end_s"))
    centres = (starts + ends) / 2
    twice_s = float(centres.min() + centres.max()) if about_s is None else 2 * about_s
    _check_early(selection, twice_s - column(selection.scene, "start_s"), "reversing")
    return _changed(selection, lambda events, mask: events.mirrored(mask, twice_s))


def duplicate(selection: Selection, at_s: float) -> Selection:
    """A copy whose first onset is at `at_s`; the selection is then the copy."""
    at_s = _require_time("at_s", at_s)
    if not len(selection):
        return selection
    _check_gap(selection.scene, at_s, "duplicating", at_s)
    copy = kept(selection, selection.mask)
    return _together(selection.scene, move(copy, at_s - onset_s(selection)).scene, selection)


def filter(selection: Selection, low_hz: float | None = None, high_hz: float | None = None) -> Selection:
    """Without what of those selected lies outside low_hz … high_hz."""
    low_hz = 0.0 if low_hz is None else require_finite("low_hz", low_hz)
    high_hz = math.inf if high_hz is None else require_finite("high_hz", high_hz)
    if low_hz < 0 or high_hz < low_hz:
        raise ParameterError(f"a band from {low_hz:g} to {high_hz:g} Hz makes no sense: 0 ≤ low ≤ high")
    left = np.concatenate(
        [events.in_band(mask, low_hz, high_hz)[1] for events, mask in parts(selection.scene, selection.mask)]
    )
    scene = _without(selection.scene, left)
    tables = [events.in_band(mask, low_hz, high_hz)[0] for events, mask in parts(scene, selection.mask)]
    return _rebuilt(replace(selection, scene=scene), tables, selection.mask[left])


def into_room(selection: Selection, room: Room | int | None, wetness: float = 0.3) -> Selection:
    """Sent to a room, one of the scene's by its id, or to none: `wetness` of each event goes into it. The scene
    grows by as long as that is heard.
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
    sent = _changed(
        replace(selection, scene=scene),
        lambda events, mask: events.replace(
            room_id=np.where(mask, number, events.room_id),
            wetness=np.where(mask, wetness if number else 0.0, events.wetness),
        ),
        n_samples=scene.n_samples
        if not number
        else _extended(scene, _heard_end_s(selection) + scene.rooms[number - 1].heard_s() * (wetness > 0)),
    )
    return replace(sent, scene=without_unused(sent.scene))


def _known_room(scene: Scene, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        raise ParameterError(f"a room is a Room, the id of one of the scene's, or None, not {number!r}")
    if not 0 <= number <= len(scene.rooms):
        raise ParameterError(f"there is no room {number}: the scene has {len(scene.rooms)}, from 1 on; 0 is none")
    return int(number)


def kept(selection: Selection, mask: Mask) -> Selection:
    """The scene with only the events in `mask`."""
    scene = _without(selection.scene, mask)
    tables = [events.take(part) for events, part in parts(scene, mask)]
    return replace(selection, scene=scene.with_tables(tables), mask=selection.mask[mask])


def _without(scene: Scene, mask: Mask) -> Scene:
    """The scene, ready for events outside `mask` to be taken out: those left that were edited along with them
    forget it.
    """
    gabor = scene.gabor
    torn = np.intersect1d(gabor.edit_layer[~mask[: len(gabor)]], gabor.edit_layer[follow_partials(gabor)])
    return scene.replace(gabor=forget_edits(gabor, torn)) if len(torn) else scene


def _check_early(selection: Selection, end_s: Array, doing: str) -> None:
    """Refuses what would leave selected events with these ends before 0."""
    early = np.flatnonzero(selection.mask & (end_s < 0))
    if len(early):
        i = early[0]
        raise ParameterError(
            f"{doing} would end event {i} (now at {column(selection.scene, 'time_s')[i]:g} s) before 0, at "
            f"{end_s[i]:g} s: "
            "drop such events first, or slice"
        )


def _heard_end_s(selection: Selection) -> float:
    """When the last selected event ends, or the scene if that is sooner: what lay past the end of the scene was not
    heard.
    """
    ends = column(selection.scene, "end_s")[selection.mask]
    return min(float(ends.max()), selection.scene.duration_s) if len(ends) else 0.0


def _extended(scene: Scene, end_s: float) -> int:
    """Samples of a scene that has to hold sound up to `end_s`; it never shrinks."""
    return max(scene.n_samples, math.ceil(end_s * scene.sample_rate_hz - 1e-6))


def _check_gap(scene: Scene, at_s: float, doing: str, value: float) -> None:
    if at_s > scene.duration_s + MAX_GAP_S:
        raise ParameterError(
            f"{doing} to {at_s:g} s is far past the end, {scene.duration_s:g} s: were these samples, not seconds? "
            f"({value:g})"
        )


def _require_time(name: str, value: float) -> float:
    number = require_finite(name, value)
    if number < 0:
        raise ParameterError(f"{name} must not be below 0, and is {number:g}")
    return number


# --- edits of scenes
# --------------------------------------------------------------------------------------------------


def stretch_scene(scene: Scene, factor: float) -> Scene:
    """The whole scene `factor` times as long: silence at its ends too, and its length."""
    stretched = stretch(scene.select(), factor, about_s=0.0).scene
    return stretched.replace(n_samples=math.ceil(scene.n_samples * float(factor) - 1e-6))


def reverse_scene(scene: Scene) -> Scene:
    """The whole scene backwards, sample by sample."""
    return reverse(scene.select(), about_s=(scene.n_samples - 1) / (2 * scene.sample_rate_hz)).scene


def join(scene: Scene, other: Scene, at_s: float | None = None, resample: bool = False) -> Scene:
    """Both scenes as one, `other` starting at `at_s` (default: where `scene` ends); windows that reach over their
    scene's ends sound.
    """
    return joined(scene, other, at_s, resample).scene


def joined(scene: Scene, other: Scene, at_s: float | None = None, resample: bool = False) -> Selection:
    """The same, with the events of `other` selected."""
    at_s = scene.duration_s if at_s is None else _require_time("at_s", at_s)
    if scene.n_channels != other.n_channels:
        raise ParameterError(
            f"one scene has {scene.n_channels} channels, the other {other.n_channels}: they cannot be joined"
        )
    if scene.sample_rate_hz != other.sample_rate_hz:
        if not resample:
            rates = f"{scene.sample_rate_hz} samples per second, the other {other.sample_rate_hz}"
            raise ParameterError(f"one scene has {rates}: join(…, resample=True), or --resample, changes the other's")
        other = at_rate(other, scene.sample_rate_hz)
    _check_gap(scene, at_s, "joining", at_s)
    n_samples = max(scene.n_samples, math.ceil(at_s * scene.sample_rate_hz - 1e-6) + other.n_samples)
    ends = column(other, "end_s") + at_s
    if len(ends) and ends.min() < 0:
        raise ParameterError(
            f"joining would end event {ends.argmin()} of the other scene before 0, at {ends.min():g} s"
        )
    moved = _changed(other.select(), lambda events, mask: events.moved(np.where(mask, at_s, 0.0)), n_samples=n_samples)
    return _together(scene, moved.scene, scene.select())


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


def at_rate(scene: Scene, sample_rate_hz: int) -> Scene:
    """The same events at another sample rate, without those above half of it."""
    heard = filter(scene.select(), high_hz=sample_rate_hz / 2).scene
    instruments = tuple(instrument.at_rate(sample_rate_hz) for instrument in scene.instruments)
    n_samples = -(-scene.n_samples * sample_rate_hz // scene.sample_rate_hz)
    return heard.replace(sample_rate_hz=sample_rate_hz, n_samples=n_samples, instruments=instruments)


def cut(scene: Scene, start_s: float | None = None, end_s: float | None = None, with_overhang: bool = False) -> Scene:
    """What lies from `start_s` to `end_s`, starting at 0: the events whose centre is there, or with overhang all that
    sound there.

    Noise is cut in two. Slices share out the events: joined again they are the scene. With overhang a slice renders
    just as that stretch of the scene does.
    """
    first, last = _stretch_samples(scene, start_s, end_s)
    rate = scene.sample_rate_hz
    if with_overhang:
        heard_s = np.concatenate([table.end_s + tail_s(scene, table) for table in scene.tables])
        mask = (heard_s * rate > first) & (column(scene, "start_s") * rate < last)
    else:
        ends = [at / rate for at in (first, last)]
        cut_up = [table.split_at(ends[0], 1 / rate).split_at(ends[1], 1 / rate) for table in scene.tables]
        scene = scene.with_tables(cut_up)
        mask = within(scene, first / rate if first else None, last / rate if last < scene.n_samples else None)
    part = replace(kept(scene.select(), mask), mask=np.ones(np.count_nonzero(mask), np.bool_))
    return _changed(
        part, lambda events, _: events.moved(np.full(len(events), -first / rate)), n_samples=last - first
    ).scene


def within(scene: Scene, start_s: float | None, end_s: float | None) -> Mask:
    """Which events have their time in start_s ≤ time_s < end_s."""
    _stretch_samples(scene, start_s, end_s)
    low, high = -math.inf if start_s is None else start_s, math.inf if end_s is None else end_s
    time_s = column(scene, "time_s")
    return np.asarray((time_s >= low) & (time_s < high))


def slice_seconds(what: Any) -> tuple[float | None, float | None]:
    """Both ends of `scene[2.0:5.0]`."""
    if not isinstance(what, slice) or what.step is not None:
        raise ParameterError("a scene is cut by seconds, as in scene[2.0:5.0]")
    return what.start, what.stop


def _stretch_samples(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """First sample and the one past the last."""
    ends = {}
    for name, value, default in (("start", start_s, 0), ("end", end_s, scene.n_samples)):
        ends[name] = default if value is None else round(_require_time(name, value) * scene.sample_rate_hz)
        if ends[name] > scene.n_samples:
            raise ParameterError(
                f"{name} {value:g} s is past the end, {scene.duration_s:g} s: were these samples, not seconds?"
            )
    if ends["end"] < ends["start"]:
        raise ParameterError(f"the slice ends ({end_s:g} s) before it starts ({start_s:g} s)")
    return ends["start"], ends["end"]


def _together(scene: Scene, other: Scene, selection: Selection) -> Selection:
    """The events of both, groups kept apart, the length of the longer one, the finer quantiser; the selection is
    those of `other`.
    """
    above = int(scene.groups.id.max(initial=0))
    groups = _used(other.groups, column(other, "group_id"))
    both = Groups(
        np.concatenate([scene.groups.id, groups.id + above]),
        np.concatenate([scene.groups.parent, np.where(groups.parent > 0, groups.parent + above, 0)]),
        np.concatenate([scene.groups.role, groups.role]),
    )
    instruments, number = together(scene.instruments, other.instruments)
    other = other.with_tables((table.renumbered(number) for table in other.tables), instruments=instruments)
    both_rooms, room_number = rooms.together(scene.rooms, other.rooms)
    tables, masks = [], []
    for ours, theirs in zip(scene.tables, other.tables, strict=True):
        groups_there = theirs.column("group_id")
        theirs = theirs.replace(room_id=room_number[theirs.room_id]) if rooms.is_sent(theirs) else theirs
        tables.append(ours.joined(theirs.replace(group_id=np.where(groups_there > 0, groups_there + above, 0))))
        masks.append(np.arange(len(ours) + len(theirs)) >= len(ours))
    n_samples, quantiser = max(scene.n_samples, other.n_samples), _finer(scene, other)
    changes = {
        "n_samples": n_samples,
        "quantiser": quantiser,
        "groups": both,
        "instruments": instruments,
        "rooms": both_rooms,
    }
    return _rebuilt(replace(selection, scene=scene), tables, np.concatenate(masks), **changes)


def _used(groups: Groups, group_id: NDArray[np.int64]) -> Groups:
    """The groups that events are in, and those that these are in."""
    used = np.isin(groups.id, group_id)
    while True:
        more = used | np.isin(groups.id, groups.parent[used])
        if np.array_equal(more, used):
            return Groups(groups.id[used], groups.parent[used], groups.role[used])
        used = more


def _finer(scene: Scene, other: Scene) -> Any:
    a, b = scene.quantiser, other.quantiser
    if a is None or b is None:
        return a if b is None else b
    return type(a)(max(a.steps_per_doubling, b.steps_per_doubling), max(a.n_phases, b.n_phases), min(a.knee, b.knee))
