"""motes encode."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from motes.cli.console import UsageError
from motes.cli.many import ONE_BY_ONE, Files, Output, shown
from motes.encoders.options import InstrumentOptions, PursuitOptions

_NAMES = {"snr_db": "snr", "n_events": "events", "n_threads": "threads"}


def _option_name(field: str) -> str:
    return _NAMES.get(field, field).replace("_", "-")


def encode(
    *inputs: str,
    output: Output = None,
    encoder: Literal["pursuit", "instrument"] = "pursuit",
    embed_rooms: bool = False,
    files: Files = ONE_BY_ONE,
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
    embed_rooms
        Pack the responses of rooms that an encoder uses into the file; without it the file names them. Mind their licence.
    """
    from motes.library.plan import RECORDINGS
    from motes.library.work import Encode

    todo = files.plan(inputs, output, "a .mote file", ".mote", RECORDINGS)
    if options != PursuitOptions() and encoder != "pursuit":
        raise UsageError("these are options of --encoder pursuit")
    if instrument != InstrumentOptions() and encoder != "instrument":
        raise UsageError("these are options of --encoder instrument")
    if files.jobs > 1 and options.n_threads == 0:
        options = replace(options, n_threads=max(1, (os.cpu_count() or 1) // files.jobs))  # the files share the cores; the result is the same
    return files.do(todo, Encode(options if encoder == "pursuit" else instrument, files.force, embed_rooms), "encoding", _account)


def _account(report: dict[str, Any]) -> str:
    seconds = f"{report['seconds']:.2f} s in {report['elapsed_s']:.1f} s ({report['times_real_time']:.1f}× real time)"
    events = "strikes" if report["encoder"] == "instrument" else "events"
    size = f"{report['kbps']:.1f} kbps, {report['n_events']} {events}, SNR {report['snr_db']:.1f} dB"
    return f"{shown(report['source'])} → {shown(report['output'], 'standard output')}: {seconds}, {size}, {report['stop_reason']}"
