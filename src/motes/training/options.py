"""Options of a training, as a TOML file has them."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from motes.errors import ParameterError

# The network of whole recordings, and that of streams.
MODELS = ("whole", "streaming")


@dataclass(frozen=True)
class TrainingOptions:
    """Folders of examples in MusicNet's layout, where checkpoints and the log go, and how the network is trained: in
    each step on `batch` stretches of so many `frames`.

    The rate of learning rises in `warm_up` steps, stays, and falls to nothing in the last `cool_down` part of `steps`.
    """

    data: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    checkpoint: str = "siam.checkpoint"
    log: str = "siam.jsonl"
    model: str = "whole"
    steps: int = 10_000
    batch: int = 6
    frames: int = 258
    learning_rate: float = 2e-3
    warm_up: int = 200
    cool_down: float = 0.25
    weight_decay: float = 1e-4
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    precision: str = "bfloat16"
    device: str = "cpu"
    save_every: int = 250
    test_every: int = 1000
    look_again: bool = False

    def __post_init__(self) -> None:
        if not self.data:
            raise ParameterError("a training needs data: a list of folders in MusicNet's layout")
        if self.precision not in ("float32", "bfloat16"):
            raise ParameterError(f"precision must be float32 or bfloat16, not {self.precision!r}")
        if self.model not in MODELS:
            raise ParameterError(f"model must be {' or '.join(MODELS)}, not {self.model!r}")
        for name in ("steps", "batch", "frames", "threads", "save_every", "test_every"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ParameterError(f"{name} must be a whole number from 1 up, not {getattr(self, name)!r}")


def read_options(path: str | os.PathLike[str]) -> TrainingOptions:
    """The options in a TOML file; ParameterError for a name that there is not, or a file that is no TOML."""
    try:
        values: dict[str, Any] = tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path} is no TOML: {error}") from None
    known = {each.name for each in fields(TrainingOptions)}
    for name in values:
        if name not in known:
            raise ParameterError(f"a training has no option {name!r}: it has {', '.join(sorted(known))}")
    taken: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return TrainingOptions(**taken)
