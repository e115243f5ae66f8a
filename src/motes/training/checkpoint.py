"""Checkpoints of a training: weights, optimiser and step in one file, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motes.errors import ParameterError
from motes.files import atomic_output

# Half the bits for the running means of squares would do; all of it in 32 bits is three times the weights.
_KEYS = ("exp_avg", "exp_avg_sq", "step")


def save_checkpoint(path: str | Path, network: Any, averaged: Any, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Write the state of a training after `step` steps."""
    arrays = {f"network/{name}": value for name, value in network.state_dict().items()}
    arrays |= {f"averaged/{name}": value for name, value in averaged.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        arrays |= {f"optimiser/{number}/{name}": state[name] for name in _KEYS}
    plain = {name: np.ascontiguousarray(value.detach().cpu().numpy()) for name, value in arrays.items()}
    about = json.dumps({"step": step, "shape": shape_of(network)})
    with atomic_output(path, overwrite=True) as handle:
        np.savez(handle, about=np.array(about), **plain)  # type: ignore[arg-type]


def load_checkpoint(path: str | Path, network: Any, averaged: Any, optimiser: torch.optim.Optimizer) -> int:
    """Take up the state of a training; the number of its steps. ParameterError where it is of another network."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            arrays = {name: torch.from_numpy(file[name]) for name in file.files if name != "about"}
    except (OSError, ValueError, KeyError) as error:
        raise ParameterError(f"{path} is no checkpoint of a training ({error})") from None
    if about.get("shape") != shape_of(network):
        raise ParameterError(f"{path} is a checkpoint of a network of another shape: train anew, or with its version")
    for name, module in (("network/", network), ("averaged/", averaged)):
        module.load_state_dict({key.removeprefix(name): value for key, value in arrays.items() if key.startswith(name)})
    state = optimiser.state_dict()
    numbers = sorted({int(key.split("/")[1]) for key in arrays if key.startswith("optimiser/")})
    state["state"] = {n: {name: arrays[f"optimiser/{n}/{name}"] for name in _KEYS} for n in numbers}
    optimiser.load_state_dict(state)
    return int(about["step"])


def shape_of(network: Any) -> str:
    """A digest of the names and shapes of a network's weights."""
    shapes = [(name, list(value.shape)) for name, value in network.state_dict().items()]
    return hashlib.sha256(json.dumps(shapes).encode()).hexdigest()[:16]
