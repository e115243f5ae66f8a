"""The map and the matrix of a scene's notes or events, with the events that each item consists of."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from motes.events.event_table import Ints
from motes.report.event_map import event_map
from motes.report.items import Items, items_of
from motes.report.plane import methods
from motes.report.sound import choose
from motes.scene.scene import Scene
from motes.studio.document_answers import MapAnswer
from motes.studio.drawing.notes_of_events import notes_of_events

MapOf = Literal["notes", "events"]
MOST_ITEMS = 2000


def item_map(scene: Scene, of: MapOf, method: str) -> MapAnswer:
    """The strongest of a scene's notes, or of its events, of many atoms their partials; `method` as of
    `motes.report.plane.plane`.
    """
    items = items_of(scene, "divided" if of == "notes" else "none")
    chosen = choose(items, math.inf, MOST_ITEMS)
    chosen = chosen[items.notes[chosen] > 0] if of == "notes" else chosen
    found = event_map(items, chosen, method)
    if of == "events" and len(scene.groups.notes):
        found["note"] = _notes(scene, items)[chosen].tolist()
    return {
        **found,  # type: ignore[typeddict-item]
        "methods": methods(),
        "n_items": int(np.count_nonzero(items.notes)) if of == "notes" else len(items),
        "ranges": _ranges(items, chosen) if of == "events" else [],
    }


def _ranges(items: Items, chosen: Ints) -> list[list[int]]:
    """The events of each chosen item, as first, end, first, end, …"""
    order = np.argsort(items.number, kind="stable")
    edges = np.searchsorted(items.number[order], [chosen, chosen + 1])
    found = []
    for low, high in edges.T.tolist():
        mine = order[low:high]
        gaps = np.flatnonzero(np.diff(mine) > 1)
        first, end = np.append(mine[:1], mine[gaps + 1]), np.append(mine[gaps], mine[-1:]) + 1
        found.append(np.stack([first, end], axis=1).ravel().tolist())
    return found


def _notes(scene: Scene, items: Items) -> Ints:
    """The note that most events of each item are of, most of each, 0 for none."""
    pairs, count = np.unique(np.stack([items.number, notes_of_events(scene)]), axis=1, return_counts=True)
    order = np.argsort(count, kind="stable")
    found = np.zeros(len(items), np.int64)
    # Of several that are written to one place the last stays.
    found[pairs[0][order]] = pairs[1][order]
    return found
