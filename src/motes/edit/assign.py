"""Setting what events are, rather than changing it: their parameters one by one, and the groups they are in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.edit.joining import used_groups
from motes.edit.tables import MAX_GAP_S, by_kind, changed, column, parts, samples_up_to
from motes.errors import ParameterError
from motes.events.columns import stored_params
from motes.events.event_table import EventTable, Mask, Param
from motes.events.groups import ROLES, Groups
from motes.units import HIGHEST_HZ

if TYPE_CHECKING:
    from motes.edit.selection import Selection

# Roles of groups that users make; the others are found.
MADE_ROLES = ("note", "voice", "own")


def assign(selection: Selection, values: Mapping[str, Any]) -> Selection:
    """The selection with parameters set to `values`, exactly: a number, a number for each channel, or, of a ragged
    field, all its values.

    Kinds that lack a parameter are left as they are. ParameterError where none of the selected kinds has it, or a value
    is out of its range.
    """
    if not len(selection):
        return selection
    scene = selection.scene
    _check_known(selection, values)
    made = changed(selection, lambda table, mask: _assigned(table, mask, values, scene.sample_rate_hz / 2))
    ends, before = column(made.scene, "end_s")[made.mask], column(scene, "end_s")[selection.mask]
    early = ends < 0
    if early.any():
        raise ParameterError(f"the event would end before 0, at {ends[early][0]:g} s")
    if float(ends.max()) <= float(before.max()):  # what lay past the end did not sound, and does not now
        return made
    n_samples = samples_up_to(scene, min(float(ends.max()), MAX_GAP_S + scene.duration_s))
    return replace(made, scene=made.scene.replace(n_samples=n_samples))


def _check_known(selection: Selection, values: Mapping[str, Any]) -> None:
    """ParameterError for parameters that no selected kind has, and for a group that is not there."""
    scene = selection.scene
    selected = [names_of(table) for table, mask in parts(scene, selection.mask) if mask.any()]
    known = dict.fromkeys(name for names in selected for name in names)
    for name in values:
        if name not in known:
            raise ParameterError(f"the selected events have no parameter {name!r}; they have: {', '.join(known)}")
    group = values.get("group_id")
    if group is not None and int(group) != 0 and int(group) not in scene.groups.id:
        raise ParameterError(f"there is no group {group}: group events first")


def names_of(table: EventTable) -> list[str]:
    """What can be set of a kind's events."""
    return [param.name for param in stored_params(type(table))] + list(table.RAGGED)


def _assigned(table: EventTable, mask: Mask, values: Mapping[str, Any], nyquist_hz: float) -> EventTable:
    params = {param.name: param for param in stored_params(type(table))}
    columns = {
        name: _column(table, params[name], mask, value, nyquist_hz) for name, value in values.items() if name in params
    }
    ragged = {name: value for name, value in values.items() if name in table.RAGGED}
    return table.assigned(mask, columns, ragged) if columns or ragged else table


def _column(table: EventTable, param: Param, mask: Mask, value: Any, nyquist_hz: float) -> NDArray[Any]:
    """The column with the selected events' values exchanged; ParameterError where the value is not one for it."""
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{param.name} must be a number, not {value!r}") from None
    if given.ndim > param.per_channel or not np.all(np.isfinite(given)):
        raise ParameterError(
            f"{param.name} must be a "
            f"{'finite number, or one for each channel' if param.per_channel else 'finite number'}, not {value!r}"
        )
    outside = (given < param.low) | (given > param.high)
    if outside.any():
        raise ParameterError(
            f"{param.name} must lie in {param.low:g} … {param.high:g} {param.unit}".rstrip()
            + f", not {given[outside].flat[0]:g}"
        )
    above = (given > nyquist_hz) & (given != (math.inf if param.default is None else param.default))
    if param.unit == "Hz" and param.high == HIGHEST_HZ and above.any():  # an edge that limits nothing is none
        raise ParameterError(
            f"{param.name} must lie in {param.low:g} … {nyquist_hz:g} Hz, half the sample rate, not "
            f"{given[above].flat[0]:g}: was it another unit?"
        )
    if param.whole and np.any(given != np.rint(given)):
        raise ParameterError(f"{param.name} must be a whole number, not {value!r}")
    values = table.column(param.name).copy()
    if given.ndim and given.shape != values.shape[1:]:
        raise ParameterError(f"{param.name} needs {values.shape[1]} values, one for each channel, not {given.size}")
    values[mask] = given
    return values


def grouped(selection: Selection, role: str = "own", parent: int = 0) -> Selection:
    """The selection in a new group, whose id is above all others."""
    if role not in MADE_ROLES:
        raise ParameterError(
            f"the role of a group is one of {', '.join(MADE_ROLES)}, not {role!r}: partials and parts are found"
        )
    if not len(selection):
        raise ParameterError("a group needs at least one event")
    groups = selection.scene.groups
    made = int(groups.id.max(initial=0)) + 1
    new = Groups(
        np.append(groups.id, made),
        np.append(groups.parent, parent),
        np.append(groups.role, ROLES.index(role)),
        groups.notes,
    )
    return _in_groups(selection, np.full(selection.scene.n_events, made), new)


def ungrouped(selection: Selection) -> Selection:
    """The selection out of its groups, into those that these are in."""
    groups = selection.scene.groups
    above = dict(zip(groups.id.tolist(), groups.parent.tolist(), strict=True))
    now = column(selection.scene, "group_id")
    return _in_groups(selection, np.array([above.get(number, 0) for number in now.tolist()], np.int64), groups)


def _in_groups(selection: Selection, group_id: NDArray[Any], groups: Groups) -> Selection:
    """The selected events in these groups; groups that nothing is in any longer are left out."""
    scene = selection.scene
    wanted = np.where(selection.mask, group_id, column(scene, "group_id"))
    tables = [table.replace(group_id=part) for table, part in zip(scene.tables, by_kind(scene, wanted), strict=True)]
    return replace(selection, scene=scene.with_tables(tables, groups=used_groups(groups, wanted)))
