"""Setting what events are, rather than changing it: their parameters one by one, and the groups they are in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.edit import operations as edit
from motes.errors import ParameterError
from motes.events.event_table import EventTable, Mask, Param
from motes.events.groups import ROLES, Groups
from motes.kinds.gabor.edited import EDITS, follow_partials, forget_edits
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.table import Texture

if TYPE_CHECKING:
    from motes.edit.selection import Selection
    from motes.scene.scene import Scene

# Parameters that count other values of the same event, and change with these.
MEASURED = {"texture": ("n_bands", "n_frames")}


def assign(selection: Selection, values: Mapping[str, Any]) -> Selection:
    """The selection with parameters set to `values`, exactly: a number, a number for each channel, or, of a ragged
    field, all its values.

    Kinds that lack a parameter are left as they are. ParameterError where none of the selected kinds has it, or a value
    is out of its range.
    """
    if not len(selection):
        return selection
    held = [(table, mask) for table, mask in edit.parts(selection.scene, selection.mask) if mask.any()]
    for name in values:
        if not any(name in names_of(table) for table, _ in held):
            known = dict.fromkeys(name for table, _ in held for name in names_of(table))
            raise ParameterError(f"the selected events have no parameter {name!r}; they have: {', '.join(known)}")
    scene = selection.scene
    groups = values.get("group_id")
    if groups is not None and int(groups) != 0 and int(groups) not in scene.groups.id:
        raise ParameterError(f"there is no group {groups}: group events first")
    made = edit._changed(selection, lambda table, mask: _assigned(table, mask, values))
    ends = np.concatenate([table.end_s for table in made.scene.tables])[made.mask]
    early = ends < 0
    if early.any():
        raise ParameterError(f"the event would end before 0, at {ends[early][0]:g} s")
    n_samples = max(
        scene.n_samples,
        math.ceil(min(float(ends.max()), edit.MAX_GAP_S + scene.duration_s) * scene.sample_rate_hz - 1e-6),
    )
    before = np.concatenate([table.end_s for table in scene.tables])[selection.mask]
    moved = float(ends.max()) > float(before.max())  # what lay past the end before was not heard, and is not now
    return replace(made, scene=made.scene.replace(n_samples=n_samples)) if moved else made


def names_of(table: EventTable) -> list[str]:
    """What can be set of a kind's events."""
    return [param.name for param in table.PARAMS if param.public] + list(table.RAGGED)


def _assigned(table: EventTable, mask: Mask, values: Mapping[str, Any]) -> EventTable:
    params = {param.name: param for param in table.PARAMS if param.public}
    mine = {name: value for name, value in values.items() if name in params or name in table.RAGGED}
    if not mine:
        return table
    if isinstance(table, Gabor) and any(name != "group_id" for name in mine):
        table = _plain(table, mask)
    if isinstance(table, Texture) and any(name in (*table.RAGGED, *MEASURED["texture"]) for name in mine):
        return _reshaped(table, mask, mine)
    return table.replace(**{name: _column(table, params[name], mask, value) for name, value in mine.items()})


def _plain(table: Gabor, mask: Mask) -> Gabor:
    """The same sounds, with the selected ones as if they had never been edited, and partials to be found anew."""
    layers = np.unique(table.edit_layer[mask])
    torn = np.intersect1d(layers, table.edit_layer[follow_partials(table)])
    table = forget_edits(table, torn) if len(torn) else table
    here = np.isin(table.edit_layer, layers)
    columns = {name: np.where(mask, value, table.column(name)) for name, value in EDITS.items()}
    forgotten = {name: np.where(here, 0.0, table.column(name)) for name in ("partial_hz", "partial_rad")}
    return table.replace(base_window_s=np.where(mask, 0.0, table.base_window_s), **columns, **forgotten)


