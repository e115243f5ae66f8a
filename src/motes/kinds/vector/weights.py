"""Weights of the released decoders, and the small networks that they are for, summed in a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError

Weights = Mapping[str, NDArray[np.float64]]
# With which encoders of this release write.
CURRENT = "notes-1"
# The decoders of this release by id: the SHA-256 of each file. One that was released stays for ever.
RELEASED = {"notes-1": "b608b90ce7c593c5bc356f8a5a95bbdef583c15891edbf7351d2fae744cc1924"}


@lru_cache
def weights_named(model_id: str) -> Weights:
    """The weights of a released model, float64 by name; ParameterError where this release has none of that id."""
    from safetensors.numpy import load

    if model_id not in RELEASED:
        raise ParameterError(f"this release has no model {model_id!r}, only {', '.join(RELEASED)}")
    content = (resources.files("motes.kinds.vector") / "models" / f"{model_id}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == RELEASED[model_id], "the weights are not those that were released"
    return {name: array.astype(np.float64) for name, array in load(content).items()}


def mlp(x: NDArray[np.float64], weights: Weights, name: str) -> NDArray[np.float64]:
    """A multilayer perceptron's outputs, `(n, n_out)`, for inputs `(n, n_in)`; its layers are `name.0`, `name.1` ….

    Each output is summed in the order of its inputs, without BLAS, so that a row does not depend on those beside it.
    """
    layer = 0
    while f"{name}.{layer}.weight" in weights:
        x = activation(x) if layer else x
        weight, bias = weights[f"{name}.{layer}.weight"], weights[f"{name}.{layer}.bias"]
        out = np.tile(bias, (len(x), 1))
        for i in range(len(weight)):
            out += x[:, i : i + 1] * weight[i]
        x, layer = out, layer + 1
    return x


def activation(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x/2 · (1 + x/(1 + |x|)): smooth, and of operations that every processor rounds alike."""
    return 0.5 * x * (1.0 + x / (1.0 + np.abs(x)))
