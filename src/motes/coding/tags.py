"""What is stored of each event of a packet beside the event itself, most often alike for many: rows of whole numbers in
a table, and which row each event has, its tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tags:
    """`rows` `(n_rows, n_columns)`, of which the first is all 0, and the row of each event `(n_events,)`."""

    rows: Ints
    index: Ints

    @classmethod
    def none(cls, n_events: int, n_columns: int) -> Tags:
        """All events have the first row."""
        return cls(np.zeros((1, n_columns), np.int64), np.zeros(n_events, np.int64))

    @classmethod
    def of(cls, values: Ints) -> Tags:
        """Of each event's own row `(n_events, n_columns)`."""
        rows, index = np.unique(values, axis=0, return_inverse=True)
        zero = np.flatnonzero(~rows.any(axis=1))
        first = int(zero[0]) if len(zero) else -1
        order = [first] if first >= 0 else []
        others = [i for i in range(len(rows)) if i != first]
        new = np.empty(len(rows), np.int64)
        new[order + others] = np.arange(len(rows)) + (first < 0)
        return cls(np.concatenate([np.zeros((1, values.shape[1]), np.int64), rows[others]]), new[index.reshape(-1)])

    @property
    def trivial(self) -> bool:
        """Whether every event has the first row."""
        return not self.index.any()

    def take(self, where: Any) -> Tags:
        """Those of the events at `where`, in that order."""
        return Tags(self.rows, self.index[where])

    def used(self) -> Tags:
        """With only the rows that occur, in the order in which they first do."""
        if len(self.rows) == 1:
            return self
        values, first = np.unique(self.index, return_index=True)
        values = values[np.argsort(first, kind="stable")]
        values = np.concatenate([[0], values[values != 0]])
        new = np.zeros(len(self.rows), np.int64)
        new[values] = np.arange(len(values))
        return Tags(self.rows[values], new[self.index])

    @property
    def values(self) -> Ints:
        """Each event's own row."""
        return self.rows[self.index]
