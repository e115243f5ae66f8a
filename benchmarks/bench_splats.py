"""How near 64 fitted splats come to a recording, beside atoms of pursuit, and what each part of the fit is worth.

python benchmarks/bench_splats.py [--seconds 60] [--ablation] [--texture] [--clips piano strings]
python benchmarks/bench_splats.py --render

Excerpts of 1.486 s (32768 samples at 22.05 kHz) from the beginnings of six recordings in $MOTES_SHARED/audio.
`--render`: how fast 64 splats, fitted to the whole of the trumpet at its own rate, are rendered.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from motes.encoders.fit import GaborOptions, SplatOptions
from motes.encoders.fit import encode as fit
from motes.encoders.fit.initialisation import windows_for
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.kinds.splat.oracle import render_splat_oracle
from motes.metrics.signal import spectral_convergence
from motes.synth.render import render_blocks

CLIPS = ("piano", "strings", "orchestra", "trumpet", "vibraphone", "song")
RATE, N_SAMPLES = 22050, 32768
ABLATION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("random start", {"init": "random"}),
    ("loss stft", {"loss": "stft:1"}),
    ("gamma envelopes", {"envelope": "gamma"}),
    ("no density control", {"control_every": 0}),
    ("no refit", {"refit_every": 0}),
    ("atoms instead of splats", {"kind": GaborOptions}),
)


def folder() -> Path:
    """Where the recordings are."""
    return Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")


def clip(name: str) -> np.ndarray:
    """The excerpt, `(32768,)` float32, mono."""
    audio, rate = soundfile.read(folder() / "audio" / f"{name}.flac", always_2d=True)
    mono = audio.mean(axis=1)
    mono = mono if rate == RATE else soxr.resample(mono, rate, RATE)
    return np.pad(mono, (0, N_SAMPLES))[:N_SAMPLES].astype(np.float32)


def atoms(name: str, n_events: int) -> float:
    """Spectral convergence of so many atoms of pursuit."""
    audio = clip(name)
    scene = pursue(audio, PursuitOptions(n_events=n_events, windows=windows_for(RATE)), sample_rate_hz=RATE)
    return spectral_convergence(scene.render(), audio)


def splats(name: str, seconds: float, kind: type[SplatOptions] = SplatOptions, **options: Any) -> tuple[float, float]:
    """Spectral convergence of 64 fitted events, and, where they come with texture, Zimtohrli's opinion."""
    audio = clip(name)
    scene = fit(audio, kind(time_limit_s=seconds, iterations=1_000_000, **options), sample_rate_hz=RATE)
    mos = float("nan")
    if options.get("texture"):
        from motes.metrics.perceptual import zimtohrli

        mos = zimtohrli(scene.render(), audio, RATE)["mean"]
    return spectral_convergence(scene.render(), audio), mos


def row(label: str, values: list[float]) -> None:
    """A line of the table."""
    print(f"| {label} | " + " | ".join(f"{value:.3f}" for value in values) + f" | {np.mean(values):.3f} |", flush=True)


def timed(task: Callable[[], Any], repeats: int) -> float:
    """The least seconds that it takes."""
    best = np.inf
    for _ in range(repeats):
        begun = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - begun)
    return float(best)


def rendering() -> None:
    """Print how fast 64 splats fitted to the trumpet are rendered: by the definition, whole, and in blocks."""
    audio, rate = soundfile.read(folder() / "audio" / "trumpet.flac", always_2d=True)
    scene = fit(audio.T.astype(np.float32), SplatOptions(events=64, time_limit_s=20.0), sample_rate_hz=rate)
    events, n_samples, duration = scene.splat, scene.n_samples, scene.duration_s
    begun = time.perf_counter()
    scene.render()
    first = time.perf_counter() - begun
    defined = render_splat_oracle(events, rate, n_samples, scene.n_channels)
    error = np.abs(np.atleast_2d(scene.render()) - defined).max() / np.abs(defined).max()
    difference = f"{20 * np.log10(error):.0f} dB from the definition"
    print(f"{len(events)} splats, {duration:.2f} s at {rate} Hz, {difference}, the first time {first:.2f} s")
    print("| rendered | s | x real time |\n|---|---|---|")
    ways: tuple[tuple[str, Callable[[], Any], int], ...] = (
        ("by the definition", lambda: render_splat_oracle(events, rate, n_samples, scene.n_channels), 1),
        ("whole", scene.render, 9),
        ("in blocks of 16384", lambda: list(render_blocks(scene, 16384)), 5),
        ("in blocks of 2048", lambda: list(render_blocks(scene, 2048)), 5),
    )
    for label, task, repeats in ways:
        seconds = timed(task, repeats)
        print(f"| {label} | {seconds:.3f} | {duration / seconds:.1f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--texture", action="store_true")
    parser.add_argument("--clips", nargs="+", default=list(CLIPS))
    parser.add_argument("--render", action="store_true")
    args = parser.parse_args()
    if args.render:
        rendering()
        return
    begun = time.monotonic()
    print("| spectral convergence | " + " | ".join(args.clips) + " | mean |\n|" + "---|" * (len(args.clips) + 2))
    for n_events in (64, 128, 205):
        row(f"{n_events} atoms of pursuit", [atoms(name, n_events) for name in args.clips])
    if args.texture:
        both = [splats(name, args.seconds, texture=True) for name in args.clips]
        row(f"64 splats and texture, {args.seconds:g} s", [value for value, _ in both])
        row("the same, Zimtohrli MOS", [mos for _, mos in both])
    for label, options in ABLATION if args.ablation else ABLATION[:1]:
        row(
            f"64 splats, {args.seconds:g} s, {label}", [splats(name, args.seconds, **options)[0] for name in args.clips]
        )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nThe published fit (64 atoms, 10 h): 0.64 on its own four clips. {time.monotonic() - begun:.0f} s, "
        f"{peak_mb:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
