"""motes partials: the lines that tones draw through time, a row each."""

from __future__ import annotations

import csv as tables
import sys
from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import UsageError, print_json
from motes.cli.inspect import all_files, each_file
from motes.cli.many import Json, shown

Csv = Annotated[bool, Parameter(help="Write comma-separated values, numbers as exact as they are.")]


def partials(*files: str, json: Json = False, csv: Csv = False) -> int:
    """List the partials of .mote files: number, start, end, frequency, cents off the nearest pitch, level, atoms.

    Parameters
    ----------
    files
        .mote files, or folders of them; `-` is standard input.
    """
    from motes.edit.partials import Partial

    if json and csv:
        raise UsageError("--json or --csv, not both")
    files = all_files(files)
    writer = tables.writer(sys.stdout, lineterminator="\n")
    if csv:
        writer.writerow(["file", *Partial._fields])

    def show(path: str) -> None:
        from motes.library.work import load_scene

        rows = load_scene(path).partials
        if json:
            print_json({"file": path, "partials": [row._asdict() for row in rows]})
        elif csv:
            writer.writerows([path, *row] for row in rows)
        else:
            title = [f"{shown(path)}: {len(rows)} partials"] if len(files) > 1 else []
            print("\n".join([*title, *_lines(rows)]), end="\n\n" if len(files) > 1 else "\n")

    return each_file(files, show)


def _lines(rows: list[Any]) -> list[str]:
    head = f"{'number':>6}{'start s':>10}{'end s':>10}{'Hz':>11}{'cents':>7}{'dB':>8}{'atoms':>7}  note"
    return [head] + [
        f"{row.number:>6}{row.start_s:>10.3f}{row.end_s:>10.3f}{row.frequency_hz:>11.2f}{row.cents:>+7.0f}"
        f"{row.level_db:>8.1f}{row.n_atoms:>7}  {'' if row.note is None else row.note}".rstrip()
        for row in rows
    ]
