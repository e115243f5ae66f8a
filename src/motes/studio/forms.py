"""What encoders can be asked for, told so that a page can make a form of it: from the dataclasses that the command
line reads too.
"""

from __future__ import annotations

import importlib.util
import re
import types
import typing
from dataclasses import dataclass, fields
from typing import Any

from motes.encoders.options import FitOptions, InstrumentOptions, PursuitOptions
from motes.errors import MissingExtraError, ParameterError
from motes.library.work import Encode
from motes.losses import LOSSES


@dataclass(frozen=True)
class Encoder:
    """An encoder as the studio offers it: `targets` exclude each other, `hidden` options are not for it, `kind` is
    that of what a fit fits.
    """

    name: str
    title: str
    options: type
    targets: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    kind: str = ""


ENCODERS = (
    Encoder(
        "pursuit",
        "Matching pursuit: windowed sinusoids",
        PursuitOptions,
        ("kbps", "quality", "snr_db", "n_events", "events_per_second"),
    ),
    Encoder("instrument", "Instrument: what resonates, and what strikes it", InstrumentOptions, hidden=("checkpoint",)),
    Encoder(
        "splat",
        "Fit of splats: bursts and what rings on, by gradients",
        FitOptions,
        hidden=("checkpoint", "resume"),
        kind="splat",
    ),
    Encoder(
        "gabor",
        "Fit of atoms: windowed sinusoids, by gradients",
        FitOptions,
        hidden=("checkpoint", "resume", "envelope", "noise"),
        kind="gabor",
    ),
)
LARGE = 1e9
_FIT: dict[str, tuple[float, float, bool]] = {
    "events": (0, 100_000, False),
    "iterations": (0, 10_000_000, False),
    "time_limit_s": (0, LARGE, True),
    "learning_rate": (0, 1, True),
    "sparsity": (0, LARGE, False),
    "control_every": (0, 10_000_000, False),
    "refit_every": (0, 10_000_000, False),
    "patience": (0, 10_000_000, False),
    "stretch_s": (0.25, 60, False),
    "texture_kbps": (0, LARGE, True),
    "seed": (0, 2**32 - 1, False),
}
# Least and largest value of each option, and whether the least is excluded: as the dataclasses check them.
RANGES: dict[str, dict[str, tuple[float, float, bool]]] = {
    "pursuit": {
        "kbps": (0, 10_000, True),
        "quality": (0, 10, False),
        "snr_db": (0, 120, True),
        "n_events": (0, LARGE, False),
        "events_per_second": (0, LARGE, True),
        "texture_kbps": (0, 1000, True),
        "n_threads": (0, 256, False),
        "windows": (64, 32768, False),
    },
    "instrument": {
        "controls": (0, 4096, False),
        "modes": (1, 4096, False),
        "strikes": (0, 100_000, False),
        "numbers_percent": (0, 100, True),
        "taps": (0, 4096, False),
        "refine": (0, 1_000_000, False),
        "l1": (0, LARGE, False),
        "seed": (0, 2**32 - 1, False),
        "time_limit_s": (0, LARGE, True),
    },
    "splat": _FIT,
    "gabor": _FIT,
}
_WINDOWS = tuple(2**k for k in range(6, 16))
_CHOICES: dict[tuple[type, str], tuple[Any, ...]] = {
    (PursuitOptions, "windows"): _WINDOWS,
    (InstrumentOptions, "loss"): tuple(loss.name for loss in LOSSES),
}
_LONGEST = 1000


def encoder_named(name: str) -> Encoder:
    """The encoder of this name."""
    for encoder in ENCODERS:
        if encoder.name == name:
            return encoder
    raise ParameterError(
        f"there is no encoder {name[:40]!r}: there are {', '.join(encoder.name for encoder in ENCODERS)}"
    )


def options_of(encoder: Encoder, values: dict[str, Any]) -> Any:
    """The options with these values, checked as everywhere; `null` means as usual. ParameterError where they make
    no sense.
    """
    asked = {}
    for field in _shown(encoder):
        value = values.get(field.name)
        if value is not None:
            asked[field.name] = _typed(field.name, value, _type(encoder.options, field.name))
    if unknown := set(values) - {field.name for field in _shown(encoder)}:
        raise ParameterError(f"{encoder.name} has no option {sorted(unknown)[0][:40]!r}")
    return encoder.options(**asked)


def work_of(encoder: Encoder, values: dict[str, Any]) -> Encode:
    """What a job is to do with these values; MissingExtraError where the encoder needs what is not installed."""
    options = options_of(encoder, values)
    if encoder.kind and importlib.util.find_spec("torch") is None:
        raise MissingExtraError("fitting events by gradients", "learn")
    return Encode(options, kind=encoder.kind) if encoder.kind else Encode(options)


def _typed(name: str, value: Any, wanted: str) -> Any:
    if wanted == "integers" and isinstance(value, list) and all(type(one) is int for one in value):
        return tuple(value)
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    right = {"boolean": bool, "integer": int, "number": int | float, "choice": str, "text": str}.get(wanted)
    if right is None or not isinstance(value, right) or (isinstance(value, bool) and wanted != "boolean"):
        raise ParameterError(
            f"{name} must be {'a list of integers' if wanted == 'integers' else f'a {wanted}'}, not {value!r:.60}"
        )
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ParameterError(f"{name} has {len(value)} characters, {_LONGEST} at most")
    return value


def described(encoder: Encoder) -> dict[str, Any]:
    """An encoder and its options."""
    docs, hints = option_docs(encoder.options), RANGES.get(encoder.name, {})
    options = []
    for field in _shown(encoder):
        low, high, exclusive = hints.get(field.name, (None, None, False))
        default = field.default
        options.append(
            {
                "name": field.name,
                "title": field.name.replace("_", " "),
                "type": _type(encoder.options, field.name),
                "default": list(default) if isinstance(default, tuple) else default,
                "nullable": type(None) in typing.get_args(typing.get_type_hints(encoder.options)[field.name]),
                "low": low,
                "high": high,
                "exclusive_low": exclusive,
                "choices": _choices(encoder.options, field.name),
                "target": field.name in encoder.targets,
                "doc": docs.get(field.name, ""),
            }
        )
    return {"encoder": encoder.name, "title": encoder.title, "options": options}


def _shown(encoder: Encoder) -> list[Any]:
    return [field for field in fields(encoder.options) if field.name not in encoder.hidden]


def _choices(options: type, name: str) -> list[Any] | None:
    hint = typing.get_type_hints(options)[name]
    if typing.get_origin(hint) is typing.Literal:
        return list(typing.get_args(hint))
    return list(_CHOICES[options, name]) if (options, name) in _CHOICES else None


def _type(options: type, name: str) -> str:
    hint = typing.get_type_hints(options)[name]
    if typing.get_origin(hint) is typing.Literal:
        return "choice"
    parts = (
        [part for part in typing.get_args(hint) if part is not type(None)]
        if isinstance(hint, types.UnionType)
        else [hint]
    )
    if typing.get_origin(parts[0]) is tuple:
        return "integers"
    return {bool: "boolean", int: "integer", float: "number", str: "choice" if (options, name) in _CHOICES else "text"}[
        parts[0]
    ]


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
