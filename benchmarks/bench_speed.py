"""How fast recordings become files and files recordings, one core; start-up; and the memory an hour takes (with
--hour).

    python benchmarks/bench_speed.py [--hour]       # MOTES_SHARED names the folder that holds audio/NAME.flac

Encoding at 1000 events per second counts pursuit, rounding and file coding, without start-up; decoding at 2000 per
second counts reading and rendering.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import motes
from motes.audio import read_audio, write_audio
from motes.codec import dumps, loads

CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
MOTES = [sys.executable, "-m", "motes.cli"]


def best_of(n: int, work: Callable[[], object]) -> float:
    """Shortest of n times, in seconds."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def real_time() -> None:
    """Encoding and decoding as multiples of real time."""
    print("| recording | encode at 1000/s | decode at 2000/s |")
    print("|---|---|---|")
    rows = []
    for clip in (*CLIPS, "song_60s_stereo"):
        audio, rate = read_audio(FOLDER / f"{clip}.flac")
        seconds, runs = audio.shape[-1] / rate, 2 if "60s" in clip else 5
        encode = best_of(runs, lambda a=audio, r=rate: dumps(motes.encode(a, sample_rate_hz=r, n_threads=1)))
        dense = dumps(motes.encode(audio, sample_rate_hz=rate, events_per_second=2000, n_threads=1))
        decode = best_of(runs, lambda d=dense: loads(d).render())
        rows.append((seconds / encode, seconds / decode))
        print(f"| {clip} | {seconds / encode:.0f}× | {seconds / decode:.0f}× |")
    mono = np.array(rows[:-1])
    print(f"| mean of the mono clips | {mono[:, 0].mean():.0f}× | {mono[:, 1].mean():.0f}× |")


def start_up() -> None:
    """Seconds until commands answer, and what compiling takes once."""
    with tempfile.TemporaryDirectory() as folder:
        audio, rate = read_audio(FOLDER / "piano.flac")
        scene = motes.encode(audio, sample_rate_hz=rate)
        scene.save(f"{folder}/a.mote")
        write_audio(f"{folder}/a.wav", audio[: rate // 2], rate, 1)
        print("\n| command | seconds |")
        print("|---|---|")
        for name, command in (
            ("motes --help", ["--help"]),
            ("motes info", ["info", f"{folder}/a.mote"]),
            ("motes --version", ["--version"]),
        ):
            print(
                f"| {name} | "
                f"{best_of(7, lambda c=command: subprocess.run([*MOTES, *c], check=True, capture_output=True)):.2f} |"
            )
        for name in ("first encode after installation", "the same again"):
            environment = {**os.environ, "MOTES_CACHE": f"{folder}/cache"}
            command = [*MOTES, "encode", f"{folder}/a.wav", "-o", f"{folder}/b.mote", "--force"]
            seconds = best_of(
                1, lambda c=command, e=environment: subprocess.run(c, check=True, capture_output=True, env=e)
            )
            print(f"| {name} | {seconds:.1f} |")


def hour() -> None:
    """Seconds and resident memory for ten minutes and an hour of stereo (the minute, repeated)."""
    audio, rate = read_audio(FOLDER / "song_60s_stereo.flac")
    print("\n| stereo | encode | encode, resident | decode | decode, resident |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for minutes in (10, 60):
            write_audio(
                f"{folder}/long.wav", (audio for _ in range(minutes)), rate, 2, subtype="PCM_16", overwrite=True
            )
            cells = []
            for command in (
                ["encode", f"{folder}/long.wav", "-o", f"{folder}/long.mote"],
                ["decode", f"{folder}/long.mote", "-o", f"{folder}/back.wav"],
            ):
                run = subprocess.run(
                    ["/usr/bin/time", "-f", "%e %M", *MOTES, *command, "--force"],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seconds, kilobytes = run.stderr.strip().splitlines()[-1].split()
                cells += [f"{float(seconds):.0f} s", f"{int(kilobytes) / 1024:.0f} MiB"]
            print(f"| {minutes} min | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    real_time()
    start_up()
    if "--hour" in sys.argv:
        hour()
