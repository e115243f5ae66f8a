"""motes export, motes import: scenes as tables and pictures, and back from a table."""

from __future__ import annotations

import os
from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import UsageError, announce_compilation, output_name, refuse_terminal
from motes.cli.many import Force, Jobs, Json, Output, SkipExisting, do_all, planned, shown

_FORMATS = "csv, json, parquet, png, svg or instrument.json"


def export(
    *inputs: str,
    output: Output = None,
    to: str | None = None,
    start: float | None = None,
    end: float | None = None,
    jobs: Jobs = 1,
    skip_existing: SkipExisting = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Write the events of .mote files as a table (CSV, JSON, Parquet), or draw them (PNG, SVG).

    Parameters
    ----------
    inputs
        .mote files or folders; `-` is standard input.
    output
        The file, a folder, or `-` for standard output. Without it each lies beside its .mote file.
    to
        csv, json, parquet, png, svg or instrument.json (the instrument, for a player); without it, what the name of the output says.
    start
        From here, in seconds.
    end
        Up to here, in seconds.
    """
    from motes.library.changes import EXPORTS, Export

    name = output_name(output)
    to = to or (_told_by(name) if name else None)
    if to not in EXPORTS:
        raise UsageError(f"--to must be {_FORMATS}" + (f", not {to!r}" if to else ""))
    if name == "-":
        refuse_terminal("data" if to in ("png", "parquet") else "a long table")
        if json:
            raise UsageError("--json and -o - both want standard output")
    todo = planned(inputs, output, suffix=f".{to}", looked_for=frozenset({".mote"}), overwrite=force, skip_existing=skip_existing)
    announce_compilation()
    return do_all(todo, Export(to, start, end, force), "exporting", _account, n_processes=jobs, as_json=json)


def _told_by(name: str) -> str:
    return "instrument.json" if name.lower().endswith(".instrument.json") else os.path.splitext(name)[1][1:].lower()


def import_(
    *inputs: str,
    output: Output = None,
    rate: int | None = None,
    duration: Annotated[float | None, Parameter(allow_leading_hyphen=True)] = None,
    jobs: Jobs = 1,
    skip_existing: SkipExisting = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Turn CSV tables of events, such as `motes export` writes, into .mote files.

    Parameters
    ----------
    inputs
        CSV files or folders; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each lies beside its table.
    rate
        Samples per second, where the table does not tell or another is wanted.
    duration
        Length of the scene in seconds; without it what the table tells, or until the last event ends.
    """
    from motes.library.changes import Import

    if output_name(output) == "-":
        refuse_terminal("a .mote file")
        if json:
            raise UsageError("--json and -o - both want standard output")
    todo = planned(inputs, output, suffix=".mote", looked_for=frozenset({".csv"}), overwrite=force, skip_existing=skip_existing)
    announce_compilation()
    return do_all(todo, Import(rate, duration, force), "importing", _account, n_processes=jobs, as_json=json)


def _account(report: dict[str, Any]) -> str:
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {report['n_events']} events, {report['n_bytes']} bytes"
