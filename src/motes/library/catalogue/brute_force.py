"""The rows of a catalogue that are nearest to some sounds, by comparing them with all rows: here, in several processes
or by the workers of a cluster, with the same results to the bit.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints
from motes.library.catalogue.part import dataset
from motes.library.catalogue.query import quoted, select
from motes.library.catalogue.rows import N_NUMBERS
from motes.library.spreading.spread import ALONE, Progress, Spread, spread

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow

# The least standard deviation that a number is measured in, a tenth of a semitone, decibel, octave …: one that is the
# same in all rows must not make all others far away.
LEAST_DEVIATION = 0.1
# Each number counts alike.
EQUAL = np.ones(N_NUMBERS)
# Where others work too, they are given so many parts of a catalogue at a time, or more where there are many parts; few
# parts are compared here before a process has started.
PARTS_AT_ONCE, MOST_ITEMS = 64, 256
# Of Parquet, for memory: some 500,000 rows.
BYTES_AT_ONCE = 25_000_000
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
        return f"select {columns} from events where kind = {quoted(self.kind)} and model = {quoted(self.model)}{more}"


class Question(NamedTuple):
    """Which rows are nearest to sounds, by their sixteen numbers `(m, 16)`, among which, and how much a standard
    deviation of each number counts, `(16,)`.
    """

    among: Among
    wanted: Array
    weight: Array = EQUAL


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


class _Asked(NamedTuple):
    """A question as it comes to a worker; `deviation` is None where there are no rows at all."""

    query: str
    wanted: Array
    deviation: Array | None
    most: int


def numbers_of(rows: pyarrow.Table) -> Array:
    """The sixteen numbers of rows, `(n, 16)`."""
    values = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(values.astype(np.float64).reshape(-1, N_NUMBERS))


def nearest(
    parts: Sequence[Path],
    questions: Sequence[Question],
    count: int,
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
    columns: str = "*",
) -> list[Nearest | None]:
    """For each question the `count` rows of these parts nearest to its sounds, or all where there are less: by the root
    mean square of the differences, each in standard deviations of all rows looked among. None where there are no rows;
    ParameterError where a condition makes no sense.
    """
    items = _items(list(parts), how)
    queries = [one.among.query("file, vector") for one in questions]
    first = list(spread(_moments, [(item, queries) for item in items], how, lambda done, *_: progress(0.5 * done)))
    asked = []
    for i, one in enumerate(questions):
        found = [moments[i] for moments in first if len(moments[i].n)]
        together = Moments(*map(np.concatenate, zip(*found, strict=True))) if found else None
        deviation = None if together is None else _deviation(together) / one.weight
        asked.append(_Asked(one.among.query(columns), one.wanted, deviation, count))
    todo = [(item, asked) for item in items]
    second = list(spread(_nearest_in, todo, how, lambda done, *_: progress(0.5 + 0.5 * done)))
    return [_together([each[i] for each in second if each[i] is not None], count) for i in range(len(questions))]


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
        ends = np.cumsum([os.path.getsize(part) if part.exists() else 0 for part in parts]) // BYTES_AT_ONCE
        return [[parts[i] for i in np.flatnonzero(ends == at)] for at in np.unique(ends)]
    size = max(PARTS_AT_ONCE, -(-len(parts) // MOST_ITEMS))
    return [parts[first : first + size] for first in range(0, len(parts), size)]


def _moments(about: tuple[list[Path], list[str]]) -> list[Moments]:
    """In a worker."""
    parts, queries = about
    return [_moments_of(select(dataset(parts), query)) for query in queries]


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


def _at_least(variance: Array) -> Array:
    """What numbers of these variances are measured in, `(16,)`."""
    return np.asarray(np.maximum(np.sqrt(np.maximum(variance, 0.0)), LEAST_DEVIATION))


def _deviation(moments: Moments) -> Array:
    """Of all rows together (Chan, Golub and LeVeque 1983)."""
    n = moments.n[:, None]
    mean = np.sum(n * moments.mean, axis=0) / n.sum()
    square = np.sum(moments.square + n * (moments.mean - mean) ** 2, axis=0)
    return _at_least(square / n.sum())


def _nearest_in(about: tuple[list[Path], list[_Asked]]) -> list[Nearest | None]:
    """In a worker: the nearest in some parts."""
    parts, asked = about
    return [_answer(parts, one) for one in asked]


def _answer(parts: list[Path], asked: _Asked) -> Nearest | None:
    if asked.deviation is None or not len(rows := select(dataset(parts), asked.query)):
        return None
    numbers, wanted = numbers_of(rows), asked.wanted
    count = min(asked.most, len(numbers))
    place, distance = np.zeros((len(wanted), count), np.int64), np.zeros((len(wanted), count))
    for i, one in enumerate(wanted):
        apart = distances(numbers, one, asked.deviation)
        place[i] = first_of(apart, count)
        distance[i] = apart[place[i]]
    used, where = np.unique(place, return_inverse=True)
    return Nearest(rows.take(used), where.reshape(place.shape), distance)


def _together(several: list[Nearest], count: int) -> Nearest | None:
    """The nearest of all parts, in the order of these where distances are equal."""
    import pyarrow

    if not several:
        return None
    before = np.cumsum([0, *(len(each.rows) for each in several)])
    place = np.concatenate([each.place + first for each, first in zip(several, before[:-1], strict=True)], axis=1)
    distance = np.concatenate([each.distance for each in several], axis=1)
    order = np.argsort(distance, axis=1, kind="stable")[:, :count]
    rows = pyarrow.concat_tables([each.rows for each in several]).unify_dictionaries()
    return Nearest(rows, np.take_along_axis(place, order, 1), np.take_along_axis(distance, order, 1))
