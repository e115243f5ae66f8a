"""Options of encoders: dataclasses whose fields carry what is known of them, and the one check of types and ranges.

The command line, Python, the studio's forms and the documentation read them; docs/python.md shows what they make of it.
Light to import: the command line reads it to explain itself.
"""

from __future__ import annotations

import os
import types
import typing
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, cast

from motes.encoders.progress import Stage
from motes.errors import ParameterError
from motes.units import require_finite

Type = Literal["boolean", "integer", "number", "text", "choice", "integers"]


@dataclass(frozen=True)
class Option:
    """One option: its type, what values it may have, and what people are told of it.

    `low` and `high` bound a number. A choice is one of `choices`; beside other types these
    are suggestions. `flag` is its name on the command line. Of targets at most one is given.
    """

    name: str
    type: Type
    nullable: bool
    default: Any
    doc: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    low_excluded: bool = False
    choices: tuple[Any, ...] = ()
    flag: str = ""
    is_target: bool = False
    # A file of the user's machine, which a page cannot name.
    is_file: bool = False
    # A question that a value out of range raises.
    mistake: str = ""


def option(default: Any, doc: str, **more: Any) -> Any:
    """A field of an options dataclass; `more` are fields of `Option` from `unit` on."""
    return field(default=default, metadata={"doc": doc} | more)


class Options:
    """Base of options: frozen dataclasses of `option` fields, checked when they are made."""

    # Seconds that what is found takes to be rendered, for each second of sound, beyond what atoms take.
    RENDERING: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Raise ParameterError for a value of a wrong type or out of range."""
        check(self)

    def stages(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
        """What an encoder does with a recording of `n_samples` in each channel, in its order, with the seconds that
        each stage takes; empty where that is not known.
        """
        return []

    def in_force(self) -> dict[str, Any]:
        """All options by name that the result depends on, with what takes the place of None where something does."""
        held = {each.name: getattr(self, each.name) for each in options_in(type(self)) if not each.is_file}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in held.items()}


def options_in(options: type[Options]) -> tuple[Option, ...]:
    """The options of a dataclass, in its order."""
    return _options_in(cast("Any", options))  # hashable, though type checkers doubt it


@cache
def _options_in(options: Any) -> tuple[Option, ...]:
    hints = typing.get_type_hints(options)
    return tuple(_option(each, hints[each.name]) for each in fields(options))


def _option(held: Any, hint: Any) -> Option:
    parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
    nullable = isinstance(hint, types.UnionType)
    inner = parts[0] if nullable else hint
    about = {"flag": held.name.replace("_", "-")} | dict(held.metadata)
    if typing.get_origin(inner) is Literal:
        about["choices"] = typing.get_args(inner)
        kind: Type = "choice"
    elif typing.get_origin(inner) is tuple:
        kind = "integers"
    else:
        names: dict[Any, Type] = {bool: "boolean", int: "integer", float: "number", str: "text"}
        kind = names[inner]
    return Option(held.name, kind, nullable, held.default, **about)


def check(options: Options) -> None:
    """Raise ParameterError for a value of a wrong type or out of range, or for two targets; numbers become Python's."""
    given = [each for each in options_in(type(options)) if getattr(options, each.name) is not None]
    targets = [each.name for each in given if each.is_target]
    if len(targets) > 1:
        raise ParameterError(f"one target at a time: {' and '.join(targets)} were both given")
    for each in given:
        object.__setattr__(options, each.name, checked(each, getattr(options, each.name)))
    for each in options_in(type(options)):
        if getattr(options, each.name) is None and not each.nullable:
            raise ParameterError(f"{each.name} must be {_wanted(each)}, not None")


def checked(about: Option, value: Any) -> Any:
    """A value that the option may have; ParameterError for another."""
    if about.type == "integers":
        if not isinstance(value, list | tuple):
            raise ParameterError(f"{about.name} must be {_wanted(about)}, not {value!r:.60}")
        return tuple(value)  # what each may be, its dataclass says
    if about.type == "integer":
        return _integer(about, value)
    if about.type == "number":
        return _number(about, value)
    value = os.fspath(value) if about.is_file and isinstance(value, os.PathLike) else value
    is_right = isinstance(value, bool if about.type == "boolean" else str)
    if not is_right or (about.type == "choice" and value not in about.choices):
        raise ParameterError(f"{about.name} must be {_wanted(about)}, not {value!r:.60}")
    return value


def _integer(about: Option, value: Any) -> int:
    if not _is_number(value) or value != value // 1 or not _within(about, value):
        raise ParameterError(f"{about.name} must be {_wanted(about)}, not {value!r:.60}")
    return int(value)


def _number(about: Option, value: Any) -> float:
    if not _is_number(value):
        raise ParameterError(f"{about.name} must be a number, not {value!r:.60}")
    require_finite(about.name, float(value))
    if not _within(about, value):
        low, high = about.low, about.high
        if low is not None and high is None and not about.low_excluded:
            raise ParameterError(f"{about.name} must not be below {low:g}, and is {value:g}")
        raise ParameterError(f"{about.name} must be {_wanted(about)}, not {value:g}{about.mistake}")
    return int(value) if isinstance(value, Integral) else float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _within(about: Option, value: Any) -> bool:
    low = -float("inf") if about.low is None else about.low
    high = float("inf") if about.high is None else about.high
    return bool(low < value <= high if about.low_excluded else low <= value <= high)


def _wanted(about: Option) -> str:
    """What a value has to be, in words."""
    low, high = about.low, about.high
    if about.type == "integers":
        return "a list of whole numbers"
    if about.type == "boolean":
        return "True or False"
    if about.type == "choice":
        return " or ".join(about.choices)
    if about.type == "text":
        return "text"
    if about.type == "integer":
        bounds = [f"from {low}"] if low is not None else []
        bounds += [f"to {high}"] if high is not None else []
        return " ".join(["a whole number", *bounds])
    if about.low_excluded:
        return f"above {low:g}" + (f" and at most {high:g}" if high is not None else "")
    return "a number" if high is None else f"from {low:g} to {high:g}"
