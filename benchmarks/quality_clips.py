"""What `quality.py` measures: recordings in groups that get means of their own, and synthetic tones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
# Decoded from Vorbis: what an encoder before has done to them, a codec of the same kind finds cheap.
LOSSY = ("strings", "song", "trumpet", "sugarplum")
SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
TONES = "synthetic tones"
RATE_HZ, TONE_S = 44100, 4.0


def shared_clips() -> list[tuple[Path, str]]:
    """The ten mono clips of MOTES_SHARED with their groups."""
    return [(SHARED / f"{name}.flac", "lossy" if name in LOSSY else "lossless") for name in CLIPS]


def clips_in(folder: Path) -> list[tuple[Path, str]]:
    """The recordings of a folder with their groups, of `sources.tsv` if it has one, else by the names in LOSSY."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".wav", ".flac"))
    table = folder / "sources.tsv"
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]] if table.exists() else []
    groups = {row[0]: row[1] for row in rows}
    return [(path, groups.get(path.stem, "lossy" if path.stem.startswith(LOSSY) else folder.name)) for path in paths]


def write_tones(folder: Path) -> list[tuple[Path, str]]:
    """Synthetic tones as WAV files: what they are is known, and nothing in them is noise."""
    found = []
    for name, audio in _tones():
        soundfile.write(folder / f"{name}.wav", 0.3 * audio / np.abs(audio).max(), RATE_HZ, subtype="PCM_16")
        found.append((folder / f"{name}.wav", TONES))
    return found


def _tones() -> Iterator[tuple[str, np.ndarray]]:
    t = np.arange(int(TONE_S * RATE_HZ)) / RATE_HZ
    fade = np.minimum(1, np.minimum(t, TONE_S - t) / 0.02)
    yield "sine", fade * np.sin(2 * np.pi * 1000 * t)
    yield "harmonic", fade * sum(np.sin(2 * np.pi * 220 * k * t + k * k) / k for k in range(1, 41))
    vibrato = 440 * t - 0.03 * 440 / (2 * np.pi * 5.5) * np.cos(2 * np.pi * 5.5 * t)
    yield "vibrato", fade * sum(np.sin(2 * np.pi * k * vibrato) / k for k in range(1, 16))
    yield "sweep", fade * np.sin(2 * np.pi * (200 * t + (8000 - 200) / TONE_S * t * t / 2))
    chord = sum(np.sin(2 * np.pi * hz * k * t) / k for hz in (262, 330, 392) for k in range(1, 9))
    yield "struck_chord", np.minimum(1, t / 0.005) * np.exp(-t * 1.2) * chord
    yield "pulses", fade * ((t * 100) % 1 < 100 / RATE_HZ)
    yield (
        "beating",
        fade * (np.sin(2 * np.pi * 500 * t) + np.sin(2 * np.pi * 503 * t) + 0.1 * np.sin(2 * np.pi * 7e3 * t)),
    )
