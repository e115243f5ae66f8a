"""motes export, motes import: scenes as tables and pictures, and back from a table."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import UsageError, output_name
from motes.cli.many import MOTES, ONE_BY_ONE, WHOLE, Files, Output, Part, Scenes, shown
from motes.errors import ParameterError


def export(
    *inputs: Scenes,
    output: Output = None,
    to: str | None = None,
    select: str | None = None,
    part: Part = WHOLE,
    files: Files = ONE_BY_ONE,
) -> int:
    """Write the events of .mote files as a table (CSV, JSON, Parquet), or draw them (PNG, SVG).

    Parameters
    ----------
    output
        The file, a folder, or `-` for standard output. Without it each lies beside its .mote file.
    to
        csv, json, parquet, png, svg, instrument.json (the instrument, for a player) or event.png (the picture of one
        splat, which --select picks); without it, what the name of the output says.
    select
        A condition such as "frequency_hz > 200 and time_s < 3": only these events.
    """
    from motes.library.changes import Export, export_format

    try:
        to = export_format(output_name(output), to)
    except ParameterError as error:
        raise UsageError(f"--{error}") from error
    todo = files.plan(
        inputs, output, "data" if to in ("png", "event.png", "parquet") else "a long table", f".{to}", MOTES
    )
    return files.do(todo, Export(to, part.start, part.end, files.force, select), "exporting", _account)


def import_(
    *inputs: str,
    output: Output = None,
    rate: int | None = None,
    duration: Annotated[float | None, Parameter(allow_leading_hyphen=True)] = None,
    files: Files = ONE_BY_ONE,
) -> int:
    """Turn tables of events (CSV, JSON, Parquet), such as `motes export` writes, into .mote files.

    Parameters
    ----------
    inputs
        Tables or folders, in which CSV files are looked for; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each lies beside its table.
    rate
        Samples per second, where the table does not tell or another is wanted.
    duration
        Length of the scene in seconds; without it what the table tells, or until the last event ends.
    """
    from motes.library.changes import Import

    todo = files.plan(inputs, output, "a .mote file", ".mote", frozenset({".csv"}))
    return files.do(todo, Import(rate, duration, files.force), "importing", _account)


def _account(report: dict[str, Any]) -> str:
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {report['n_events']} events, {report['n_bytes']} bytes"
