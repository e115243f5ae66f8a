"""What rooms cost: a scene rendered dry, and with its events in rooms, as ratios within one run; and what they take
in a file.
"""

from __future__ import annotations

import time

import numpy as np

from motes.codec import dumps
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE, SECONDS, PER_SECOND = 44100, 30, 1000


def scene() -> Scene:
    """Stereo, with as many events as motes makes by default."""
    random, n = np.random.default_rng(0), SECONDS * PER_SECOND
    window = random.choice([512, 1024, 2048, 4096], n)
    time_s = random.integers(0, SECONDS * RATE // 1024, n) * 1024 / RATE
    gabor = Gabor(
        time_s,
        window / RATE,
        random.integers(1, 200, n) * RATE / 4096,
        random.uniform(0.001, 0.1, (n, 2)),
        random.uniform(-3, 3, (n, 2)),
    )
    return Scene(RATE, SECONDS * RATE, 2, gabor).quantise()


def seconds(of: Scene, start_s: float | None = None, end_s: float | None = None, times: int = 3) -> float:
    """The quickest of some renders, in s; the first, which makes kernels, is left out."""
    of.render(0, 0.1)
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        of.render(start_s, end_s)
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main() -> None:
    """Print the tables."""
    dry = scene()
    by_event = np.random.default_rng(1).integers(1, 65, dry.n_events) / 64
    long, short = Room.synthetic(4.8), Room.synthetic(0.6)
    cases = {
        "dry": dry,
        "all in 1 s": dry.select().room(short, 0.3),
        "all in 8 s": dry.select().room(long, 0.3),
        "half in each": dry.select().room(short, 0.3).select("frequency_hz > 1000").room(long, 0.5),
        "a wetness for each event, 8 s": dry.select().room(long, 0.3),
    }
    last = cases["a wetness for each event, 8 s"]
    cases["a wetness for each event, 8 s"] = last.replace(gabor=last.gabor.replace(wetness=by_event))
    plain, base = len(dumps(dry)), seconds(dry)
    print(f"{SECONDS} s of stereo at {RATE} Hz, {dry.n_events} events\n")
    print("| | render, s | against dry | a second at 20 s, ms | bytes more in the file |\n|---|---|---|---|---|")
    for name, case in cases.items():
        whole, seek = seconds(case.replace(n_samples=dry.n_samples)), seconds(case, 20.0, 21.0)
        print(f"| {name} | {whole:.2f} | {whole / base:.2f}× | {1000 * seek:.0f} | {len(dumps(case)) - plain} |")


if __name__ == "__main__":
    main()
