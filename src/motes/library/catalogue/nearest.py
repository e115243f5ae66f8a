"""The rows of a catalogue that are nearest to given vectors: by an index where there is one, else by comparing all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.library.catalogue.query import quoted, select
from motes.library.catalogue.rows import DESCRIPTOR, N_NUMBERS

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue

# The least standard deviation that a number is measured in, a tenth of a semitone, decibel, octave …: one that is the
# same in all rows must not make all others far away.
LEAST_DEVIATION = 0.1
# Of the squared norms: what single precision loses where a difference is computed as a product.
ROUNDING = 1e-5


class Neighbours(NamedTuple):
    """The nearest rows of each vector asked for, the nearest first, `(m, k)`, and their distances: the root mean square
    of the differences of the sixteen numbers, each in standard deviations.
    """

    row: Ints
    distance: Array


class Space:
    """Vectors `(n, 16)` to be compared with others, all of them. Numbers are measured in `deviation` `(16,)`, by
    default the standard deviations of these vectors.
    """

    def __init__(self, numbers: Array, deviation: Array | None = None) -> None:
        self.numbers = numbers
        self.deviation = deviation_of(numbers) if deviation is None else deviation
        self._centre = numbers.mean(axis=0)
        self._scaled = ((numbers - self._centre) / self.deviation).astype(np.float32)
        self._norm = np.einsum("ij,ij->i", self._scaled, self._scaled)

    def nearest(self, wanted: Array, count: int) -> Neighbours:
        """The `min(count, n)` nearest rows of each of these vectors `(m, 16)`; of equal ones those that come first."""
        count = min(count, len(self.numbers))
        rows, apart = np.zeros((len(wanted), count), np.int64), np.zeros((len(wanted), count))
        for i, one in enumerate(wanted):
            rows[i], apart[i] = self._nearest(one, count)
        return Neighbours(rows, apart)

    def _nearest(self, wanted: Array, count: int) -> tuple[Ints, Array]:
        """As |x|² − 2 x·w, which is one product, and the candidates that rounding leaves again by the definition."""
        scaled = ((wanted - self._centre) / self.deviation).astype(np.float32)
        about = self._norm - 2 * (self._scaled @ scaled)
        last = np.partition(about, count - 1)[count - 1]
        near = np.flatnonzero(about <= last + ROUNDING * (1 + self._norm + scaled @ scaled))
        distance = distances(self.numbers[near], wanted, self.deviation)
        order = np.argsort(distance, kind="stable")[:count]
        return near[order], distance[order]


def deviation_of(numbers: Array) -> Array:
    """The standard deviation of each of sixteen numbers `(n, 16)`, `(16,)`, as distances are measured in."""
    return np.asarray(np.maximum(numbers.std(axis=0, dtype=np.float64), LEAST_DEVIATION))


def distances(numbers: Array, wanted: Array, deviation: Array) -> Array:
    """How far vectors `(..., 16)` are from others, `(...)`."""
    return np.asarray(np.sqrt(np.mean(((numbers - wanted) / deviation) ** 2, axis=-1)))


def nearest(
    catalogue: Catalogue,
    numbers: Array,
    count: int = 10,
    *,
    kind: str = "note",
    model: str = DESCRIPTOR,
    where: str | None = None,
) -> pyarrow.Table:
    """The rows of a kind and model nearest to each of the vectors `(m, 16)`, those of the first vector first, the
    nearest first.

    Beside the columns of the catalogue there are `wanted`, which of the vectors a row was found for, and `distance`. A
    condition in SQL says among which; numbers are measured in standard deviations of the rows compared. Raises
    ParameterError where there are none.
    """
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if model not in models_of(catalogue, kind):
        raise ParameterError(
            f"no {kind} of the catalogue has numbers of {model}: those of different models cannot be compared"
        )
    condition = "true" if where is None else f"({where}\n)"
    query = f"select * from events where kind = {quoted(kind)} and model = {quoted(model)} and {condition}"
    rows = select(catalogue.dataset(), query)
    if not len(rows):
        raise ParameterError(f"no {kind} of the catalogue is so that {where}")
    return _answers(rows, Space(vectors_in(rows)).nearest(numbers, count))


def _answers(rows: Any, found: Neighbours) -> pyarrow.Table:
    """These rows, and what they were found for."""
    of = np.repeat(np.arange(len(found.row)), found.row.shape[1])
    table = rows.take(found.row.reshape(-1))
    return table.append_column("wanted", [of]).append_column("distance", [found.distance.reshape(-1)])


def models_of(catalogue: Catalogue, kind: str) -> list[str]:
    """Whose numbers the rows of a kind have, those of most rows first; ParameterError where there are no such rows."""
    if kind not in catalogue.n_rows:
        held = ", ".join(f"{name}s" for name in catalogue.n_rows) or "nothing"
        raise ParameterError(f"the catalogue has no {kind}s, but {held}")
    query = f"select model from events where kind = {quoted(kind)} group by model order by count(*) desc, model"
    return [str(model) for model in select(catalogue.dataset(), query)["model"].to_pylist()]


def vectors_in(rows: Any) -> Array:
    """The sixteen numbers of rows of a catalogue, `(n, 16)`."""
    values = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(values, np.float64).reshape(-1, N_NUMBERS)
