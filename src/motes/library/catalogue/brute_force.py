"""The rows of a catalogue that are nearest to some sounds, by comparing them with all rows: here, in several processes
or by the workers of a cluster, with the same results to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints
from motes.library.catalogue.part import dataset
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import N_NUMBERS
from motes.library.spreading.spread import ALONE, Progress, Spread, spread

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow

# The least standard deviation that a number is measured in.
LEAST_DEVIATION = 1e-6
# Where others work too, they are given so many parts of a catalogue at a time, or more where there are many parts.
PARTS_AT_ONCE, MOST_ITEMS = 8, 256
# Rows are compared so many at a time, which the cache of a processor holds.
_BLOCK = 4096


@dataclass(frozen=True)
class Among:
    """Which rows are looked among: those of a kind and model for which a condition in SQL is true."""

    kind: str
    model: str
    where: str | None = None

    def query(self, columns: str = "*") -> str:
        """The SELECT of these columns of them."""
        more = "" if self.where is None else f" and ({self.where}\n)"
        return f"select {columns} from events where kind = {text(self.kind)} and model = {text(self.model)}{more}"


class Nearest(NamedTuple):
    """The rows nearest to each of `m` sounds: places in a table `(m, k)`, the nearest first, and the distances."""

    rows: pyarrow.Table
    place: Ints
    distance: Array


class Moments(NamedTuple):
    """Of the rows of each file, in their order: how many, and mean and sum of squares about it of each number."""

    n: Ints
    mean: Array
    square: Array


def text(value: str) -> str:
    """A text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def numbers_of(rows: pyarrow.Table) -> Array:
    """The sixteen numbers of rows, `(n, 16)`."""
    values = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(values.astype(np.float64).reshape(-1, N_NUMBERS))


def nearest(
    parts: Sequence[Path],
    among: Among,
    wanted: Array,
    count: int,
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
    columns: str = "*",
) -> Nearest | None:
    """The `count` rows of these parts nearest to each sound of `wanted` `(m, 16)`, or all where there are less: by the
    root mean square of the differences, each in standard deviations of all rows looked among. None where there are
    none; ParameterError where the condition makes no sense.
    """
    several = _items(list(parts), how)
    query = among.query("file, vector")
    first = spread(_moments, [(item, query) for item in several], how, lambda done, *_: progress(0.5 * done))
    moments = [each for each in first if len(each.n)]
    if not moments:
        return None
    deviation = _deviation(Moments(*(np.concatenate(each) for each in zip(*moments, strict=True))))
    todo = [(item, among.query(columns), wanted, deviation, count) for item in several]
    second = spread(_nearest_in, todo, how, lambda done, *_: progress(0.5 + 0.5 * done))
    return _together([each for each in second if len(each.rows)], count)


def deviation_of(rows: pyarrow.Table) -> Array:
    """The standard deviation of each number over rows in the order of a catalogue, `(16,)`."""
    return _deviation(_moments_of(rows))


def distances(numbers: Array, wanted: Array, deviation: Array) -> Array:
    """How far each of `numbers` `(n, 16)` is from `wanted` `(16,)`, in standard deviations `(16,)`."""
    found = np.empty(len(numbers))
    for first in range(0, len(numbers), _BLOCK):
        block = (numbers[first : first + _BLOCK] - wanted) / deviation
        found[first : first + _BLOCK] = np.sqrt(np.mean(block**2, axis=1))
    return found


def first_of(distance: Array, count: int) -> Ints:
    """Which are the `count` least of distances `(n,)`, in order; of equal ones the first."""
    if count < len(distance):
        few = np.flatnonzero(distance <= np.partition(distance, count - 1)[count - 1])
    else:
        few = np.arange(len(distance))
    return np.asarray(few[np.argsort(distance[few], kind="stable")[:count]])


def _items(parts: list[Path], how: Spread) -> list[list[Path]]:
    if not how.on and how.n_processes == 1:
        return [parts]
    size = max(PARTS_AT_ONCE, -(-len(parts) // MOST_ITEMS))
    return [parts[first : first + size] for first in range(0, len(parts), size)]


def _moments(about: tuple[list[Path], str]) -> Moments:
    """In a worker."""
    parts, query = about
    return _moments_of(select(dataset(parts), query))


def _moments_of(rows: pyarrow.Table) -> Moments:
    """File by file, so that it does not matter which files are looked at together."""
    import pyarrow
    import pyarrow.compute as compute

    runs = compute.run_end_encode(rows["file"].cast(pyarrow.string()).combine_chunks())
    ends = runs.run_ends.to_numpy(zero_copy_only=False) if len(rows) else np.zeros(0, np.int64)
    files = np.split(numbers_of(rows), ends[:-1]) if len(ends) else []
    mean = np.array([each.mean(axis=0) for each in files]).reshape(-1, N_NUMBERS)
    square = np.array([np.sum((each - m) ** 2, axis=0) for each, m in zip(files, mean, strict=True)])
    return Moments(np.diff(ends, prepend=0), mean, square.reshape(-1, N_NUMBERS))


def _deviation(moments: Moments) -> Array:
    """Of all rows together (Chan, Golub and LeVeque 1983)."""
    n = moments.n[:, None]
    mean = np.sum(n * moments.mean, axis=0) / n.sum()
    square = np.sum(moments.square + n * (moments.mean - mean) ** 2, axis=0)
    return np.asarray(np.maximum(np.sqrt(square / n.sum()), LEAST_DEVIATION))


def _nearest_in(about: tuple[list[Path], str, Array, Array, int]) -> Nearest:
    """In a worker: the nearest in some parts."""
    parts, query, wanted, deviation, count = about
    rows = select(dataset(parts), query)
    numbers = numbers_of(rows)
    count = min(count, len(numbers))
    place, distance = np.zeros((len(wanted), count), np.int64), np.zeros((len(wanted), count))
    if count:
        for i, one in enumerate(wanted):
            apart = distances(numbers, one, deviation)
            place[i] = first_of(apart, count)
            distance[i] = apart[place[i]]
    used, where = np.unique(place, return_inverse=True)
    return Nearest(rows.take(used), where.reshape(place.shape), distance)


def _together(several: list[Nearest], count: int) -> Nearest:
    """The nearest of all parts, in the order of these where distances are equal."""
    import pyarrow

    before = np.cumsum([0, *(len(each.rows) for each in several)])
    place = np.concatenate([each.place + first for each, first in zip(several, before[:-1], strict=True)], axis=1)
    distance = np.concatenate([each.distance for each in several], axis=1)
    order = np.argsort(distance, axis=1, kind="stable")[:, :count]
    rows = pyarrow.concat_tables([each.rows for each in several]).unify_dictionaries()
    return Nearest(rows, np.take_along_axis(place, order, 1), np.take_along_axis(distance, order, 1))
