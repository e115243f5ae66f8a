"""How near decoded vectors come to single notes of a SoundFont, and to mixtures of four, at the numbers analysis finds.

python benchmarks/bench_decoder.py --soundfont TimGM6mb.sf2
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.data.note_vector import numbers_of
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.kinds.splat.render import SplatRenderer
from motes.kinds.vector.decoder import CURRENT, Decoder
from motes.metrics.signal import spectral_convergence
from motes.training.single_notes import UNPITCHED, Font, Played, random_note

Array = NDArray[np.float64]
RATE, LONGEST_S = 44100, 6
FAMILIES = (
    *("piano", "bars", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed", "pipe"),
    *("lead", "pad", "effects", "world", "percussion", "sounds"),
)


class Context(NamedTuple):
    """What a renderer asks of a scene."""

    sample_rate_hz: int = RATE
    n_channels: int = 1


def convergence_2048(estimate: Array, reference: Array) -> float:
    """Spectral convergence of STFT magnitudes, Hann window of 2048 samples, hop 1024."""
    frames = [
        np.lib.stride_tricks.sliding_window_view(np.pad(x, (1024, 3072)), 2048)[::1024] * np.hanning(2048)
        for x in (estimate, reference)
    ]
    e, r = (np.abs(np.fft.rfft(part, axis=1)) for part in frames)
    return float(np.sqrt(np.sum((e - r) ** 2) / np.sum(r**2)))


def rendered(numbers: Array, onsets_s: Array, n_samples: int) -> tuple[Array, int]:
    """Sound and number of splats of vectors."""
    splats, _ = Decoder.named(CURRENT).splats_of(numbers, onsets_s)
    audio = np.zeros((1, n_samples))
    SplatRenderer(splats, Context()).add(audio, 0, n_samples)
    return audio[0], len(splats)


def played(font: Font, rng: np.random.Generator, *, pitched: bool = False) -> tuple[Played, Array]:
    """A note that sounds at all."""
    while True:
        note = random_note(rng)
        sound = np.asarray(font.note(*note), np.float64)[: LONGEST_S * RATE]
        if np.max(np.abs(sound)) > 1e-4 and not (pitched and note.program in UNPITCHED):
            return note, sound


def family(note: Played) -> str:
    """What its row is called."""
    return "no pitch" if note.program in UNPITCHED else FAMILIES[note.program // 8]


def alone(font: Font, n: int, rng: np.random.Generator) -> None:
    """A row for each family of instruments."""
    rows: dict[str, list[tuple[float, float]]] = {}
    counts = []
    for _ in range(n):
        note, sound = played(font, rng)
        estimate, count = rendered(numbers_of(sound, RATE, note.pitch_hz)[None], np.zeros(1), len(sound))
        counts.append(count)
        row = convergence_2048(estimate, sound), spectral_convergence(estimate, sound)
        rows.setdefault(family(note), []).append(row)
    pitched = np.array([row for name, part in rows.items() if name != "no pitch" for row in part])
    print("| notes | how many | STFT 2048 | 512, 1024, 2048 | median, 2048 |\n|---|---|---|---|---|")
    for name, part in [*sorted(rows.items()), ("**with pitch**", list(map(tuple, pitched)))]:
        both = np.array(part)
        print(
            f"| {name} | {len(part)} | {both[:, 0].mean():.3f} | {both[:, 1].mean():.3f} "
            f"| {np.median(both[:, 0]):.3f} |"
        )
    print(f"\n{np.mean(counts):.1f} splats a vector, at most {max(counts)}")


def mixed(font: Font, n: int, rng: np.random.Generator) -> None:
    """Mixtures of four notes with pitch, within one second and equally loud."""
    found = []
    for _ in range(n):
        mixture, numbers, onsets = np.zeros((LONGEST_S + 1) * RATE), [], []
        for _ in range(4):
            note, sound = played(font, rng, pitched=True)
            sound = sound * (0.05 / np.sqrt(np.mean(sound**2)))
            first = int(rng.integers(0, RATE))
            mixture[first : first + len(sound)] += sound
            numbers.append(numbers_of(sound, RATE, note.pitch_hz))
            onsets.append(first / RATE)
        estimate, _ = rendered(np.array(numbers), np.array(onsets), len(mixture))
        found.append((convergence_2048(estimate, mixture), spectral_convergence(estimate, mixture)))
    mean = np.mean(found, axis=0)
    print(f"{n} mixtures of four: {mean[0]:.3f} (STFT 2048), {mean[1]:.3f} (512, 1024, 2048)")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--soundfont", required=True)
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--mixtures", type=int, default=20)
    options = parser.parse_args()
    font, rng = SoundFont(options.soundfont, RATE), np.random.default_rng(5)
    alone(font, options.notes, rng)
    mixed(font, options.mixtures, rng)


if __name__ == "__main__":
    main()
