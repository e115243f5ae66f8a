"""Events in words and numbers: one with all its parameters, many as a table that is read piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.edit.selection import column_names, columns
from motes.errors import ParameterError
from motes.events.event_table import EventTable, Mask
from motes.events.groups import ROLES
from motes.scene.scene import Scene
from motes.studio.answers import EventAnswer, GroupAnswer, TableAnswer
from motes.studio.document.history import Revision
from motes.studio.drawing.geometry import Geometry
from motes.studio.errors import NotFound
from motes.studio.schemas import TableBody

# What conditions can ask for but takes long to find.
UNSORTED = ("partial",)


def sortable() -> list[str]:
    """What the table can be sorted by."""
    return [name for name in column_names() if name not in UNSORTED]


def place_of(scene: Scene, event: int) -> tuple[EventTable, int]:
    """The table of an event and its place there; NotFound where there is no such event."""
    first = 0
    for table in scene.tables:
        if first <= event < first + len(table):
            return table, event - first
        first += len(table)
    raise NotFound(
        f"there is no event {event}: they are numbered 0 … {scene.n_events - 1}"
        if scene.n_events
        else "there are no events"
    )


def one_event(revision: Revision, geometry: Geometry, event: int) -> EventAnswer:
    """All there is to know of one event."""
    table, i = place_of(revision.scene, event)
    one = table.take(slice(i, i + 1))
    return {
        "id": event,
        "kind": table.KIND,
        "start_s": float(geometry.start_s[event]),
        "end_s": float(geometry.end_s[event]),
        "low_hz": float(geometry.low_hz[event]),
        "high_hz": float(geometry.high_hz[event]),
        "level_db": float(geometry.level_db[event]),
        "group_id": int(geometry.group_id[event]),
        "muted": bool(revision.muted[event]),
        "params": {param.name: one.column(param.name)[0].tolist() for param in table.PARAMS if param.public},
        "ragged": {name: one.ragged(name)[0].tolist() for name in table.RAGGED},
    }


def page(revision: Revision, geometry: Geometry, mask: Mask, query: TableBody) -> TableAnswer:
    """Rows offset … offset + limit − 1 of the chosen events in the order of a column."""
    order_by, names, find, offset = query.order_by, query.columns, query.find, query.offset
    known = sortable()
    for name in (order_by, *(names or [])):
        if name not in known:
            raise ParameterError(f"there is no column {name[:40]!r}: there are {', '.join(known)}")
    ids = _ordered(revision.scene, geometry, np.flatnonzero(mask), order_by, query.descending)
    shown = ids[offset : offset + query.limit]
    position = None if find is None else next(iter(np.flatnonzero(ids == find).tolist()), None)
    rows = _values(revision.scene, geometry, shown, names or [name for name in known if name not in ("kind", "id")])
    return {
        "n": len(ids),
        "offset": offset,
        "position": position,
        "ids": shown.tolist(),
        "kinds": [kinds.KINDS[place].name for place in geometry.kind[shown].tolist()],
        "muted": revision.muted[shown].tolist(),
        "columns": rows,
    }


def _ordered(
    scene: Scene, geometry: Geometry, ids: NDArray[np.intp], order_by: str, descending: bool
) -> NDArray[np.intp]:
    """The ids in the order of a column; events that lack it come last, equals by their numbers."""
    values = (
        geometry.kind[ids].astype(float)
        if order_by == "kind"
        else ids.astype(float)
        if order_by == "id"
        else _column(scene, geometry, order_by)[ids]
    )
    missing = np.isnan(values)
    keys = np.where(missing, 0.0, -values if descending else values)
    return ids[np.lexsort((ids, keys, missing))]


def _column(scene: Scene, geometry: Geometry, name: str) -> NDArray[np.float64]:
    """A column over all events; NaN where a kind lacks it."""
    if name == "level_db":
        return geometry.level_db
    if name == "start_s":
        return geometry.start_s
    if name == "end_s":
        return geometry.end_s
    found = []
    for table in scene.tables:
        held = columns(table).get(name) if len(table) else None
        found.append(np.full(len(table), np.nan) if held is None else np.asarray(held, np.float64))
    return np.concatenate(found)


def _values(scene: Scene, geometry: Geometry, ids: NDArray[np.intp], names: list[str]) -> dict[str, list[Any]]:
    """Columns of a few events; null where a kind lacks one."""
    rows: dict[str, list[Any]] = {name: [None] * len(ids) for name in names}
    first = 0
    for table in scene.tables:
        here = np.flatnonzero((ids >= first) & (ids < first + len(table)))
        held = columns(table.take(ids[here] - first)) if len(here) else {}
        for name in names:
            values = held.get(name)
            if name in ("start_s", "end_s", "level_db"):
                values = getattr(geometry, name)[ids[here]]
            if values is not None and name not in ("kind", "id") and len(here):
                for row, value in zip(here.tolist(), np.asarray(values).tolist(), strict=True):
                    rows[name][row] = value
        first += len(table)
    if "id" in rows:
        rows["id"] = ids.tolist()
    if "kind" in rows:
        rows["kind"] = [kinds.KINDS[place].name for place in geometry.kind[ids].tolist()]
    return rows


def groups(scene: Scene, geometry: Geometry) -> list[GroupAnswer]:
    """Every group with how many events are in it itself, and from when to when."""
    held = scene.groups
    place = np.searchsorted(held.id, geometry.group_id)
    inside = np.flatnonzero(np.isin(geometry.group_id, held.id))
    n, start, end = np.zeros(len(held), np.int64), np.full(len(held), np.inf), np.full(len(held), -np.inf)
    np.add.at(n, place[inside], 1)
    np.minimum.at(start, place[inside], geometry.start_s[inside])
    np.maximum.at(end, place[inside], geometry.end_s[inside])
    return [
        {
            "id": int(held.id[i]),
            "parent": int(held.parent[i]),
            "role": ROLES[held.role[i]],
            "n_events": int(n[i]),
            "start_s": float(start[i]) if n[i] else None,
            "end_s": float(end[i]) if n[i] else None,
        }
        for i in range(len(held))
    ]
