"""The rows of a catalogue that are nearest to given vectors: by an index where there is one, else by comparing all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array
from motes.library.catalogue import brute_force
from motes.library.catalogue.brute_force import Among, Question, numbers_of
from motes.library.catalogue.index import index_of
from motes.library.catalogue.query import quoted, select
from motes.library.spreading.spread import ALONE, Progress, Spread, connected

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue

# So many rows are read once and held; more are read twice, in pieces.
AT_ONCE = 300_000


def nearest(
    catalogue: Catalogue,
    numbers: Array,
    count: int,
    among: Among,
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
) -> pyarrow.Table:
    """The rows of a kind and model, and of a condition, that are nearest to each of the vectors `(m, 16)`: those of the
    first vector first, the nearest first.

    Beside the columns of the catalogue there are `wanted`, which of the vectors a row was found for, and `distance`.
    Raises ParameterError where there are no such rows. Without a condition an index finds them where there is one;
    several processes or a cluster compare all.
    """
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if how == ALONE and among.where is None and (found := _by_index(catalogue, numbers, count, among)) is not None:
        return found
    if how == ALONE and catalogue.n_rows.get(among.kind, 0) < AT_ONCE:
        rows = select(catalogue.dataset(), among.query())
        found = _by_comparing(rows, numbers, count) if len(rows) else None
    else:
        with connected(how):
            (asked,) = brute_force.nearest(catalogue.parts(), [Question(among, numbers)], count, how, progress)
        found = asked and _answers(asked.rows.take(asked.place.reshape(-1)), asked.distance)
    if found is None:
        raise ParameterError(_none(catalogue, among))
    return found


def _by_comparing(rows: pyarrow.Table, numbers: Array, count: int) -> pyarrow.Table:
    """The nearest of these rows."""
    held, deviation = numbers_of(rows), brute_force.deviation_of(rows)
    apart = [brute_force.distances(held, wanted, deviation) for wanted in numbers]
    place = [brute_force.first_of(distance, count) for distance in apart]
    distance = np.array([far[at] for far, at in zip(apart, place, strict=True)]).reshape(len(numbers), -1)
    return _answers(rows.take(np.concatenate([np.zeros(0, np.int64), *place])), distance)


def _by_index(catalogue: Catalogue, numbers: Array, count: int, among: Among) -> pyarrow.Table | None:
    """What the index of these rows finds; None where there is none, or it is of other rows."""
    index = index_of(catalogue, among.kind, among.model)
    found = None if index is None else index.nearest(numbers, count)
    if index is None or found is None:
        return None
    rows = catalogue.rows_at(found.row.reshape(-1))
    apart = (numbers_of(rows).reshape(*found.row.shape, -1) - numbers[:, None]) / index.deviation
    distance = np.sqrt(np.mean(apart**2, axis=-1))
    if not np.allclose(distance, found.distance, rtol=1e-3, atol=1e-2):
        return None
    order = np.argsort(distance, axis=1, kind="stable")
    place = order + found.row.shape[1] * np.arange(len(order))[:, None]
    return _answers(rows.take(place.reshape(-1)), np.take_along_axis(distance, order, axis=1))


def _answers(rows: Any, distance: Array) -> pyarrow.Table:
    """Rows, those of each vector after those of the one before, with what they were found for."""
    of = np.repeat(np.arange(len(distance)), distance.shape[1])
    return rows.append_column("wanted", [of]).append_column("distance", [distance.reshape(-1)])


def _none(catalogue: Catalogue, among: Among) -> str:
    """Why there are no rows to compare with."""
    models = models_of(catalogue, among.kind)
    if among.model not in models:
        return f"no {among.kind} of the catalogue has numbers of {among.model}, and those of other models differ"
    return f"no {among.kind} of the catalogue is so that {among.where}"


def models_of(catalogue: Catalogue, kind: str) -> list[str]:
    """Whose numbers the rows of a kind have, those of most rows first; ParameterError where there are no such rows."""
    if kind not in catalogue.n_rows:
        held = ", ".join(f"{name}s" for name in catalogue.n_rows) or "nothing"
        raise ParameterError(f"the catalogue has no {kind}s, but {held}")
    query = f"select model from events where kind = {quoted(kind)} group by model order by count(*) desc, model"
    return [str(model) for model in select(catalogue.dataset(), query)["model"].to_pylist()]
