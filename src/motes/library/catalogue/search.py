"""Sounds of a catalogue that are most like one, or of which a condition is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motes.errors import ParameterError
from motes.library.catalogue import brute_force
from motes.library.catalogue.nearest import nearest
from motes.library.catalogue.query import select
from motes.library.catalogue.sound import asked_for
from motes.library.spreading.spread import ALONE, Progress, Spread, connected

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue


def search(
    catalogue: Catalogue,
    like: str | None,
    where: str | None,
    count: int,
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
) -> pyarrow.Table:
    """As `Catalogue.search`."""
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if like is None and where is None:
        raise ParameterError("a search needs a sound, as in song.mote:12, or a condition, as in pitch > 60")
    if like is None:
        return select(catalogue.dataset(), f"select * from events where ({where}\n) limit {count}")
    sound = asked_for(catalogue, like)
    if how == ALONE:
        found = nearest(catalogue, sound.numbers[None], count, kind=sound.kind, model=sound.model, where=where)
        return found.drop_columns(["wanted"])
    question = brute_force.Question(brute_force.Among(sound.kind, sound.model, where), sound.numbers[None])
    with connected(how):
        (answer,) = brute_force.nearest(catalogue.parts(), [question], count, how, progress)
    if answer is None:
        raise ParameterError(f"no {sound.kind} of the catalogue is so that {where}")
    return answer.rows.take(answer.place[0]).append_column("distance", [answer.distance[0]])
