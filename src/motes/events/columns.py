"""Events as flat columns, one value per event: what tables, data frames and spreadsheets hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import MissingExtraError, ParameterError
from motes.events.event_table import EventTable, Param

if TYPE_CHECKING:
    import pandas

Columns = dict[str, NDArray[Any]]


def stored_params(kind: type[EventTable]) -> list[Param]:
    """The parameters of a kind that tables show, in their order."""
    return [param for param in kind.PARAMS if param.public]


def column_names(param: Param, n_channels: int) -> list[str]:
    """What a parameter's columns are called: its name, with the channel's number after it where there are several."""
    return (
        [param.name]
        if n_channels == 1 or not param.per_channel
        else [f"{param.name}_{channel}" for channel in range(n_channels)]
    )


def flat_columns(events: EventTable) -> Columns:
    """All stored columns by name, each `(n_events,)`."""
    columns: Columns = {}
    for param in stored_params(type(events)):
        values = events.column(param.name)
        parts = values.T if param.per_channel else [values]
        columns |= dict(zip(column_names(param, events.n_channels or 1), parts, strict=True))
    for name in events.RAGGED:  # in one cell, with spaces between
        columns[name] = np.array([" ".join(map(repr, values.tolist())) for values in events.ragged(name)], object)
    return columns


def events_of(kind: type[EventTable], columns: Columns) -> EventTable:
    """The inverse of `flat_columns`; other columns are passed over. ParameterError where one is missing or a value
    makes no sense.
    """
    level = next((param.name for param in kind.PARAMS if param.per_channel), "amplitude")
    n_channels = 1 if level in columns else sum(f"{level}_{channel}" in columns for channel in range(len(columns)))
    made = {}
    for param in stored_params(kind):
        names = column_names(param, max(1, n_channels))
        missing = [name for name in names if name not in columns]
        if missing and param.default is None:
            raise ParameterError(f"the column {missing[0]} is missing; there are: {', '.join(columns)}")
        if not missing:
            parts = [columns[name] for name in names]
            made[param.name] = np.stack(parts, axis=1) if param.per_channel else parts[0]
    return kind.of_ragged(made, {name: _values(columns, name) for name in kind.RAGGED})


def _values(columns: Columns, name: str) -> NDArray[np.float64]:
    """All numbers in the cells of a ragged column."""
    if name not in columns:
        raise ParameterError(f"the column {name} is missing; there are: {', '.join(columns)}")
    try:
        return np.array([float(word) for cell in columns[name] for word in str(cell).split()])
    except ValueError as error:
        raise ParameterError(f"{name} must hold numbers with spaces between: {error}") from None


def to_pandas(events: EventTable) -> pandas.DataFrame:
    """The stored columns as a data frame; MissingExtraError without pandas."""
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("a pandas data frame", "export") from None
    return pandas.DataFrame(flat_columns(events))
