"""The small networks that read the sixteen numbers of an event off what the large one found: their examples, and their
training.

Examples are notes of rendered pieces: each is analysed alone, and looked at where it lies in the mix.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motes.audio.resample import resample_blocks
from motes.data.note_vector import numbers_of
from motes.data.rendering.piece import Piece, PlayedNote
from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.sounds.sources import Sound
from motes.encoders.siam.layout import N_BANDS, SOUNDING
from motes.encoders.siam.network import Maps, Network
from motes.encoders.siam.numbers import Readers
from motes.encoders.siam.reading import (
    N_BAND_FEATURES,
    N_HIDDEN,
    N_KEY_FEATURES,
    N_NUMBERS,
    SOUNDING_FRAMES,
    band_features,
    key_features,
    sounding_features,
)
from motes.encoders.siam.spectra import HOP, LOWEST_KEY, N_KEYS, SAMPLE_RATE_HZ, levels_db, n_frames

Floats = NDArray[np.float32]
# What a note is taken for where it sounds over others by less than this is chance.
FAINTEST_DB = -70.0
HUBER = 1.0


class Sightings(NamedTuple):
    """Events seen in mixes: what their numbers are read off, `(n, n_features)`, and the numbers, `(n, N_NUMBERS)`."""

    features: Floats
    numbers: Floats


def sightings_of(
    piece: Piece, n_samples: int, network: Network, placed: Callable[[Sound], Sound] | None = None
) -> tuple[Sightings, Sightings]:
    """The notes of a piece with a pitch, and those without; `placed` puts the mix into a room."""
    audio, notes, numbers = np.zeros(n_samples, np.float32), [], []
    rate = piece.sample_rate_hz
    for note, sound in piece.notes():
        inside = sound[: max(0, n_samples - note.onset)]
        audio[note.onset : note.onset + len(inside)] += inside
        if note.loudness_db > FAINTEST_DB and note.onset < n_samples - rate // 4:
            notes.append(note)
            numbers.append(numbers_of(sound, rate, _pitch_hz(note)))
    audio = audio if placed is None else placed(audio)
    blocks = resample_blocks([audio[None]], 1, rate, SAMPLE_RATE_HZ)
    mono = np.concatenate(list(blocks), axis=1)[0]
    levels = levels_db(mono, 0, n_frames(len(mono)))
    maps = network.maps(_padded(levels, network))
    return _seen(notes, np.array(numbers, np.float32).reshape(-1, N_NUMBERS), levels, maps, rate)


def _pitch_hz(note: PlayedNote) -> float | None:
    return None if note.program == DRUMS else 440.0 * 2 ** ((note.key - 69) / 12)


def _padded(levels: Floats, network: Network) -> Floats:
    from motes.encoders.siam.network import silence

    return np.concatenate([silence(network.layout.past), levels, silence(network.layout.ahead)])


def _seen(
    notes: list[PlayedNote], numbers: Floats, levels: Floats, maps: Maps, rate: int
) -> tuple[Sightings, Sightings]:
    frame = np.array([round(note.onset * SAMPLE_RATE_HZ / rate / HOP) for note in notes], np.int64)
    frame = np.minimum(frame, len(levels) - 1)
    level = np.array([note.loudness_db for note in notes], np.float32)
    is_drum = np.array([note.program == DRUMS for note in notes], bool)
    key = np.array([note.key - LOWEST_KEY for note in notes], np.int64)
    pitched = np.flatnonzero(~is_drum & (key >= 0) & (key < N_KEYS))
    drums = np.flatnonzero(is_drum)
    length = np.array([(note.end - note.onset) / rate for note in notes], np.float32).clip(min=0.02)
    keys = key_features(maps.features, levels, frame[pitched], key[pitched], level[pitched], length[pitched])
    keys[:, -len(SOUNDING_FRAMES) :] = sounding_features(maps.keys[..., SOUNDING], frame[pitched], key[pitched])
    band = np.zeros(len(drums), np.int64)
    if len(drums):
        band = ((numbers[drums, 0] - LOWEST_KEY) // (N_KEYS // N_BANDS)).astype(np.int64).clip(0, N_BANDS - 1)
    bands = band_features(levels, frame[drums], band, level[drums])
    return Sightings(keys, numbers[pitched]), Sightings(bands, numbers[drums])


class Reader(nn.Module):
    """Features of events `(n, n_features)` to their numbers, of unit variance, `(n, N_NUMBERS)`."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, N_HIDDEN),
            nn.ReLU(),
            nn.Linear(N_HIDDEN, N_HIDDEN),
            nn.ReLU(),
            nn.Linear(N_HIDDEN, N_NUMBERS),
        )

    def forward(self, features: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(features))


def trained(
    seen: Sightings, steps: int, seed: int = 0, progress: Callable[[int, float], None] | None = None
) -> dict[str, Floats]:
    """Weights of a reader, by the names of `Readers`, trained on sightings."""
    torch.manual_seed(seed)
    mean, deviation = seen.numbers.mean(axis=0), seen.numbers.std(axis=0) + 1e-3
    feature_mean, feature_deviation = seen.features.mean(axis=0), seen.features.std(axis=0) + 1e-2
    x = torch.from_numpy((seen.features - feature_mean) / feature_deviation)
    y = torch.from_numpy((seen.numbers - mean) / deviation)
    reader = Reader(x.shape[1])
    optimiser = torch.optim.AdamW(reader.parameters(), lr=1e-3, weight_decay=1e-3)
    rng = np.random.default_rng(seed)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (steps - step) / (0.5 * steps))
        rows = torch.from_numpy(rng.integers(len(x), size=512))
        features = x[rows] + 0.1 * torch.randn(len(rows), x.shape[1])
        loss = nn.functional.huber_loss(reader(features), y[rows], delta=HUBER)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if progress is not None and step % 500 == 0:
            progress(step, float(loss.detach()))
    arrays = {
        f"{i}.{name}": getattr(reader.layers[2 * i], name).detach().numpy()
        for i in range(3)
        for name in ("weight", "bias")
    }
    # What scales features and numbers becomes part of the first and last layers.
    first, last = arrays["0.weight"] / feature_deviation, arrays["2.weight"] * deviation[:, None]
    return arrays | {
        "0.weight": first,
        "0.bias": arrays["0.bias"] - first @ feature_mean,
        "2.weight": last,
        "2.bias": arrays["2.bias"] * deviation + mean,
    }


def write_readers(keys: dict[str, Floats], bands: dict[str, Floats], out: str | Path) -> None:
    """Write both as a safetensors file that `Readers` reads."""
    from safetensors.numpy import save

    from motes.files import atomic_output

    arrays = {f"keys.{name}": value for name, value in keys.items()} | {
        f"bands.{name}": value for name, value in bands.items()
    }
    data = save({name: np.ascontiguousarray(value, np.float32) for name, value in sorted(arrays.items())})
    with atomic_output(out, overwrite=True) as handle:
        handle.write(data)


assert Readers.N_FEATURES == {"keys": N_KEY_FEATURES, "bands": N_BAND_FEATURES}
