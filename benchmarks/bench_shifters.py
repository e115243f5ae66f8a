"""Transposing and stretching beside a phase vocoder (librosa) and rubberband, on pieces whose truth is rendered again
at the other pitch or tempo.

    python benchmarks/bench_shifters.py [--librosa PYTHON] [--rubberband COMMAND]

Neither is a dependency of motes, and rubberband is GPL: both run as processes of their own, on files. PYTHON is the
interpreter of an environment that has librosa (`python -m venv v && v/bin/pip install librosa`), COMMAND is Debian's
`rubberband` (package rubberband-cli). Who is missing is left out.

attack: the highest spectral flux about each attack, over the truth's; 1 is as sharp. ripple: range of the middle 90 %
of levels, in dB, in a band about a partial, less the truth's; the worst partial. MOS: Zimtohrli's, 1 … 5 (`pip install
'motes[eval]'`). motes encodes at 30 dB.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import firwin, oaconvolve

import motes
from motes.errors import MissingExtraError
from motes.metrics.perceptual import zimtohrli
from motes.stft import stft

Array = NDArray[np.float64]
RATE, SECONDS = 48_000, 2.4
# Semitones and factor.
CHANGES = ((3, 1.0), (-3, 1.0), (7, 1.0), (-7, 1.0), (0, 0.8), (0, 1.5), (0, 2.0))
RISE_S = 0.002
# Of a tone's band: wide enough for the beats of atoms, narrower than half the distance of two tones 7 semitones down.
HALF_BAND_HZ = 18.0
LIBROSA = """
import json, sys
import librosa, soundfile
for source, target, semitones, factor in json.load(sys.stdin):
    audio, rate = soundfile.read(source)
    if semitones:
        audio = librosa.effects.pitch_shift(audio, sr=rate, n_steps=semitones)
    else:
        audio = librosa.effects.time_stretch(audio, rate=1 / factor)
    soundfile.write(target, audio, rate, subtype="FLOAT")
