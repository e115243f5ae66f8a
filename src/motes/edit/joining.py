"""Events of one scene in another: two scenes as one, and copies within a scene."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.edit import note_changes
from motes.edit.detail.shares import takes_detail
from motes.edit.operations import at_rate, move
from motes.edit.tables import changed, check_gap, column, kept, onset_s, rebuilt, require_time
from motes.errors import ParameterError
from motes.events import model as models
from motes.events import room as rooms
from motes.events.groups import Groups
from motes.events.instrument import together
from motes.scene.markers import with_those_of
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from motes.edit.selection import Selection


@takes_detail
def duplicate(selection: Selection, at_s: float) -> Selection:
    """A copy whose first onset is at `at_s`; the selection is then the copy."""
    at_s = require_time("at_s", at_s)
    if not len(selection):
        return selection
    check_gap(selection.scene, at_s, "duplicating", at_s)
    copy = kept(selection, selection.mask)
    groups = used_groups(copy.scene.groups, column(copy.scene, "group_id"), and_notes=False)
    copy = replace(copy, scene=copy.scene.replace(groups=groups))
    return merged(selection.scene, move(copy, at_s - onset_s(selection)).scene, selection)


def join(scene: Scene, other: Scene, at_s: float | None = None, resample: bool = False) -> Scene:
    """Both scenes as one, `other` starting at `at_s` (default: where `scene` ends); windows that reach over their
    scene's ends sound.
    """
    return joined(scene, other, at_s, resample).scene


def joined(scene: Scene, other: Scene, at_s: float | None = None, resample: bool = False) -> Selection:
    """The events of `other`, selected in both scenes as one."""
    at_s = scene.duration_s if at_s is None else require_time("at_s", at_s)
    if scene.n_channels != other.n_channels:
        raise ParameterError(
            f"one scene has {scene.n_channels} channels, the other {other.n_channels}: they cannot be joined"
        )
    if scene.sample_rate_hz != other.sample_rate_hz:
        if not resample:
            rates = f"{scene.sample_rate_hz} samples per second, the other {other.sample_rate_hz}"
            raise ParameterError(f"one scene has {rates}: join(…, resample=True), or --resample, changes the other's")
        other = at_rate(other, scene.sample_rate_hz)
    check_gap(scene, at_s, "joining", at_s)
    n_samples = max(scene.n_samples, math.ceil(at_s * scene.sample_rate_hz - 1e-6) + other.n_samples)
    ends = column(other, "end_s") + at_s
    if len(ends) and ends.min() < 0:
        raise ParameterError(
            f"joining would end event {ends.argmin()} of the other scene before 0, at {ends.min():g} s"
        )
    both = other.select()
    moved = changed(both, lambda events, mask: events.moved(np.where(mask, at_s, 0.0)), n_samples=n_samples)
    moved = note_changes.followed(both, moved, note_changes.moved(at_s))
    both_scenes = merged(scene, moved.scene, scene.select())
    above = int(scene.groups.id.max(initial=0))
    return replace(both_scenes, scene=with_those_of(both_scenes.scene, other, at_s, above))


def merged(scene: Scene, other: Scene, selection: Selection) -> Selection:
    """The events of both, groups kept apart, the length of the longer one, the finer quantiser; the selection is
    those of `other`.
    """
    above = int(scene.groups.id.max(initial=0))
    groups = used_groups(other.groups, column(other, "group_id"))
    both = scene.groups.joined(groups, above)
    instruments, instrument_number = together(scene.instruments, other.instruments)
    both_models, model_number = models.together(scene.models, other.models)
    both_rooms, room_number = rooms.together(scene.rooms, other.rooms)
    tables, masks = [], []
    for ours, theirs in zip(scene.tables, other.tables, strict=True):
        group_id = theirs.column("group_id")
        theirs = theirs.with_instruments(instrument_number).with_models(model_number)
        theirs = theirs.replace(room_id=room_number[theirs.room_id]) if rooms.is_sent(theirs) else theirs
        tables.append(ours.joined(theirs.replace(group_id=np.where(group_id > 0, group_id + above, 0))))
        masks.append(np.arange(len(ours) + len(theirs)) >= len(ours))
    return rebuilt(
        replace(selection, scene=scene),
        tables,
        np.concatenate(masks),
        n_samples=max(scene.n_samples, other.n_samples),
        quantiser=_finer(scene.quantiser, other.quantiser),
        groups=both,
        instruments=instruments,
        rooms=both_rooms,
        models=both_models,
    )


def used_groups(groups: Groups, group_id: NDArray[np.int64], and_notes: bool = True) -> Groups:
    """The groups that events are in, those that these are in, and `and_notes` all notes that the scene knows: their
    events may be parts of atoms, which are found when they are asked for.
    """
    used = np.isin(groups.id, group_id) | (np.isin(groups.id, groups.notes.id) if and_notes else False)
    while True:
        more = used | np.isin(groups.id, groups.parent[used])
        if np.array_equal(more, used):
            return groups.only(used)
        used = more


def _finer(a: Any, b: Any) -> Any:
    """The finer of two quantisers in each respect; None for none."""
    if a is None or b is None:
        return a if b is None else b
    return type(a)(max(a.steps_per_doubling, b.steps_per_doubling), max(a.n_phases, b.n_phases), min(a.knee, b.knee))
