"""What users get of notes: taken out by detected labels, changed, and what notes alone say of a recording.

    python benchmarks/bench_notes_used.py FONT.sf2 [--kbps 48] [--pieces strings piano …] [--seconds 10]

Pieces are those of bench_notes.py, each note known alone. `labels`: SDR of notes that were found (onset within 50 ms,
pitch within a quarter tone), by their own labels and by true ones. Of found notes in turn: `moved` by 0.25 s and
`transposed` by 2 semitones, as spectral convergence of the note alone to the true note so changed (transposed by
rendering it at the other key), beside the note as it was taken out (`as it is`), which is the floor of both; and the
loudest change of the rest, in dBFS. `alone`: what part of the recording's tonal energy notes and texture without the
rest hold, and Zimtohrli of that beside that of the whole scene.
"""

from __future__ import annotations

import argparse

import numpy as np

import motes
from bench_notes import PIECES, RATE, Mixture, mixture_of, taken_out
from motes.data.rendering.sounds.soundfont import SoundFont
from motes.edit.note_columns import note_of_groups
from motes.metrics.signal import spectral_convergence
from motes.notes.finding import find
from motes.notes.sharing.sharing import shares_of
from motes.notes.splitting import rest_change_db, split
from motes.scene.scene import Scene

NEAR_S, NEAR_SEMITONES, BY_S, SEMITONES = 0.05, 0.5, 0.25, 2
USUAL = ("strings", "quartet", "winds", "piano", "mallets")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("font")
    parser.add_argument("--kbps", type=float, default=48.0)
    parser.add_argument("--pieces", nargs="+", default=USUAL, choices=PIECES)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--edits", type=int, default=8, help="notes that are changed, of each piece")
    parser.add_argument("--zimtohrli", action="store_true")
    options = parser.parse_args()
    font = SoundFont(options.font, RATE)
    for name in options.pieces:
        mixture = mixture_of(font, PIECES[name], options.seconds, False)
        scene = find(motes.encode(mixture.audio, sample_rate_hz=RATE, kbps=options.kbps))
        pairs = matched(mixture, scene)
        print(f"{name}: {len(mixture.notes)} notes, {len(scene.notes)} found, {len(pairs)} of them right")
        labels(mixture, scene, pairs)
        edits(mixture, scene, pairs[:: max(1, len(pairs) // options.edits)], font)
        alone(mixture, scene, options.zimtohrli)


def matched(mixture: Mixture, scene: Scene) -> list[tuple[int, int]]:
    """Pairs of a note of the mixture and the number of the one that was found for it."""
    left, pairs = list(scene.notes), []
    for number, true in enumerate(mixture.notes):
        near = [
            note
            for note in left
            if note.pitch is not None
            and abs(note.onset_s - true.onset / RATE) <= NEAR_S
            and abs(note.pitch - true.key) <= NEAR_SEMITONES
        ]
        if near:
            best = min(near, key=lambda note: abs(note.onset_s - true.onset / RATE))
            left.remove(best)
            pairs.append((number, best.number))
    return pairs


def labels(mixture: Mixture, scene: Scene, pairs: list[tuple[int, int]]) -> None:
    """SDR by detected labels and by true ones."""
    divided = split(scene, [found for _, found in pairs])
    by_found = [mixture.sdr(number, 0, own_sound(divided, found)) for number, found in pairs]
    shares = shares_of(scene, mixture.sounding(np.arange(len(mixture.notes)), False))
    by_truth = [mixture.sdr(number, *taken_out(scene, shares, number)) for number, _ in pairs]
    print(f"  labels: SDR {np.median(by_found):.1f} dB by detected ones, {np.median(by_truth):.1f} by true ones")


def own_sound(scene: Scene, found: int) -> np.ndarray:
    return np.asarray(scene.select(note=found).only().render(), np.float64)


def edits(mixture: Mixture, scene: Scene, pairs: list[tuple[int, int]], font: SoundFont) -> None:
    """Single notes changed, against the truth so changed."""
    found: dict[str, list[float]] = {"as it is": [], "moved": [], "transposed": []}
    rest = []
    for number, note in pairs:
        truth = np.zeros(scene.n_samples)
        true, sound = mixture.notes[number], mixture.sounds[number]
        truth[true.onset : true.onset + len(sound)] = sound
        found["as it is"].append(spectral_convergence(own_sound(scene, note), truth))
        moved = scene.select(note=note).move(BY_S)
        later = np.concatenate([np.zeros(round(BY_S * RATE)), truth])
        own = own_sound(moved, note)
        later = np.pad(later, (0, max(0, len(own) - len(later))))[: len(own)]
        found["moved"].append(spectral_convergence(own, later))
        higher = scene.select(note=note).transpose(SEMITONES)
        other = font.note(true.program, true.key + SEMITONES, true.velocity, true.duration_s)
        at = np.zeros(scene.n_samples)
        other = other[: len(at) - true.onset] * np.sqrt(np.sum(sound**2.0) / max(np.sum(other**2.0), 1e-20))
        at[true.onset : true.onset + len(other)] = other
        found["transposed"].append(spectral_convergence(own_sound(higher, note), at))
        rest.append(rest_change_db(scene, higher) or -200.0)
    row = ", ".join(f"{name} {np.median(values):.3f}" for name, values in found.items())
    print(f"  edits: {row}; rest at most {max(rest):.0f} dB")


def alone(mixture: Mixture, scene: Scene, zimtohrli: bool) -> None:
    """What notes and texture say without the rest."""
    divided = split(scene, [note.number for note in scene.notes])
    owned = note_of_groups(divided.groups, divided.gabor.group_id) > 0
    of_notes = divided.with_tables([divided.gabor.take(owned)])
    tonal = scene.with_tables([scene.texture.take(slice(0))]).render().astype(np.float64)
    rest = divided.with_tables([divided.gabor.take(~owned), scene.texture.take(slice(0))]).render().astype(np.float64)
    line = f"  alone: rest {10 * np.log10(np.sum(rest**2) / np.sum(tonal**2)):.1f} dB of what atoms hold"
    if zimtohrli:
        from motes.metrics.perceptual import zimtohrli as score

        scores = [score(audio, mixture.audio, RATE)["mean"] for audio in (of_notes.render(), scene.render())]
        line += f"; Zimtohrli {scores[0]:.2f}, of the whole {scores[1]:.2f}"
    print(line, flush=True)


if __name__ == "__main__":
    main()
