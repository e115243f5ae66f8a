"""What encoders can be asked for, so that a page can make a form of it: options that name no file of this machine."""

from __future__ import annotations

import importlib.util
from typing import Any

from motes.encoders import Encoder, Option, Options, make_options, options_in
from motes.errors import MissingExtraError, ParameterError
from motes.library.work import Encode
from motes.studio.answers import EncoderAnswer, OptionAnswer

# Stands for no upper limit: a form has one.
LARGE = 1e9
_LONGEST = 1000


def options_of(encoder: Encoder, values: dict[str, Any]) -> Options:
    """The options with these values; `null` means as usual. ParameterError where they make no sense."""
    shown = {about.name for about in _shown(encoder)}
    for name, value in values.items():
        if name not in shown:
            raise ParameterError(f"{encoder.name} has no option {name[:40]!r}")
        if isinstance(value, str) and len(value) > _LONGEST:
            raise ParameterError(f"{name} has {len(value)} characters, {_LONGEST} at most")
    return make_options(encoder, {name: value for name, value in values.items() if value is not None})


def work_of(encoder: Encoder, values: dict[str, Any]) -> Encode:
    """What a job is to do with these values; MissingExtraError where the encoder needs what is not installed."""
    options = options_of(encoder, values)
    if encoder.extra and importlib.util.find_spec("torch") is None:
        raise MissingExtraError("fitting events by gradients", encoder.extra)
    return Encode(options)


def described(encoder: Encoder) -> EncoderAnswer:
    """An encoder and its options."""
    options = [_described(about) for about in _shown(encoder)]
    return {"encoder": encoder.name, "title": encoder.title, "options": options}


def _described(about: Option) -> OptionAnswer:
    bounded = about.low is not None
    return {
        "name": about.name,
        "title": about.name.replace("_", " "),
        "type": "choice" if about.type == "text" and about.choices else about.type,
        "default": list(about.default) if isinstance(about.default, tuple) else about.default,
        "nullable": about.nullable,
        "low": about.low,
        "high": (LARGE if about.high is None else about.high) if bounded else None,
        "exclusive_low": about.low_excluded,
        "choices": list(about.choices) or None,
        "target": about.is_target,
        "doc": about.doc,
    }


def _shown(encoder: Encoder) -> list[Option]:
    return [about for about in options_in(encoder.options) if not about.is_file]
