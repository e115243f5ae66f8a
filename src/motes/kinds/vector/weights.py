"""Weights of the released decoders, and the small networks that they are for, summed in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float64]]


def weights_of(model_id: str) -> Weights:
    """The weights of a released model, float64 by name."""
    from safetensors.numpy import load

    file = resources.files("motes.kinds.vector") / "models" / f"{model_id}.safetensors"
    return {name: array.astype(np.float64) for name, array in load(file.read_bytes()).items()}


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