"""


@dataclass(frozen=True)
class Piece:
    """`render(ratio, factor)` is the truth. It has attacks at these times, or lines of these frequencies in Hz,
    `(n,)` each.
    """

    render: Callable[[float, float], Array]
    attacks_s: tuple[float, ...] = ()
    lines: Callable[[float, float], list[Array]] = lambda ratio, factor: []
    half_band_hz: float = HALF_BAND_HZ


# --- the pieces ---

STRUCK = ((0.1, 261.6), (0.5, 392.0), (0.9, 329.6), (1.3, 523.3), (1.7, 196.0))
BURSTS = ((0.1, 180.0), (0.4, 2500.0), (0.7, 900.0), (1.0, 2500.0), (1.3, 180.0), (1.6, 900.0), (1.9, 5000.0))
CHORD_HZ = (262.1, 331.7, 393.4, 524.9, 787.3)


def clock(factor: float) -> Array:
    return np.arange(round(SECONDS * factor * RATE)) / RATE


def since(onset_s: float, factor: float) -> Array:
    """Seconds since an attack."""
    return clock(factor) - onset_s * factor


def fall(u: Array, t60_s: float) -> Array:
    """Rises in RISE_S however long the sound is, then falls by 60 dB in t60_s."""
    return np.where(u > 0, np.clip(u / RISE_S, 0, 1) * 10 ** (-3 * np.maximum(u, 0) / t60_s), 0)


def struck(ratio: float, factor: float) -> Array:
    """Inharmonic partials that all begin at once and die away, the higher the sooner; a longer sound dies away more
    slowly.
    """
    audio = np.zeros(len(clock(factor)))
    for onset_s, f0_hz in STRUCK:
        u = since(onset_s, factor)
        for k in range(1, 9):
            frequency = ratio * f0_hz * k * np.sqrt(1 + 4e-4 * k * k)
            audio += 0.25 / k * fall(u, factor * 1.5 / k**0.5) * np.cos(2 * np.pi * frequency * u + 2.4 * k)
    return audio / 2


def voice_hz(ratio: float, factor: float) -> Array:
    """220 Hz ± 50 cents, 5.5 times a second; a longer sound swings more slowly."""
    return ratio * 220 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * clock(factor) / factor))


def voice(ratio: float, factor: float) -> Array:
    """Sixteen harmonics under the vibrato, as strong as they were before transposing: formants move along."""
    phase = 2 * np.pi * np.cumsum(voice_hz(ratio, factor)) / RATE
    harmonics = np.arange(1, 17)
    levels = (
        1 / harmonics
        + 0.4 * np.exp(-(((220 * harmonics - 900) / 250) ** 2))
        + 0.2 * np.exp(-(((220 * harmonics - 2500) / 300) ** 2))
    )
    return 0.2 * faded(
        sum(level * np.cos(k * phase + k * k) for k, level in zip(harmonics, levels, strict=True)), factor
    )


def chord(ratio: float, factor: float) -> Array:
    """Steady tones."""
    return 0.15 * faded(sum(np.cos(2 * np.pi * ratio * f * clock(factor) + f) for f in CHORD_HZ), factor)


def drums(ratio: float, factor: float) -> Array:
    """Bursts of noise an octave wide, that die away within a tenth of a second."""
    audio = np.zeros(len(clock(factor)))
    for i, (onset_s, centre_hz) in enumerate(BURSTS):
        first = round(onset_s * factor * RATE)
        noise = np.random.default_rng(i).standard_normal(RATE)[: len(audio) - first]
        low, high = ratio * centre_hz / 2**0.5, ratio * centre_hz * 2**0.5
        band = oaconvolve(noise, firwin(4001, (low, high), pass_zero=False, fs=RATE), mode="same")
        audio[first : first + RATE] += 0.2 * band / np.std(band) * fall(np.arange(len(band)) / RATE, 0.25 * factor)
    return audio


def faded(audio: Array, factor: float) -> Array:
    """In and out within 0.2 s."""
    t = clock(factor)
    return audio * np.sin(np.pi / 2 * np.clip(np.minimum(t, t[-1] - t) / (0.2 * factor), 0, 1)) ** 2


PIECES = {
    "struck": Piece(struck, tuple(onset for onset, _ in STRUCK)),
    "voice": Piece(
        voice, lines=lambda ratio, factor: [k * voice_hz(ratio, factor) for k in (1, 2, 3)], half_band_hz=60.0
    ),
    "chord": Piece(chord, lines=lambda ratio, factor: [np.full(len(clock(factor)), ratio * f) for f in CHORD_HZ]),
    "drums": Piece(drums, tuple(onset for onset, _ in BURSTS)),
}

# --- who changes them ---

Results = dict[tuple[str, int, float], Array]


def by_motes(originals: dict[str, Array], windows: tuple[int, ...]) -> Results:
    results: Results = {}
    for name, audio in originals.items():
        scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=30, windows=windows)
        results |= {
            (name, semitones, factor): scene.transpose(semitones).stretch(factor).render()
            for semitones, factor in ((0, 1.0), *CHANGES)
        }
    return results


def by_process(originals: dict[str, Array], change: Callable[[list[list[object]]], None]) -> Results:
    """What other programs make of files: `change` takes [source, target, semitones, factor] of each."""
    with tempfile.TemporaryDirectory() as folder:
        todo: dict[tuple[str, int, float], list[object]] = {}
        for name, audio in originals.items():
            source = f"{folder}/{name}.wav"
            soundfile.write(source, audio, RATE, subtype="FLOAT")
            todo |= {(name, s, f): [source, f"{folder}/{name}_{s}_{f}.wav", s, f] for s, f in CHANGES}
        change(list(todo.values()))
        return {key: soundfile.read(str(job[1]))[0] for key, job in todo.items()}


def with_librosa(python: str) -> Callable[[list[list[object]]], None]:
    return lambda jobs: subprocess.run([python, "-c", LIBROSA], input=json.dumps(jobs), text=True, check=True) and None


def with_rubberband(command: str, *options: str) -> Callable[[list[list[object]]], None]:
    def change(jobs: list[list[object]]) -> None:
        for source, target, semitones, factor in jobs:
            what = ["--pitch", str(semitones)] if semitones else ["--time", str(factor)]
            subprocess.run(
                [command, "--quiet", *options, *what, str(source), str(target)], check=True, capture_output=True
            )

    return change


# --- measures ---


def fitted(audio: Array, reference: Array) -> Array:
    """As long as the reference and as strong."""
    audio = np.concatenate([audio, np.zeros(max(0, len(reference) - len(audio)))])[: len(reference)]
    return audio * np.sqrt(np.sum(reference**2) / max(np.sum(audio**2), 1e-20))


def flux(audio: Array, n_fft: int = 512, hop: int = 64) -> Array:
    """Spectral flux, `(frames,)`: how much the magnitudes of all bins rise within a quarter of a frame. Frame i is
    centred on sample i · hop.
    """
    magnitude = np.abs(stft(audio, n_fft, hop)[0])
    lag = n_fft // 4 // hop
    rise = np.maximum(magnitude[lag:] - magnitude[:-lag], 0).sum(axis=1)
    return np.concatenate([np.zeros(lag), rise])


def attack(estimate: Array, reference: Array, attacks_s: list[float]) -> float:
    """Highest flux within 40 ms of each attack over the reference's, mean over the attacks."""
    ours, theirs = flux(estimate), flux(reference)
    ratios = []
    for at_s in attacks_s:
        here = slice(max(0, round((at_s - 0.04) * RATE / 64)), round((at_s + 0.04) * RATE / 64))
        ratios.append(ours[here].max() / theirs[here].max())
    return float(np.mean(ratios))


