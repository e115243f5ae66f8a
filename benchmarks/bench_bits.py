"""Bits per event, whole file, at 1000 events per second with the quantiser that decodes to 10, 15 and 20 dB; and what
coding costs in time.

    python benchmarks/bench_bits.py        # MOTES_SHARED names the folder that holds audio/NAME.flac python
    benchmarks/bench_bits.py --alone    # what it costs that every packet can be decoded alone, at 24 kbps without noise

Where a clip's atoms do not reach a target before they are rounded ("−"), it is left out of that mean; `default` rounds
as `motes encode` does without a target, for every clip.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

import motes
from motes.codec import dumps, loads, quantise
from motes.codec.quantise_scene import quantiser_for
from motes.encoders.pursuit import encoder as pursuit
from motes.kinds.gabor import packet as gabor_packet
from motes.kinds.gabor.trained import trained
from motes.scene.scene import Scene

CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
TARGETS_DB = (10, 15, 20)
STEPS = ((1, 4), (1, 6), (1, 8), (2, 8))
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"


def snr_db(audio: np.ndarray, scene: Scene) -> float:
    """Signal-to-noise ratio of what the file of a scene decodes to."""
    return float(10 * np.log10(np.sum(audio**2) / np.sum((audio - loads(dumps(scene)).render()) ** 2)))


def cheapest(audio: np.ndarray, scene: Scene, target_db: float) -> tuple[float, str] | None:
    """Bits per event and quantiser of the smallest file that decodes to the target; None where the atoms do not
    reach it.
    """
    energy, left = np.sum(audio**2), np.sum((audio - scene.render()) ** 2)
    allowed = energy * 10 ** (-target_db / 10) - left
    if allowed <= 0:
        return None
    best = None
    for steps in STEPS:
        quantiser = quantiser_for(scene, allowed, *steps)
        while snr_db(audio, rounded := quantise(scene, quantiser)) < target_db:
            quantiser = type(quantiser)(*steps, quantiser.knee - 1)
        bits = 8 * len(dumps(rounded)) / len(scene.gabor)
        if best is None or bits < best[0]:
            best = bits, f"{steps[0]}/{steps[1]}"
    return best


def time_of(scene: Scene) -> tuple[float, float]:
    """Milliseconds per second of audio to encode and to decode a rounded scene: the best of five."""
    data = dumps(scene)
    best = [np.inf, np.inf]
    for _ in range(5):
        for i, work in enumerate((lambda: dumps(scene), lambda: loads(data))):
            before = time.process_time()
            work()
            best[i] = min(best[i], time.process_time() - before)
    return best[0] * 1000 / scene.duration_s, best[1] * 1000 / scene.duration_s


def carried_on(scene: Scene) -> int:
    """Bytes of the file if every packet went on with what those before it have taught the model."""
    tables = [table.copy() for table in trained()]
    with mock.patch.object(gabor_packet, "_models", return_value=tables):
        return len(dumps(scene))


def alone() -> None:
    """Bits per event of packets that start from the trained tables, and of packets that carry on."""
    rows = []
    for name in CLIPS:
        audio, rate = soundfile.read(FOLDER / f"{name}.flac")
        scene = motes.encode(audio, sample_rate_hz=rate, kbps=24, texture=False)
        rows.append([8 * size / len(scene.gabor) for size in (len(dumps(scene)), carried_on(scene))])
        print(f"{name:12}{rows[-1][0]:8.2f}{rows[-1][1]:8.2f}{rows[-1][0] - rows[-1][1]:+8.2f}", flush=True)
    each, on = np.mean(rows, axis=0)
    print(f"{'mean':12}{each:8.2f}{on:8.2f}{each - on:+8.2f}")


def main() -> None:
    if sys.argv[1:] == ["--alone"]:
        return alone()
    columns = [*(f"{t} dB" for t in TARGETS_DB), "default"]
    print(
        f"{'':12}{'unrounded':>10}"
        + "".join(f"{c:>14}" for c in columns)
        + f"{'kbps':>8}{'encode':>8}{'decode':>8} ms/s"
    )
    found: dict[str, list[float]] = {c: [] for c in columns}
    times = []
    for name in CLIPS:
        audio, rate = soundfile.read(FOLDER / f"{name}.flac")
        with mock.patch.object(pursuit, "quantise_for_target", lambda scene, *rest: scene):
            scene = motes.encode(audio, sample_rate_hz=rate, events_per_second=1000)
        left = np.sum((audio - scene.render()) ** 2)
        line = f"{name:12}{10 * np.log10(np.sum(audio**2) / left):>10.1f}"
        for column, target in zip(columns, TARGETS_DB, strict=False):
            best = cheapest(audio, scene, target)
            line += f"{'−':>14}" if best is None else f"{best[0]:>9.2f} {best[1]:>4}"
            found[column] += [] if best is None else [best[0]]
        usual = motes.encode(audio, sample_rate_hz=rate, events_per_second=1000)
        size = len(dumps(usual))
        found["default"].append(8 * size / len(usual.gabor))
        times.append(time_of(usual))
        line += f"{found['default'][-1]:>9.2f} {usual.quantiser.steps_per_doubling}/{usual.quantiser.n_phases}" + " "
        print(line + f"{size * 8 / usual.duration_s / 1000:>8.1f}{times[-1][0]:>8.2f}{times[-1][1]:>8.2f}", flush=True)
    encode, decode = np.mean(times, axis=0)
    print(
        f"{'mean':22}"
        + "".join(f"{np.mean(v):>9.2f} ({len(v)})".ljust(14) for v in found.values())
        + f"{'':8}{encode:>8.2f}{decode:>8.2f}"
    )


if __name__ == "__main__":
    main()
