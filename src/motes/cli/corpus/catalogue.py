"""motes catalogue: build, info, sql."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from motes.cli.console import (
    UsageError,
    announce_compilation,
    command,
    output_name,
    print_json,
    progress_bar,
    say,
    tell,
)
from motes.cli.many import Force, Json, Output
from motes.files import refuse_existing
from motes.library.catalogue.build import building
from motes.library.catalogue.catalogue import Catalogue
from motes.library.catalogue.excerpt import collect as collected
from motes.library.catalogue.excerpt import named_sounds, read_list
from motes.report.corpus.embedding import SHOWN, embedded
from motes.report.corpus.map_page import MEGABYTES, write_map_page

catalogue = App(name="catalogue", help="Keep the events of many .mote files as one table: build, look, ask in SQL.")
Jobs = Annotated[int, Parameter(name=["--jobs", "-j"])]


@catalogue.command
def build(corpus: str, *, output: Output, jobs: Jobs = 1, on: str = "", json: Json = False) -> int:
    """Make a catalogue of all .mote files in a folder, or bring it up to date: files that have not changed stay.

    What was interrupted goes on with the same command.

    Parameters
    ----------
    corpus
        A folder of .mote files, here or in a bucket.
    output
        The catalogue, a folder: corpus.motes-catalogue.
    jobs
        How many files to read at once, each in a process of its own.
    on
        Work on a cluster: ray, or ray://head:10001.
    """
    target = output_name(output)
    if target is None or target == "-":
        raise UsageError("-o needs the name of a folder, as in -o corpus.motes-catalogue")
    if jobs < 1:
        raise UsageError(f"-j must be at least 1, not {jobs}")
    work = building(corpus, target)
    announce_compilation()
    n_failed = n_new = 0
    with progress_bar(f"describing {len(work.jobs)} files") as progress:
        for outcome in work.run(jobs, progress, on):
            n_failed += outcome.status == "failed"
            n_new += bool(outcome.report.get("is_new"))
            if outcome.status == "failed":
                say(
                    outcome.reason
                    if outcome.job.source in outcome.reason
                    else f"{outcome.job.source}: {outcome.reason}"
                )
    if work.n_recordings:
        tell(f"{work.n_recordings} recordings are not encoded, and left out: motes encode {corpus}")
    _account(target, json, n_new=n_new, n_failed=n_failed)
    return 1 if n_failed else 0


def _account(target: str, json: bool, **more: Any) -> None:
    made = Catalogue(target)
    if json:
        print_json(_facts(made) | more)
    else:
        failed = f", {more['n_failed']} failed" if more["n_failed"] else ""
        tell(f"{target}: {len(made.files)} files, {len(made)} rows, {more['n_new']} files new or changed{failed}")


def _facts(held: Catalogue) -> dict[str, Any]:
    return {
        "catalogue": str(held.path),
        "corpus": held.corpus,
        "n_files": len(held.files),
        "duration_s": held.duration_s,
        "n_rows": held.n_rows,
    }


@catalogue.command
def info(catalogue: str, *, json: Json = False) -> int:
    """Say what a catalogue holds.

    Parameters
    ----------
    catalogue
        The folder of the catalogue.
    """
    held = Catalogue(catalogue)
    if json:
        print_json(_facts(held))
        return 0
    lines = [f"corpus     {held.corpus}", f"files      {len(held.files)}, {held.duration_s / 3600:.2f} h"]
    lines += [f"{kind + 's':<11}{count}" for kind, count in held.n_rows.items()]
    print("\n".join(lines))
    return 0


@catalogue.command
def sql(catalogue: str, query: str, *, json: Json = False) -> int:
    """Answer a SELECT of the table `events`, in the SQL of DuckDB; nothing is written.

    Parameters
    ----------
    catalogue
        The folder of the catalogue.
    query
        As in "select file, number, pitch from events where kind = 'note' and length_s > 1".
    """
    rows = Catalogue(catalogue).sql(query)
    if json:
        for row in rows.to_pylist():
            print_json(row)
    else:
        print("\n".join(table_lines(rows.column_names, [list(row.values()) for row in rows.to_pylist()])))
    return 0


@catalogue.command(name="map")
def map_(
    catalogue: str,
    *,
    output: Output,
    where: str | None = None,
    count: int = SHOWN,
    seed: int = 0,
    megabytes: float = MEGABYTES,
    force: Force = False,
    json: Json = False,
) -> int:
    """Make one HTML file of a map of sounds, alike ones near each other, to hear and to collect from.

    It opens from disk in any browser and needs no network.

    Parameters
    ----------
    catalogue
        The folder of the catalogue.
    output
        The HTML file.
    where
        A condition in SQL, as in "kind = 'note' and pitch > 60". Without it all but partials, where there are others.
    count
        How many sounds at most, up to 50,000; more are drawn from.
    seed
        The same seed draws the same.
    megabytes
        How large the page may be: as many of the sounds can be heard as there is room for.
    """
    target = _file(output, "map.html")
    refuse_existing(target, force)
    held = Catalogue(catalogue)
    announce_compilation()
    with progress_bar("placing") as progress:
        found = embedded(held, where, count, seed)
        how: dict[str, Any] = {"megabytes": megabytes, "command": command(), "overwrite": force}
        n_bytes = write_map_page(held, found, target, **how, progress=progress)
    if json:
        print_json({"output": target, "n_bytes": n_bytes, "n_sounds": len(found.rows), "method": found.method})
    else:
        tell(f"{target}: {len(found.rows):,} sounds by {found.method}, {n_bytes / 1e6:.1f} MB")
    return 0


@catalogue.command
def collect(catalogue: str, sounds: str, *, output: Output, force: Force = False, json: Json = False) -> int:
    """Make a .mote file of the sounds of a list that a map saved, one after the other.

    Parameters
    ----------
    catalogue
        The folder of the catalogue.
    sounds
        The list: sounds.json.
    output
        The .mote file.
    """
    target = _file(output, "new.mote")
    refuse_existing(target, force)
    held = Catalogue(catalogue)
    names = read_list(sounds)
    announce_compilation()
    with progress_bar(f"collecting {len(names)} sounds") as progress:
        scene = collected(held, named_sounds(held, names), progress)
    scene.save(target, overwrite=force)
    if json:
        print_json({"output": target, "n_sounds": len(names), "seconds": scene.duration_s, "n_events": scene.n_events})
    else:
        tell(f"{target}: {len(names)} sounds, {scene.duration_s:.1f} s")
    return 0


def _file(output: str | None, example: str) -> str:
    target = output_name(output)
    if target is None or target == "-":
        raise UsageError(f"-o needs the name of a file, as in -o {example}")
    return target


def table_lines(names: list[str], rows: list[list[Any]]) -> list[str]:
    """Rows in columns that are as wide as what is in them; numbers to the right."""
    cells = [names, *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [all(isinstance(value, int | float | None) for value in column) for column in zip(*rows, strict=True)]
    right = right or [False] * len(names)
    return [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in cells
    ]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(f"{each:.4g}" if isinstance(each, float) else str(each) for each in value) + "]"
    return "—" if value is None else str(value)
