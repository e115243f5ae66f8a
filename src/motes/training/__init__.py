"""Training of the networks that motes ships: one loop, options in a TOML file, checkpoints that go on anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from motes.arguments import checked
from motes.errors import MissingExtraError, ParameterError

File = str | os.PathLike[str]
NETWORKS = ("siam",)


@checked
def train(
    network: str,
    config: File,
    *,
    resume: bool = False,
    device: str | None = None,
    progress: Callable[[dict[str, float]], None] | None = None,
) -> Path:
    """The last checkpoint of a training of this network by the options in a TOML file.

    With `resume` it goes on from the checkpoint there is; `device` is `cpu` or `cuda`, by default that of the options.
    `progress` is called with each line of the log. Raises ParameterError for options that make no sense and for a
    checkpoint of another network, MissingExtraError without PyTorch.
    """
    from motes.training.options import read_options

    if network not in NETWORKS:
        raise ParameterError(f"there is no network {str(network)[:40]!r} to train, only {', '.join(NETWORKS)}")
    options = read_options(config)
    try:
        from motes.training.loop import train as run
    except ImportError as error:
        raise MissingExtraError("training networks", "learn") from error
    return run(options if device is None else replace(options, device=device), resume=resume, progress=progress)
