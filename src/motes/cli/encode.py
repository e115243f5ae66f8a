"""motes encode."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from motes.cli.console import UsageError
from motes.cli.many import ONE_BY_ONE, Files, Output, shown
from motes.encoders.fit import FitOptions
from motes.encoders.instrument import InstrumentOptions
from motes.encoders.pursuit import PursuitOptions

_NAMES = {
    "snr_db": "snr",
    "n_events": "events",
    "n_threads": "threads",
    "time_limit_s": "time-limit",
    "stretch_s": "stretch",
}


def _option_name(field: str) -> str:
    return _NAMES.get(field, field).replace("_", "-")


# Options whose flags are there already, with those of another encoder.
_Told = Annotated[Any, Parameter(parse=False)]


@dataclass(frozen=True)
class InstrumentFlags(InstrumentOptions):
    """The options of instruments, with those that fits share."""

    __doc__ = (InstrumentOptions.__doc__ or "").replace(
        "this time, in seconds.", "this time, in seconds; by default 120 for an instrument, none for a fit."
    )

    time_limit_s: float | None = None

    def options(self) -> InstrumentOptions:
        """What is asked for."""
        told = {field.name: getattr(self, field.name) for field in fields(InstrumentOptions)}
        return InstrumentOptions(
            **{name: value for name, value in told.items() if name != "time_limit_s" or value is not None}
        )


@dataclass(frozen=True)
class FitFlags(FitOptions):
    """The options of fits that have flags of their own."""

    __doc__ = FitOptions.__doc__

    events: _Told = None
    loss: _Told = None
    seed: _Told = None
    texture: _Told = None
    texture_kbps: _Told = None
    time_limit_s: _Told = None
    checkpoint: _Told = None

    def __post_init__(self) -> None:
        """Checked when all are known."""

    def with_shared(self, pursuit: PursuitOptions, instrument: InstrumentFlags) -> FitOptions:
        """All options; UsageError for options of another encoder."""
        shared: dict[str, Any] = {
            "events": pursuit.n_events,
            "texture": pursuit.texture,
            "texture_kbps": pursuit.texture_kbps,
            "loss": instrument.loss,
            "seed": instrument.seed,
            "checkpoint": instrument.checkpoint,
            "time_limit_s": instrument.time_limit_s,
        }
        if replace(pursuit, n_events=None, texture=None, texture_kbps=None, n_threads=0) != PursuitOptions():
            raise UsageError("these are options of --encoder pursuit")
        if replace(instrument, loss=None, seed=0, checkpoint=None, time_limit_s=None) != InstrumentFlags():
            raise UsageError("these are options of --encoder instrument")
        own: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(FitOptions) if f.name not in shared}
        return FitOptions(**own, **{name: value for name, value in shared.items() if value is not None})


def encode(
    *inputs: str,
    output: Output = None,
    encoder: Literal["pursuit", "instrument", "splat", "gabor"] = "pursuit",
    embed_rooms: bool = False,
    files: Files = ONE_BY_ONE,
    options: Annotated[
        PursuitOptions, Parameter(name="*", name_transform=_option_name, negative_bool="no-")
    ] = PursuitOptions(),  # noqa: B008 (frozen)
    instrument: Annotated[
        InstrumentFlags, Parameter(name="*", group="Options of --encoder instrument", name_transform=_option_name)
    ] = InstrumentFlags(),
    fit: Annotated[
        FitFlags, Parameter(name="*", group="Options of --encoder splat and gabor", name_transform=_option_name)
    ] = FitFlags(),
) -> int:
    """Turn recordings into .mote files.

    Without a target, 1000 events per second. Reads WAV, RF64, FLAC, Ogg, Opus, MP3, AIFF and more; a folder stands for
    the recordings in it.

    Parameters
    ----------
    inputs
        Recordings or folders; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each .mote file lies beside its recording.
    encoder
        `pursuit` finds windowed sinusoids; `instrument` finds what resonates, and the strikes that play it; `splat` and
        `gabor` fit bursts rung through resonances, or windowed sinusoids, by gradient descent.
    embed_rooms
        Pack the responses of rooms that an encoder uses into the file; without it the file names them. Mind their
        licence.
    """
    from motes.library.plan import RECORDINGS
    from motes.library.work import Encode

    todo = files.plan(inputs, output, "a .mote file", ".mote", RECORDINGS)
    if encoder in ("splat", "gabor"):
        chosen = fit.with_shared(options, instrument)
        return files.do(todo, Encode(chosen, files.force, embed_rooms, encoder), "fitting", _account)
    if fit != FitFlags():
        raise UsageError("these are options of --encoder splat and gabor")
    if options != PursuitOptions() and encoder != "pursuit":
        raise UsageError("these are options of --encoder pursuit")
    if instrument != InstrumentFlags() and encoder != "instrument":
        raise UsageError("these are options of --encoder instrument")
    if files.jobs > 1 and options.n_threads == 0:
        options = replace(
            options, n_threads=max(1, (os.cpu_count() or 1) // files.jobs)
        )  # the files share the cores; the result is the same
    return files.do(
        todo,
        Encode(options if encoder == "pursuit" else instrument.options(), files.force, embed_rooms),
        "encoding",
        _account,
    )


def _account(report: dict[str, Any]) -> str:
    seconds = f"{report['seconds']:.2f} s in {report['elapsed_s']:.1f} s ({report['times_real_time']:.1f}× real time)"
    events = "strikes" if report["encoder"] == "instrument" else "events"
    size = f"{report['kbps']:.1f} kbps, {report['n_events']} {events}, SNR {report['snr_db']:.1f} dB"
    room = {"": "", "none": ", no room (dry is as good)"}.get(name := report.get("room", ""), f", room {name}")
    return (
        f"{shown(report['source'])} → {shown(report['output'], 'standard output')}: {seconds}, {size}{room}, "
        f"{report['stop_reason']}"
    )
