"""The state of a fit in a file, from which it goes on to the same bits."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motes.audio import Source
from motes.encoders.checkpoint import checkpoint_errors, read_checkpoint, write_checkpoint
from motes.encoders.fit.options import FitOptions
from motes.encoders.fit.state import State
from motes.errors import ParameterError
from motes.events.event_table import EventTable

# Options in which a fit that goes on may differ from what it was; a schedule follows from the first two.
FREE = ("iterations", "time_limit_s", "patience", "checkpoint", "resume", "texture", "texture_kbps")

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A fit as it stands: the segment being fitted and its state, the events that are done, why it stopped, and how
    long it has taken.
    """

    segment: int
    state: State
    done: EventTable
    stopped: str
    elapsed_s: float
    # Digest of the rooms that are chosen from.
    rooms: str = ""


def store(options: FitOptions, source: Source, checkpoint: Checkpoint) -> None:
    """Write the checkpoint, if one is asked for."""
    if options.checkpoint is None:
        return
    done = checkpoint.done
    arrays = _flattened(checkpoint.state, "state")
    arrays |= {f"done.{p.name}": np.asarray(done.column(p.name)) for p in done.PARAMS}
    rest = ("segment", "stopped", "elapsed_s", "rooms")
    arrays |= {name: np.asarray(getattr(checkpoint, name)) for name in rest}
    write_checkpoint(options.checkpoint, source, options, arrays)


def restore(options: FitOptions, source: Source, kind: type[EventTable]) -> Checkpoint | None:
    """The checkpoint, if the fit is to go on from it; ParameterError if it is of another recording or other options,
    or not asked for.
    """
    path = options.checkpoint
    if path is None:
        return None
    there = os.path.exists(path)
    if not options.resume:
        if there:
            raise ParameterError(f"{path} is there already: go on from it with resume, or delete it")
        return None
    if not there:
        raise ParameterError(f"there is no checkpoint {path} to go on from")
    arrays = read_checkpoint(path, source, options, {f.name for f in fields(options)} - set(FREE))
    with checkpoint_errors(path):
        nothing = torch.zeros(0, dtype=torch.float64)
        return Checkpoint(
            int(arrays["segment"]),
            _restored(State.at(nothing, nothing), arrays, "state"),
            kind(**{p.name: arrays[f"done.{p.name}"] for p in kind.PARAMS}),
            str(arrays["stopped"]),
            float(arrays["elapsed_s"]),
            str(arrays["rooms"]),
        )


def _flattened(value: Any, name: str) -> Arrays:
    """The tensors and numbers of nested dataclasses, by their fields' names with dots."""
    if not is_dataclass(value):
        return {name: np.asarray(value)}
    found: Arrays = {}
    for part in fields(value):
        found |= _flattened(getattr(value, part.name), f"{name}.{part.name}")
    return found


def _restored(template: Any, arrays: Arrays, name: str) -> Any:
    """Nested dataclasses like `template`, filled by the names of `_flattened`."""
    if is_dataclass(template) and not isinstance(template, type):
        parts = {f.name: _restored(getattr(template, f.name), arrays, f"{name}.{f.name}") for f in fields(template)}
        return replace(template, **parts)
    if isinstance(template, Tensor):
        return torch.from_numpy(arrays[name].copy())
    return type(template)(arrays[name].item())
