"""motes decode."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from motes.audio import OUTPUT_FORMATS, format_extension
from motes.cli.console import UsageError
from motes.cli.many import MOTES, ONE_BY_ONE, WHOLE, Files, Output, Part, Scenes, shown


def decode(  # noqa: PLR0913 (the options of a verb)
    *inputs: Scenes,
    output: Output = None,
    part: Part = WHOLE,
    rate: int | None = None,
    subtype: str | None = None,
    format_: Annotated[str, Parameter(name="--format")] = "wav",
    select: str | None = None,
    with_noise: bool = False,
    detail: Annotated[bool, Parameter(negative="--no-detail")] = True,
    dictionary: str | None = None,
    salvage: bool = False,
    files: Files = ONE_BY_ONE,
) -> int:
    """Turn .mote files into audio, in the format that the name of the output says.

    Parameters
    ----------
    output
        The audio file, a folder, or `-` for WAV on standard output. Without it each audio file lies beside its .mote
        file.
    rate
        Resample to this many samples per second.
    subtype
        A coding other than 24 bits: PCM_16, PCM_32, FLOAT…
    format_
        The extension where the output is not named: wav, flac, ogg, opus, mp3, aiff…
    select
        A condition such as "note == 12" or "frequency_hz > 200": only these events.
    with_noise
        Notes that are selected have their part of the noise.
    detail
        With --no-detail only the layer of atoms is heard, and texture in place of detail.
    dictionary
        The file with the learned waveforms that these files only name.
    salvage
        Decode what is intact in damaged files, and say what was skipped and why.
    """
    from motes.library.work import Decode

    if with_noise:
        from motes.cli.edit import check_select

        check_select(select, with_noise)
    if f".{format_}" not in OUTPUT_FORMATS:
        raise UsageError(f"--format must be one of {' '.join(name[1:] for name in OUTPUT_FORMATS)}, not {format_!r}")
    todo = files.plan(inputs, output, "audio", f".{format_}", MOTES)
    for job in todo:
        if job.output not in ("", "-"):
            format_extension(job.output)
    work = Decode(part.start, part.end, rate, subtype, files.force, salvage, select, with_noise, detail, dictionary)
    return files.do(todo, work, "decoding", _account)


def _account(report: dict[str, Any]) -> str:
    seconds = f"{report['seconds']:.2f} s in {report['elapsed_s']:.1f} s ({report['times_real_time']:.1f}× real time)"
    n_clipped = report["n_clipped"]
    clipped = f", {n_clipped} sample{'s' * (n_clipped > 1)} clipped" if n_clipped else ""
    return (
        f"{shown(report['source'])} → {shown(report['output'], 'standard output')}: {seconds}, "
        f"{report['n_events']} events{clipped}{_skipped(report)}"
    )


def _skipped(report: dict[str, Any]) -> str:
    if "skipped" not in report:
        return ""
    return (
        "; skipped: " + "; ".join(report["skipped"])
        if report["skipped"]
        else "; the file is whole, nothing was skipped"
    )
