"""motes search."""

from __future__ import annotations

from motes.cli.console import UsageError, announce_compilation, print_json
from motes.cli.corpus.catalogue import table_lines
from motes.cli.many import Json
from motes.library.catalogue.catalogue import Catalogue

SHOWN = ("file", "kind", "number", "time_s", "length_s", "pitch", "gain_db")


def search(
    catalogue: str, *, like: str | None = None, where: str | None = None, count: int = 10, json: Json = False
) -> int:
    """List the sounds of a catalogue that are most like one, the nearest first, or of which a condition is true.

    Parameters
    ----------
    catalogue
        The folder of the catalogue.
    like
        A note of one of its files, or of any .mote file, as in song.mote:12, or another sound, as in
        song.mote:partial:3; or a recording, take.wav, whose notes are found, as in take.wav:2. Without a number it is
        the strongest note.
    where
        A condition in SQL, as in "pitch between 60 and 62 and length_s > 1".
    count
        How many at most.
    """
    if like is None and where is None:
        raise UsageError("--like SOUND, as in song.mote:12 or take.wav, --where CONDITION, as in 'pitch > 60', or both")
    announce_compilation()
    rows = Catalogue(catalogue).search(like, where=where, count=count)
    if json:
        for row in rows.to_pylist():
            print_json(row)
    else:
        names = [name for name in (*SHOWN, "distance") if name in rows.column_names]
        print("\n".join(table_lines(names, [list(row.values()) for row in rows.select(names).to_pylist()])))
    return 0
