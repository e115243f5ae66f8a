"""Sounds of a catalogue that are most like one of them, or of which a condition is true; by an exact comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motes.errors import ParameterError
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import KINDS, N_NUMBERS

if TYPE_CHECKING:
    import pyarrow

# The least standard deviation that a number is measured in.
LEAST_DEVIATION = 1e-6


def search(rows: Any, like: str | None, where: str | None, count: int) -> pyarrow.Table:
    """As `Catalogue.search`, among the rows of a pyarrow Dataset."""
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if like is None and where is None:
        raise ParameterError("a search needs a sound, as in song.mote:12, or a condition, as in pitch > 60")
    condition = "true" if where is None else f"({where}\n)"
    if like is None:
        return select(rows, f"select * from events where {condition} limit {count}")
    kind, model, wanted = _sound(rows, like)
    query = f"select * from events where kind = {_text(kind)} and model = {_text(model)} and {condition}"
    found = select(rows, query)
    if not len(found):
        raise ParameterError(f"no {kind} of the catalogue is so that {where}")
    numbers = _numbers(found)
    deviation = np.maximum(numbers.std(axis=0), LEAST_DEVIATION)
    distance = np.sqrt(np.mean(((numbers - wanted) / deviation) ** 2, axis=1))
    nearest = np.argsort(distance, kind="stable")[:count]
    return found.take(nearest).append_column("distance", [distance[nearest]])


def _sound(rows: Any, name: str) -> tuple[str, str, Any]:
    """Kind, model and sixteen numbers `(16,)` of a sound by its name."""
    file, _, number = name.rpartition(":")
    file, kind = next(((file.removesuffix(f":{k}"), k) for k in KINDS if file.endswith(f":{k}")), (file, "note"))
    if not file or not number.isdecimal():
        raise ParameterError(f"{name!r} is no sound of a catalogue: say song.mote:12, or song.mote:partial:3")
    same = f"file = {_text(file)} and kind = {_text(kind)} and number = {number}"
    found = select(rows, f"select model, vector from events where {same}")
    if not len(found):
        raise ParameterError(f"the catalogue has no {kind} {number} of {file}")
    return kind, found["model"][0].as_py(), _numbers(found)[0]


def _numbers(found: Any) -> Any:
    values = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values.astype(np.float64).reshape(-1, N_NUMBERS)


def _text(value: str) -> str:
    """A text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"
