"""Encoders: a recording becomes a scene. All of them stand in ENCODERS, and `encode` is the door to each.

An encoder is a folder with its options and its `encode` at the door (`__init__.py`), and one line here; the command
line, Python, the studio's forms and the documentation follow.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motes.encoders import fit, instrument, pursuit
from motes.encoders.options import Option, Options, options_in
from motes.errors import ParameterError

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.encoders.progress import Progress
    from motes.scene.scene import Scene

__all__ = [
    "ENCODERS",
    "Encoder",
    "Option",
    "Options",
    "encode",
    "encoder_named",
    "encoder_of",
    "make_options",
    "options_in",
]


@dataclass(frozen=True)
class Encoder:
    """An encoder: its name, in a line what it makes of a recording, its options, and the function.

    `doing` and `events` are what its progress and its events are called; `extra` is what has to be installed for it;
    `shows` tells whether it takes `watch`, a function that is shown the scene as it grows.
    """

    name: str
    summary: str
    options: type[Options]
    encode: Callable[..., Scene]
    doing: str = "encoding"
    events: str = "events"
    extra: str = ""
    shows: bool = False


_FIT = {"doing": "fitting", "extra": "learn", "shows": True}
ENCODERS = (
    Encoder("pursuit", "Matching pursuit: windowed sinusoids", pursuit.PursuitOptions, pursuit.encode),
    Encoder(
        "instrument",
        "Instrument: what resonates, and what strikes it",
        instrument.InstrumentOptions,
        instrument.encode,
        events="strikes",
    ),
    Encoder("splat", "Fit of splats: bursts and what rings on, by gradients", fit.SplatOptions, fit.encode, **_FIT),
    Encoder("gabor", "Fit of atoms: windowed sinusoids, by gradients", fit.GaborOptions, fit.encode, **_FIT),
)


def encoder_named(name: str) -> Encoder:
    """The encoder of this name; ParameterError, naming them all, if there is none."""
    for encoder in ENCODERS:
        if encoder.name == name:
            return encoder
    names = ", ".join(encoder.name for encoder in ENCODERS)
    raise ParameterError(f"there is no encoder {str(name)[:40]!r}: there are {names}")


def encoder_of(options: Options) -> Encoder:
    """The encoder whose options these are; ParameterError if it is none's."""
    for encoder in ENCODERS:
        if type(options) is encoder.options:
            return encoder
    names = ", ".join(encoder.options.__name__ for encoder in ENCODERS)
    raise ParameterError(f"options must be one of {names}, not {options!r:.60}")


def make_options(encoder: Encoder, values: dict[str, Any]) -> Options:
    """Options of an encoder with these values; ParameterError for a name that it does not have, or a wrong value."""
    names = [each.name for each in options_in(encoder.options)]
    for name in values:
        if name not in names:
            raise ParameterError(f"{encoder.name} has no option {name[:40]!r}{_suggestion(encoder, name, names)}")
    return encoder.options(**values)


def _suggestion(encoder: Encoder, name: str, names: list[str]) -> str:
    """What was likely meant by a name that the encoder lacks, as the end of a sentence."""
    others = [each.name for each in ENCODERS if name in (one.name for one in options_in(each.options))]
    if others:
        return f": it is one of {', '.join(others)}"
    near = difflib.get_close_matches(name, names, 1)
    return f": did you mean {near[0]}?" if near else f", only {', '.join(names)}"


def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    encoder: str | None = None,
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
    watch: Callable[[Scene, Progress], None] | None = None,
    **values: Any,
) -> Scene:
    """`motes.encode`, which is the same with the options of each encoder spelt out."""
    if options is None:
        chosen = encoder_named("pursuit" if encoder is None else encoder)
        options = make_options(chosen, values)
    else:
        chosen = encoder_of(options)
        if values:
            raise ParameterError(f"{', '.join(values)} belong into options, which is given too")
        if encoder not in (None, chosen.name):
            raise ParameterError(f"these are options of {chosen.name}, not of {encoder}")
    if watch is not None and not chosen.shows:
        raise ParameterError(f"{chosen.name} does not show its scene as it grows: it takes no watch")
    more = {} if watch is None else {"watch": watch}
    return chosen.encode(audio, options, sample_rate_hz=sample_rate_hz, progress=progress, **more)
