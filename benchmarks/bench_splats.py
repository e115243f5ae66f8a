"""How near 64 fitted splats come to a recording, beside atoms of pursuit, and what each part of the fit is worth.

python benchmarks/bench_splats.py [--seconds 60] [--ablation] [--clips piano strings]
python benchmarks/bench_splats.py --render
python benchmarks/bench_splats.py --notes heard.csv [--seconds 60]
python benchmarks/bench_splats.py --fit-on [--steps 200]

Excerpts of 1.486 s (32768 samples at 22.05 kHz) from the beginnings of six recordings in $MOTES_SHARED/audio. Seconds
are of the processor, one thread: other work on the machine does not count.
`--notes`: splats that are notes, of piano.flac. `--fit-on`: splats of one partial each, some 100 a second, that are
off, fitted on to what they should sound like.
`--render`: how fast 64 splats, fitted to the whole of the trumpet at its own rate, are rendered.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from motes.encoders.fit import GaborOptions, SplatOptions, encoder, fit_on
from motes.encoders.fit import encode as fit
from motes.encoders.fit.initialisation import windows_for
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.encoders.time_limit import TimeLimit
from motes.kinds.splat.oracle import render_splat_oracle
from motes.kinds.splat.table import Splat
from motes.metrics.perceptual import zimtohrli
from motes.metrics.signal import spectral_convergence
from motes.scene.scene import Scene
from motes.synth.render import render_blocks

CLIPS = ("piano", "strings", "orchestra", "trumpet", "vibraphone", "song")
RATE, N_SAMPLES = 22050, 32768
ABLATION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("random start", {"init": "random"}),
    ("loss convergence alone", {"loss": "convergence:1"}),
    ("noise", {"noise": True}),
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


class ProcessorTime(TimeLimit):
    """A limit of the processor's time."""

    def __init__(self, limit_s: float | None, begun_s: float | None = None) -> None:
        super().__init__(limit_s, clock=time.process_time)

    def interrupting(self) -> contextlib.AbstractContextManager[None]:
        """Nothing: looked at between steps, which take some hundredths of a second."""
        return contextlib.nullcontext()


def splats(
    name: str, seconds: float, kind: type[SplatOptions] = SplatOptions, **options: Any
) -> tuple[float, float, float, float]:
    """Spectral convergence of 64 fitted events and Zimtohrli's opinion, without and with texture."""
    audio = clip(name)
    scene = fit(audio, kind(time_limit_s=seconds, iterations=1_000_000, texture=True, **options), sample_rate_hz=RATE)
    alone, filled = scene.replace(texture=None).render(), scene.render()
    return tuple(
        value
        for sound in (alone, filled)
        for value in (spectral_convergence(sound, audio), zimtohrli(sound, audio, RATE)["mean"])
    )


def of_notes(file: str, seconds: float) -> None:
    """Print what splats of the notes of a file come to on the whole of piano.flac."""
    audio, rate = soundfile.read(folder() / "audio" / "piano.flac", dtype="float32")
    options = SplatOptions(init="notes", notes=file, time_limit_s=seconds, iterations=1_000_000, patience=0)
    scene = fit(audio, options, sample_rate_hz=rate)
    convergence, mos = spectral_convergence(scene.render(), audio), zimtohrli(scene.render(), audio, rate)["mean"]
    print(f"{len(scene.splat)} splats, spectral convergence {convergence:.3f}, Zimtohrli {mos:.2f}")
    print("| note | splats | f0, Hz | t60 of the lowest partials, s |\n|---|---|---|---|")
    for note in scene.groups.id:
        mine = scene.splat.take(scene.splat.group_id == note)
        print(f"| {note} | {len(mine)} | {mine.f0_hz[0]:.1f} | {', '.join(f'{t:.2f}' for t in sorted(mine.t60_s))} |")


