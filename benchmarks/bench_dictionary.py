"""Events per second at a signal-to-noise ratio with a learned dictionary and without one, on recordings left out.

    python benchmarks/bench_dictionary.py drums=a.wav,b.wav:c.wav speech=d.flac:e.flac [--seconds 6] [--snr 15]

Each set is NAME=RECORDINGS:LEFT_OUT; a recording FILE@1.5-4 is that part of it, in seconds. Channels are mixed. The
dictionary is learned from the recordings alone; events are counted in the first seconds of what is left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import motes
from motes.audio import Preparation, open_source, prepared, write_audio
from motes.codec import dumps


def part_of(given: str, seconds: float | None = None) -> tuple[np.ndarray, int]:
    """The audio `(n,)` of FILE or FILE@start-end, at most so many seconds."""
    path, _, part = given.partition("@")
    start, end = (float(value) for value in part.split("-")) if part else (0.0, None)
    source = prepared(open_source(path), Preparation(start_s=start or None, end_s=end, mono=True))
    audio = np.concatenate([block[0] for block in source.blocks()])
    rate = source.sample_rate_hz
    return audio if seconds is None else audio[: round(seconds * rate)], rate


def measure(name: str, learned: list[str], left_out: list[str], args: argparse.Namespace) -> None:
    """A line for each recording that is left out."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, given in enumerate(learned):
            audio, rate = part_of(given)
            paths.append(str(Path(folder) / f"{number}.wav"))
            write_audio(paths[-1], audio, rate, 1)
        dictionary, begun_s = Path(folder) / f"{name}.motes-dictionary", time.process_time()
        made = motes.learn_dictionary(
            paths, dictionary, waveforms=args.waveforms, length_s=args.length, minutes=args.minutes
        )
        learning_s = time.process_time() - begun_s
        for given in left_out:
            audio, rate = part_of(given, args.seconds)
            begun_s = time.process_time()
            plain = motes.encode(audio, sample_rate_hz=rate, snr_db=args.snr)
            plain_s, begun_s = time.process_time() - begun_s, time.process_time()
            scene = motes.encode(audio, sample_rate_hz=rate, snr_db=args.snr, dictionary=dictionary)
            scene_s, seconds = time.process_time() - begun_s, len(audio) / rate
            named = scene.replace(models=tuple(model.named() for model in scene.models))
            kbps = [len(dumps(one)) * 8 / 1000 / seconds for one in (plain, scene, named)]
            change = 100 * (scene.n_events / plain.n_events - 1)
            print(
                f"| {name} | {len(made.held)} | {plain.n_events / seconds:.0f} → {scene.n_events / seconds:.0f} "
                f"({len(scene.learned) / seconds:.0f} learned) | {change:+.0f} % | "
                f"{kbps[0]:.1f} → {kbps[1]:.1f} ({kbps[2]:.1f} referred) | {scene_s / plain_s:.1f}× | "
                f"{learning_s:.0f} |",
                flush=True,
            )


def main() -> int:
    """Measure all sets given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--snr", type=float, default=15.0)
    parser.add_argument("--waveforms", type=int, default=64)
    parser.add_argument("--length", type=float, default=0.046)
    parser.add_argument("--minutes", type=float, default=5.0)
    args = parser.parse_args()
    motes.encode(np.random.default_rng(1).normal(0, 0.1, 20000), sample_rate_hz=44100, snr_db=3)  # compile
    print("| set | waveforms | events per second | | kbps | encode | learn, s |\n|---|---|---|---|---|---|---|")
    for given in args.sets:
        name, _, files = given.partition("=")
        learned, _, left_out = files.partition(":")
        measure(name, learned.split(","), left_out.split(","), args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
