"""What the noise layer takes and what it is worth: ViSQOL and Zimtohrli of atoms alone and of atoms with texture, at
several rates.

python benchmarks/bench_texture.py             # needs zimtohrli and visqol-python
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr
import zimtohrli
from visqol import VisqolApi

import motes
from motes.codec import dumps
from motes.encoders.texture import TextureOptions
from motes.encoders.texture.analysis import analyse
from motes.kinds.texture.render import TextureRenderer

FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
NAMES = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
ATOMS = 1000
SETTINGS = {
    "atoms alone": None,
    "2 kbps": TextureOptions(kbps=2.0),
    "**3 kbps** (default)": TextureOptions(),
    "unlimited": TextureOptions(kbps=100.0),
    "40 bands, 3 dB, 3 kbps": TextureOptions(n_bands=40, step_db=3.0),
}


def main() -> None:
    logging.disable(logging.WARNING)
    visqol = VisqolApi()
    visqol.create(mode="audio")
    scenes = {name: scene_of(name) for name in NAMES}
    print(
        "| noise | kbps mean (highest) | ViSQOL mean (worst) | Zimtohrli mean (worst) | analysis and decoding, × "
        "real "
        "time |\n|---|---|---|---|---|"
    )
    for label, options in SETTINGS.items():
        rows = np.array([measured(visqol, *scenes[name], options) for name in NAMES])
        kbps, v, z, analysis_s, render_s, seconds = rows.T
        speeds = f"{seconds.sum() / analysis_s.sum():.0f}, {seconds.sum() / render_s.sum():.0f}" if options else ""
        print(
            f"| {label} | {kbps.mean():.2f} ({kbps.max():.2f}) | {v.mean():.2f} ({v.min():.2f}) | {z.mean():.2f} "
            f"({z.min():.2f}) | {speeds} |"
        )
        if options == TextureOptions():
            each = ", ".join(f"{name} {rate:.1f}" for name, rate in zip(NAMES, kbps, strict=True))
    print(f"\nkbps at the default: {each}")


def scene_of(name: str) -> tuple[np.ndarray, int, motes.Scene]:
    audio, rate = soundfile.read(FOLDER / f"{name}.flac")
    return audio, rate, motes.encode(audio, sample_rate_hz=rate, events_per_second=ATOMS)


def measured(
    visqol: VisqolApi, audio: np.ndarray, rate: int, scene: motes.Scene, options: TextureOptions | None
) -> tuple[float, ...]:
    estimate, kbps, times = scene.render().astype(float), 0.0, (1.0, 1.0)
    if options is not None:
        start = time.perf_counter()
        events = analyse(audio - estimate, rate, options)
        middle, noise = time.perf_counter(), np.zeros((1, len(audio)))
        TextureRenderer(events, scene).add(noise, 0, len(audio))
        times = (middle - start, time.perf_counter() - middle)
        kbps = (len(dumps(scene.replace(texture=events))) - len(dumps(scene))) * 8 / scene.duration_s / 1000
        estimate = estimate + noise[0]
    one, two = (soxr.resample(x, rate, 48000) for x in (audio, estimate))
    mos = zimtohrli.mos_from_signals(one, two)
    return kbps, visqol.measure_from_arrays(one, two, 48000).moslqo, mos, *times, scene.duration_s


if __name__ == "__main__":
    main()
