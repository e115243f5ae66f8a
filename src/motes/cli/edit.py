"""motes edit."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import UsageError, output_name
from motes.cli.many import MOTES, ONE_BY_ONE, Files, Output, Scenes, shown

_Number = Annotated[float | None, Parameter(allow_leading_hyphen=True)]


def edit(
    *inputs: Scenes,
    output: Output = None,
    select: str | None = None,
    transpose: _Number = None,
    stretch: _Number = None,
    gain_db: _Number = None,
    move: _Number = None,
    duplicate_at: _Number = None,
    reverse: bool = False,
    low_hz: _Number = None,
    high_hz: _Number = None,
    mute: bool = False,
    solo: bool = False,
    only: bool = False,
    drop: bool = False,
    join: str | None = None,
    at: _Number = None,
    resample: bool = False,
    slice_: Annotated[str | None, Parameter(name="--slice", allow_leading_hyphen=True)] = None,
    with_overhang: bool = False,
    room: str | None = None,
    wetness: float | None = None,
    embed_rooms: bool = False,
    files: Files = ONE_BY_ONE,
) -> int:
    """Change the sounds in .mote files: those that --select picks, or all.

    Several edits are done in this order: join, slice, select; only, drop, mute, solo, band; gain, transpose, stretch,
    reverse, move, duplicate, room.

    Parameters
    ----------
    output
        The edited file, a folder, or `-` for standard output.
    select
        A condition such as "frequency_hz > 200 and time_s < 3"; without it all events are edited.
    transpose
        Higher by so many semitones; -3 is lower.
    stretch
        So many times as long, at the same pitch.
    gain_db
        Louder by so many dB; -6 is quieter.
    move
        Later by so many seconds; -0.5 is earlier.
    duplicate_at
        A second copy, starting here, in seconds.
    reverse
        Backwards.
    low_hz
        Remove what is lower.
    high_hz
        Remove what is higher.
    mute
        Silence what is selected.
    solo
        Silence everything else.
    only
        Remove everything else.
    drop
        Remove what is selected.
    join
        Another .mote file to add.
    at
        Where the joined file starts, in seconds; without it, at the end.
    resample
        Join files of another sample rate too.
    slice_
        Keep a stretch in seconds, START:END; either may be left out.
    with_overhang
        Slices keep events centred outside that sound inside.
    room
        Put into a room: one that `motes rooms` lists, synthetic:1.2 for a reverberation time of 1.2 s, or `none` to
        take out.
    wetness
        How much of each sound goes into the room, 0 … 1; 0.3 if not given.
    embed_rooms
        Pack the rooms' responses into the file, 16 bits in FLAC; without it the file names them, and readers need them
        too. Mind their licence.
    """
    from motes.library.changes import Edit

    start_s, end_s = _seconds(slice_)
    _check(output, join, at, resample, only and drop, mute and solo, select)
    changes = Edit(
        select,
        join,
        at,
        resample,
        start_s,
        end_s,
        with_overhang,
        only,
        drop,
        mute,
        solo,
        low_hz,
        high_hz,
        gain_db,
        transpose,
        stretch,
        reverse,
        move,
        duplicate_at,
        room,
        0.3 if wetness is None else wetness,
        embed_rooms,
        files.force,
    )
    if wetness is not None and room is None:
        raise UsageError("--wetness says how wet --room is, which is missing")
    if changes == Edit(select, overwrite=files.force):
        raise UsageError("nothing to do: say how to edit, as in --transpose 3 or --only")
    todo = files.plan(inputs, output, "a .mote file", ".mote", MOTES)
    return files.do(todo, changes, "editing", _account)


def _check(
    output: str | None,
    join: str | None,
    at: float | None,
    resample: bool,
    both_kept: bool,
    both_silent: bool,
    select: str | None,
) -> None:
    if output_name(output) is None:
        raise UsageError("-o is missing: the file to write")
    if join is None and (at is not None or resample):
        raise UsageError(f"{'--at' if at is not None else '--resample'} says how to --join, which is missing")
    if both_kept or both_silent:
        raise UsageError(f"{'--only and --drop' if both_kept else '--mute and --solo'} together leave nothing")
    if select is not None:
        _parsed(select)


def _parsed(select: str) -> None:
    """A mistake in a condition is one of the command line, found before any file is read."""
    from motes.edit.selection import parse
    from motes.errors import ParameterError

    try:
        parse(select)
    except ParameterError as error:
        raise UsageError(f"--select: {error}") from error


def _seconds(stretch: str | None) -> tuple[float | None, float | None]:
    if stretch is None:
        return None, None
    start, colon, end = stretch.partition(":")
    try:
        if not colon:
            raise ValueError
        return (float(start) if start.strip() else 0.0), (float(end) if end.strip() else None)
    except ValueError:
        raise UsageError(f"--slice wants START:END in seconds, as in 2:5, not {stretch!r}") from None


def _account(report: dict[str, Any]) -> str:
    what = f"{report['n_selected']} of {report['n_events_before']} events selected, {report['n_events']} written"
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {what}, {report['seconds']:.2f} s, {report['n_bytes']} bytes"
