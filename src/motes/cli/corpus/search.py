"""motes search."""

from __future__ import annotations

from typing import Any

from motes.cli.console import UsageError, announce_compilation, command, print_json, progress_bar, tell
from motes.cli.corpus.catalogue import Jobs, table_lines
from motes.cli.many import Force, Json
from motes.files import refuse_existing
from motes.library.catalogue.catalogue import Catalogue
from motes.library.catalogue.excerpt import collect as collected
from motes.library.catalogue.excerpt import placed
from motes.library.catalogue.search import search as find
from motes.library.spreading.spread import spread_of
from motes.report.corpus.answers_page import write_answers_page

SHOWN = ("file", "kind", "number", "time_s", "length_s", "pitch", "gain_db")


def search(  # noqa: PLR0913 (the options of a verb)
    catalogue: str,
    *,
    like: str | None = None,
    where: str | None = None,
    count: int = 10,
    jobs: Jobs = 1,
    on: str = "",
    page: str | None = None,
    collect: str | None = None,
    force: Force = False,
    json: Json = False,
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
    jobs
        How many processes compare, some files each; the answer is the same.
    on
        Compare on a cluster: ray, or ray://head:10001.
    page
        Make one HTML file of them to hear.
    collect
        Make a .mote file of them, one after the other.
    """
    if like is None and where is None:
        raise UsageError("--like SOUND, as in song.mote:12 or take.wav, --where CONDITION, as in 'pitch > 60', or both")
    for made in (page, collect):
        if made is not None:
            refuse_existing(made, force)
    announce_compilation()
    with progress_bar("comparing") as progress:
        answers = find(Catalogue(catalogue), like, where, count, spread_of(jobs, on), progress)
    _list(answers.rows, json)
    if page is not None:
        with progress_bar("making the page") as progress:
            n_bytes = write_answers_page(answers, page, command=command(), overwrite=force, progress=progress)
        tell(f"{page}: {len(answers.rows)} sounds, {n_bytes / 1e6:.1f} MB")
    if collect is not None:
        with progress_bar("collecting") as progress:
            scene = collected(answers.catalogue, placed(answers.rows), progress)
        scene.save(collect, overwrite=force)
        tell(f"{collect}: {len(answers.rows)} sounds, {scene.duration_s:.1f} s")
    return 0


def _list(rows: Any, json: bool) -> None:
    if json:
        for row in rows.to_pylist():
            print_json(row)
    else:
        names = [name for name in (*SHOWN, "distance") if name in rows.column_names]
        print("\n".join(table_lines(names, [list(row.values()) for row in rows.select(names).to_pylist()])))
