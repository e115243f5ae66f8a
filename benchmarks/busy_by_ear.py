"""Encoding by ear on a busy machine, beside another checkout of motes: pairs of runs in turn, whole processes.

    python benchmarks/busy_by_ear.py --against ../older/src RECORDING.flac [RECORDING.flac …]

`--busy 2` processes do nothing but turn meanwhile. A pair's ratio holds while the machine's speed drifts; single times
do not. BLAS is left as many threads as it takes by itself.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"


def encode(source: Path, recording: str, output: str, kbps: float) -> tuple[float, float]:
    """Seconds of wall and of processor time of one encode in a process of its own."""
    held = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    environment = {name: value for name, value in os.environ.items() if name not in held}
    command = [sys.executable, "-m", "motes.cli", "encode", recording, "-o", output, "--kbps", f"{kbps:g}", "--force"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env={**environment, "PYTHONPATH": str(source)}, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--against", required=True, type=Path, help="the src folder of the other checkout")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--kbps", type=float, default=24)
    asked = parser.parse_args()
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(asked.busy)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            for source in (asked.against, SRC):  # compiles what is not compiled yet
                encode(source, asked.recordings[0], f"{folder}/warm.mote", asked.kbps)
            print(f"{'recording':<14}{'wall s, other → this':>24}{'ratio':>8}{'processor s':>18}{'ratio':>8}")
            for recording in asked.recordings:
                both = [
                    [encode(source, recording, f"{folder}/x.mote", asked.kbps) for source in (asked.against, SRC)]
                    for _ in range(asked.pairs)
                ]
                wall, used = ([statistics.median(pair[k][i] for pair in both) for k in (0, 1)] for i in (0, 1))
                ratios = [statistics.median(other[i] / this[i] for other, this in both) for i in (0, 1)]
                name = Path(recording).stem
                print(f"{name:<14}{f'{wall[0]:.2f} → {wall[1]:.2f}':>24}{ratios[0]:>7.2f}×", end="")
                print(f"{f'{used[0]:.2f} → {used[1]:.2f}':>18}{ratios[1]:>7.2f}×", flush=True)
    finally:
        for spinner in spinners:
            spinner.kill()


if __name__ == "__main__":
    main()
