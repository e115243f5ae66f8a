"""How near 64 fitted splats come to a recording, beside atoms of pursuit, and what each part of the fit is worth.

python benchmarks/bench_splats.py [--seconds 60] [--ablation] [--texture] [--clips piano strings]

Excerpts of 1.486 s (32768 samples at 22.05 kHz) from the beginnings of six recordings in $MOTES_SHARED/audio.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from motes.encoders.fit import encode as fit
from motes.encoders.options import FitOptions, PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.encoders.seeding import windows_for
from motes.metrics.signal import spectral_convergence

CLIPS = ("piano", "strings", "orchestra", "trumpet", "vibraphone", "song")
RATE, N_SAMPLES = 22050, 32768
ABLATION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("random start", {"init": "random"}),
    ("loss stft", {"loss": "stft:1"}),
    ("gamma envelopes", {"envelope": "gamma"}),
    ("no density control", {"control_every": 0}),
    ("no refit", {"refit_every": 0}),
    ("atoms instead of splats", {"kind": "gabor"}),
)


def clip(name: str) -> np.ndarray:
    """The excerpt, `(32768,)` float32, mono."""
    folder = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")
    audio, rate = soundfile.read(folder / "audio" / f"{name}.flac", always_2d=True)
    mono = audio.mean(axis=1)
    mono = mono if rate == RATE else soxr.resample(mono, rate, RATE)
    return np.pad(mono, (0, N_SAMPLES))[:N_SAMPLES].astype(np.float32)


def atoms(name: str, n_events: int) -> float:
    """Spectral convergence of so many atoms of pursuit."""
    audio = clip(name)
    scene = pursue(audio, PursuitOptions(n_events=n_events, windows=windows_for(RATE)), sample_rate_hz=RATE)
    return spectral_convergence(scene.render(), audio)


def splats(name: str, seconds: float, kind: str = "splat", **options: Any) -> tuple[float, float]:
    """Spectral convergence of 64 fitted events, and, where they come with texture, Zimtohrli's opinion."""
    audio = clip(name)
    scene = fit(audio, FitOptions(time_limit_s=seconds, iterations=1_000_000, **options), kind=kind, sample_rate_hz=RATE)
    mos = float("nan")
    if options.get("texture"):
        from motes.metrics.perceptual import zimtohrli

        mos = zimtohrli(scene.render(), audio, RATE)["mean"]
    return spectral_convergence(scene.render(), audio), mos


def row(label: str, values: list[float]) -> None:
    """A line of the table."""
    print(f"| {label} | " + " | ".join(f"{value:.3f}" for value in values) + f" | {np.mean(values):.3f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--texture", action="store_true")
    parser.add_argument("--clips", nargs="+", default=list(CLIPS))
    args = parser.parse_args()
    begun = time.monotonic()
    print("| spectral convergence | " + " | ".join(args.clips) + " | mean |\n|" + "---|" * (len(args.clips) + 2))
    for n_events in (64, 128, 205):
        row(f"{n_events} atoms of pursuit", [atoms(name, n_events) for name in args.clips])
    if args.texture:
        both = [splats(name, args.seconds, texture=True) for name in args.clips]
        row(f"64 splats and texture, {args.seconds:g} s", [value for value, _ in both])
        row("the same, Zimtohrli MOS", [mos for _, mos in both])
    for label, options in ABLATION if args.ablation else ABLATION[:1]:
        row(f"64 splats, {args.seconds:g} s, {label}", [splats(name, args.seconds, **options)[0] for name in args.clips])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nThe published fit (64 atoms, 10 h): 0.64 on its own four clips. {time.monotonic() - begun:.0f} s, {peak_mb:.0f} MB at most")


if __name__ == "__main__":
    main()
