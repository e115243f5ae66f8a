"""What instruments make of real recordings beside pursuit at as many numbers, and how fast one is played.

    python benchmarks/bench_instrument.py [--clips piano,bendir] [--play]
    python benchmarks/bench_instrument.py --planted [--seeds 10]
    python benchmarks/bench_instrument.py --repeats planted,computed,0 [--soundfont FluidR3_GM.sf2] [--seeds 3]

Numbers: two per mode, per weight and per mixing weight, three per strike, the direct path; five per atom of pursuit
(time, window, frequency, amplitude and phase; two more for a second channel). The share is of the samples of one
channel.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from instrument_truths import decay_errors, found_in, melodies
from motes.audio import read_audio
from motes.encoders.instrument import InstrumentOptions
from motes.encoders.instrument import encode as fit
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit import encode as pursue
from motes.events.instrument import Instrument
from motes.metrics.signal import snr_db, spectral_convergence
from motes.synth.player import Player

AUDIO = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
CLIPS = {
    "piano": ("piano", None),
    "vibraphone": ("vibraphone", None),
    "bendir": ("bendir", None),
    "strings": ("strings", None),
    "song": ("song_60s_stereo", 12.0),
}
ASKED = {"piano": 0.20, "bendir": 0.20, "vibraphone": 0.05, "strings": 0.40, "song": 0.40}


def compare(name: str, options: InstrumentOptions) -> str:
    """One line of the table."""
    recording, seconds = CLIPS[name]
    audio, rate = read_audio(AUDIO / f"{recording}.flac")
    audio = np.atleast_2d(audio)[:, : None if seconds is None else int(seconds * rate)]
    start = time.perf_counter()
    scene = fit(audio, options, sample_rate_hz=rate)
    elapsed_s = time.perf_counter() - start
    model, estimate = scene.instruments[0], np.atleast_2d(scene.render())
    n_numbers = model.n_numbers + 3 * len(scene.strike)
    atoms = pursue(audio, PursuitOptions(n_events=max(1, n_numbers // (3 + 2 * len(audio)))), sample_rate_hz=rate)
    theirs = np.atleast_2d(atoms.render())
    cells = (
        name,
        f"{len(scene.strike)} ({len(scene.strike) / scene.duration_s:.1f}/s)",
        model.n_controls,
        model.n_modes,
        f"{n_numbers} ({100 * n_numbers / scene.n_samples:.2f} %)",
        f"**{spectral_convergence(estimate, audio):.3f}** (≤ {ASKED[name]:.2f})",
        f"{snr_db(estimate, audio):.1f}",
        f"{spectral_convergence(theirs, audio):.3f}",
        f"{snr_db(theirs, audio):.1f}",
        f"{elapsed_s:.0f}",
        scene.metadata.stop_reason,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def play() -> str:
    """How many times real time 256 modes with two channels are played, in blocks of 128 samples at 44.1 kHz on one
    core.
    """
    rng, rate, n_modes = np.random.default_rng(0), 44100, 256
    weights = rng.normal(size=(16, n_modes)) + 1j * rng.normal(size=(16, n_modes))
    model = Instrument(
        rate,
        rng.uniform(30, 15000, n_modes),
        rng.uniform(1, 8, n_modes),
        weights,
        np.exp(1j * rng.normal(size=(2, n_modes))),
    )
    speeds = []
    for _ in range(6):  # the first compiles
        player = Player(model)
        start = time.perf_counter()
        for block in range(5 * rate // 128):
            if block % 40 == 0:
                player.strike(block // 40 % 16)
            player.stream(128)
        speeds.append(5 / (time.perf_counter() - start))
    return f"played in blocks of 128: {np.median(speeds[1:]):.0f} times real time (least {min(speeds[1:]):.0f})"


def planted(n_seeds: int) -> None:
    """Print how far planted modes and strikes are from those found, a line for each seed."""
    print("| seed | largest error of a decay time | of a frequency, cents | of a strike, ms | strikes (8) |")
    print("|---|---|---|---|---|", flush=True)
    for seed in range(n_seeds):
        decay, cents, late_ms, n_strikes = decay_errors(seed)
        print(f"| {seed} | {100 * decay:.1f} % | {cents:.2f} | {late_ms:.2f} | {n_strikes} |", flush=True)


def repeats(kinds: str, soundfont: str | None, n_seeds: int, options: InstrumentOptions) -> None:
    """Print what is found in melodies, a line for each kind and seed."""
    print("| melody | seed | repeats with one control | controls of one pitch | strikes a note | numbers | error |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in kinds.split(","):
        make = melodies(kind, soundfont)
        for seed in range(n_seeds):
            it = found_in(make(seed), options)
            shares = f"{100 * it.repeats:.0f} % | {100 * it.own:.0f} % | {it.strikes_per_note:.2f}"
            print(f"| {kind} | {seed} | {shares} | {it.numbers_percent:.2f} % | {it.convergence:.3f} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", default=",".join(CLIPS))
    parser.add_argument("--controls", type=int, default=0)
    parser.add_argument("--modes", type=int, default=512)
    parser.add_argument("--play", action="store_true")
    parser.add_argument("--refine", type=int, default=60)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--repeats", default="")
    parser.add_argument("--soundfont")
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    limit_s = None if chosen.repeats else InstrumentOptions().time_limit_s
    options = InstrumentOptions(
        controls=chosen.controls, modes=chosen.modes, refine=chosen.refine, time_limit_s=limit_s
    )
    if chosen.play:
        print(play())
    if chosen.planted:
        planted(chosen.seeds)
    if chosen.repeats:
        repeats(chosen.repeats, chosen.soundfont, chosen.seeds, options)
    if chosen.play or chosen.planted or chosen.repeats:
        return
    print(
        "| clip | strikes | controls | modes | numbers | spectral convergence | SNR dB | pursuit's | SNR dB | "
        "fit, s "
        "| stopped |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in chosen.clips.split(","):
        print(compare(name, options), flush=True)


if __name__ == "__main__":
    main()