def ripple_db(audio: Array, line_hz: Array, half_band_hz: float) -> float:
    """Range of the level in a band about a line, away from the fades; a single short null counts for little."""
    shifted = audio * np.exp(-2j * np.pi * np.cumsum(line_hz[: len(audio)]) / RATE)
    level = 20 * np.log10(
        np.abs(oaconvolve(shifted, firwin(round(8 * RATE / half_band_hz) | 1, half_band_hz, fs=RATE), mode="same"))
        + 1e-9
    )
    low, high = np.percentile(level[len(level) // 4 : -len(level) // 4], (5, 95))
    return float(high - low)


def excess_db(estimate: Array, reference: Array, lines: list[Array], half_band_hz: float) -> float:
    return max(ripple_db(estimate, line, half_band_hz) - ripple_db(reference, line, half_band_hz) for line in lines)


def mos(estimate: Array, reference: Array) -> float:
    return zimtohrli(estimate, reference, RATE)["mean"]


# --- tables ---


def table(
    title: str,
    methods: dict[str, Results],
    names: list[str],
    measure: Callable[[str, Array, Array, float, float], float],
    form: str,
) -> None:
    """A row per piece and change, then the means."""
    print(f"\n| {title} | " + " | ".join(methods) + " |\n|" + "---|" * (len(methods) + 1))
    rows = []
    for name in names:
        for semitones, factor in CHANGES:
            ratio = 2 ** (semitones / 12)
            truth = PIECES[name].render(ratio, factor)
            row = [
                measure(name, fitted(results[name, semitones, factor], truth), truth, ratio, factor)
                for results in methods.values()
            ]
            rows.append(row)
            what = f"{semitones:+d}".replace("-", "−") if semitones else f"× {factor:g}"
            print(f"| {name} {what} | " + " | ".join(format(x, form) for x in row) + " |", flush=True)
    print("| mean | " + " | ".join(format(x, form) for x in np.mean(rows, axis=0)) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="motes, librosa and rubberband transpose and stretch")
    parser.add_argument("--librosa", metavar="PYTHON", help="an interpreter that has librosa")
    parser.add_argument(
        "--rubberband", metavar="COMMAND", default=shutil.which("rubberband"), help="the program of that name"
    )
    options = parser.parse_args()
    originals = {name: piece.render(1.0, 1.0) for name, piece in PIECES.items()}
    methods = {"motes": by_motes(originals, (512, 2048, 8192)), "motes 512/1024": by_motes(originals, (512, 1024))}
    if options.librosa:
        methods["librosa"] = by_process(originals, with_librosa(options.librosa))
    else:
        print("librosa is left out: --librosa names the interpreter of an environment that has it", file=sys.stderr)
    if options.rubberband:
        methods["rubberband"] = by_process(originals, with_rubberband(options.rubberband))
        methods["rubberband --fine"] = by_process(originals, with_rubberband(options.rubberband, "--fine"))
    else:
        print(
            "rubberband is left out: it is not here (Debian's package rubberband-cli), or --rubberband names it",
            file=sys.stderr,
        )
    percussive, tonal = (
        [name for name in PIECES if PIECES[name].attacks_s],
        [name for name in PIECES if not PIECES[name].attacks_s],
    )
    table(
        "attack",
        methods,
        percussive,
        lambda n, e, r, ratio, f: attack(e, r, [at * f for at in PIECES[n].attacks_s]),
        ".2f",
    )
    table(
        "ripple, dB",
        methods,
        tonal,
        lambda n, e, r, ratio, f: excess_db(e, r, PIECES[n].lines(ratio, f), PIECES[n].half_band_hz * ratio),
        ".1f",
    )
    try:
        mos(originals["chord"], originals["chord"])
    except MissingExtraError as error:
        return print(f"MOS is left out: {error}", file=sys.stderr)
    table("MOS", methods, list(PIECES), lambda n, e, r, ratio, f: mos(e, r), ".2f")
    unedited = [
        [mos(fitted(results[name, 0, 1.0], audio), audio) for name, audio in originals.items()]
        for results in (methods["motes"], methods["motes 512/1024"])
    ]
    print(
        "\nunedited, MOS of "
        + ", ".join(originals)
        + ": "
        + "; ".join(" ".join(f"{x:.2f}" for x in row) for row in unedited)
    )


if __name__ == "__main__":
    main()
