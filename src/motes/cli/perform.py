"""motes perform and motes remix: instruments and learned events in other music."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from motes.cli.console import UsageError, output_name
from motes.cli.many import MOTES, Force, Json, Many, Output, shown
from motes.errors import ParameterError

_Value = TypeVar("_Value", int, float)
_Number = Annotated[float, Parameter(allow_leading_hyphen=True)]


def perform(  # noqa: PLR0913 (a parameter is a flag)
    scene: str,
    *,
    output: Output = None,
    random: int | None = None,
    density: float = 4.0,
    duration: float | None = None,
    permute: int | None = None,
    midi: str | None = None,
    strikes: str | None = None,
    notes_of: str | None = None,
    damping: float = 1.0,
    brightness: _Number = 0.0,
    transpose: _Number = 0.0,
    inharmonicity: _Number = 0.0,
    position: float = 0.0,
    spread: float = 0.0,
    send: float = 0.0,
    gain_db: _Number = 0.0,
    force: Force = False,
    json: Json = False,
) -> int:
    """Play the instrument in a .mote file: by chance, in another order, from MIDI or as another scene does; or as it
    was, in another shape. Where a file has notes and no instrument, play a MIDI file with these.

    Parameters
    ----------
    scene
        A .mote file that `motes encode --encoder instrument` made, or one with notes; `-` is standard input.
    output
        A sound file, a .mote file, or `-` for a .mote file on standard output.
    random
        Strikes at random moments: the seed.
    density
        How many of these per second.
    duration
        For how many seconds; without it as long as the recording was.
    permute
        The scene's moments with the controls exchanged: the seed.
    midi
        The notes of a MIDI file: controls by pitch, or the nearest notes of the file, transposed the rest of the way.
    strikes
        The strikes of another .mote file.
    notes_of
        This file's notes, played with those of another .mote file.
    damping
        Decay times divided by this: above 1 drier, below 1 longer.
    brightness
        Louder by so many dB for each octave above 1 kHz; -3 is duller.
    transpose
        Higher by so many semitones.
    inharmonicity
        Modes farther apart: frequencies, in kHz, to the power of 1 and this; -0.05 draws them together.
    position
        0 to 1: where it is struck, a comb over the modes of each strike; 0 is as it was.
    spread
        0 to 1: how far modes lie to the left and the right; mono becomes stereo.
    send
        0 to 1: how much goes into a room, the scene's first or a synthetic one.
    gain_db
        Louder by so many dB.
    """
    from motes.events.deformation import Deformation
    from motes.library.changes import Perform

    try:
        how = Deformation(damping, brightness, transpose, inharmonicity, position, spread, send)
        work = Perform(random, density, duration, permute, midi, strikes, how, gain_db, force, notes_of)
    except ParameterError as error:
        raise UsageError(str(error)) from error
    if output_name(output) is None:
        raise UsageError("-o is needed: a sound file such as out.wav, or a .mote file")
    files = Many(force=force, json=json)
    todo = files.plan((scene,), output, "a .mote file", os.path.splitext(output or "")[1], MOTES)
    return files.do(todo, work, "playing", _account)


def _account(report: dict[str, Any]) -> str:
    clipped = f", {report['n_clipped']} samples clipped (--gain-db -6 is softer)" if report["n_clipped"] else ""
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {report['n_events']} events, {report['seconds']:.2f} s in {report['elapsed_s']:.1f} s{clipped}"


def remix(  # noqa: PLR0913 (a parameter is a flag)
    scene: str,
    *,
    output: Output = None,
    nearest: int | None = None,
    count: int = 8,
    between: str | None = None,
    steps: int = 5,
    random: int | None = None,
    times: str | None = None,
    shuffle_times: bool = False,
    redraw: bool = False,
    seed: int = 0,
    select: str | None = None,
    force: Force = False,
    json: Json = False,
) -> int:
    """Make new sounds of the vectors (learned events) in a .mote file.

    Parameters
    ----------
    scene
        A .mote file; `-` is standard input.
    output
        A sound file, a .mote file, or `-` for a .mote file on standard output.
    nearest
        Only this event (its number) and those most like it.
    count
        How many of these.
    between
        Two events, as in 3,8: one, what lies between, the other, one after the other.
    steps
        How many lie between.
    random
        So many vectors as the model thinks usual, at random times.
    times
        These times in seconds instead, as in 0,0.5,1.
    shuffle_times
        The events at random times.
    redraw
        Other vectors, as the model thinks usual, at the times of the events.
    seed
        Which chance.
    select
        A condition such as "pitch_semitones > 60": of which events, for nearest, shuffle-times and redraw.
    """
    from motes.library.remix import Remix

    if output_name(output) is None:
        raise UsageError("-o is needed: a sound file such as out.wav, or a .mote file")
    try:
        work = Remix(
            nearest,
            count,
            _list("between", between, int),
            steps,
            random,
            _list("times", times, float),
            seed,
            shuffle_times,
            redraw,
            select,
            force,
        )
    except ParameterError as error:
        raise UsageError(str(error)) from error
    files = Many(force=force, json=json)
    todo = files.plan((scene,), output, "a .mote file", os.path.splitext(output or "")[1], MOTES)
    return files.do(todo, work, "remixing", _remixed)


def _list(name: str, text: str | None, kind: Callable[[str], _Value]) -> list[_Value] | None:
    """_Values with commas between."""
    try:
        return None if text is None else [kind(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--{name} wants numbers with commas between, as in 3,8, not {text!r}") from None


def _remixed(report: dict[str, Any]) -> str:
    clipped = f", {report['n_clipped']} samples clipped (motes edit --gain-db -6 first)" if report["n_clipped"] else ""
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    return f"{where}: {report['n_events']} events, {report['seconds']:.2f} s in {report['elapsed_s']:.1f} s{clipped}"
