"""How much of a drum hit a waveform of other kits can take at best: the bound for dictionaries that carry over.

    python benchmarks/dictionary_bound.py FOLDER …    # kits: folders of one-shots below these

Each fifth kit is left out, and some of its hits are taken for the test. What could be learned is replaced by all that
there is, hits of the other kits, 0.19 s of each, and of these the one waveform is taken that fits a hit best, at any
place: as it is, transposed by up to six semitones, with a filter of eight taps besides, or one for each of four bands;
and, for comparison, among other hits of the same kit too. Events are those at 15 dB of a hit, and of what the waveform
leaves of it down to the same residual, and one for each waveform; of the two the fewer. Bits count a waveform as its
time (12), amplitude (7) and number, and a file without what an empty one has.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

import motes
from motes.audio import Preparation, open_source, prepared
from motes.codec import dumps

RATE, SNR_DB = 22050, 15.0
LONGEST, LENGTH = RATE // 2, int(0.186 * RATE)
SIZE = next_fast_len(LONGEST + 2 * LENGTH, True)
A_KIT, TESTED = 22, 12
BANDS = ((0, 300), (300, 1500), (1500, 5000), (5000, RATE))


def hit(path: Path) -> np.ndarray | None:
    """A one-shot from its onset until it has faded, energy 1; None where it is silent or very short."""
    source = prepared(open_source(str(path)), Preparation(mono=True, to_sample_rate_hz=RATE))
    audio = np.concatenate([block[0] for block in source.blocks()])[:LONGEST].astype(np.float64)
    energy = np.cumsum(audio**2)
    if not len(energy) or energy[-1] < 1e-6:
        return None
    audio = audio[max(0, int(np.searchsorted(energy, 1e-4 * energy[-1])) - 16) :]
    energy = np.cumsum(audio**2)
    audio = audio[: int(np.searchsorted(energy, 0.9995 * energy[-1]))]
    return audio / np.linalg.norm(audio) if len(audio) > 500 else None


def some(paths: list[Path], n: int, rng: np.random.Generator) -> list[np.ndarray]:
    found = [hit(paths[i]) for i in rng.permutation(len(paths))[:n]]
    return [one for one in found if one is not None]


def waveform(audio: np.ndarray, semitones: float = 0.0, band: tuple[int, int] | None = None) -> np.ndarray:
    """The beginning of a hit as a dictionary has it, played faster or slower, and of a band alone."""
    if semitones:
        audio = np.interp(np.arange(0, len(audio) - 1, 2 ** (semitones / 12)), np.arange(len(audio)), audio)
    if band is not None:
        audio = in_band(audio, band)
    audio = audio[:LENGTH].copy()
    n = len(audio) // 4
    audio[-n:] *= np.cos(np.pi / 2 * (np.arange(n) + 0.5) / n)
    return audio / max(np.linalg.norm(audio), 1e-9)


def in_band(audio: np.ndarray, band: tuple[int, int]) -> np.ndarray:
    hz = np.fft.rfftfreq(SIZE, 1 / RATE)
    return np.asarray(irfft(rfft(audio, SIZE) * ((hz >= band[0]) & (hz < band[1])), SIZE))[: len(audio)]


def best(hits: list[np.ndarray], waveforms: list[np.ndarray]) -> list[tuple[float, np.ndarray, int]]:
    """Of each hit the waveform that takes most of it: the energy, the waveform, and where it begins."""
    spectra, found = [rfft(one, SIZE) for one in hits], [(0.0, waveforms[0], 0)] * len(hits)
    for one in waveforms:
        conjugate = np.conj(rfft(one, SIZE))
        for i, spectrum in enumerate(spectra):
            product = irfft(spectrum * conjugate, SIZE)
            place = int(np.argmax(np.abs(product)))
            if product[place] ** 2 > found[i][0]:
                found[i] = (product[place] ** 2, one, place if place < SIZE - LENGTH else place - SIZE)
    return found


def rest(audio: np.ndarray, one: np.ndarray, place: int, taps: int = 1) -> np.ndarray:
    """What is left of a hit, with LENGTH + 8 zeros on both sides of it, by least squares."""
    pad = LENGTH + 8
    shifted = np.zeros((len(audio) + 2 * pad, taps))
    for tap in range(taps):
        first = pad + place + tap - taps // 2
        shifted[first : first + len(one), tap] = one
    padded = np.pad(audio, pad)
    return padded - shifted @ np.linalg.lstsq(shifted, padded, rcond=None)[0]


def cost(audio: np.ndarray, snr_db: float) -> np.ndarray:
    """Events and bits, `(2,)`."""
    audio = np.pad(audio, 2048)
    scene = motes.encode((0.3 * audio / np.abs(audio).max()).astype(np.float32), sample_rate_hz=RATE, snr_db=snr_db)
    empty = scene.select("time_s < -1").only()
    return np.array([scene.n_events, 8 * (len(dumps(scene)) - len(dumps(empty)))], float)


def row(what: str, hits: list[np.ndarray], plain: np.ndarray, left: list[np.ndarray], bits: float, n: int = 1) -> None:
    energy = np.array([min(1.0, np.sum(one**2)) for one in left])
    with_one = [
        np.array([n, n * bits]) + (cost(one, SNR_DB + 10 * np.log10(e)) if e > 10 ** (-SNR_DB / 10) else 0)
        for one, e in zip(left, energy, strict=True)
    ]
    change = 100 * (np.minimum(plain, with_one).sum(axis=0) / plain.sum(axis=0) - 1)
    far = energy > 0.5
    others = 100 * (np.minimum(plain, with_one)[far].sum(axis=0) / plain[far].sum(axis=0) - 1)
    print(
        f"| {what} | {np.median(1 - energy):.2f} | {np.sum(~far)} of {len(hits)} | {change[0]:+.0f} % | "
        f"{change[1]:+.0f} % | {others[0]:+.0f} % |",
        flush=True,
    )


def main() -> int:
    warnings.simplefilter("ignore")
    kits: dict[Path, list[Path]] = {}
    for folder in map(Path, sys.argv[1:]):
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".wav", ".flac"):
                kits.setdefault(path.parent, []).append(path)
    rng, names = np.random.default_rng(3), sorted(kits, key=lambda path: path.name)
    away = names[1::5]
    learned = [one for name in names if name not in away for one in some(kits[name], A_KIT, rng)]
    split = {name: [kits[name][i] for i in rng.permutation(len(kits[name]))] for name in away}
    hits = [one for name in away for one in some(split[name][:TESTED], TESTED, rng)]
    same = [one for name in away for one in some(split[name][TESTED:], A_KIT, rng)]
    plain = np.array([cost(one, SNR_DB) for one in hits])
    print(f"{len(learned)} hits of other kits; {len(hits)} of {len(away)} kits: {plain.sum(axis=0)[0]:.0f} events")
    print("| waveforms | energy taken | more than half | events | bits | events of the others |")
    print("|---|---|---|---|---|---|")
    halves = np.arange(-12, 13) / 2
    for what, given, steps, taps in (
        ("of other kits", learned, [0.0], 1),
        ("and other hits of the same kits", learned + same, [0.0], 1),
        ("of other kits, transposed", learned, halves, 1),
        ("the same, filtered by eight taps", learned, halves, 8),
    ):
        made = [waveform(one, step) for one in given for step in steps]
        found = best(hits, made)
        left = [rest(one, wave, place, taps) for one, (_, wave, place) in zip(hits, found, strict=True)]
        row(what, hits, plain, left, 19 + np.log2(len(made)) + 6 * (taps - 1))
    left = [np.pad(one, LENGTH + 8) for one in hits]
    for band in BANDS:
        made = [waveform(one, step, band) for one in learned for step in (-4.0, -2.0, 0.0, 2.0, 4.0)]
        parts = [in_band(one, band) for one in hits]
        for i, (_, wave, place) in enumerate(best(parts, made)):
            left[i] += rest(parts[i], wave, place) - np.pad(parts[i], LENGTH + 8)
    row("one for each of four bands, transposed", hits, plain, left, 19 + np.log2(len(made)), len(BANDS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
