"""Make src/motes/kinds/detail/tables.bin: what the predictions of detail packets start from, learnt from recordings.

    python tools/train_detail.py FOLDER...            # every audio file in the folders
    python tools/train_detail.py FOLDER... --held-out FOLDER   # the same, and bytes of the recordings held out

A slot starts from the probability, and from the count, under which the packets of all recordings together are the most
likely: a count is high where packets agree. The tables are part of the format: while version 2 is a draft they may
change, then they stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from scipy.special import gammaln

import motes
from motes.coding.range_coder import N_COSTS
from motes.coding.trained import pack, untrained
from motes.kinds.detail.model import N_MIXERS, N_SLOTS, Arrays, code_event
from motes.kinds.detail.packet import TABLES, arrays_of, trained

# Of longer recordings only the beginning is used, so that none outweighs the others.
LONGEST_S = 12.0
# Of a channel; with two, each has three quarters.
KBPS = (12.0, 16.0, 24.0, 48.0, 64.0)
PASSES = 2
# At most how much the first tables trust what they have learnt: fewer, and each packet learns faster.
COUNT = 24
# Counts and 1 that slots may start from, the one from which others have to be better by PER_NEPER for each neper apart,
# and how many packets that know nothing are added to all.
STRENGTHS = np.array([1.5, 3, 6, 10, 16, 24, 40, 64, 100, 160, 250])
USUAL, PER_NEPER, BLANK = 16.0, 0.5, 1.0
# How much of what a packet makes of the weights is kept, in the first pass.
KEPT = 0.1

Tables = tuple[np.ndarray, np.ndarray]


class Counts(NamedTuple):
    """How often a slot predicted a 0 and a 1 in a packet, a row for each slot and packet that has any."""

    slot: np.ndarray
    zeros: np.ndarray
    ones: np.ndarray


def events_of(path: Path) -> list[Arrays]:
    """What is coded of a recording, a second each, at every bitrate."""
    audio, rate = soundfile.read(path, always_2d=True)
    audio = np.ascontiguousarray(audio[: int(LONGEST_S * rate)].T.astype(np.float32))
    found = []
    for kbps in KBPS:
        scene = motes.encode(
            audio, sample_rate_hz=rate, kbps=kbps * (1.0 if len(audio) == 1 else 0.75 * len(audio)), detail=True
        )
        found += [arrays_of(scene.detail, i, rate) for i in range(len(scene.detail))]
    return found


def cost(arrays: Arrays, slots: np.ndarray, weights: np.ndarray, record: int = 0) -> int:
    """Bytes an event takes; `slots` and `weights` learn."""
    return int(code_event(0, record, np.zeros(1 << 20, np.uint8), slots, weights, arrays))


def first_tables(events: list[Arrays], random: np.random.Generator) -> Tables:
    """Tables after going through all events in random order."""
    slots, weights = untrained(N_SLOTS, N_MIXERS)
    for _ in range(PASSES):
        for i in random.permutation(len(events)):
            cost(events[i], slots, weights)
    return slots >> 10 << 10 | np.minimum(slots & 1023, COUNT), weights


def counts_of(events: list[Arrays], slots: np.ndarray, weights: np.ndarray) -> Counts:
    """What slots meet in each packet."""
    parts = []
    for arrays in events:
        counting = np.concatenate([slots, np.zeros(2 * N_SLOTS, np.int64)])
        cost(arrays, counting, np.concatenate([weights, np.zeros(N_COSTS, np.int64)]), N_SLOTS)
        zeros, ones = counting[N_SLOTS:].reshape(2, N_SLOTS)
        used = np.flatnonzero(zeros + ones)
        parts.append((used, zeros[used], ones[used]))
    return Counts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def fitted(counts: Counts) -> np.ndarray:
    """Slots from which packets are the most likely, if the probability in each is drawn from a beta distribution."""
    slot, zeros, ones = counts.slot, counts.zeros.astype(float), counts.ones.astype(float)
    best, slots = np.full(N_SLOTS, -np.inf), np.full(N_SLOTS, 1 << 31, np.int64)
    for strength in STRENGTHS:
        # Packets count by how much they say of the mean.
        weight = strength / (zeros + ones + strength)
        total = np.bincount(slot, weight * (zeros + ones), N_SLOTS)
        p = (np.bincount(slot, weight * ones, N_SLOTS) + BLANK / 2) / (total + BLANK)
        a, b = (p * strength)[slot], ((1 - p) * strength)[slot]
        likely = gammaln(a + ones) - gammaln(a) + gammaln(b + zeros) - gammaln(b)
        likely += gammaln(strength) - gammaln(strength + zeros + ones)
        found = np.bincount(slot, likely, N_SLOTS) - PER_NEPER * abs(np.log(strength / USUAL))
        better = (total > 0) & (found > best)
        best = np.where(better, found, best)
        made = np.clip(np.rint(65536 * p), 1, 65535).astype(np.int64) << 16 | max(0, round(strength - 1))
        slots = np.where(better, made, slots)
    return slots


def refined(events: list[Arrays], slots: np.ndarray, weights: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Weights that suit packets which all start from the same slots."""
    mean = weights.astype(float)
    for k in range(PASSES):
        for i in random.permutation(len(events)):
            learnt = np.rint(mean).astype(np.int64)
            cost(events[i], slots.copy(), learnt)
            mean += KEPT / (1 + k) * (learnt - mean)
    return np.rint(mean).astype(np.int64)


def train(events: list[Arrays]) -> Tables:
    """Tables for all events."""
    random = np.random.default_rng(0)
    slots, weights = first_tables(events, random)
    slots = fitted(counts_of(events, slots, weights))
    return slots, refined(events, slots, weights, random)


def recordings(folders: list[Path]) -> list[Path]:
    """The audio files of some folders."""
    return sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".flac", ".wav", ".ogg"))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--held-out", nargs="+", type=Path, default=[])
    options = parser.parse_args()
    before = trained()
    tables = train([arrays for path in recordings(options.folders) for arrays in events_of(path)])
    TABLES.write_bytes(pack(*tables))
    trained.cache_clear()
    for path in recordings(options.held_out):
        events = events_of(path)
        was, now = (sum(cost(arrays, *(t.copy() for t in used)) for arrays in events) for used in (before, trained()))
        print(f"{path.name}: {was} bytes with the tables before, {now} with these, {now / was:.3f}", flush=True)


if __name__ == "__main__":
    main()