def partials_of_notes(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Ten notes a second as rows of one partial each: time, width, frequency, decay, gain and phase; three in ten
    swell, each partial as three bursts.
    """
    rows = []
    for _ in range(int(10 * seconds)):
        f0, time_s = 440 * 2 ** ((random.integers(40, 84) - 69) / 12), random.uniform(0, seconds - 0.3)
        t60_s, gain_db, rolloff_db = random.uniform(0.6, 3), random.uniform(-24, -10), random.uniform(4, 12)
        length_s, swells = random.uniform(0.2, 0.8), random.random() < 0.3
        for k in range(1, random.integers(7, 12)):
            level = gain_db - rolloff_db * np.log2(k) + 3 * random.normal()
            bursts = [(time_s, 0.005, t60_s * k**-0.5)]
            if swells:
                bursts = [(time_s + length_s * part, 0.22 * length_s, 0.05) for part in (0.25, 0.55, 0.85)]
            rows += [(time, width, f0 * k, t60, level, random.uniform(-3, 3)) for time, width, t60 in bursts]
    return np.array(rows)


def single_partials(rows: np.ndarray, n_samples: int) -> Scene:
    """A scene of these splats."""
    time_s, width_s, hz, t60_s, gain_db, phase = rows.T
    one = np.ones(len(rows), np.int64)
    table = Splat(time_s, width_s, hz, hz, 1.0 * one, t60_s, gain_db[:, None], phase_rad=phase, n_partials=one)
    return Scene(RATE, n_samples, 1, splat=table)


def fitted_on(n_steps: int, seconds: float = 10.0) -> None:
    """Print how near splats that are off come to what they should be."""
    random, n_samples = np.random.default_rng(1), int(seconds * RATE)
    rows = partials_of_notes(seconds, random)
    audio = single_partials(rows, n_samples).render()
    off = random.normal(size=rows.shape)
    rows[:, 0] += 0.008 * off[:, 0]
    rows[:, [1, 3]] *= np.exp(0.3 * off[:, [1, 3]])
    rows[:, 2] *= 2 ** (4 * off[:, 2] / 1200)
    rows[:, 4] += 3 * off[:, 4]
    rows[:, 5] = random.uniform(-3, 3, len(rows))
    begun, scene = time.process_time(), single_partials(rows, n_samples)
    found = fit_on(scene, audio, n_steps)
    before, after = (spectral_convergence(each.render(), audio) for each in (scene, found))
    print(
        f"{len(rows)} splats, {seconds:g} s, {n_steps} steps: spectral convergence {before:.3f} to {after:.3f} in "
        f"{time.process_time() - begun:.0f} s"
    )


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
    parser.add_argument("--notes", help="a file of the notes of piano.flac")
    parser.add_argument("--fit-on", action="store_true")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--clips", nargs="+", default=list(CLIPS))
    parser.add_argument("--render", action="store_true")
    args = parser.parse_args()
    if args.render:
        rendering()
        return
    encoder.TimeLimit = ProcessorTime
    if args.notes or args.fit_on:
        of_notes(args.notes, args.seconds) if args.notes else fitted_on(args.steps)
        return
    begun = time.monotonic()
    print("| spectral convergence | " + " | ".join(args.clips) + " | mean |\n|" + "---|" * (len(args.clips) + 2))
    for n_events in (64, 128, 205):
        row(f"{n_events} atoms of pursuit", [atoms(name, n_events) for name in args.clips])
    for label, options in ABLATION if args.ablation else ABLATION[:1]:
        found = np.array([splats(name, args.seconds, **options) for name in args.clips])
        measures = ("", ", Zimtohrli MOS", ", with texture", ", with texture, Zimtohrli MOS")
        for measure, values in zip(measures, found.T, strict=True):
            row(f"64 splats, {args.seconds:g} s, {label}{measure}", values.tolist())
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nThe published fit (64 atoms, 10 h): 0.64 on its own four clips. {time.monotonic() - begun:.0f} s, "
        f"{peak_mb:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
