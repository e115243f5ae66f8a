"""The rows of a catalogue that are nearest to given vectors: by an index where there is one, else by comparing all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array
from motes.library.catalogue.index import index_of
from motes.library.catalogue.query import quoted, select
from motes.library.catalogue.rows import DESCRIPTOR, N_NUMBERS
from motes.library.catalogue.space import Space, distances

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue


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
    found = _by_index(catalogue, numbers, count, kind, model) if where is None else None
    return _by_comparing(catalogue, numbers, count, kind, model, where) if found is None else found


def _by_comparing(
    catalogue: Catalogue, numbers: Array, count: int, kind: str, model: str, where: str | None
) -> pyarrow.Table:
    """What all rows of a kind, model and condition are compared for."""
    if model not in models_of(catalogue, kind):
        raise ParameterError(
            f"no {kind} of the catalogue has numbers of {model}: those of different models cannot be compared"
        )
    condition = "true" if where is None else f"({where}\n)"
    query = f"select * from events where kind = {quoted(kind)} and model = {quoted(model)} and {condition}"
    rows = select(catalogue.dataset(), query)
    if not len(rows):
        raise ParameterError(f"no {kind} of the catalogue is so that {where}")
    neighbours = Space(vectors_in(rows)).nearest(numbers, count)
    return _answers(rows.take(neighbours.row.reshape(-1)), neighbours.distance)


def _by_index(catalogue: Catalogue, numbers: Array, count: int, kind: str, model: str) -> pyarrow.Table | None:
    """What the index of these rows finds; None where there is none, or it is of other rows."""
    index = index_of(catalogue, kind, model)
    found = None if index is None else index.nearest(numbers, count)
    if index is None or found is None:
        return None
    rows = catalogue.rows_at(found.row.reshape(-1))
    vectors = vectors_in(rows).reshape(*found.row.shape, N_NUMBERS)
    distance = distances(vectors, numbers[:, None], index.deviation)
    if not np.allclose(distance, found.distance, rtol=1e-3, atol=1e-2):
        return None
    order = np.argsort(distance, axis=1, kind="stable")
    place = order + found.row.shape[1] * np.arange(len(order))[:, None]
    return _answers(rows.take(place.reshape(-1)), np.take_along_axis(distance, order, axis=1))


def _answers(rows: Any, distance: Array) -> pyarrow.Table:
    """Rows, those of each vector after those of the one before, with what they were found for."""
    of = np.repeat(np.arange(len(distance)), distance.shape[1])
    return rows.append_column("wanted", [of]).append_column("distance", [distance.reshape(-1)])


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
