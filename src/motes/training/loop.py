"""The one loop of training. Every step is made of the seed and its number, so a training that was stopped goes on as if
it had not been, on one thread.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from motes.encoders.siam.layout import END
from motes.encoders.siam.spectra import MIDDLE_DB, SCALE_DB
from motes.errors import ParameterError
from motes.training.checkpoint import load_checkpoint, save_checkpoint
from motes.training.examples import Batch, Examples
from motes.training.network import EventNetwork
from motes.training.options import TrainingOptions
from motes.training.streaming_network import StreamingNetwork

NETWORKS: dict[str, Callable[[], nn.Module]] = {"whole": EventNetwork, "streaming": StreamingNetwork}
WEIGHTS = {
    "onset": 1.0,
    "sounding": 0.5,
    "within": 0.3,
    "level": 0.1,
    "end": 0.25,
    "band_onset": 0.5,
    "band_within": 0.1,
    "band_level": 0.05,
}
# An onset missed counts as much as so many invented.
ONSET_WEIGHT = 2.0
GRADIENT_NORM = 1.0


def train(
    options: TrainingOptions, resume: bool = False, progress: Callable[[dict[str, float]], None] | None = None
) -> Path:
    """Train the network by the options; the path of the last checkpoint. With `resume`, go on from it where it is."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = device_of(options.device)
    examples = Examples(options.data)
    if not examples.found:
        raise ParameterError(f"there are no labelled recordings in {', '.join(options.data)}")
    network = NETWORKS[options.model]().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = copy.deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    step = 0
    if resume and Path(options.checkpoint).exists():
        step = load_checkpoint(options.checkpoint, network, averaged, optimiser)
    began, sums = time.monotonic(), dict.fromkeys([*WEIGHTS, "loss"], 0.0)
    while step < options.steps:
        if options.look_again and step % options.save_every == 0:
            examples.look()
        losses = _step(network, averaged, optimiser, examples, options, step, device)
        step += 1
        for name, value in losses.items():
            sums[name] += value / options.save_every
        if step % options.save_every == 0 or step == options.steps:
            save_checkpoint(options.checkpoint, network, averaged, optimiser, step)
            line = {
                "step": step,
                "steps": options.steps,
                "seconds": time.monotonic() - began,
                "recordings": len(examples.found),
                **sums,
            }
            _log(options.log, line)
            if progress is not None:
                progress(line)
            sums = dict.fromkeys(sums, 0.0)
    return Path(options.checkpoint)


def device_of(name: str) -> torch.device:
    """The device, or with a line on standard error the processor where there is no such."""
    if name.startswith("cuda") and not torch.cuda.is_available():
        print("there is no CUDA device: training on the processor", file=sys.stderr)
        return torch.device("cpu")
    return torch.device(name)


def learning_rate(options: TrainingOptions, step: int) -> float:
    """Of a step: a rise, a plateau, and a fall to nothing at the end."""
    left = (options.steps - step) / max(options.cool_down * options.steps, 1)
    return options.learning_rate * min(1.0, (step + 1) / options.warm_up, left)


def _step(
    network: nn.Module,
    averaged: nn.Module,
    optimiser: torch.optim.Optimizer,
    examples: Examples,
    options: TrainingOptions,
    step: int,
    device: torch.device,
) -> dict[str, float]:
    batch = examples.batch(options.batch, options.frames, np.random.default_rng([options.seed, step]))
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(options, step)
    network.train()
    levels = torch.from_numpy(batch.levels).sub(MIDDLE_DB).div(SCALE_DB).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bfloat16"):
        keys, bands, _ = network(levels)
    parts = losses_of(keys.float(), bands.float(), batch)
    loss = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
    optimiser.step()
    average(averaged, network, min(options.ema, (step + 1) / (step + 10)))
    return {name: float(value.detach()) for name, value in parts.items()} | {"loss": float(loss.detach())}


def losses_of(keys: Tensor, bands: Tensor, batch: Batch) -> dict[str, Tensor]:
    """The parts of the loss, each as a sum for each onset."""
    wanted, banded = (torch.from_numpy(target).to(keys.device) for target in (batch.keys, batch.bands))
    n = (wanted[:, 0] == 1).sum().clamp(min=1)
    n_banded = (banded[:, 0] == 1).sum().clamp(min=1)
    frames = wanted.shape[0] * wanted.shape[2]
    crossed = nn.functional.binary_cross_entropy_with_logits
    weight = torch.tensor(ONSET_WEIGHT, device=keys.device)
    at, banded_at = wanted[:, 0] == 1, banded[:, 0] == 1
    ends = {"end": crossed(keys[:, END], wanted[:, END], reduction="sum") / frames} if keys.shape[1] > END else {}
    return ends | {
        "onset": crossed(keys[:, 0], wanted[:, 0], pos_weight=weight, reduction="sum") / frames,
        "sounding": crossed(keys[:, 1], wanted[:, 1], reduction="sum") / frames / 4,
        "within": ((keys[:, 2] - wanted[:, 2]).abs() * at).sum() / n,
        "level": ((keys[:, 3] - wanted[:, 3]).abs() * at).sum() / n,
        "band_onset": crossed(bands[:, 0], banded[:, 0], pos_weight=weight, reduction="sum") / frames,
        "band_within": ((bands[:, 1] - banded[:, 1]).abs() * banded_at).sum() / n_banded,
        "band_level": ((bands[:, 2] - banded[:, 2]).abs() * banded_at).sum() / n_banded,
    }


def average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    """A running mean of the weights; what batch normalisation counts is taken as it is."""
    with torch.no_grad():
        for mean, now in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)


def _log(path: str, line: dict[str, float]) -> None:
    with open(path, "a") as handle:
        handle.write(json.dumps({key: round(value, 5) for key, value in line.items()}) + "\n")
