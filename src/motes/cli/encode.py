"""motes encode."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from motes.cli.console import UsageError, announce_compilation, output_name, refuse_terminal
from motes.cli.many import Force, Jobs, Json, Output, SkipExisting, do_all, planned, shown
from motes.encoders.options import InstrumentOptions, PursuitOptions

_NAMES = {"snr_db": "snr", "n_events": "events", "n_threads": "threads"}


def _option_name(field: str) -> str:
    return _NAMES.get(field, field).replace("_", "-")


def encode(
    *inputs: str,
    output: Output = None,
    encoder: Literal["pursuit", "instrument"] = "pursuit",
    jobs: Jobs = 1,
    skip_existing: SkipExisting = False,
    force: Force = False,
    json: Json = False,
    options: Annotated[PursuitOptions, Parameter(name="*", name_transform=_option_name, negative_bool="no-")] = PursuitOptions(),  # noqa: B008 (frozen)
    instrument: Annotated[InstrumentOptions, Parameter(name="*", group="Options of --encoder instrument")] = InstrumentOptions(),  # noqa: B008 (frozen)
) -> int:
    """Turn recordings into .mote files.

    Without a target, 1000 events per second. Reads WAV, RF64, FLAC, Ogg, Opus, MP3, AIFF and more; a folder stands for the recordings in it.

    Parameters
    ----------
    inputs
        Recordings or folders; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each .mote file lies beside its recording.
    encoder
        `pursuit` finds windowed sinusoids; `instrument` finds what resonates, and the strikes that play it.
    """
    from motes.library.plan import RECORDINGS
    from motes.library.work import Encode

    if output_name(output) == "-":
        refuse_terminal("a .mote file")
        if json:
            raise UsageError("--json and -o - both want standard output")
    todo = planned(inputs, output, suffix=".mote", looked_for=RECORDINGS, overwrite=force, skip_existing=skip_existing)
    if options != PursuitOptions() and encoder != "pursuit":
        raise UsageError("these are options of --encoder pursuit")
    if instrument != InstrumentOptions() and encoder != "instrument":
        raise UsageError("these are options of --encoder instrument")
    if jobs > 1 and options.n_threads == 0:
        options = replace(options, n_threads=max(1, (os.cpu_count() or 1) // jobs))  # the files share the cores; the result is the same
    announce_compilation()
    return do_all(todo, Encode(options if encoder == "pursuit" else instrument, force), "encoding", _account, n_processes=jobs, as_json=json)


def _account(report: dict[str, Any]) -> str:
    seconds = f"{report['seconds']:.2f} s in {report['elapsed_s']:.1f} s ({report['times_real_time']:.1f}× real time)"
    events = "strikes" if report["encoder"] == "instrument" else "events"
    size = f"{report['kbps']:.1f} kbps, {report['n_events']} {events}, SNR {report['snr_db']:.1f} dB"
    return f"{shown(report['source'])} → {shown(report['output'], 'standard output')}: {seconds}, {size}, {report['stop_reason']}"