def _column(table: EventTable, param: Param, mask: Mask, value: Any) -> Any:
    """The column with the selected events' values exchanged."""
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
    if param.whole and np.any(given != np.rint(given)):
        raise ParameterError(f"{param.name} must be a whole number, not {value!r}")
    column = table.column(param.name).copy()
    if given.ndim and given.shape != column.shape[1:]:
        raise ParameterError(f"{param.name} needs {column.shape[1]} values, one for each channel, not {given.size}")
    column[mask] = given
    return column


def _reshaped(table: Texture, mask: Mask, values: Mapping[str, Any]) -> Texture:
    """Noise whose levels, or their number, are set: frames are cut off or the last is repeated, bands are read off
    at the new ones' middles.
    """
    parts = [
        _one_reshaped(table.take(slice(i, i + 1)), values) if mask[i] else table.take(slice(i, i + 1))
        for i in range(len(table))
    ]
    return parts[0].with_more(*parts[1:])


def _one_reshaped(event: Texture, values: Mapping[str, Any]) -> Texture:
    one = np.ones(1, np.bool_)
    params = {param.name: param for param in event.PARAMS if param.public}
    columns = {name: _column(event, params[name], one, value) for name, value in values.items() if name in params}
    n_frames, n_bands = (int(columns.get(name, event.column(name))[0]) for name in ("n_frames", "n_bands"))
    n_channels = event.n_channels
    levels, coherence = event.levels(0), event.coherence
    levels = levels[np.minimum(np.arange(n_frames), len(levels) - 1)]
    nearest = ((np.arange(n_bands) + 0.5) / n_bands * levels.shape[1]).astype(int)
    levels, coherence = levels[:, nearest], coherence[nearest]
    if "level_db" in values:
        levels = _filled(values["level_db"], "level_db", levels.shape)
    if "coherence" in values:
        coherence = _filled(values["coherence"], "coherence", coherence.shape)
    return event.replace(level_db=levels.reshape(-1, n_channels), coherence=coherence, **columns)


def _filled(value: Any, name: str, shape: tuple[int, ...]) -> Any:
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be numbers") from None
    if given.size not in (1, math.prod(shape)):
        raise ParameterError(
            f"{name} needs {math.prod(shape)} values ({' × '.join(map(str, shape))}), not {given.size}"
        )
    return np.broadcast_to(given.reshape(-1)[0] if given.size == 1 else given.reshape(shape), shape).copy()


def grouped(selection: Selection, role: str = "own", parent: int = 0) -> Selection:
    """The selection in a new group, whose id is above all others."""
    if role not in ROLES[1:]:
        raise ParameterError(
            f"the role of a group is one of {', '.join(ROLES[1:])}, not {role!r}: partials are found, not made"
        )
    if not len(selection):
        raise ParameterError("a group needs at least one event")
    groups = selection.scene.groups
    made = int(groups.id.max(initial=0)) + 1
    new = Groups(
        np.append(groups.id, made), np.append(groups.parent, parent), np.append(groups.role, ROLES.index(role))
    )
    return _in_groups(selection, np.full(selection.scene.n_events, made), new)


def ungrouped(selection: Selection) -> Selection:
    """The selection out of its groups, into those that these are in."""
    groups = selection.scene.groups
    above = dict(zip(groups.id.tolist(), groups.parent.tolist(), strict=True))
    now = edit.column(selection.scene, "group_id")
    return _in_groups(selection, np.array([above.get(number, 0) for number in now.tolist()], np.int64), groups)


def _in_groups(selection: Selection, group_id: Any, groups: Groups) -> Selection:
    """The selected events in these groups; groups that nothing is in any longer are left out."""
    scene = selection.scene
    wanted = np.where(selection.mask, group_id, edit.column(scene, "group_id"))
    tables = [
        table.replace(group_id=part)
        for (table, _), part in zip(edit.parts(scene, selection.mask), split(scene, wanted), strict=True)
    ]
    return replace(selection, scene=scene.with_tables(tables, groups=edit._used(groups, wanted)))


def split(scene: Scene, values: Any) -> list[Any]:
    """Values over all events, kind by kind."""
    return np.split(values, np.cumsum([len(table) for table in scene.tables])[:-1])
