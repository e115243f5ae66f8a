"""Dictionaries of learned waveforms as files: safetensors with the waveforms as whole numbers, their sample rate and
their name.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import numpy as np

from motes import places
from motes.encoders.learned.shifts import Floats
from motes.errors import FormatError, ParameterError
from motes.events.model import MAX_WAVEFORM_SAMPLES, MAX_WAVEFORMS, Model
from motes.files import atomic_output

EXTENSION = ".motes-dictionary"
# The highest sample of a waveform: finer ones cost bits in every file, and are 45 dB below the waveform.
PEAK = 127
# No dictionary's file is larger.
_MOST_BYTES = 2 * MAX_WAVEFORMS * MAX_WAVEFORM_SAMPLES + (1 << 16)
__all__ = ["EXTENSION", "load_dictionary", "save_dictionary"]


def save_dictionary(
    waveforms: Floats, sample_rate_hz: int, path: str | os.PathLike[str], *, overwrite: bool = True
) -> Model:
    """Write waveforms `(n, length)`, rounded, as a dictionary with the name of its file; returns it."""
    from safetensors.numpy import save

    peak = np.abs(waveforms).max(axis=1, keepdims=True)
    whole = np.rint(waveforms * (PEAK / peak)).astype(np.int16)
    name = name_of(path).encode()
    arrays = {
        "waveforms": whole,
        "sample_rate_hz": np.array([sample_rate_hz], np.int64),
        "name": np.frombuffer(name, np.uint8),
    }
    data = save(arrays)
    made = _dictionary(data, os.fspath(path))
    with atomic_output(path, overwrite=overwrite) as handle:
        handle.write(data)
    return made


def name_of(path: str | os.PathLike[str]) -> str:
    """What a dictionary in this file is called: at most 64 small letters, digits and `._-`."""
    stem = Path(os.fspath(path)).name.removesuffix(EXTENSION).lower()
    return re.sub(r"[^a-z0-9._-]+", "-", stem).lstrip("._-")[:64] or "dictionary"


def load_dictionary(path: str | os.PathLike[str]) -> Model:
    """The dictionary in a file, with all its waveforms; FormatError where it is none."""
    name = os.fspath(path)
    try:
        with places.open_file(path) as handle:
            data = handle.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ParameterError(f"cannot read the dictionary {name}: {error.strerror or error}") from None
    return _dictionary(data, name)


def _dictionary(data: bytes, name: str) -> Model:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data) if len(data) <= _MOST_BYTES else {}
        waveforms, rate = arrays["waveforms"], arrays["sample_rate_hz"]
        if waveforms.dtype != np.int16 or rate.shape != (1,) or rate.dtype != np.int64:
            raise FormatError(f"{name} is not a dictionary of learned waveforms")
        called = arrays["name"].tobytes().decode()
        digest = hashlib.sha256(data).hexdigest()
        return Model(called, digest, int(rate[0]), np.arange(len(waveforms)), waveforms)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        reason = f": {error}" if isinstance(error, ParameterError) else ""
        raise FormatError(f"{name} is not a dictionary of learned waveforms{reason}") from None
