"""Which windows: kbps and events per second that files of a given signal-to-noise ratio take, for several sets of
window lengths.

    python benchmarks/bench_windows.py      # MOTES_SHARED names the folder that holds audio/NAME.flac

Geometric mean of kbps over nine clips (without rain, which is all noise), whole file; arithmetic mean of events per
second; times relative to the first.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

import motes
from motes.audio import read_audio
from motes.codec import dumps

CLIPS = ("piano", "orchestra", "singing", "speech", "bendir", "vibraphone", "strings", "song", "trumpet")
SETS = (
    (512, 2048, 8192),
    (512, 4096),
    (256, 1024, 4096),
    (256, 2048, 8192),
    (512, 2048, 16384),
    (512, 1024, 2048, 4096),
    (512, 2048, 4096, 8192),
    (256, 512, 2048, 8192),
    (256, 1024, 4096, 16384),
    (256, 512, 1024, 2048, 4096, 8192),
)
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"


def main() -> None:
    """Print the table."""
    recordings = [read_audio(FOLDER / f"{clip}.flac") for clip in CLIPS]
    print("| windows | kbps at 12 dB | events/s | kbps at 20 dB | events/s | time |")
    print("|---|---|---|---|---|---|")
    first_time = None
    for windows in SETS:
        cells, spent = [], 0.0
        for snr_db in (12, 20):
            kbps, density = [], []
            for audio, rate in recordings:
                start = time.process_time()
                scene = motes.encode(audio, sample_rate_hz=rate, snr_db=snr_db, windows=windows, n_threads=1)
                spent += time.process_time() - start
                kbps.append(8e-3 * len(dumps(scene)) / scene.duration_s)
                density.append(scene.n_events / scene.duration_s)
            cells += [f"{np.exp(np.mean(np.log(kbps))):.2f}", f"{np.mean(density):.0f}"]
        first_time = first_time or spent
        print(f"| {', '.join(map(str, windows))} | {' | '.join(cells)} | {spent / first_time:.1f} |", flush=True)


if __name__ == "__main__":
    main()
