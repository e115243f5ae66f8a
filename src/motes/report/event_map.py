"""The map and the matrix of a scene's items, as pages and the studio draw them: `studio/web/src/map`."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes import kinds
from motes.events.event_table import Array, Ints
from motes.report.items import Items, parameters
from motes.report.plane import correlated, features, plane
from motes.units import SILENCE_DB


def event_map(items: Items, chosen: Ints, method: str = "") -> dict[str, Any]:
    """Columns by item of those in `chosen`, as JSON: what each is, where it stands in time, frequency and level, in the
    plane by `method` (`motes.report.plane.plane`), and all parameters by sort.

    `edges` and `along` say what both axes of the plane are: the values of 0 and 1, and parameters with their r.
    `note` is empty where no item is a note.
    """
    by_sort = parameters(items, chosen)
    found = features(by_sort, len(chosen))
    made = plane(found.rows, method)
    note = items.notes[chosen]
    return {
        "method": made.method,
        "edges": [short(edges) for edges in made.edges],
        "along": [[(name, round(r, 2)) for name, r in axis] for axis in correlated(found, made.points)],
        "sort": [items.sorts[i] for i in chosen],
        "start": short(items.start_s[chosen]),
        "end": short(items.end_s[chosen]),
        "low": short(items.low_hz[chosen]),
        "high": short(items.high_hz[chosen]),
        "level_db": short(_levels_db(items)[chosen]),
        "note": note.tolist() if note.any() else [],
        "x": short(made.points[:, 0]),
        "y": short(made.points[:, 1]),
        "sorts": {
            sort: {
                "items": held["items"].tolist(),
                "params": held["params"],
                "values": [short(row) for row in held["values"]],
            }
            for sort, held in by_sort.items()
        },
    }


def short(values: Any) -> list[float]:
    """Four digits of each."""
    return [float(f"{value:.4g}") for value in np.asarray(values, np.float64).tolist()]


def _levels_db(items: Items) -> Array:
    """The level of the strongest event of each item, `(n_items,)`."""
    found, first = np.full(len(items), SILENCE_DB), 0
    for table in items.scene.tables:
        number = items.number[first : first + len(table)]
        first += len(table)
        np.maximum.at(found, number, kinds.of(table).drawing.level_db(table))
    return found
