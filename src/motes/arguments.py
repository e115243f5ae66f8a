"""Arguments of functions that people call: what is not of the type that its annotation says is a ParameterError.

The annotations are read as text, so that nothing is imported for them; of types that CHECKS does not know anything
passes.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from motes.errors import ParameterError

P = ParamSpec("P")
R = TypeVar("R")


class _Check(NamedTuple):
    """Whether a value is of a type, and what it is called."""

    is_right: Callable[[Any], bool]
    words: str


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")  # NumPy's, which is not imported


def _is_number(value: Any) -> bool:
    if isinstance(value, str | bytes) or _is_bool(value) or not hasattr(value, "__float__"):
        return False
    if getattr(value, "ndim", 0):
        return False
    return bool(value == value)  # a time or a level that is not a number chooses nothing


def _is_whole(value: Any) -> bool:
    return _is_number(value) and (hasattr(value, "__index__") or float(value).is_integer())


def _is_named(*names: str) -> Callable[[Any], bool]:
    """Whether a value is of a class of one of these names, or of one derived from it."""
    return lambda value: any(base.__name__ in names for base in type(value).__mro__)


def _is_list_of(of: str) -> Callable[[Any], bool]:
    """Whether a value can be gone through, and what a list holds is of one of these types."""
    parts = of.split(" | ")

    def is_right(value: Any) -> bool:
        if not hasattr(value, "__iter__") or isinstance(value, str | bytes):
            return False
        items = value if isinstance(value, list | tuple) else ()
        return all(any(CHECKS[part].is_right(item) for part in parts) for item in items)

    return is_right


CHECKS = {
    "None": _Check(lambda value: value is None, "None"),
    "bool": _Check(_is_bool, "True or False"),
    "int": _Check(_is_whole, "a whole number"),
    "float": _Check(_is_number, "a number"),
    "str": _Check(lambda value: isinstance(value, str), "text"),
    "File": _Check(lambda value: isinstance(value, str | os.PathLike), "the path of a file"),
    "Folder": _Check(lambda value: isinstance(value, str | os.PathLike), "the path of a folder"),
    "Scene": _Check(_is_named("Scene"), "a Scene"),
    "Room": _Check(_is_named("Room"), "a Room"),
    "Instrument": _Check(_is_named("Instrument"), "an Instrument"),
}
for _kind in ("Sequence", "Iterable"):
    for _of, _words in (("str", "texts"), ("File", "paths"), ("Room", "Rooms"), ("File | Scene", "Scenes and paths")):
        CHECKS[f"{_kind}[{_of}]"] = _Check(_is_list_of(_of), f"a list of {_words}")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function with a check of its arguments' types before each call."""

    @wraps(function)
    def checking(*args: P.args, **kwargs: P.kwargs) -> R:
        _check(function, args, kwargs)
        return function(*args, **kwargs)

    return checking


def _check(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    signature, checks = _checks_of(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return  # a name or a number of arguments that the function does not have: the call says so itself
    for name, value in given.items():
        wanted = checks.get(name)
        if wanted is not None and not any(check.is_right(value) for check in wanted):
            if isinstance(value, float) and value != value:
                raise ParameterError(f"{name} must be finite, not {value}")
            raise ParameterError(f"{name} must be {_listed([check.words for check in wanted])}, not {value!r:.60}")


@cache
def _checks_of(function: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, list[_Check]]]:
    """The signature, and of each parameter what it may be; of those that may be something else, nothing."""
    signature, checks = inspect.signature(function), {}
    for name, parameter in signature.parameters.items():
        parts = _parts(str(parameter.annotation))
        one = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if one and all(part in CHECKS for part in parts):
            checks[name] = [CHECKS[part] for part in parts]
    return signature, checks


def _parts(annotation: str) -> list[str]:
    """The types of a union, which may have unions in brackets."""
    parts, depth = [""], 0
    for character in annotation:
        depth += (character == "[") - (character == "]")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _listed(words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
