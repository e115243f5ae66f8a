"""motes edit and motes trim: .mote files changed, and made smaller."""

from __future__ import annotations

from dataclasses import asdict, field, make_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts

from motes.cli.console import UsageError, output_name
from motes.cli.many import MOTES, ONE_BY_ONE, Files, Output, Scenes, shown
from motes.edit.edits import FLAGS, Breakpoints, Parameter, steps
from motes.edit.note_columns import WORDS
from motes.edit.selection import parse
from motes.errors import ParameterError

# What changes less than this, in dBFS, is unchanged.
UNCHANGED_DB = -100.0


def _type_of(parameter: Parameter) -> Any:
    """What the command line takes for a parameter: scenes, rooms and slices as text."""
    taken = {bool: bool, float: float | None, int: int | None}.get(parameter.type, str | None)
    negative = parameter.type in (float, slice, Breakpoints)
    return Annotated[taken, cyclopts.Parameter(help=parameter.doc, allow_leading_hyphen=negative)]


if TYPE_CHECKING:
    Edits = Any
else:
    Edits = make_dataclass(
        "Edits",
        [
            (flag, _type_of(parameter), field(default=False if parameter.type is bool else None))
            for flag, parameter in FLAGS.items()
        ],
        frozen=True,
        namespace={"__module__": __name__},  # else it is taken for one of Python's own
    )
_NONE = Edits()


def edit(
    *inputs: Scenes,
    output: Output = None,
    select: str | None = None,
    with_noise: bool = False,
    with_detail: Annotated[bool, cyclopts.Parameter(negative="--leave-detail")] = True,
    flags: Annotated[Edits, cyclopts.Parameter(name="*")] = _NONE,
    files: Files = ONE_BY_ONE,
) -> int:
    """Change the sounds in .mote files: those that --select picks, or all.

    Several edits are done in the order in which they stand here, and events are selected after --join and --slice.

    Parameters
    ----------
    output
        The edited file, a folder, or `-` for standard output.
    select
        A condition such as "frequency_hz > 200 and time_s < 3"; without it all events are edited.
    with_noise
        Notes that are selected take their part of the noise along.
    with_detail
        What is selected takes its share of detail along; --leave-detail leaves it where it was.
    """
    from motes.library.changes import Edit

    edits = asdict(flags)
    edits["slice"] = _seconds(edits["slice"])
    if output_name(output) is None:
        raise UsageError("-o is missing: the file to write")
    try:
        todo = steps(edits, lambda flag: f"--{flag.replace('_', '-')}")
    except ParameterError as error:
        raise UsageError(str(error)) from error
    check_select(select, with_noise)
    if not todo:
        raise UsageError("nothing to do: say how to edit, as in --transpose 3 or --only")
    jobs = files.plan(inputs, output, "a .mote file", ".mote", MOTES)
    return files.do(jobs, Edit(select, edits, files.force, with_noise, with_detail), "editing", _account)


def check_select(select: str | None, with_noise: bool = False) -> None:
    """A mistake in a condition is one of the command line, found before any file is read."""
    try:
        names = frozenset[str]() if select is None else parse(select).names
    except ParameterError as error:
        raise UsageError(f"--select: {error}") from error
    if with_noise and names.isdisjoint(WORDS):
        raise UsageError('--with-noise gives notes their part of the noise: say which, as in --select "note == 12"')


def _seconds(text: str | None) -> tuple[float | None, float | None] | None:
    if text is None:
        return None
    start, colon, end = text.partition(":")
    try:
        if not colon:
            raise ValueError
        return (float(start) if start.strip() else 0.0), (float(end) if end.strip() else None)
    except ValueError:
        raise UsageError(f"--slice wants START:END in seconds, as in 2:5, not {text!r}") from None


def trim(
    *inputs: Scenes, kbps: float, layered: bool | None = None, output: Output = None, files: Files = ONE_BY_ONE
) -> int:
    """Make .mote files smaller without their recordings: what matters least to the ear goes first, noise of its level
    takes its place, and the rest is rounded more coarsely.

    Parameters
    ----------
    kbps
        At most this many kilobits per second for the whole file, all channels together.
    layered
        Detail after all else, so that a file that is cut sounds whole; without it as it was.
    output
        The smaller file, a folder, or `-` for standard output.
    """
    from motes.library.trim import Trim

    if output_name(output) is None:
        raise UsageError("-o is missing: the file to write")
    try:
        work = Trim(kbps, files.force, layered)
    except ParameterError as error:
        raise UsageError(f"--{error}") from error
    return files.do(files.plan(inputs, output, "a .mote file", ".mote", MOTES), work, "trimming", _trimmed)


def _trimmed(report: dict[str, Any]) -> str:
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    size = f"{report['n_bytes']} bytes, {report['kbps']:.1f} kbps"
    if report["was_smaller"]:
        return f"{where}: as it was, no larger than asked, {size}"
    what = f"{report['n_events']} of {report['n_events_before']} events"
    return f"{where}: {what}, {size} in {report['elapsed_s']:.1f} s, {report['stop_reason']}"


def _account(report: dict[str, Any]) -> str:
    what = f"{report['n_selected']} of {report['n_events_before']} events selected, {report['n_events']} written"
    if "rest_change_db" in report:
        change = report["rest_change_db"]
        what += f", rest {'unchanged' if change < UNCHANGED_DB else 'changed'} ({change:.0f} dB)"
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {what}, {report['seconds']:.2f} s, {report['n_bytes']} bytes"
