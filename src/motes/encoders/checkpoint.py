"""Checkpoints: the arrays of a fit in a file, and what they belong to: a recording, and options by their names.

An option that is new since a checkpoint was written counts as at its default there, so that a new option voids none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, asdict, fields
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio import Source
from motes.errors import ParameterError
from motes.files import atomic_output

# Of the arrays and their names; one more whenever what is stored means something else.
VERSION = 1
# Names that no array of a fit has.
VERSION_KEY, SOURCE_KEY, FIT_KEY, OPTIONS_KEY = "checkpoint_version", "source_digest", "fit", "options"


def write_checkpoint(path: str, source: Source, options: Any, arrays: Mapping[str, ArrayLike]) -> None:
    """Write the arrays of a fit of `source` with `options`, a dataclass, in place of what the file held."""
    stored = msgspec.json.encode(asdict(options)).decode()
    about: dict[str, Any] = {VERSION_KEY: VERSION, SOURCE_KEY: source.digest()}
    about |= {FIT_KEY: type(options).__name__, OPTIONS_KEY: stored}
    named: dict[str, Any] = {name: np.asarray(value) for name, value in (about | dict(arrays)).items()}
    with atomic_output(path, True) as handle:
        np.savez(handle, **named)


def read_checkpoint(path: str, source: Source, options: Any, matters: Collection[str]) -> dict[str, NDArray[Any]]:
    """The arrays in a checkpoint; ParameterError where it is of another recording, of another class of options, or of
    an option other than in `options` whose name is in `matters`.
    """
    with checkpoint_errors(path):
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        version = int(arrays.pop(VERSION_KEY))
        stored = msgspec.json.decode(str(arrays.pop(OPTIONS_KEY)))
        digest, fit = str(arrays.pop(SOURCE_KEY)), str(arrays.pop(FIT_KEY))
        if version != VERSION:
            raise ParameterError(f"{path} is a checkpoint of version {version}, not {VERSION}: delete it")
        if digest != source.digest():
            raise ParameterError(f"{path} is a checkpoint of another recording: name another, or delete it")
        if fit != type(options).__name__:
            raise ParameterError(f"{path} is a checkpoint of a fit with {fit}, not with {type(options).__name__}")
        _check_options(path, stored, options, matters)
        return arrays


def _check_options(path: str, stored: dict[str, Any], options: Any, matters: Collection[str]) -> None:
    now = msgspec.json.decode(msgspec.json.encode(asdict(options)))
    for option in fields(options):
        before = stored.pop(option.name) if option.name in stored else _default(option)
        if option.name in matters and before != now[option.name]:
            raise ParameterError(
                f"{path} is a checkpoint of a fit with {option.name} {before!r}, not {now[option.name]!r}: name "
                "another, or delete it"
            )
    for name, value in stored.items():
        raise ParameterError(
            f"{path} is a checkpoint of a fit with {name} {value!r}, which is no option here: delete it"
        )


def _default(option: Field[Any]) -> Any:
    value = option.default if option.default_factory is MISSING else option.default_factory()
    return msgspec.json.decode(msgspec.json.encode(value))


@contextmanager
def checkpoint_errors(path: str) -> Iterator[None]:
    """Reading the checkpoint at `path`: what cannot be read or is missing in it becomes a ParameterError."""
    try:
        yield
    except ParameterError:
        raise
    except Exception as error:  # what the readers of zip files and arrays raise of damaged ones has no end
        raise ParameterError(f"{path} is not a checkpoint of a fit, or a damaged one ({error})") from None
