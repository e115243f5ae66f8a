"""motes encode. Its flags are the options of all encoders."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, make_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from motes.audio import RECORDINGS, Preparation, RawSamples
from motes.audio.raw import RAW_EXTENSIONS
from motes.cli.console import UsageError, started_s
from motes.cli.many import ONE_BY_ONE, Files, Output, shown
from motes.encoders import ENCODERS, Encoder, Option, Options, encoder_named, make_options, options_in
from motes.encoders.progress import Progress
from motes.errors import ParameterError
from motes.stop_reason import StopReason

# The encoders that have a flag, each with what the option is there.
Owners = list[tuple[Encoder, Option]]


def owners(encoders: tuple[Encoder, ...] = ENCODERS) -> dict[str, Owners]:
    """All flags of encoders, by their names."""
    found: dict[str, Owners] = {}
    for encoder in encoders:
        for about in options_in(encoder.options):
            found.setdefault(about.flag, []).append((encoder, about))
    return found


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _names(owners: Owners) -> str:
    return _listed([encoder.name for encoder, _ in owners])


def _help(owners: Owners) -> str:
    """What the option is, once for all encoders that say the same of it."""
    by_doc: dict[str, Owners] = {}
    for encoder, about in owners:
        by_doc.setdefault(about.doc, []).append((encoder, about))
    texts = [f"{doc}{_default(some)}" for doc, some in by_doc.items()]
    if len(texts) == 1:
        return texts[0]
    return " ".join(f"{_names(some)}: {text}" for some, text in zip(by_doc.values(), texts, strict=True))


def _default(owners: Owners) -> str:
    by_default: dict[Any, Owners] = {}
    for encoder, about in owners:
        by_default.setdefault(about.default, []).append((encoder, about))
    where = {value: f" for {_names(some)}" if len(by_default) > 1 else "" for value, some in by_default.items()}
    return "".join(f" [default: {value}{where[value]}]" for value in by_default if value is not None)


def _type(about: Option) -> Any:
    """What the command line reads; None where the flag is not given."""
    plain: dict[str, Any] = {"boolean": bool, "integer": int, "number": float, "text": str, "integers": tuple[int, ...]}
    return (Literal[about.choices] if about.type == "choice" else plain[about.type]) | None


@cache
def _group(title: str) -> Group:
    return Group.create_ordered(title)


def _flag(name: str, owners: Owners) -> tuple[str, Any, Any]:
    about = owners[0][1]
    is_open = any(each.type == "boolean" and each.nullable for _, each in owners)
    parameter = Parameter(
        name=f"--{name}",
        group=_group(f"Options of --encoder {_names(owners)}"),
        help=_help(owners),
        negative=f"--no-{name}" if is_open else "",
    )
    return about.name, Annotated[_type(about), parameter], field(default=None, metadata={"flag": name})


if TYPE_CHECKING:
    Flags = Any
    Name = str
else:
    # Else the module is taken for one of Python's own.
    _here = {"__module__": __name__}
    Flags = make_dataclass("Flags", [_flag(*each) for each in owners().items()], frozen=True, namespace=_here)
    Name = Literal[tuple(encoder.name for encoder in ENCODERS)]
_NONE = Flags()


@dataclass(frozen=True)
class Input:
    """What is taken of a recording before it is encoded, and what a file without a header holds."""

    start: Annotated[float | None, Parameter(help="Encode from here, in seconds.")] = None
    end: Annotated[float | None, Parameter(help="Encode up to here, in seconds.")] = None
    mono: Annotated[bool, Parameter(help="Encode the mean of the channels.", negative="")] = False
    rate: Annotated[int | None, Parameter(help="Convert to this sample rate, in Hz.")] = None
    normalise: Annotated[bool, Parameter(help="Bring the loudest sample to full scale.", negative="")] = False
    raw: Annotated[
        bool, Parameter(help="Read samples without a header: signed, low byte first (8 bits: unsigned).", negative="")
    ] = False
    raw_rate: Annotated[int | None, Parameter(help="Their sample rate, in Hz. [default: 48000]")] = None
    raw_channels: Annotated[int | None, Parameter(help="Their channels. [default: 2]")] = None
    raw_bits: Annotated[int | None, Parameter(help="Their bits: 8, 16, 24 or 32. [default: 16]")] = None

    def preparation(self) -> Preparation:
        """What is done to each recording."""
        return Preparation(self.start, self.end, self.mono, self.rate, self.normalise)

    def samples(self) -> RawSamples | None:
        """What the files hold where they have no header."""
        values = {"sample_rate_hz": self.raw_rate, "n_channels": self.raw_channels, "bits": self.raw_bits}
        given = {name: value for name, value in values.items() if value is not None}
        if given and not self.raw:
            raise UsageError("--raw-rate, --raw-channels and --raw-bits tell of samples without a header: --raw")
        return RawSamples(**given) if self.raw else None


_WHOLE = Input()
_ENCODERS = "; ".join(f"`{encoder.name}` {encoder.summary}" for encoder in ENCODERS) + "."


def encode(  # noqa: PLR0913 (the options of a verb)
    *inputs: str,
    output: Output = None,
    encoder: Annotated[Name, Parameter(help=_ENCODERS)] = "pursuit",
    embed_rooms: bool = False,
    refer: bool = False,
    tags: Annotated[bool, Parameter(negative="--no-tags")] = True,
    notes: bool = False,
    note_vectors: bool = False,
    on: str = "",
    files: Files = ONE_BY_ONE,
    taken: Annotated[Input, Parameter(name="*", group=_group("Input"))] = _WHOLE,
    flags: Annotated[Flags, Parameter(name="*")] = _NONE,
) -> int:
    """Turn recordings into .mote files.

    Without a target, 1000 events per second. Reads WAV, RF64, FLAC, Ogg, Opus, MP3, AIFF and more, with
    `motes[formats]` M4A, WMA and the sound of video too; a folder stands for the recordings in it.

    Parameters
    ----------
    inputs
        Recordings or folders; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each .mote file lies beside its recording.
    embed_rooms
        Pack the responses of rooms that an encoder uses into the file; without it the file names them. Mind their
        licence.
    refer
        Leave the waveforms of a `--dictionary` out of the file, which then takes that dictionary to be heard.
    tags
        Keep title, artist and other tags of the recording, beside what a bitrate allows; pictures are not kept.
    notes
        Find the notes too, as `motes notes` lists them; they count within a bitrate.
    note_vectors
        Find the notes and the sixteen numbers of each, some 45 bits a note more.
    on
        Who does it: `ray` the workers of a Ray cluster that runs here, or of this machine, `ray://HEAD:10001` those of
        one elsewhere, `--jobs` at once.
    """
    from motes.library.work import Encode

    chosen = encoder_named(encoder)
    given = {each.metadata["flag"]: getattr(flags, each.name) for each in fields(flags)}
    options = _options(chosen, {flag: value for flag, value in given.items() if value is not None})
    if (files.jobs > 1 or on) and getattr(options, "n_threads", None) == 0:
        # The files share the cores; the result does not depend on it.
        options = replace(options, n_threads=1 if on else max(1, (os.cpu_count() or 1) // files.jobs))  # type: ignore[type-var]
    try:
        preparation, raw = taken.preparation(), taken.samples()
    except ParameterError as error:
        raise UsageError(str(error)) from error
    if on and ("-" in inputs or output == "-"):
        raise UsageError("--on works on files: standard input and output are not where the workers are")
    todo = files.plan(inputs, output, "a .mote file", ".mote", RECORDINGS if raw is None else RAW_EXTENSIONS)
    if len(todo) > 1 and getattr(options, "checkpoint", None) is not None:
        raise UsageError(f"--checkpoint keeps the fit of one recording, and these are {len(todo)}: encode them singly")
    begun_s = started_s() if len(todo) == 1 else None
    if getattr(options, "real_time", False) and (len(todo) > 1 or files.json):
        raise UsageError("--real-time writes the events of one recording on standard output, as lines of JSON")
    work = Encode(
        options,
        files.force,
        embed_rooms,
        preparation,
        raw,
        tags,
        begun_s=begun_s,
        on_progress=_print_message,
        notes=notes,
        note_vectors=note_vectors,
        refer=refer,
    )
    return files.do(todo, work, chosen.doing, _account, on)


def _print_message(now: Progress) -> None:
    """What an encoder says of an event that it found just now."""
    if now.message:
        print(now.message, flush=True)


def _options(encoder: Encoder, given: dict[str, Any]) -> Options:
    """What is asked for; UsageError for flags of other encoders and for values that make no sense."""
    all_flags, values = owners(), {}
    for flag, value in given.items():
        own = [about.name for each, about in all_flags[flag] if each == encoder]
        if not own:
            raise UsageError(f"--{flag}: these are options of --encoder {_names(all_flags[flag])}")
        values[own[0]] = value
    try:
        return make_options(encoder, values)
    except ParameterError as error:
        raise UsageError(str(error)) from error


def _account(report: dict[str, Any]) -> str:
    seconds = f"{report['seconds']:.2f} s in {report['elapsed_s']:.1f} s ({report['times_real_time']:.1f}× real time)"
    size = (
        f"{report['kbps']:.1f} kbps, {report['n_events']} {encoder_named(report['encoder']).events}, "
        f"SNR {report['snr_db']:.1f} dB{_notes(report['n_notes'])}"
    )
    room = {"": "", "none": ", no room (dry is as good)"}.get(name := report.get("room", ""), f", room {name}")
    return (
        f"{shown(report['source'])} → {shown(report['output'], 'standard output')}: {seconds}, {size}{room}, "
        f"{report['stop_reason']}{_smallest(report)}"
    )


def _notes(number: int) -> str:
    return f", {number} note{'s' * (number != 1)}" if number else ""


def _smallest(report: dict[str, Any]) -> str:
    """What a bitrate that cannot be met would have to be; that a quality that cannot be met is not."""
    if report["stop_reason"] == StopReason.QUALITY_UNREACHABLE:
        return ": at no bitrate tried is it transparent, and this is the highest"
    if report["stop_reason"] != StopReason.BITRATE_UNREACHABLE:
        return ""
    return f": the smallest file takes {report['n_bytes']} bytes, {report['kbps']:.1f} kbps"
