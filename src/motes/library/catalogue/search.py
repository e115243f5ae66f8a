"""Sounds of a catalogue that are most like one, or of which a condition is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motes.errors import ParameterError
from motes.library.catalogue.nearest import nearest
from motes.library.catalogue.query import select
from motes.library.catalogue.sound import asked_for

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue


def search(catalogue: Catalogue, like: str | None, where: str | None, count: int) -> pyarrow.Table:
    """As `Catalogue.search`."""
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if like is None and where is None:
        raise ParameterError("a search needs a sound, as in song.mote:12, or a condition, as in pitch > 60")
    if like is None:
        return select(catalogue.dataset(), f"select * from events where ({where}\n) limit {count}")
    sound = asked_for(catalogue, like)
    found = nearest(catalogue, sound.numbers[None], count, kind=sound.kind, model=sound.model, where=where)
    return found.drop_columns(["wanted"])
