"""Trimmed files beside files encoded anew, and transparent files: tables by clip.

    python benchmarks/bench_trim.py trim [CLIP …] [--seconds 10]
    python benchmarks/bench_trim.py transparent [CLIP …] [--seconds 5]

`trim` encodes each clip of MOTES_SHARED at 48 kbps, trims that to 24, 16 and 8, and encodes anew at these: Zimtohrli of
both, and processor time of trimming as a part of that of encoding. `transparent` says at which bitrate a file counts as
transparent, and its Zimtohrli.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import motes
from motes.codec import dumps
from motes.metrics.perceptual import zimtohrli

CLIPS = ("bendir", "orchestra", "piano", "rain", "singing", "song", "speech", "strings", "trumpet", "vibraphone")
TRIMMED = ("song", "speech", "orchestra", "piano")
LARGE, SMALLER = 48, (24, 16, 8)


def main() -> None:
    """Print the table asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("trim", "transparent"))
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--seconds", type=float)
    asked = parser.parse_args()
    folder = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
    make, clips, seconds = (trim, TRIMMED, 10.0) if asked.table == "trim" else (transparent, CLIPS, 5.0)
    print(HEADS[asked.table], flush=True)
    for clip in asked.clips or clips:
        audio, rate = soundfile.read(folder / f"{clip}.flac", always_2d=True)
        make(clip, audio[: int((asked.seconds or seconds) * rate)].T, rate)


HEADS = {
    "trim": "| clip | kbps | encoded anew | trimmed | difference | time, of encoding |\n|---|---|---|---|---|---|",
    "transparent": "| clip | kbps | reason | Zimtohrli |\n|---|---|---|---|",
}


def trim(clip: str, audio: Any, rate: int) -> None:
    """A row for each smaller bitrate."""
    large = motes.encode(audio, sample_rate_hz=rate, kbps=LARGE, n_threads=1)
    for kbps in SMALLER:
        anew, encoding_s = timed(lambda kbps=kbps: motes.encode(audio, sample_rate_hz=rate, kbps=kbps, n_threads=1))
        small, trimming_s = timed(lambda kbps=kbps: large.trim(kbps))
        assert len(dumps(small)) <= kbps * 125 * small.duration_s
        scores = [score(scene, audio, rate) for scene in (anew, small)]
        shown = f"{scores[0]:.3f} | {scores[1]:.3f} | {scores[1] - scores[0]:+.3f} | {trimming_s / encoding_s:.1f}"
        print(f"| {clip} | {kbps} | {shown} |", flush=True)


def transparent(clip: str, audio: Any, rate: int) -> None:
    """A row."""
    scene = motes.encode(audio, sample_rate_hz=rate, transparent=True)
    kbps = 8 * len(dumps(scene)) / 1000 / scene.duration_s
    print(f"| {clip} | {kbps:.1f} | {scene.metadata.stop_reason} | {score(scene, audio, rate):.3f} |", flush=True)


def score(scene: motes.Scene, audio: Any, rate: int) -> float:
    """Zimtohrli's mean."""
    return zimtohrli(np.atleast_2d(scene.render()), audio, rate)["mean"]


def timed(work: Callable[[], motes.Scene]) -> tuple[motes.Scene, float]:
    """What comes of it, and processor time in seconds."""
    start = time.process_time()
    return work(), time.process_time() - start


if __name__ == "__main__":
    main()
