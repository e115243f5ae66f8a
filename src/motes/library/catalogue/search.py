"""Sounds of a catalogue that are most like one, or of which a condition is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motes.errors import ParameterError
from motes.library.catalogue.brute_force import Among
from motes.library.catalogue.nearest import nearest
from motes.library.catalogue.query import select
from motes.library.catalogue.sound import Sound, asked_for
from motes.library.spreading.spread import ALONE, Progress, Spread

if TYPE_CHECKING:
    import pyarrow

    from motes.library.catalogue.catalogue import Catalogue


@dataclass(frozen=True)
class Answers:
    """What a search of a catalogue found: the rows, the condition in SQL that they meet, "" for none, and the sound
    that they are like, None for none.
    """

    catalogue: Catalogue
    rows: pyarrow.Table
    where: str = ""
    like: Sound | None = None


def search(
    catalogue: Catalogue,
    like: str | None,
    where: str | None,
    count: int,
    how: Spread = ALONE,
    progress: Progress = lambda *_: None,
) -> Answers:
    """What `Catalogue.search` returns, and for what."""
    if count < 1:
        raise ParameterError(f"count must be at least 1, not {count}")
    if like is None and where is None:
        raise ParameterError("a search needs a sound, as in song.mote:12, or a condition, as in pitch > 60")
    if like is None:
        rows = select(catalogue.dataset(), f"select * from events where ({where}\n) limit {count}")
        return Answers(catalogue, rows, where or "")
    sound = asked_for(catalogue, like)
    among = Among(sound.kind, sound.model, where)
    found = nearest(catalogue, sound.numbers[None], count, among, how, progress)
    return Answers(catalogue, found.drop_columns(["wanted"]), where or "", sound)
