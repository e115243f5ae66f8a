"""Partials end where their sound ends: what part of the energy of lines is one note's, where each note is known alone.

    python benchmarks/bench_partial_ends.py --soundfont FluidR3_GM.sf2      # pip install tinysoundfont

Struck notes are made (tests/kinds/gabor/partials/test_ending.py), encoded at 30 dB; melodies and chords are rendered by
the SoundFont note by note, added up and encoded at 48 kbps. "lines" are those that edits move atoms by, "partials"
those that are listed. By shares, an atom is of each note as its projection tells; whole, of the note that it holds most
of. "atoms" is what atoms by themselves reach.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import motes
from motes.kinds.gabor.partials.tracking import find_lines, find_partials

ROOT = Path(__file__).parents[1]
PROGRAMS = {"piano": 0, "vibraphone": 11, "guitar": 24, "strings": 48, "flute": 73}
STEPS = (-12, -7, -4, -3, -2, 2, 3, 4, 7, 12)
SCALE = (0, 2, 4, 5, 7, 9, 11)
Note = tuple[int, float, float, int]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--soundfont", help="a SoundFont file; without it only the made notes")
    soundfont = arguments.parse_args().soundfont
    sys.path.insert(0, str(ROOT / "tests/kinds/gabor/partials"))
    from test_ending import RATE, SEQUENCES, purity, sequence, shares

    def row(name: str, atoms: Any, parts: Any) -> None:
        whole = np.eye(parts.shape[1])[parts.argmax(axis=1)]
        found = [
            (purity(atoms, each(atoms, RATE, 1).number, s))
            for s in (parts, whole)
            for each in (find_lines, find_partials)
        ]
        alone = purity(atoms, np.arange(1, len(atoms) + 1), parts)
        speed = [len(atoms) / _seconds(each, atoms, RATE) for each in (find_lines, find_partials)]
        print(
            f"{name:26}" + "".join(f"{x:10.3f}" for x in (*found, alone)) + "".join(f"{x:10.0f}" for x in speed),
            flush=True,
        )

    titles = ("lines", "partials", "lines", "partials", "atoms", "lines/s", " partials/s")
    print(f"{'':26}{'by shares':>20}{'whole':>20}")
    print(f"{'':26}" + "".join(f"{title:>10}" for title in titles))
    for name in SEQUENCES:
        for overlap in (1.0, 2.5):
            scene, parts = sequence(name, overlap)
            row(f"{name} × {overlap:g}", scene.gabor, parts)
    for name, program in PROGRAMS.items() if soundfont else ():
        for piece in (melody, chords):
            notes = rendered(piece(np.random.default_rng(program)), program, soundfont, RATE)
            scene = motes.encode(notes.sum(axis=0), sample_rate_hz=RATE, kbps=48)
            row(f"{name}, {piece.__name__}", scene.gabor, shares(scene.gabor, notes))


def _seconds(find: Callable[..., Any], atoms: Any, rate: int) -> float:
    taken = []
    for _ in range(3):
        before = time.thread_time()
        find(atoms, rate, 1)
        taken.append(time.thread_time() - before)
    return min(taken)


def melody(rng: np.random.Generator) -> list[Note]:
    """Pitch, onset, length, velocity: 14 notes, one after the other."""
    pitches = 60 + np.clip(np.cumsum(rng.choice(STEPS, 14)), -14, 20)
    return [(int(pitch), 0.2 + 0.35 * i, 0.35, 90) for i, pitch in enumerate(pitches)]


def chords(rng: np.random.Generator) -> list[Note]:
    """13 triads of C major with a note above each."""
    found: list[Note] = []
    for onset_s in 0.2 + np.arange(13) * 0.52:
        root = rng.integers(0, 7)
        for degree in (root, root + 2, root + 4):
            pitch = 48 + 12 * (degree // 7) + SCALE[degree % 7]
            found.append((int(pitch), float(onset_s), float(rng.uniform(0.4, 1.2)), int(rng.integers(50, 110))))
        found.append((72 + SCALE[rng.integers(0, 7)], float(onset_s + rng.uniform(0, 0.3)), 0.4, 90))
    return found


def rendered(notes: list[Note], program: int, soundfont: str, rate: int) -> Any:
    """Each note alone, `(n_notes, n)`, with a second after its end."""
    import tinysoundfont

    found = np.zeros((len(notes), round(rate * (1.2 + max(onset_s + length_s for _, onset_s, length_s, _ in notes)))))
    for row, (pitch, onset_s, length_s, velocity) in zip(found, notes, strict=True):
        synth = tinysoundfont.Synth(gain=-6, samplerate=rate)
        synth.program_select(0, synth.sfload(soundfont), 0, program)
        synth.noteon(0, pitch, velocity)
        sound = [np.frombuffer(bytes(synth.generate(round(length_s * rate))), np.float32)]
        synth.noteoff(0, pitch)
        sound.append(np.frombuffer(bytes(synth.generate(rate)), np.float32))
        mono = np.concatenate(sound).reshape(-1, 2).mean(axis=1)
        row[round(onset_s * rate) :][: len(mono)] = mono[: len(row) - round(onset_s * rate)]
    return found


if __name__ == "__main__":
    main()
