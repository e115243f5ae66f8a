"""Weights of a network, as they ship: a safetensors file whose arrays lie as inference takes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import LAYOUTS, N_BANDS, N_STEM_BINS, Layout
from motes.encoders.siam.spectra import N_KEYS
from motes.errors import FormatError, ParameterError

Floats = NDArray[np.float32]
MODELS = Path(__file__).with_name("models")
MAX_BYTES = 8_000_000
N_KEY_TAPS = 5


@dataclass(frozen=True)
class Weights:
    """Arrays by name, read-only float32; the layout that they are of; and the name and digest of their file."""

    arrays: dict[str, Floats]
    layout: Layout
    name: str
    digest: str


def shapes_of(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a network's arrays."""
    channels, taps = layout.channels, len(layout.stem_frames)
    shapes: dict[str, tuple[int, ...]] = {
        "stem.weight": (taps * layout.n_inputs, N_STEM_BINS, channels),
        "stem.bias": (N_KEYS, channels),
    }
    for i, (frames, _) in enumerate(layout.layers):
        shapes[f"layers.{i}.weight"] = (len(frames) * N_KEY_TAPS, channels, channels)
        shapes[f"layers.{i}.bias"] = (channels,)
    for i in range(len(layout.context_after)):
        shapes |= {f"contexts.{i}.weight": (2 * channels, channels), f"contexts.{i}.bias": (channels,)}
    shapes |= {"norm.scale": (channels,), "norm.shift": (channels,)}
    shapes |= {"keys.weight": (channels, layout.n_key_outputs), "keys.bias": (layout.n_key_outputs,)}
    n_taps, n_bands = len(layout.head_frames), 3 * N_BANDS
    shapes |= {"bands.0.weight": (n_taps, channels * N_BANDS, layout.n_hidden), "bands.0.bias": (layout.n_hidden,)}
    return shapes | {"bands.1.weight": (n_taps, layout.n_hidden, n_bands), "bands.1.bias": (n_bands,)}


def read_weights(path: str | Path) -> Weights:
    """The weights in a file; FormatError where it is none, holds other arrays than a layout's, or no finite numbers."""
    path = Path(path)
    arrays, digest = read_arrays(path)
    for layout in LAYOUTS:
        if shapes_of(layout) == {name: array.shape for name, array in arrays.items()}:
            return Weights(arrays, layout, path.stem, digest)
    raise FormatError(f"{path} holds arrays of other names or shapes than a network of this version has")


def read_arrays(path: Path) -> tuple[dict[str, Floats], str]:
    """The arrays in a safetensors file, and its digest; FormatError where it is none or holds no finite numbers."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FormatError(f"{path} has {size} bytes: weights have at most {MAX_BYTES}")
        data = path.read_bytes()
    except OSError as error:
        raise ParameterError(f"cannot read the weights {path}: {error.strerror}") from None
    return _arrays_in(data, path), hashlib.sha256(data).hexdigest()


@cache
def shipped_weights(name: str) -> Weights:
    """Weights that are part of the package; ParameterError for a name that there is not."""
    known = sorted(each.stem for each in MODELS.glob("*.safetensors"))
    if name not in known:
        raise ParameterError(f"there is no network {name[:40]!r}: there are {', '.join(known) or 'none'}")
    return read_weights(MODELS / f"{name}.safetensors")


def _arrays_in(data: bytes, path: Path) -> dict[str, Floats]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise FormatError(f"{path} is no file of weights ({' '.join(str(error).split())[:80]})") from None
    for name, array in arrays.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise FormatError(f"{path}: {name[:40]!r} has to hold finite numbers of 32 bits")
        array.setflags(write=False)
    return arrays
