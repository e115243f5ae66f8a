"""The state of a fit in a file, from which it goes on to the same bits."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, fields
from typing import Any

import msgspec
import numpy as np
import torch

from motes.audio import Source
from motes.encoders.fit.optimiser import State
from motes.encoders.fit.options import FitOptions
from motes.errors import ParameterError
from motes.events.event_table import EventTable
from motes.files import atomic_output

# Options in which a fit that goes on may differ from what it was; a schedule follows from the first two.
FREE = ("iterations", "time_limit_s", "patience", "checkpoint", "resume", "texture", "texture_kbps")


@dataclass
class Kept:
    """Which stretch is being fitted, in what state, the events that are done, why it stopped, and how long it has
    taken.
    """

    stretch: int
    state: State
    done: EventTable
    stopped: str
    elapsed_s: float
    # Digest of the rooms that are chosen from.
    rooms: str = ""


def _digest(options: FitOptions, source: Source) -> str:
    told = {name: value for name, value in asdict(options).items() if name not in FREE}
    return hashlib.sha256(msgspec.json.encode([source.digest(), told])).hexdigest()


def store(options: FitOptions, source: Source, kept: Kept) -> None:
    """Write the checkpoint, if one is asked for."""
    if options.checkpoint is None:
        return
    parts: dict[str, Any] = {f"state_{f.name}": np.asarray(getattr(kept.state, f.name)) for f in fields(State)}
    parts |= {f"done_{p.name}": np.asarray(kept.done.column(p.name)) for p in kept.done.PARAMS}
    told = {
        "stretch": kept.stretch,
        "stopped": kept.stopped,
        "elapsed_s": kept.elapsed_s,
        "rooms": kept.rooms,
        "digest": _digest(options, source),
    }
    with atomic_output(options.checkpoint, True) as handle:
        np.savez(handle, **(parts | {name: np.asarray(value) for name, value in told.items()}))


def restore(options: FitOptions, source: Source, kind: type[EventTable]) -> Kept | None:
    """What the checkpoint holds, if the fit is to go on from it; ParameterError if it is of another recording or
    other options, or not asked for.
    """
    if options.checkpoint is None:
        return None
    there = os.path.exists(options.checkpoint)
    if not options.resume:
        if there:
            raise ParameterError(f"{options.checkpoint} is there already: go on from it with resume, or delete it")
        return None
    if not there:
        raise ParameterError(f"there is no checkpoint {options.checkpoint} to go on from")
    try:
        with np.load(options.checkpoint, allow_pickle=False) as held:
            parts = {name: held[name] for name in held.files}
        if str(parts["digest"]) != _digest(options, source):
            raise ParameterError(f"{options.checkpoint} is a checkpoint of another recording or of other options")
        values: dict[str, Any] = {f.name: parts[f"state_{f.name}"] for f in fields(State)}
        values = {
            name: torch.from_numpy(value.copy()) if value.ndim else value.item() for name, value in values.items()
        }
        state = State(**values)
        done = kind(**{p.name: parts[f"done_{p.name}"] for p in kind.PARAMS})
        return Kept(
            int(parts["stretch"]), state, done, str(parts["stopped"]), float(parts["elapsed_s"]), str(parts["rooms"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(f"{options.checkpoint} is not a checkpoint of a fit ({error})") from None
