"""Atoms whose frequency rises, and without: a sweep, natural sounds, and recordings in which nothing sweeps.

    python benchmarks/bench_chirps.py sweep
    python benchmarks/bench_chirps.py snr [CLIP …] [--db 15] [--seconds 4] [--from 0]
    python benchmarks/bench_chirps.py kbps [CLIP …] [--kbps 24] [--seconds 4] [--from 0]

`sweep` counts the atoms that a linear sweep of 20 kHz/s takes to 20 dB. `snr` tells the bytes of files at one ratio of
signal to noise, of clips of MOTES_SHARED or a folder natural beside it (`gather_natural.py`), or of any path; `kbps`
compares Zimtohrli at one bitrate. Files are of version 2 with and without. Times are processor time of one thread, the
second of two runs each.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import motes
from motes.codec import dumps

SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")
FOLDERS = (SHARED / "audio", Path(os.environ.get("MOTES_NATURAL") or SHARED.parent / "data" / "natural"))
CLIPS = ("blackbird", "lark", "rooster", "seagull", "dolphin", "whale", "chimp", "speech", "singing")
STEADY = ("piano", "strings", "vibraphone", "rain", "bendir")
RATE_HZ = 44100


def main() -> None:
    """Print the table asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("sweep", "snr", "kbps"))
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--db", type=float, default=15.0)
    parser.add_argument("--kbps", type=float, default=24.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--from", type=float, default=0.0, dest="start_s")
    asked = parser.parse_args()
    if asked.table == "sweep":
        sweep()
        return
    target = {"snr_db": asked.db} if asked.table == "snr" else {"kbps": asked.kbps}
    rows = "bytes | chirps | difference" if asked.table == "snr" else "Zimtohrli | chirps | difference"
    print(f"| clip | {rows} | atoms | chirps | of them rise | time |\n|---|---|---|---|---|---|---|---|", flush=True)
    found = []
    for clip in asked.clips or (*CLIPS, *STEADY):
        audio, rate = soundfile.read(path_of(clip), always_2d=True)
        first = int(asked.start_s * rate)
        found.append(row(clip, audio[first : first + int(asked.seconds * rate)].mean(axis=1), rate, target))
    print(f"| mean | | | {np.mean(found):+.3f} | | | | |")


def path_of(clip: str) -> Path:
    """Where a clip lies."""
    return next((p for folder in FOLDERS if (p := folder / f"{clip}.flac").exists()), Path(clip))


def sweep() -> None:
    """A line for each pair of atoms counted."""
    t = np.arange(int(0.9 * RATE_HZ)) / RATE_HZ
    audio = 0.5 * np.sin(2 * np.pi * (1000 * t + 10_000 * t * t))
    made = [motes.encode(audio, sample_rate_hz=RATE_HZ, snr_db=20, chirps=on) for on in (False, True)]
    n, sizes = [scene.n_events for scene in made], [len(dumps(scene, version=2)) for scene in made]
    print(f"1 to 19 kHz in 0.9 s at 20 dB: {n[0]} atoms, {n[1]} where they rise: 1/{n[0] / n[1]:.1f}; {sizes} bytes")


def row(clip: str, audio: Any, rate: int, target: dict[str, float]) -> float:
    """A line of the table; returns the difference, of bytes as a part of them."""
    made, took = [], []
    for on in (False, True):
        for _ in range(2):
            begin = time.process_time()
            scene = motes.encode(audio, sample_rate_hz=rate, chirps=on, n_threads=1, **target)
            seconds = time.process_time() - begin
        made.append(scene)
        took.append(seconds)
    if "snr_db" in target:
        a, b = (len(dumps(scene, version=2)) for scene in made)
        difference, values = b / a - 1, f"{a} | {b} | {100 * (b / a - 1):+.1f} %"
    else:
        from motes.metrics.perceptual import zimtohrli

        x, y = (zimtohrli(scene.render(), audio, rate)["mean"] for scene in made)
        difference, values = y - x, f"{x:.3f} | {y:.3f} | {y - x:+.3f}"
    n = [len(scene.gabor) for scene in made]
    rising = int(np.count_nonzero(made[1].gabor.chirp_hz_per_s))
    print(f"| {clip} | {values} | {n[0]} | {n[1]} | {rising} | × {took[1] / took[0]:.2f} |", flush=True)
    return float(difference)


if __name__ == "__main__":
    main()
