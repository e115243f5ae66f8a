"""Which events a request means."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from motes import kinds
from motes.edit.selection import Selection, choose
from motes.edit.tables import column
from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.studio.answers import SelectedAnswer
from motes.studio.document.history import Revision
from motes.studio.document.ranges import mask_of_ranges, ranges_of
from motes.studio.drawing.geometry import Geometry
from motes.studio.schemas import Box, EventFilter
from motes.units import erb_rate

_WIDER: dict[str, Callable[[Selection], Selection]] = {
    "similar": Selection.similar,
    "harmonics": Selection.harmonics,
    "in_time": Selection.grown,
    "partials": Selection.whole_partials,
    "notes": Selection.whole_notes,
}


def chosen(what: EventFilter, revision: Revision, geometry: Callable[[], Geometry]) -> Mask:
    """The events of a revision that all conditions of `what` hold for, `(n_events,)`; `geometry` is asked for only
    where a condition is on where they stand.
    """
    scene = revision.scene
    n_events = scene.n_events
    mask = choose(scene, what.expression, what.start_s, what.end_s, _groups(what), with_detail=False).mask
    if what.ranges is not None:
        mask = mask & mask_of_ranges(what.ranges, n_events)
    if what.ids is not None:
        mask = mask & choose(scene, np.array(what.ids, np.int64)).mask
    if what.kind is not None:
        names = [kind.name for kind in kinds.KINDS]
        if what.kind not in names:
            raise ParameterError(f"there is no kind {what.kind!r}: there are {', '.join(names)}")
        mask = mask & (geometry().kind == names.index(what.kind))
    if what.box is not None:
        mask = mask & _in_box(what.box, geometry())
    if what.lasso is not None:
        mask = mask & _in_lasso(np.array(what.lasso), geometry())
    if what.muted is not None:
        mask = mask & (revision.muted == what.muted)
    if what.widen is not None:
        mask = _WIDER[what.widen](Selection(scene, mask)).mask
    return ~mask if what.invert else mask


def _groups(what: EventFilter) -> list[int] | None:
    if what.group is None:
        return what.groups
    return [what.group, *(what.groups or [])]


def _in_box(box: Box, geometry: Geometry) -> Mask:
    if box.end_s < box.start_s or box.high_hz < box.low_hz:
        raise ParameterError("a box reaches from start_s to end_s and from low_hz to high_hz: turn them round")
    inside_s = (geometry.end_s > box.start_s) & (geometry.start_s < box.end_s)
    return np.asarray(inside_s & (geometry.high_hz >= box.low_hz) & (geometry.low_hz <= box.high_hz))


def _in_lasso(corners: Array, geometry: Geometry) -> Mask:
    """Whose middle is inside: a ray from there crosses the edges an odd number of times."""
    x, y = geometry.middle_s, geometry.middle_erb
    corners = np.stack([corners[:, 0], erb_rate(np.maximum(corners[:, 1], 0.0))], axis=1)
    near = np.flatnonzero(
        (x >= corners[:, 0].min())
        & (x <= corners[:, 0].max())
        & (y >= corners[:, 1].min())
        & (y <= corners[:, 1].max())
    )
    x, y = x[near], y[near]
    inside = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in pairwise([*corners.tolist(), corners[0].tolist()]):
        if y0 != y1:
            crossed = (y0 > y) != (y1 > y)
            inside ^= crossed & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    mask = np.zeros(len(geometry.start_s), np.bool_)
    mask[near[inside]] = True
    return mask


def summary(mask: Mask, revision: Revision, geometry: Geometry) -> SelectedAnswer:
    """What a selection of events is: its numbers, its edges, its kinds and groups."""
    counts = np.bincount(geometry.kind[mask], minlength=len(kinds.KINDS))
    groups: Ints = np.unique(geometry.group_id[mask])
    scene, some = revision.scene, bool(mask.any())
    wetness = column(scene, "wetness")[mask]
    return {
        "revision": revision.number,
        "n": int(np.count_nonzero(mask)),
        "ranges": ranges_of(mask),
        "notes": [],
        "start_s": float(geometry.start_s[mask].min()) if some else None,
        "end_s": float(geometry.end_s[mask].max()) if some else None,
        "low_hz": float(geometry.low_hz[mask].min()) if some else None,
        "high_hz": float(geometry.high_hz[mask].max()) if some else None,
        "kinds": {kind.name: int(n) for kind, n in zip(kinds.KINDS, counts, strict=True) if n},
        "n_muted": int(np.count_nonzero(mask & revision.muted)),
        "groups": groups[groups > 0][:1000].tolist(),
        "rooms": np.unique(column(scene, "room_id")[mask]).tolist(),
        "wetness": (float(wetness.min()), float(wetness.max())) if some else None,
    }
