"""Detail with other coefficients, or another length."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Ints, Mask
from motes.kinds.detail.table import Detail, rows_of


def reshaped(events: Detail, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Detail:
    """The events with these columns, `(n_events,)`, and these values, for those in `mask`: one throughout or as many as
    there are. A duration is that of the event stretched.
    """
    changed = [name for name in events.COUNTS if name in columns and np.any(columns[name] != events.column(name))]
    if changed:
        raise ParameterError(f"{changed[0]} of detail counts its coefficients and cannot be set: encode anew")
    if "time_ratio" in columns:
        columns = columns | {"duration_s": events.duration_s * columns["time_ratio"] / events.time_ratio}
    elif "duration_s" in columns:
        columns = columns | {"time_ratio": events.time_ratio * columns["duration_s"] / events.duration_s}
    values = {name: _filled(events, mask, name, value) for name, value in ragged.items()}
    return events.replace(**columns, **values)


def _filled(events: Detail, mask: Mask, name: str, value: Any) -> Ints:
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} must be numbers") from None
    if not np.all(np.isfinite(given)):
        raise ParameterError(f"{name} must be finite numbers")
    rows = rows_of(events, name)
    found = np.array(events.column(name), np.float64)
    for i in np.flatnonzero(mask):
        place = found[rows[i] : rows[i + 1]]
        if given.size not in (1, place.size):
            raise ParameterError(f"{name} needs {place.size} values, not {given.size}")
        place[:] = given.reshape(place.shape if given.size == place.size else ())
    return found  # type: ignore[return-value]  # the table takes whole numbers alone
