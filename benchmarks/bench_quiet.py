"""How good the quiet half seconds of a recording are beside its loud ones: Zimtohrli of each alone, and of the whole.

    python benchmarks/bench_quiet.py [CLIP …] [--kbps 8 16 24 48] [--seconds 5]

Clips are those of a folder natural beside MOTES_SHARED (`gather_natural.py`; MOTES_NATURAL names another). Short pieces
score higher than long ones, so the least of the half seconds stands beside their mean and beside the whole.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.metrics.perceptual import zimtohrli

SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")
NATURAL = Path(os.environ.get("MOTES_NATURAL") or SHARED.parent / "data" / "natural")
CLIPS = ("blackbird", "dolphin", "lark", "seagull", "donkey", "chimp", "tiger", "whale", "rooster")
PIECE_S = 0.5


def main() -> None:
    """Print a row for each clip and bitrate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--kbps", type=float, nargs="+", default=[8, 16, 24, 48])
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    print("| clip | kbps | whole | mean of half seconds | least | behind the mean | its level, dB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for clip in asked.clips or CLIPS:
        audio, rate = soundfile.read(NATURAL / f"{clip}.flac", always_2d=True)
        audio = audio[: int(asked.seconds * rate)].mean(axis=1)
        for kbps in asked.kbps:
            made = motes.encode(audio, sample_rate_hz=rate, kbps=kbps).render()
            size = int(PIECE_S * rate)
            parts = [slice(first, first + size) for first in range(0, len(audio) - size + 1, size)]
            scores = np.array([zimtohrli(made[part], audio[part], rate)["mean"] for part in parts])
            whole, least = zimtohrli(made, audio, rate)["mean"], int(np.argmin(scores))
            level = 10 * np.log10(np.mean(np.square(audio[parts[least]])) + 1e-12)
            shown = f"{whole:.2f} | {scores.mean():.2f} | {scores[least]:.2f} | {scores.mean() - scores[least]:.2f}"
            print(f"| {clip} | {kbps:g} | {shown} | {level:.0f} |", flush=True)


if __name__ == "__main__":
    main()
