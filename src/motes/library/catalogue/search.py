"""Sounds of a catalogue that are most like one of them, or of which a condition is true; by an exact comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from motes.errors import ParameterError
from motes.library.catalogue.brute_force import (
    Among,
    Question,
    deviation_of,
    distances,
    first_of,
    nearest,
    numbers_of,
    text,
)
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import KINDS
from motes.library.spreading.spread import Progress, Spread, connected

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow


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
    query = f"select * from events where kind = {text(kind)} and model = {text(model)} and {condition}"
    found = select(rows, query)
    if not len(found):
        raise ParameterError(f"no {kind} of the catalogue is so that {where}")
    distance = distances(numbers_of(found), wanted, deviation_of(found))
    place = first_of(distance, count)
    return found.take(place).append_column("distance", [distance[place]])


def search_by_others(
    rows: Any,
    parts: Sequence[Path],
    like: str,
    where: str | None,
    count: int,
    how: Spread,
    progress: Progress = lambda *_: None,
) -> pyarrow.Table:
    """The rows that `search` gives for a sound, found by several processes or a cluster, some parts each."""
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    kind, model, wanted = _sound(rows, like)
    with connected(how):
        (found,) = nearest(parts, [Question(Among(kind, model, where), wanted[None])], count, how, progress)
    if found is None:
        raise ParameterError(f"no {kind} of the catalogue is so that {where}")
    return found.rows.take(found.place[0]).append_column("distance", [found.distance[0]])


def _sound(rows: Any, name: str) -> tuple[str, str, Any]:
    """Kind, model and sixteen numbers `(16,)` of a sound by its name."""
    file, _, number = name.rpartition(":")
    file, kind = next(((file.removesuffix(f":{k}"), k) for k in KINDS if file.endswith(f":{k}")), (file, "note"))
    if not file or not number.isdecimal():
        raise ParameterError(f"{name!r} is no sound of a catalogue: say song.mote:12, or song.mote:partial:3")
    same = f"file = {text(file)} and kind = {text(kind)} and number = {number}"
    found = select(rows, f"select model, vector from events where {same}")
    if not len(found):
        raise ParameterError(f"the catalogue has no {kind} {number} of {file}")
    return kind, found["model"][0].as_py(), numbers_of(found)[0]
