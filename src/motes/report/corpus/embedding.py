"""Sounds of a catalogue in a plane, alike ones near each other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from motes.errors import MotesWarning, ParameterError
from motes.events.event_table import Array
from motes.library.catalogue.brute_force import deviation_of, numbers_of
from motes.library.catalogue.query import quoted, select
from motes.report.plane import plane

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue

MOST, SHOWN = 50_000, 5_000


@dataclass(frozen=True)
class Embedding:
    """Rows of a catalogue and where they are, `(n, 2)` in 0 … 1; by which method, and of how many they were drawn."""

    rows: pyarrow.Table
    points: Array
    method: str
    n_rows: int


def embedded(catalogue: Catalogue, where: str | None = None, count: int = SHOWN, seed: int = 0) -> Embedding:
    """The sounds for which a condition in SQL is true, without one all but partials where there are others, as t-SNE of
    their sixteen numbers lays them out; at most `count`, drawn by `seed`.

    Always the same for the same rows: one thread does it, whatever there are. Those of one model alone can be compared,
    that of most of them. Raises ParameterError where there are none.
    """
    if not 1 <= count <= MOST:
        raise ParameterError(f"a map is of 1 to {MOST:,} sounds, not {count:,}")
    if not len(catalogue):
        raise ParameterError(f"{catalogue.path} holds no sounds: there is nothing to draw")
    if where is None:
        where = "kind <> 'partial'" if set(catalogue.n_rows) - {"partial"} else "true"
    rows = catalogue.dataset()
    models = select(
        rows, f"select model, count(*) n from events where ({where}\n) group by model order by n desc, model"
    )
    if not len(models):
        raise ParameterError(f"no sound of the catalogue is so that {where}")
    model, n = models["model"][0].as_py(), models["n"][0].as_py()
    if len(models) > 1:
        others = sum(models["n"].to_pylist()) - n
        warnings.warn(MotesWarning(f"{others:,} sounds whose numbers are not of {model} are left out"), stacklevel=3)
    among = f"({where}\n) and model = {quoted(model)}"
    # An order that the number of threads does not change.
    drawn = f"md5(concat_ws(':', file, kind, number, {int(seed)}))"
    query = f"select * from events where {among} order by {drawn}, file, kind, number limit {int(count)}"
    found = select(rows, f"select * from ({query}) order by file, kind, number")
    points, method, *_ = plane(numbers_of(found) / deviation_of(found))
    return Embedding(found, points, method, n)
