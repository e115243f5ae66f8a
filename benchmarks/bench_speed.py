"""How fast recordings become files and files recordings, one core; start-up; and the memory an hour takes (with
--hour); or beside another build (with --against).

    python benchmarks/bench_speed.py [--hour]       # MOTES_SHARED names the folder that holds audio/NAME.flac
    python benchmarks/bench_speed.py --against PYTHON [--detail] [--first] [NAME …]

Encoding at 1000 events per second counts pursuit, rounding and file coding, without start-up; decoding at 2000 per
second counts reading and rendering.

PYTHON is the interpreter of an environment that has the other build, or its src folder. Each pair of runs encodes and
decodes by ear, one after the other, in processes that were started before and have compiled everything; processor time
is compared, and wall time for two threads. OPENBLAS_NUM_THREADS=1 for both. On a crowded machine wall time says
nothing; what two threads would take on an idle one, in the best case, follows from the processor time of the thread
that hands out the work and half of all others', and is shown beside. `--detail` encodes with detail in those builds
that have it, `--first` compares what a first run takes.
"""

from __future__ import annotations

import json
import os
import statistics
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


# What runs in both builds, whatever their age: a line in (clip, kbps, threads, detail), a line out.
WORKER = """
import json, sys, time
import soundfile, motes
try:
    from motes.codec import dumps, loads
except ImportError:
    from motes.codec.bitstream import dumps, loads
from motes.encoders.pursuit import PursuitOptions
for line in sys.stdin:
    path, kbps, n_threads, detail = json.loads(line)
    more = {"detail": True} if detail and "detail" in PursuitOptions.__dataclass_fields__ else {}
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    before = time.process_time(), time.perf_counter(), time.thread_time()
    data = dumps(motes.encode(audio.T.copy(), sample_rate_hz=rate, kbps=kbps, n_threads=n_threads, **more))
    total, wall, own = (b - a for a, b in zip(before, (time.process_time(), time.perf_counter(), time.thread_time())))
    started = time.process_time()
    loads(data).render()
    print(json.dumps([total, wall, time.process_time() - started, own + (total - own) / n_threads]), flush=True)
"""
PAIRS = 3
BY_EAR = (("mono clips", 24.0, ("piano", "orchestra", "speech", "song")), ("stereo", 36.0, ("sugarplum_stereo",)))


class Build:
    """A process of one build of motes that encodes and decodes what it is told to."""

    def __init__(self, place: str) -> None:
        self.python = place if Path(place).is_file() else sys.executable
        self.environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        if not Path(place).is_file():
            self.environment["PYTHONPATH"] = place
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([self.python, "-c", WORKER], env=self.environment, **pipes)

    def run(self, clip: str, kbps: float, n_threads: int, detail: bool) -> list[float]:
        """Processor time and wall time of encoding, processor time of decoding, and what encoding would take at best if
        every thread had a processor, in seconds.
        """
        asked = [str(FOLDER / f"{clip}.flac"), kbps, n_threads, detail]
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def first_run(self) -> float:
        """Processor seconds of encoding half a second for the first time after installation."""
        with tempfile.TemporaryDirectory() as folder:
            audio, rate = read_audio(FOLDER / "piano.flac")
            write_audio(f"{folder}/a.wav", audio[: rate // 2], rate, 1)
            before = os.times()
            command = [self.python, "-m", "motes.cli", "encode", f"{folder}/a.wav", "-o", f"{folder}/b.mote"]
            environment = {**self.environment, "MOTES_CACHE": f"{folder}/cache"}
            subprocess.run([*command, "--kbps", "24"], check=True, capture_output=True, env=environment)
            after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system


def beside(other: Build, this: Build, clips: tuple[str, ...], detail: bool) -> None:
    """A table of encoding and decoding by ear, the medians of pairs."""
    print("| recording | kbps | encode, other → this, processor s | | two threads, wall s | | decode | |")
    print("|---|---|---|---|---|---|---|---|")
    for _, kbps, names in BY_EAR:
        for clip in (name for name in names if not clips or name in clips):
            for build in (other, this):  # compiles what is not compiled yet
                build.run(clip, kbps, 1, detail)
            runs = {
                n: [(other.run(clip, kbps, n, detail), this.run(clip, kbps, n, detail)) for _ in range(PAIRS)]
                for n in (1, 2)
            }
            cells = []
            for n_threads, column in ((1, 0), (2, 1), (1, 2)):
                before, after = ([pair[k][column] for pair in runs[n_threads]] for k in (0, 1))
                ratio = statistics.median(a / b for a, b in zip(before, after, strict=True))
                cells.append(f"{statistics.median(before):.3f} → {statistics.median(after):.3f} | {ratio:.2f}×")
            threads = statistics.median(one[1][1] / two[1][1] for one, two in zip(runs[1], runs[2], strict=True))
            ideal = statistics.median(one[1][3] / two[1][3] for one, two in zip(runs[1], runs[2], strict=True))
            more = f"two threads: {threads:.2f}× one, {ideal:.2f}× at best"
            print(f"| {clip} | {kbps:g} | {' | '.join(cells)} | {more} |", flush=True)


def compare(arguments: list[str]) -> None:
    """This build beside the one that is named after --against."""
    place = arguments[arguments.index("--against") + 1]
    names = tuple(name for name in arguments if not name.startswith("-") and name != place)
    other, this = Build(place), Build(str(Path(__file__).parents[1] / "src"))
    beside(other, this, names, "--detail" in arguments)
    if "--first" in arguments:
        before, after = (statistics.median(build.first_run() for _ in range(3)) for build in (other, this))
        print(f"\nFirst run by ear, processor s: {before:.1f} → {after:.1f}, {after / before:.2f} of it")


if __name__ == "__main__":
    if "--against" in sys.argv:
        compare(sys.argv[1:])
        sys.exit()
    real_time()
    start_up()
    if "--hour" in sys.argv:
        hour()
