"""Stretches of labelled recordings as the network is trained on: levels and targets, changed by chance."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import LEVEL_MIDDLE_DB, LEVEL_SCALE_DB, N_BANDS
from motes.encoders.siam.spectra import (
    BINS_PER_KEY,
    CEILING_DB,
    FLOOR_DB,
    HOP,
    LOWEST_KEY,
    N_BINS,
    N_FFTS,
    N_KEYS,
    SAMPLE_RATE_HZ,
    levels_db,
    n_frames,
)
from motes.files import atomic_output

Floats = NDArray[np.float32]
# Levels are kept in steps of half a decibel above the floor.
STEP_DB = 0.5
MOST_KEYS_SHIFTED = 2
# What is to be said of the frame in which a note ends, and of those beside it.
AT_ENDS = (1.0, 0.5, 0.2)
DRUM_INSTRUMENT = 129
# Keys of percussion by the band in which most of their energy lies, where labels do not tell.
DRUM_BANDS = {35: 1, 36: 1, 41: 1, 43: 2, 45: 2, 47: 2, 48: 3, 50: 3, 64: 2, 63: 3, 62: 3, 61: 3, 60: 4, 66: 3, 65: 4}


@dataclass(frozen=True)
class Example:
    """A recording: its levels `(frames, 2, N_BINS)` in steps of STEP_DB, and rows of (onset in frames, end in frames,
    key, level in dBFS, band or −1 for what has a pitch).
    """

    levels: NDArray[np.uint8]
    notes: Floats


@dataclass(frozen=True)
class Batch:
    """Levels in dB `(batch, 2, n_frames, N_BINS)`, and targets: over keys `(batch, 5, n_frames, N_KEYS)` of onset,
    sounding, time within the frame, level and end, over bands `(batch, 3, n_frames, N_BANDS)` without sounding.
    """

    levels: Floats
    keys: Floats
    bands: Floats


class Examples:
    """The recordings of folders in MusicNet's layout; their levels are computed once and kept beside them."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = folders
        self.found: dict[Path, Example] = {}
        self.look()

    def look(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read what is new in the folders."""
        labels = [path for folder in self.folders for path in sorted(Path(folder).glob("*_labels/*.csv"))]
        for i, path in enumerate(labels):
            if path not in self.found:
                self.found[path] = example_of(path)
            if progress is not None:
                progress(i + 1, len(labels))

    def batch(self, size: int, frames: int, rng: np.random.Generator) -> Batch:
        """Stretches of so many frames by chance; the same for the same recordings and state of `rng`."""
        examples = list(self.found.values())
        made = [_stretch(examples[int(rng.integers(len(examples)))], frames, rng, examples) for _ in range(size)]
        return Batch(*(np.stack(parts) for parts in zip(*made, strict=True)))


def example_of(label_path: Path) -> Example:
    """The recording of a label file; its levels are computed at the first time."""
    audio_path = label_path.parent.with_name(label_path.parent.name.replace("_labels", "_data")) / (
        label_path.stem + ".wav"
    )
    kept = audio_path.with_suffix(".levels.npy")
    if kept.exists():
        levels = np.load(kept)
    else:
        from motes.audio import read_audio
        from motes.audio.resample import resample_blocks

        audio, rate = read_audio(audio_path)
        blocks = resample_blocks([np.atleast_2d(audio).mean(axis=0, keepdims=True)], 1, rate, SAMPLE_RATE_HZ)
        mono = np.concatenate(list(blocks), axis=1)[0]
        decibels = levels_db(mono, 0, n_frames(len(mono)))
        levels = np.round((decibels - FLOOR_DB) / STEP_DB).astype(np.uint8)
        with atomic_output(kept, overwrite=True) as handle:
            np.save(handle, levels)
    return Example(levels, notes_of(label_path))


def notes_of(path: str | os.PathLike[str]) -> Floats:
    """Notes of a label file, times in samples at 44,100 Hz, as rows of an `Example`."""
    per_frame = HOP * 44100 / SAMPLE_RATE_HZ
    rows = []
    with open(path, newline="") as handle:
        for row in csv.DictReader(handle):
            key, level = int(row["note"]), float(row.get("loudness_db") or LEVEL_MIDDLE_DB)
            band = -1
            if int(row["instrument"]) == DRUM_INSTRUMENT:
                centre = row.get("centre_key")
                band = DRUM_BANDS.get(key, 6) if not centre else int((float(centre) - LOWEST_KEY) // 11)
                band = min(max(band, 0), N_BANDS - 1)
            rows.append((int(row["start_time"]) / per_frame, int(row["end_time"]) / per_frame, key, level, band))
    return np.array(rows, np.float32).reshape(-1, 5)


def _stretch(
    example: Example, frames: int, rng: np.random.Generator, others: list[Example]
) -> tuple[Floats, Floats, Floats]:
    """A stretch of a recording: transposed, louder or quieter, filtered, over noise, or with another below it."""
    levels, notes = _cut(example, frames, rng)
    if rng.random() < 0.12:
        below, more = _cut(others[int(rng.integers(len(others)))], frames, rng)
        by_db = -float(rng.uniform(0, 12))
        levels = _power_sum(levels, below + by_db)
        more[:, 3] += by_db
        notes = np.concatenate([notes, more])
    keys = int(rng.integers(-MOST_KEYS_SHIFTED, MOST_KEYS_SHIFTED + 1))
    levels = _shifted(levels, BINS_PER_KEY * keys + float(rng.uniform(-0.4, 0.4)))
    notes[:, 2] += keys
    gain_db = float(rng.uniform(-15, 8))
    n_points = int(rng.integers(4, 13))
    points_db = rng.normal(0, rng.uniform(0.5, 5.0), n_points)
    curve = np.interp(np.arange(N_BINS), np.linspace(0, N_BINS - 1, n_points), points_db)
    levels = levels + np.float32(gain_db) + curve.astype(np.float32)
    notes[:, 3] += gain_db
    if rng.random() < 0.4:
        hiss = rng.uniform(-110, -70) + np.linspace(0, rng.uniform(-15, 25), N_BINS) + rng.normal(0, 3, levels.shape)
        levels = _power_sum(levels, hiss.astype(np.float32))
    return (np.clip(levels, FLOOR_DB, CEILING_DB).transpose(1, 0, 2), *targets(notes, frames))


def _cut(example: Example, frames: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    first = int(rng.integers(max(1, len(example.levels) - frames + 1)))
    levels = np.full((frames, len(N_FFTS), N_BINS), FLOOR_DB, np.float32)
    part = example.levels[first : first + frames]
    levels[: len(part)] += part * np.float32(STEP_DB)
    notes = example.notes[(example.notes[:, 1] > first) & (example.notes[:, 0] < first + frames)].copy()
    notes[:, :2] -= first
    return levels, notes


def _power_sum(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.logaddexp2(a * np.float32(0.33219281), b * np.float32(0.33219281)) / np.float32(0.33219281))


def _shifted(levels: Floats, by_bins: float) -> Floats:
    """The spectra so many bins higher, between bins linear in dB."""
    at = np.clip(np.arange(N_BINS) - by_bins, 0, N_BINS - 1)
    low = np.minimum(at.astype(int), N_BINS - 2)
    part = (at - low).astype(np.float32)
    return np.asarray(levels[..., low] * (1 - part) + levels[..., low + 1] * part)


def targets(notes: Floats, frames: int) -> tuple[Floats, Floats]:
    """What is to be said over keys and over bands of these notes."""
    keys = np.zeros((5, frames, N_KEYS), np.float32)
    bands = np.zeros((3, frames, N_BANDS), np.float32)
    for onset, end, key, level, band in notes:
        frame, place = round(float(onset)), int(key) - LOWEST_KEY
        within, scaled = onset - frame, (level - LEVEL_MIDDLE_DB) / LEVEL_SCALE_DB
        if band >= 0:
            _mark(bands, (0, 1, 2), frame, int(band), within, scaled)
        elif 0 <= place < N_KEYS:
            keys[1, max(frame, 0) : max(round(float(end)), frame + 1, 0), place] = 1
            _mark(keys, (0, 2, 3), frame, place, within, scaled)
            for near in range(-len(AT_ENDS) + 1, len(AT_ENDS)):
                if 0 <= (at := round(float(end)) + near) < frames:
                    keys[4, at, place] = max(keys[4, at, place], AT_ENDS[abs(near)])
    return keys, bands


def _mark(target: Floats, rows: tuple[int, int, int], frame: int, place: int, within: float, level: float) -> None:
    """An onset: whole at its frame, a little at those beside it."""
    for near in (frame - 1, frame + 1):
        if 0 <= near < target.shape[1]:
            target[rows[0], near, place] = max(target[rows[0], near, place], 0.2)
    if 0 <= frame < target.shape[1]:
        is_louder = target[rows[0], frame, place] < 1 or level > target[rows[2], frame, place]
        target[rows[0], frame, place] = 1
        if is_louder:
            target[rows[1], frame, place], target[rows[2], frame, place] = within, level
