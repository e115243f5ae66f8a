"""How long edits of a million atoms take, with every other atom selected and with all of them; and what edits cost in a
file.

    python benchmarks/bench_edit.py [N_EVENTS]
    python benchmarks/bench_edit.py --files        # MOTES_SHARED names the folder that holds audio/NAME.flac

Atoms know their partials in the first table, as after a first edit: linking them is not part of it. "duplicate" and
"join" of all make two million atoms. The second table is of recordings encoded as `motes encode` does by default: how
much their files grow, in percent or in bits per edited atom.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import motes
from motes.codec import dumps, loads
from motes.events.groups import Groups
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
CLIPS = ("piano", "singing", "strings", "song", "bendir")

COLUMNS = (
    *(
        "clip",
        "atoms",
        "bytes",
        "all +3",
        "all × 1.5, −6 dB",
        "half +3",
        "first half +3",
        "10 atoms",
        "1 atom",
        "half dropped",
    ),
    *("+3, half dropped", "+3, then −3"),
)


def random_scene(n_events: int) -> Scene:
    """Atoms at 1000 per second on the grid, each with a partial it knows."""
    rng = np.random.default_rng(0)
    window = rng.choice([512, 2048, 8192], n_events)
    n_samples = 44_100 * (n_events // 1000 + 1)
    frequency = rng.integers(1, window // 2) * 44_100 / window
    gabor = Gabor(
        (rng.integers(0, n_samples, n_events) // (window // 4) + 4) * (window // 4) / 44_100,
        window / 44_100,
        frequency,
        rng.uniform(0.01, 1, (n_events, 1)),
        rng.uniform(-3, 3, (n_events, 1)),
        np.arange(n_events) // 20,
        frequency,
        rng.uniform(0, 1e5, n_events),
    )
    return Scene(44_100, n_samples + 44_100, 1, gabor, None, Groups.partials(np.arange(1, n_events // 20 + 2)))


def seconds(work: Callable[[], Any]) -> float:
    """The best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def file_costs() -> None:
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for name in CLIPS:
        audio, rate = soundfile.read(FOLDER / f"{name}.flac")
        scene = motes.encode(audio, sample_rate_hz=rate)
        before, n_events, rng = len(dumps(scene)), scene.n_events, np.random.default_rng(0)
        shuffled = rng.permutation(n_events)
        half, ten, one = shuffled[: n_events // 2], shuffled[:10], shuffled[:1]
        higher = scene.transpose(3)
        growing = [
            higher,
            scene.stretch(1.5).gain(-6),
            scene.select(half).transpose(3),
            scene.select(end_s=scene.duration_s / 2).transpose(3),
        ]
        row = [f"{len(dumps(edited)) / before - 1:+.1%}" for edited in growing]
        row += [
            f"{8 * (len(dumps(scene.select(few).transpose(3))) - before) / len(few):.0f} bits" for few in (ten, one)
        ]
        row += [f"{len(dumps(edited.select(half).drop())) / before - 1:+.1%}" for edited in (scene, higher)]
        back = dumps(loads(dumps(higher)).transpose(-3))
        row.append("the same file" if back == dumps(scene) else "another file")
        print(f"| {name} | {n_events:,} | {before:,} | " + " | ".join(row).replace("-", "−") + " |", flush=True)


def main() -> None:
    if sys.argv[1:] == ["--files"]:
        return file_costs()
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    scene = random_scene(n_events)
    half, every = scene.select(np.arange(n_events) % 2 == 0), scene.select()
    print(f"{n_events:,} atoms; seconds")
    print(
        f"{'select by a condition':<24}{seconds(lambda: scene.select('frequency_hz > 200 and 3 < time_s < 300')):>8.2f}"
    )
    print(
        f"{'select by a function':<24}"
        f"{seconds(lambda: scene.select(lambda e: (e.frequency_hz > 200) & (e.amplitude > 0.1))):>8.2f}"
    )
    print(f"{'':<24}{'half':>8}{'all':>8}")
    for name, arguments in {
        "move": (0.123,),
        "transpose": (3,),
        "stretch": (1.5,),
        "gain": (-6,),
        "mute": (),
        "reverse": (),
        "duplicate": (4.0,),
        "filter": (200, 2000),
        "only": (),
        "drop": (),
    }.items():
        print(
            f"{name:<24}"
            + "".join(
                f"{seconds(lambda c=chosen, n=name, a=arguments: getattr(c, n)(*a)):>8.2f}" for chosen in (half, every)
            )
        )
    print(f"{'slice':<24}{'':>8}{seconds(lambda: scene[100.0:400.0]):>8.2f}")
    print(f"{'join':<24}{'':>8}{seconds(lambda: scene.join(scene)):>8.2f}  (two million)")


if __name__ == "__main__":
    main()
