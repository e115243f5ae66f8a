"""Pursuit: microseconds per atom and atoms needed for 30 dB, on one thread and on two, and what segments cost.

    python benchmarks/bench_pursuit.py      # MOTES_SHARED names the folder that holds audio/NAME.flac

Dictionary: Hann 512, 1024, 2048, 4096, hop = window/4. "pursuit" is finding and subtracting atoms; "all" adds the
analysis into coefficients (a cost per second of audio, not per atom) and the true residual; the best of several runs.
"reference" is the number of atoms that exact greedy pursuit needs with the same dictionary (the fastest public C code,
17–31 µs per atom on a machine of this kind).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from motes.audio import ArraySource, read_audio
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.schedule import PursuitContext, PursuitResult, StopCriterion, pursue_segments
from motes.encoders.pursuit.segment import Segment
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import dictionary

REFERENCE_ATOMS = {
    "piano": 3628,
    "orchestra": 23101,
    "singing": 4473,
    "speech": 16121,
    "strings": 29176,
    "song": 37866,
    "trumpet": 3930,
}
WINDOWS = (512, 1024, 2048, 4096)
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
RUNS = 7


def clocked(method: Callable[..., Any], spent: Counter[str]) -> Callable[..., Any]:
    """`method`, adding to the seconds spent in it."""

    def run(*args: Any) -> Any:
        start = time.perf_counter()
        result = method(*args)
        spent[method.__name__] += time.perf_counter() - start  # type: ignore[assignment]
        return result

    return run


def timed(source: ArraySource, context: PursuitContext, criterion: StopCriterion) -> tuple[PursuitResult, float, float]:
    """What pursuit finds, and the best of several times in seconds: the pursuit alone, and all of it."""
    pursuit = everything = np.inf
    for _ in range(RUNS):
        spent: Counter[str] = Counter()
        with mock.patch.multiple(Segment, batch=clocked(Segment.batch, spent), refresh=clocked(Segment.refresh, spent)):
            start = time.perf_counter()
            found = pursue_segments(source, context, lambda _: criterion)
            everything = min(everything, time.perf_counter() - start)
        pursuit = min(pursuit, spent["batch"] - spent["refresh"])
    return found, pursuit, everything


def criterion_for(audio: np.ndarray, snr_db: float) -> StopCriterion:
    """The residual energy that a signal-to-noise ratio allows."""
    return StopCriterion(residual_energy=float(np.sum(audio.astype(np.float64) ** 2)) * 10 ** (-snr_db / 10))


def per_atom() -> None:
    """Microseconds per atom."""
    one = PursuitContext(dictionary(WINDOWS), ThreadPool())
    print(
        "| clip | atoms at 30 dB | against reference | pursuit, µs/atom | all, µs/atom | pursuit, 2 threads | "
        "all, 2 "
        "threads |"
    )
    print("|---|---|---|---|---|---|---|")
    rows = []
    with ThreadPool(2) as pool:
        two = PursuitContext(dictionary(WINDOWS), pool)
        for clip, reference in REFERENCE_ATOMS.items():
            audio, rate = read_audio(FOLDER / f"{clip}.flac")
            source, criterion = ArraySource(audio, rate), criterion_for(audio, 30)
            found, pursuit, everything = timed(source, one, criterion)
            again, pursuit_2, everything_2 = timed(source, two, criterion)
            assert np.array_equal(found.atoms.amplitude, again.atoms.amplitude)
            n = len(found.atoms)
            row = (
                n / reference - 1,
                1e6 * pursuit / n,
                1e6 * everything / n,
                pursuit / pursuit_2,
                everything / everything_2,
            )
            rows.append(row)
            print(
                f"| {clip} | {n} | {row[0]:+.1%} | {row[1]:.1f} | {row[2]:.1f} | {row[3]:.2f}× | {row[4]:.2f}× |",
                flush=True,
            )
    mean = np.mean(rows, axis=0)
    print(f"| mean | | {mean[0]:+.1%} | {mean[1]:.1f} | {mean[2]:.1f} | {mean[3]:.2f}× | {mean[4]:.2f}× |")


def segments() -> None:
    """What the grid of segments costs."""
    print("\n| windows | SNR | atoms, one segment | atoms, grid of segments | more | SNR, grid |")
    print("|---|---|---|---|---|---|")
    audio, rate = read_audio(FOLDER / "song_60s_stereo.flac")
    mono = np.ascontiguousarray(audio.mean(axis=0))
    source = ArraySource(mono, rate)
    for windows in ((512, 2048, 8192), WINDOWS):
        context = PursuitContext(dictionary(windows), ThreadPool())
        for snr_db in (15, 25):
            criterion = criterion_for(mono, snr_db)
            whole = pursue_segments(source, context, lambda _, e=criterion: e, segmented=False)
            parts = pursue(source, context, criterion)
            reached = 10 * np.log10(parts.energy / parts.residual_energy)
            a, b = len(whole.atoms), len(parts.atoms)
            print(f"| {', '.join(map(str, windows))} | {snr_db} | {a} | {b} | {b / a - 1:+.2%} | {reached:.2f} |")


if __name__ == "__main__":
    per_atom()
    segments()
