"""Small sets of recordings and labels laid out as MusicNet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motes.audio import write_audio

RATE = 44100
HEADER = "start_time,end_time,instrument,note,start_beat,end_beat,note_value"
SECONDS = 4.0
IDS = {"train": (1727, 1728, 1729), "test": (1759,)}


def notes_of(number: int) -> list[tuple[float, float, int]]:
    """Onset and end in seconds, and pitch, of the notes of a recording."""
    random = np.random.default_rng(number)
    onsets = np.arange(6) * 0.6
    return [(float(onset), float(onset + random.uniform(0.2, 0.5)), int(random.integers(50, 80))) for onset in onsets]


def label_lines(notes: list[tuple[float, float, int]], rate: float = RATE) -> list[str]:
    """Rows as MusicNet has them, of a violin."""
    return [f"{round(on * rate)},{round(end * rate)},41,{key},0.0,1.0,Quarter" for on, end, key in notes]


def write_labels(path: Path, rows: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def sound_of(number: int) -> np.ndarray:
    t = np.arange(round(SECONDS * RATE)) / RATE
    sound = np.zeros_like(t)
    for onset, end, key in notes_of(number):
        hz = 440 * 2 ** ((key - 69) / 12)
        sound += 0.2 * np.sin(2 * np.pi * hz * t) * ((t >= onset) & (t < end))
    return sound


def make(folder: Path, metadata: bool = True) -> Path:
    """A whole set; the folder of it, `musicnet`."""
    root = folder / "musicnet"
    rows = ["id,composer,composition,movement,ensemble,source,transcriber,catalog_name,seconds"]
    for part, numbers in IDS.items():
        for number in numbers:
            path = root / f"{part}_data" / f"{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path, sound_of(number), RATE, 1)
            write_labels(root / f"{part}_labels" / f"{number}.csv", label_lines(notes_of(number)))
            rows.append(f"{number},Nobody,Nothing,1. Allegro,Solo Violin,made,made,0,{SECONDS:.0f}")
    if metadata:
        (root / "musicnet_metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root
