"""How well notes come out of a scene that were mixed into its recording: SDR of every note, by labels that are true.

    python benchmarks/bench_notes.py FONT.sf2 [--kbps 48 24] [--pieces strings rag …] [--room] [--missing 0.15]

Pieces are excerpts of the fixed test scores (music21's corpus), each note rendered alone, so that what each is is
known; the recording is their sum, encoded by ear. SDR of a note is its energy over that of what its shares differ from
it by; medians over notes, also over those beside which no octave, or one, sounds. "Wiener" is what the masks of the
true notes' spectrograms reach on the decoded sound (4096/1024, as such masks are commonly given). `--ends audible`
takes ends where notes have fallen by 26 dB, as detected notes have them, not where keys are let go. `--missing` leaves
out some of the labels. `--room` renders into a room, each note's truth too.
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np

import motes
from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.piece import Piece, PlayedNote
from motes.data.rendering.scores.test_excerpts import EXCERPTS, test_score
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.notes.sharing.sharing import Shares, SoundingNotes, shares_of
from motes.scene.scene import Scene
from motes.stft import stft

RATE, TAIL_S, PEAK, WETNESS = 44_100, 1.0, 0.7, 0.4
# Where each excerpt is among those of the test set.
PIECES = {
    "strings": 0, "quartet": 12, "winds": 3, "guitar": 4, "piano": 1, "rag": 6, "mallets": 18, "brass": 2, "harp": 20,
    "rag 2": 8, "mixed": 23,
}  # fmt: skip
USUAL = ("strings", "quartet", "winds", "guitar", "piano", "rag", "mallets")


class Mixture(NamedTuple):
    """A recording `(n,)`, the notes in it, and each one's own sound `(n_i,)` from its onset on."""

    audio: np.ndarray
    notes: list[PlayedNote]
    sounds: list[np.ndarray]

    def sounding(self, kept: np.ndarray, audible_ends: bool) -> SoundingNotes:
        """The labels of the notes in `kept`; those of one program are one part."""
        onset = np.array([note.onset for note in self.notes]) / RATE
        held = np.array([note.duration_s for note in self.notes])
        audible = np.array([note.end for note in self.notes]) / RATE
        end = np.maximum(audible if audible_ends else onset + held, onset + 0.01)
        f0_hz = 440 * 2 ** ((np.array([note.key for note in self.notes]) - 69) / 12)
        program = np.array([note.program for note in self.notes])
        return SoundingNotes(onset[kept], end[kept], f0_hz[kept], program[kept], program[kept])

    def has_octave(self) -> np.ndarray:
        """Of each note whether one of its key, or octaves from it, sounds at the same time."""
        key, onset, end = (np.array([getattr(note, name) for note in self.notes]) for name in ("key", "onset", "end"))
        together = (onset < end[:, None]) & (end > onset[:, None]) & ((key - key[:, None]) % 12 == 0)
        return together.sum(axis=1) > 1

    def sdr(self, number: int, first: int, audio: np.ndarray) -> float:
        """Of audio `(n,)` from sample `first` on, as an estimate of one note, in dB."""
        truth, onset = self.sounds[number].astype(np.float64), self.notes[number].onset
        low, high = min(first, onset), max(first + len(audio), onset + len(truth))
        error = np.zeros(high - low)
        error[first - low : first - low + len(audio)] += audio
        error[onset - low : onset - low + len(truth)] -= truth
        return float(10 * np.log10((truth @ truth) / max(error @ error, 1e-20)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("font")
    parser.add_argument("--kbps", type=float, nargs="+", default=[48, 24])
    parser.add_argument("--pieces", nargs="+", default=USUAL, choices=PIECES)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--ends", choices=("released", "audible"), default="released")
    parser.add_argument("--missing", type=float, default=0.0)
    parser.add_argument("--room", action="store_true")
    options = parser.parse_args()
    font = SoundFont(options.font, RATE)
    print(
        f"{font.name}, ends {options.ends}, {options.missing:.0%} of the labels missing{', in a room' * options.room}"
    )
    print(
        f"{'piece':10}{'notes':>6}{'octave':>8}{'kbps':>6}{'SDR':>7}{'without':>9}{'with':>7}{'Wiener':>8}{'shares':>8}{'s/min':>7}"
    )
    everything: dict[float, list[tuple[float, float, bool]]] = {}
    for name in options.pieces:
        mixture = mixture_of(font, PIECES[name], options.seconds, options.room)
        for kbps in options.kbps:
            row = measured(mixture, name, kbps, options.missing, options.ends == "audible")
            everything.setdefault(kbps, []).extend(row)
    for kbps, rows in everything.items():
        found, wiener, octave = (np.array(column) for column in zip(*rows, strict=True))
        print(f"{'all':10}{len(found):6d}{octave.mean():8.0%}{kbps:6g}{medians(found, octave)}{np.median(wiener):8.1f}")


def mixture_of(font: SoundFont, number: int, seconds: float, in_a_room: bool) -> Mixture:
    """An excerpt of the test set, played note by note."""
    score = test_score(EXCERPTS[number], number, 30.0).excerpt(0, seconds)
    audio, notes, sounds = np.zeros(round((seconds + TAIL_S) * RATE), np.float32), [], []
    for note, sound in Piece(score, [font], number, RATE).notes():
        if in_a_room:
            response = responses(RATE)[0]
            sound = in_room(np.pad(sound, (0, len(response))), response, WETNESS)
        sound = sound[: len(audio) - note.onset]
        audio[note.onset : note.onset + len(sound)] += sound
        notes.append(note)
        sounds.append(sound)
    gain = np.float32(PEAK / np.abs(audio).max())
    return Mixture(audio * gain, notes, [sound * gain for sound in sounds])


def measured(
    mixture: Mixture, name: str, kbps: float, missing: float, audible: bool
) -> list[tuple[float, float, bool]]:
    """SDR of each labelled note, that of Wiener masks, and whether an octave sounds; prints the row."""
    scene = motes.encode(mixture.audio, sample_rate_hz=RATE, kbps=kbps)
    kept = np.flatnonzero(np.random.default_rng(0).random(len(mixture.notes)) >= missing)
    notes = mixture.sounding(kept, audible)
    begun = time.process_time()
    shares = shares_of(scene, notes)
    seconds = (time.process_time() - begun) * 60 / scene.duration_s
    found = np.array([mixture.sdr(number, *taken_out(scene, shares, i)) for i, number in enumerate(kept)])
    wiener, octave = wiener_sdr(mixture, scene)[kept], mixture.has_octave()[kept]
    print(
        f"{name:10}{len(kept):6d}{octave.mean():8.0%}{kbps:6g}{medians(found, octave)}{np.median(wiener):8.1f}"
        f"{len(shares) / len(kept):8.0f}{seconds:7.1f}",
        flush=True,
    )
    return list(zip(found.tolist(), wiener.tolist(), octave.tolist(), strict=True))


def medians(sdr: np.ndarray, octave: np.ndarray) -> str:
    """Median of all, of those without an octave and of those with one."""
    of = [np.median(part) if len(part) else np.nan for part in (sdr, sdr[~octave], sdr[octave])]
    return f"{of[0]:7.1f}{of[1]:9.1f}{of[2]:7.1f}"


def taken_out(scene: Scene, shares: Shares, note: int) -> tuple[int, np.ndarray]:
    """What a note's shares sound like."""
    own = shares.of(note)
    if not len(own):
        return 0, np.zeros(1)
    atoms = scene.gabor.take(own.event)
    amplitude = atoms.amplitude * np.exp(1j * atoms.phase_rad) * (own.re + 1j * own.im)[:, None]
    atoms = atoms.replace(amplitude=np.abs(amplitude), phase_rad=np.angle(amplitude))
    first = max(0, int(atoms.start_s.min() * RATE))
    last = min(scene.n_samples, int(np.ceil(atoms.end_s.max() * RATE)))
    alone = Scene(scene.sample_rate_hz, scene.n_samples, scene.n_channels, gabor=atoms)
    return first, alone.render(start_s=first / RATE, end_s=last / RATE).astype(np.float64)


def wiener_sdr(mixture: Mixture, scene: Scene, n_fft: int = 4096) -> np.ndarray:
    """What masks of the true notes' power reach on the decoded sound."""
    hop, spectrum = n_fft // 4, stft(scene.render(), n_fft, n_fft // 4)[0]
    power, total = [], np.full(spectrum.shape, 1e-12, np.float32)
    for note, sound in zip(mixture.notes, mixture.sounds, strict=True):
        first = max(0, note.onset // hop - 2)
        own = np.pad(sound, (note.onset - first * hop, n_fft))
        each = (np.abs(stft(own, n_fft, hop)[0]) ** 2)[: len(total) - first]
        total[first : first + len(each)] += each
        power.append((first, each))
    window, found = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft), []
    for number, (first, own) in enumerate(power):
        frames = (
            np.fft.irfft(spectrum[first : first + len(own)] * own / total[first : first + len(own)], n_fft) * window
        )
        audio = np.zeros((len(own) - 1) * hop + n_fft)
        for t, frame in enumerate(frames):
            audio[t * hop : t * hop + n_fft] += frame / 1.5
        begins = first * hop - n_fft // 2
        audio[: max(0, mixture.notes[number].onset - begins)] = 0.0
        found.append(mixture.sdr(number, begins, audio))
    return np.array(found)


if __name__ == "__main__":
    main()
