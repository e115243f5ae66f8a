"""Weights for inference out of a checkpoint: batch norms folded into convolutions, arrays as inference takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import LAYOUTS
from motes.encoders.siam.weights import MAX_BYTES, shapes_of
from motes.errors import ParameterError
from motes.files import atomic_output

Floats = NDArray[np.float32]
EPSILON = 1e-5


def export(checkpoint: str | Path, out: str | Path, overwrite: bool = False) -> Path:
    """Write the averaged weights of a checkpoint as a safetensors file; ParameterError where it is of no layout."""
    try:
        with np.load(checkpoint, allow_pickle=False) as file:
            state = {name.removeprefix("averaged/"): file[name] for name in file.files if name.startswith("averaged/")}
    except (OSError, ValueError, KeyError) as error:
        raise ParameterError(f"{checkpoint} is no checkpoint of a training ({error})") from None
    write_weights(folded(state), out, overwrite)
    return Path(out)


def write_weights(arrays: dict[str, Floats], out: str | Path, overwrite: bool = False) -> None:
    """Write arrays of a network as a safetensors file, whole or not at all."""
    from safetensors.numpy import save

    shapes = {name: array.shape for name, array in arrays.items()}
    if not any(shapes == shapes_of(layout) for layout in LAYOUTS):
        raise ParameterError("these are the weights of a network of another version: their shapes are of no layout")
    # Transposed arrays would be written in the order of their memory, silently wrong.
    data = save({name: np.ascontiguousarray(array, np.float32) for name, array in sorted(arrays.items())})
    if len(data) > MAX_BYTES:
        raise ParameterError(f"weights of {len(data)} bytes: they ship with at most {MAX_BYTES}")
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with atomic_output(out, overwrite=overwrite) as handle:
        handle.write(data)


def folded(state: dict[str, Any]) -> dict[str, Floats]:
    """Arrays of `weights.shapes_of` out of a network's state, NumPy arrays or tensors by their names."""
    state = {name: np.asarray(value, np.float64) for name, value in state.items()}
    n_layers = 1 + max((int(name.split(".")[1]) for name in state if name.startswith("blocks.")), default=-1)
    n_contexts = 1 + max((int(name.split(".")[1]) for name in state if name.startswith("contexts.")), default=-1)
    try:
        stem = state["stem.weight"]  # (out, inputs, frames, bins)
        out = {
            "stem.weight": stem.transpose(2, 1, 3, 0).reshape(-1, stem.shape[3], stem.shape[0]),
            "stem.bias": state["stem.bias"] + state["place"][0, :, 0].T,
        }
        for i in range(n_layers):
            scale, shift = _norm(state, f"blocks.{i}.norm")
            weight = state[f"blocks.{i}.conv.weight"] * scale[:, None, None, None]  # (out, in, frames, keys)
            out[f"layers.{i}.weight"] = weight.transpose(2, 3, 1, 0).reshape(-1, weight.shape[1], weight.shape[0])
            out[f"layers.{i}.bias"] = shift
        for i in range(n_contexts):
            out[f"contexts.{i}.weight"] = state[f"contexts.{i}.dense.weight"].T
            out[f"contexts.{i}.bias"] = state[f"contexts.{i}.dense.bias"]
        out["norm.scale"], out["norm.shift"] = _norm(state, "norm")
        out |= {"keys.weight": state["keys.weight"][:, :, 0, 0].T, "keys.bias": state["keys.bias"]}
        for i, place in enumerate(("bands.0", "bands.2")):
            out[f"bands.{i}.weight"] = state[f"{place}.weight"].transpose(2, 1, 0)
            out[f"bands.{i}.bias"] = state[f"{place}.bias"]
    except (KeyError, IndexError, ValueError) as error:
        raise ParameterError(f"these are the weights of a network of another version ({error})") from None
    return {name: np.ascontiguousarray(array, np.float32) for name, array in out.items()}


def _norm(state: dict[str, Any], name: str) -> tuple[Any, Any]:
    """What batch normalisation does at inference: a factor and an addend of each channel."""
    scale = state[f"{name}.weight"] / np.sqrt(state[f"{name}.running_var"] + EPSILON)
    return scale, state[f"{name}.bias"] - state[f"{name}.running_mean"] * scale
