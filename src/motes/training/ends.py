"""Training of the small network that reads the ends of notes, on recordings with labels as the large one sees them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from motes.encoders.siam.ends import N_FEATURES, N_HIDDEN, OFFSETS, course_of, features
from motes.encoders.siam.network import Network, silence
from motes.encoders.siam.peaks import FRAME_S, NEIGHBOURS, RELATED, key_peaks, levels_db_of, logit_of, onsets_s
from motes.encoders.siam.spectra import FLOOR_DB, LOWEST_KEY
from motes.training.examples import STEP_DB, Example

Floats = NDArray[np.float32]
# Onsets at least so sure are looked at, and those within so many seconds of a label's.
SURENESS, NEAR_S = 0.3, 0.05
# How instruments of the training set let notes go would be learned by heart without noise on the features, and without
# some of them left out.
NOISE, DROPPED = 0.2, 0.2


class EndSightings(NamedTuple):
    """Notes that were found: what their ends are read off, `(n, N_FEATURES)`, and their true lengths in frames."""

    features: Floats
    length: Floats


def end_sightings(example: Example, network: Network) -> EndSightings:
    """The notes of a labelled recording that the large network finds."""
    levels = example.levels.astype(np.float32) * np.float32(STEP_DB) + np.float32(FLOOR_DB)
    past, ahead = network.layout.past + NEIGHBOURS, network.layout.ahead + NEIGHBOURS
    maps = network.maps(np.concatenate([silence(past), levels, silence(ahead)]))
    peaks = key_peaks(maps, 0, RELATED)
    peaks = peaks.only(peaks.onset >= logit_of(SURENESS))
    course = course_of(maps.keys[NEIGHBOURS : NEIGHBOURS + len(levels)], levels)
    onset = onsets_s(peaks) / FRAME_S
    seen = features(course, onset, peaks.places, levels_db_of(peaks))
    rows, lengths = [], []
    notes = example.notes[example.notes[:, 4] < 0]
    for row, (at, place) in enumerate(zip(onset, peaks.places, strict=True)):
        same = notes[notes[:, 2] == place + LOWEST_KEY]
        near = np.abs(same[:, 0] - at) if len(same) else np.array([np.inf])
        # What goes on after the recording has ended cannot be learned from it.
        if near.min() * FRAME_S <= NEAR_S and (end := same[near.argmin(), 1]) < len(levels) - 1:
            rows.append(row)
            lengths.append(end - at)
    return EndSightings(seen[rows], np.array(lengths, np.float32))


def trained_ends(
    seen: EndSightings, steps: int, seed: int = 0, progress: Callable[[int, float], None] | None = None
) -> dict[str, Floats]:
    """Weights by the names of `EndReader`, trained on sightings."""
    torch.manual_seed(seed)
    mean, deviation = seen.features.mean(axis=0), seen.features.std(axis=0) + 1e-2
    x = torch.from_numpy((seen.features - mean) / deviation)
    y = torch.from_numpy((seen.length[:, None] <= OFFSETS).astype(np.float32))
    sizes = (N_FEATURES, N_HIDDEN, N_HIDDEN, len(OFFSETS))
    layers = [nn.Linear(n_in, n_out) for n_in, n_out in pairwise(sizes)]
    drop = nn.Dropout(DROPPED)
    reader = nn.Sequential(drop, layers[0], nn.ReLU(), drop, layers[1], nn.ReLU(), layers[2])
    optimiser = torch.optim.AdamW(reader.parameters(), lr=2e-3, weight_decay=5e-2)
    rng = np.random.default_rng(seed)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (steps - step) / (0.6 * steps))
        rows = torch.from_numpy(rng.integers(len(x), size=256))
        noisy = x[rows] + NOISE * torch.randn(len(rows), x.shape[1])
        loss = nn.functional.binary_cross_entropy_with_logits(reader(noisy), y[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if progress is not None and step % 500 == 0:
            progress(step, float(loss.detach()))
    arrays = {f"{i}.{name}": getattr(layers[i], name).detach().numpy() for i in range(3) for name in ("weight", "bias")}
    # What scales features becomes part of the first layer.
    first = arrays["0.weight"] / deviation
    return arrays | {"0.weight": first, "0.bias": arrays["0.bias"] - first @ mean}


def write_ends(arrays: dict[str, Floats], out: str | Path) -> None:
    """Write them as a safetensors file that `EndReader` reads."""
    from safetensors.numpy import save

    from motes.files import atomic_output

    data = save({name: np.ascontiguousarray(value, np.float32) for name, value in sorted(arrays.items())})
    with atomic_output(out, overwrite=True) as handle:
        handle.write(data)
