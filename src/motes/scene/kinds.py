"""What every kind of event shares: described parameters, and a read-only table of columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Param:
    """One column of a kind of event: its name (with the unit in it), range and meaning."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str
    per_channel: bool = False
    default: float | None = None
    """What a column that is not given is filled with; None where it must be given."""
    whole: bool = False
    """Whole numbers: an int64 column."""


@dataclass(frozen=True, eq=False)
class EventTable:
    """Events of one kind as a structure of arrays; every column is a float64 (or, of whole numbers, int64) array that cannot be written to.

    Columns are `(n_events,)`, those marked `per_channel` `(n_events, n_channels)`. Raises ParameterError where lengths differ or a value
    is not finite or out of its range.
    """

    KIND: ClassVar[str]
    PARAMS: ClassVar[tuple[Param, ...]]

    def __post_init__(self) -> None:
        n_events: int | None = None
        for param in self.PARAMS:
            given = getattr(self, param.name)
            if given is None and param.default is not None:
                given = np.full(n_events or 0, param.default)
            column = np.array(given, dtype=np.int64 if param.whole else np.float64, order="C")
            if column.ndim != 1 + param.per_channel:
                raise ParameterError(f"{self.KIND}.{param.name} must have {1 + param.per_channel} dimensions, not shape {column.shape}")
            n_events = len(column) if n_events is None else n_events
            if len(column) != n_events:
                raise ParameterError(f"{self.KIND}.{param.name} has {len(column)} events, {self.PARAMS[0].name} has {n_events}")
            self._check_range(param, column)
            if param.default is not None and np.all(column == param.default):
                column = np.broadcast_to(np.asarray(param.default, column.dtype), column.shape)  # takes no memory, as it takes none in a file
            column.flags.writeable = False
            object.__setattr__(self, param.name, column)

    def _check_range(self, param: Param, column: NDArray[Any]) -> None:
        if column.size == 0:
            return
        low, high = column.min(), column.max()  # NaN and infinities propagate into these two
        if not (param.low <= low and high <= param.high):
            bad = np.flatnonzero(~((column >= param.low) & (column <= param.high)))[0]
            value = column.reshape(-1)[bad]
            raise ParameterError(f"{self.KIND}.{param.name} must lie in {param.low:g} … {param.high:g} {param.unit}, not {value:g} (event {bad})")

    def __len__(self) -> int:
        return len(getattr(self, self.PARAMS[0].name))

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """The events at `index` (positions, a mask or a slice), in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def equals(self, other: Self) -> bool:
        """Whether every column holds the same bits."""
        return len(self) == len(other) and all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
