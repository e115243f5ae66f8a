"""An hour at a bitrate or a quality: processor time, memory, and whether the rate is met.

    python benchmarks/hour_by_ear.py --kbps 24        # or --quality 5; --minutes 60

The recording is made of the clips of MOTES_SHARED, one after the other and again and again, each time at another level
and every other time backwards, and read from disk in blocks like any long file.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from motes.audio import open_source
from motes.encoders.pursuit import PursuitOptions, encode

CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
RATE = 44100


def write_long(path: Path, minutes: float) -> None:
    """The clips at 44.1 kHz, mono, in turn until the time is full."""
    random, left, turn = np.random.default_rng(0), int(minutes * 60 * RATE), 0
    with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as out:
        while left > 0:
            for clip in CLIPS:
                audio, rate = soundfile.read(FOLDER / f"{clip}.flac")
                assert rate == RATE, clip
                audio = (audio[::-1] if turn % 2 else audio)[:left] * random.uniform(0.3, 1.0)
                out.write(audio)
                left -= len(audio)
            turn += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kbps", type=float)
    parser.add_argument("--quality", type=float)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    target = {name: getattr(options, name) for name in ("kbps", "quality") if getattr(options, name) is not None}
    with tempfile.TemporaryDirectory() as folder:
        wav, mote = Path(folder) / "long.wav", Path(folder) / "long.mote"
        write_long(wav, options.minutes)
        before, started = time.process_time(), time.perf_counter()
        scene = encode(open_source(wav), PursuitOptions(n_threads=1, **target))
        seconds, elapsed = time.process_time() - before, time.perf_counter() - started
        scene.save(mote)
        size, n_events, reason = mote.stat().st_size, scene.n_events, scene.metadata.stop_reason
        length = scene.duration_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        (
            f"{target}, {length / 60:.0f} min: {seconds:.0f} s of processor, {length / seconds:.1f}× real time "
            f"({elapsed:.0f} s), "
        ),
        end="",
    )
    print(f"{peak:.0f} MiB resident, {8 * size / length / 1000:.3f} kbps, {n_events} events, {reason}")


if __name__ == "__main__":
    main()
