"""Encoders: a recording becomes a scene. All of them stand in ENCODERS; `motes.encode` is the door to each.

An encoder is a folder with its options and its `encode` at the door (`__init__.py`), and one line here; the command
line, Python, the studio's forms and the documentation follow.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motes.encoders import fit, instrument, pursuit, siam
from motes.encoders.options import Option, Options, options_in
from motes.errors import ParameterError

if TYPE_CHECKING:
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
    "options_in_force",
]


@dataclass(frozen=True)
class Encoder:
    """An encoder: its name, its title, what it does as the end of a sentence, its options, and the function.

    `doing` and `events` are what its progress and its events are called; `extra` is what has to be installed for it;
    `shows` tells whether it takes `watch`, a function that is shown the scene as it grows.
    """

    name: str
    title: str
    summary: str
    options: type[Options]
    encode: Callable[..., Scene]
    doing: str = "encoding"
    events: str = "events"
    extra: str = ""
    shows: bool = False

    @property
    def has_time_limit(self) -> bool:
        """Whether it takes `begun_s`, when its time began to run."""
        return any(each.name == "time_limit_s" for each in options_in(self.options))


ENCODERS = (
    Encoder(
        "pursuit",
        "Matching pursuit: windowed sinusoids",
        "finds windowed sinusoids",
        pursuit.PursuitOptions,
        pursuit.encode,
    ),
    Encoder(
        "instrument",
        "Instrument: what resonates, and what strikes it",
        "finds what resonates, and the strikes that play it",
        instrument.InstrumentOptions,
        instrument.encode,
        events="strikes",
    ),
    Encoder(
        "splat",
        "Fit of splats: bursts and what rings on, by gradients",
        "fits bursts rung through resonances, by gradient descent",
        fit.SplatOptions,
        fit.encode,
        doing="fitting",
        extra="learn",
        shows=True,
    ),
    Encoder(
        "gabor",
        "Fit of atoms: windowed sinusoids, by gradients",
        "fits windowed sinusoids, by gradient descent",
        fit.GaborOptions,
        fit.encode,
        doing="fitting",
        extra="learn",
        shows=True,
    ),
    Encoder(
        "siam",
        "Events: notes and other sounds, by a small network",
        "finds notes and other sounds by a small network, sixteen numbers each",
        siam.SiamOptions,
        siam.encode,
        doing="listening",
    ),
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


def options_in_force(name: str, stored: dict[str, Any]) -> dict[str, Any]:
    """What an encoder went by, of the options that a file of its scene holds: these, and for all others the defaults
    of this version; of no encoder or another one's, only what is stored.
    """
    known = next((each for each in ENCODERS if each.name == name), None)
    if known is None:
        return stored
    names = {each.name for each in options_in(known.options)}
    try:
        options = known.options(**{name: value for name, value in stored.items() if name in names})
    except (ParameterError, TypeError):
        return stored
    return {name: value for name, value in options.in_force().items() if value is not None} | stored


def _suggestion(encoder: Encoder, name: str, names: list[str]) -> str:
    """What was likely meant by a name that the encoder lacks, as the end of a sentence."""
    others = [each.name for each in ENCODERS if name in (one.name for one in options_in(each.options))]
    if others:
        return f": it is one of {', '.join(others)}"
    near = difflib.get_close_matches(name, names, 1)
    return f": did you mean {near[0]}?" if near else f", only {', '.join(names)}"
