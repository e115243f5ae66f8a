"""What encoders can be asked for, told so that a page can make a form of it: from the dataclasses that the command line reads too."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import dataclass, fields
from typing import Any

from motes.encoders.options import InstrumentOptions, PursuitOptions
from motes.errors import ParameterError
from motes.losses import LOSSES


@dataclass(frozen=True)
class Encoder:
    """An encoder as the studio offers it; `targets` exclude each other, `hidden` options are not for it."""

    name: str
    title: str
    options: type
    targets: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


ENCODERS = (
    Encoder("pursuit", "Matching pursuit: windowed sinusoids", PursuitOptions, ("kbps", "quality", "snr_db", "n_events", "events_per_second")),
    Encoder("instrument", "Instrument: what resonates, and what strikes it", InstrumentOptions, hidden=("checkpoint",)),
)
LARGE = 1e9
RANGES: dict[str, dict[str, tuple[float, float, bool]]] = {
    "pursuit": {
        "kbps": (0, 10_000, True), "quality": (0, 10, False), "snr_db": (0, 120, True), "n_events": (0, LARGE, False),
        "events_per_second": (0, LARGE, True), "texture_kbps": (0, 1000, True), "n_threads": (0, 256, False), "windows": (64, 32768, False),
    },
    "instrument": {
        "controls": (0, 4096, False), "modes": (1, 4096, False), "strikes": (0, 100_000, False), "numbers_percent": (0, 100, True),
        "taps": (0, 4096, False), "refine": (0, 1_000_000, False), "l1": (0, LARGE, False), "seed": (0, 2**32 - 1, False),
        "time_limit_s": (0, LARGE, True),
    },
}  # fmt: skip
"""Least and largest value of each option, and whether the least is excluded: as the dataclasses check them."""
_WINDOWS = tuple(2**k for k in range(6, 16))
_CHOICES: dict[str, tuple[Any, ...]] = {"windows": _WINDOWS, "loss": tuple(loss.name for loss in LOSSES)}


def encoder_named(name: str) -> Encoder:
    """The encoder of this name."""
    for encoder in ENCODERS:
        if encoder.name == name:
            return encoder
    raise ParameterError(f"there is no encoder {name[:40]!r}: there are {', '.join(encoder.name for encoder in ENCODERS)}")


def options_of(encoder: Encoder, values: dict[str, Any]) -> Any:
    """The options with these values, checked as everywhere; `null` means as usual. ParameterError where they make no sense."""
    asked = {}
    for field in _shown(encoder):
        value = values.get(field.name)
        if value is not None:
            asked[field.name] = _typed(field.name, value, _type(encoder.options, field.name))
    if unknown := set(values) - {field.name for field in _shown(encoder)}:
        raise ParameterError(f"{encoder.name} has no option {sorted(unknown)[0][:40]!r}")
    return encoder.options(**asked)


def _typed(name: str, value: Any, wanted: str) -> Any:
    if wanted == "integers" and isinstance(value, list) and all(type(one) is int for one in value):
        return tuple(value)
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    right = {"boolean": bool, "integer": int, "number": int | float, "choice": str}.get(wanted)
    if right is None or not isinstance(value, right) or (isinstance(value, bool) and wanted != "boolean"):
        raise ParameterError(f"{name} must be {'a list of integers' if wanted == 'integers' else f'a {wanted}'}, not {value!r:.60}")
    return value


def described(encoder: Encoder) -> dict[str, Any]:
    """An encoder and its options."""
    docs, hints = option_docs(encoder.options), RANGES.get(encoder.name, {})
    options = []
    for field in _shown(encoder):
        low, high, exclusive = hints.get(field.name, (None, None, False))
        default = field.default
        options.append({
            "name": field.name,
            "title": field.name.replace("_", " "),
            "type": _type(encoder.options, field.name),
            "default": list(default) if isinstance(default, tuple) else default,
            "nullable": type(None) in typing.get_args(typing.get_type_hints(encoder.options)[field.name]),
            "low": low,
            "high": high,
            "exclusive_low": exclusive,
            "choices": list(_CHOICES[field.name]) if field.name in _CHOICES else None,
            "target": field.name in encoder.targets,
            "doc": docs.get(field.name, ""),
        })  # fmt: skip
    return {"encoder": encoder.name, "title": encoder.title, "options": options}


def _shown(encoder: Encoder) -> list[Any]:
    return [field for field in fields(encoder.options) if field.name not in encoder.hidden]


def _type(options: type, name: str) -> str:
    hint = typing.get_type_hints(options)[name]
    parts = [part for part in typing.get_args(hint) if part is not type(None)] if isinstance(hint, types.UnionType) else [hint]
    if typing.get_origin(parts[0]) is tuple:
        return "integers"
    return {bool: "boolean", int: "integer", float: "number", str: "choice" if name in _CHOICES else "text"}[parts[0]]


def option_docs(options: type) -> dict[str, str]:
    """What the docstring's Parameters say of each option."""
    _, _, text = (options.__doc__ or "").partition("----------\n")
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if re.fullmatch(r"    \w+", line):
            name = line.strip()
            found[name] = []
        elif name and line.strip():
            found[name].append(line.strip())
    return {name: " ".join(lines) for name, lines in found.items()}
