"""What notes lose or leave behind where a part of them lies in detail.

    python benchmarks/bench_detail_shares.py FONT.sf2 [--pieces strings rag mallets] [--seconds 6]

Excerpts of test scores, each note rendered alone, so that what each is is known; the recording is their sum. SDR of
notes that are taken out, by labels that are true: of 24 kbps without detail, and of 48 kbps with it, the note with its
share of detail and without (medians). Ghost: what a muted note leaves of itself in detail, by bands, beside the note:
the coefficient of the note's own sound in the detail that is left, where it stays and where the share goes.
Transposed: a note three semitones higher beside the font's own, both in the piece, by Zimtohrli, with the share by the
phase vocoder, without it, and with noise of its levels in its place.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

import motes
from bench_notes import PIECES, RATE, Mixture, mixture_of
from motes.data.rendering.piece import Piece
from motes.data.rendering.scores.test_excerpts import EXCERPTS, test_score
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.edit.detail.layers import without
from motes.edit.note_columns import note_of_groups
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.kinds.texture.table import Texture
from motes.metrics.perceptual import zimtohrli
from motes.scene.scene import Scene
from motes.stft import stft
from motes.units import erb_rate

HIGHER = 3.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("font")
    parser.add_argument("--pieces", nargs="+", default=("strings", "rag", "mallets"), choices=PIECES)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--notes", type=int, default=16)
    options = parser.parse_args()
    font = SoundFont(options.font, RATE)
    print("piece      notes | SDR  24  48+D  left | ghost dB left  share | +3 st  voc.  none  noise")
    for name in options.pieces:
        mixture = mixture_of(font, PIECES[name], options.seconds, False)
        chosen = np.unique(np.linspace(0, len(mixture.notes) - 1, options.notes).astype(int))
        sparse, dense = (
            with_notes(motes.encode(mixture.audio, sample_rate_hz=RATE, kbps=kbps, detail=kbps > 24), mixture)
            for kbps in (24, 48)
        )
        sdr = [
            np.median([mixture.sdr(k, 0, alone(scene, k, detail)) for k in chosen])
            for scene, detail in ((sparse, True), (dense, True), (dense, False))
        ]
        ghost = [np.median([ghost_db(mixture, dense, k, detail) for k in chosen]) for detail in (False, True)]
        higher = transposed(font, mixture, dense, PIECES[name], options.seconds, chosen[:: max(1, len(chosen) // 5)])
        print(
            f"{name:10}{len(chosen):6d} |    {sdr[0]:5.1f}{sdr[1]:6.1f}{sdr[2]:6.1f} |"
            f"         {ghost[0]:6.1f}{ghost[1]:7.1f} |      {higher[0]:6.2f}{higher[1]:6.2f}{higher[2]:6.2f}",
            flush=True,
        )


def with_notes(scene: Scene, mixture: Mixture) -> Scene:
    """The scene that knows the notes of its recording, numbered from 1; those of a program are a part."""
    notes, n = mixture.sounding(np.arange(len(mixture.notes)), False), len(mixture.notes)
    ids, parts = np.arange(1, n + 1), np.unique(notes.part)
    table = NoteTable(ids, notes.onset_s, notes.end_s, notes.f0_hz, np.zeros(n), np.ones(n), notes.program)
    parent = np.append(n + 1 + np.searchsorted(parts, notes.part), np.zeros(len(parts), int))
    role = np.append(np.full(n, ROLES.index("note")), np.full(len(parts), ROLES.index("part")))
    return scene.replace(groups=Groups(np.arange(1, n + 1 + len(parts)), parent, role, table.rounded()))


def alone(scene: Scene, number: int, with_detail: bool) -> np.ndarray:
    """A note alone."""
    return scene.select(note=int(number) + 1, with_detail=with_detail).only().render().astype(np.float64)


def ghost_db(mixture: Mixture, scene: Scene, number: int, with_detail: bool) -> float:
    """How much of a muted note is in the detail that is left, beside the note."""
    left = scene.select(note=int(number) + 1, with_detail=with_detail).drop().detail
    heard = Scene(RATE, scene.n_samples, 1, tables=[left]).render()
    note = np.zeros(scene.n_samples)
    onset, sound = mixture.notes[number].onset, mixture.sounds[number]
    note[onset : onset + len(sound)] = sound
    spectra = [stft(audio, 2048, 512)[0] for audio in (heard, note)]
    band = np.minimum(erb_rate(np.arange(1025) * RATE / 2048).astype(int), 41)
    cross, power = np.array(
        [np.bincount(band, np.sum((other * np.conj(spectra[1])).real, axis=0), 42) for other in spectra]
    )
    audible = power > 1e-9 * power.sum()
    return float(10 * np.log10(np.sum(cross[audible] ** 2 / power[audible]) / power.sum() + 1e-12))


def transposed(
    font: SoundFont, mixture: Mixture, scene: Scene, number: int, seconds: float, chosen: np.ndarray
) -> list[float]:
    """Zimtohrli of notes three semitones higher: their shares by the vocoder, left out, and as noise of their levels;
    means over notes.
    """
    score = test_score(EXCERPTS[number], number, 30.0).excerpt(0, seconds)
    (_, raw), *_ = Piece(score, [font], number, RATE).notes()
    gain = float(np.abs(mixture.sounds[0]).max() / np.abs(raw).max())
    found = []
    for k in chosen.tolist():
        notes = list(score.notes)
        notes[k] = notes[k]._replace(key=notes[k].key + int(HIGHER))
        played = list(Piece(replace(score, notes=tuple(notes)), [font], number, RATE).notes())[k][1]
        truth = mixture.audio.astype(np.float64).copy()
        onset = mixture.notes[k].onset
        truth[onset : onset + len(mixture.sounds[k])] -= mixture.sounds[k]
        played = played[: len(truth) - onset] * gain
        truth[onset : onset + len(played)] += played
        selection = scene.select(note=k + 1)
        whole = selection.transpose(HIGHER)
        dropped = whole.with_tables([_without_shares(whole, k + 1)])
        noisy = _as_noise(selection.scene, dropped, k + 1)
        low, high = max(0, onset - RATE // 4), min(len(truth), onset + len(played) + RATE // 4)
        found.append(
            [zimtohrli(each.render()[low:high], truth[low:high], RATE)["mean"] for each in (whole, dropped, noisy)]
        )
    return np.mean(found, axis=0).tolist()


def _without_shares(scene: Scene, note: int):
    of_note = note_of_groups(scene.groups, scene.detail.group_id)
    return scene.detail.take(of_note != note)


def _as_noise(divided: Scene, dropped: Scene, note: int) -> Scene:
    """The scene with noise of the levels of a note's share, three semitones higher."""
    of_note = note_of_groups(divided.groups, divided.detail.group_id)
    silent = divided.texture.amplified(np.zeros(len(divided.texture)))
    shares = Scene(RATE, divided.n_samples, 1, tables=[divided.detail.take(of_note == note), silent])
    noise: Texture = without(shares, "detail").texture
    return dropped.with_tables(
        [
            dropped.texture.with_more(
                noise.replace(seed=noise.seed + 1).transposed(np.full(len(noise), 2 ** (HIGHER / 12)))
            )
        ]
    )


if __name__ == "__main__":
    main()
