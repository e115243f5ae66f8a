"""Fit what `motes.notes` learned, after the network of `encoders.siam` was trained anew or on other recordings.

    python benchmarks/calibrate_notes.py timbre FOLDER …       writes src/motes/notes/models/timbre-1.safetensors
    python benchmarks/calibrate_notes.py sureness FOLDER …     prints the tables of src/motes/notes/sureness.py

FOLDER is laid out as MusicNet's, as `motes data render` makes it; --every takes every which of its recordings. `timbre`
wants recordings in which several instruments play, and the network may have been trained on them; `sureness` wants some
that it never saw. Afterwards `bench_notes_found.py` says how good they are, on recordings that neither saw.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from safetensors.numpy import save_file
from scipy.linalg import eigh

from bench_notes_found import Labelled, matched, recordings
from motes.audio.file_source import open_source
from motes.encoders.siam import SiamOptions, describe
from motes.encoders.siam.encoder import Described
from motes.notes import timbre
from motes.notes.finding import table_of
from motes.notes.sureness import PROBABILITIES, hidden

# Directions that are kept; what is added to the covariance within instruments, as a part of its mean variance.
N_NOTE_DIRECTIONS, N_HIT_DIRECTIONS, RIDGE = 30, 12, 0.3
# Sounds that an instrument has in a recording at least, for the covariance within instruments and between them.
FEWEST = 4
LEAST_SURENESS = 0.4


class Sounds(NamedTuple):
    """Levels of sounds `(n, …)`, what else is known of each (nothing of hits), and which instrument each is of."""

    levels: np.ndarray
    about: np.ndarray
    instrument: np.ndarray


def sounds_of(described: Described, truth: Labelled) -> tuple[Sounds, Sounds]:
    """Notes with a pitch, and hits, of those found that are right, by instrument and by drum."""
    found, row = described.found, matched(table_of(described.found), truth)
    pitched, right = found.is_pitched, row >= 0
    mine = found.only(pitched)
    about = timbre.about_notes(mine.pitch, mine.loudness_db, mine.end_s - mine.onset_s)
    notes = Sounds(described.harmonics, about, 1000 * truth.part[row[pitched]] + truth.program[row[pitched]])
    hits = Sounds(described.bands, np.zeros((int((~pitched).sum()), 0)), truth.key[row[~pitched]])
    return tuple(
        Sounds._make(column[kept] for column in each)
        for each, kept in ((notes, right[pitched]), (hits, right[~pitched]))
    )


def discriminants(sounds: list[Sounds], n_directions: int) -> dict[str, np.ndarray]:
    """The scale of levels, what is usual of them, and the directions in which instruments differ; one `Sounds` for each
    recording.
    """
    levels, about = (np.concatenate([getattr(each, name) for each in sounds]) for name in ("levels", "about"))
    names = np.concatenate([10**6 * i + each.instrument for i, each in enumerate(sounds)])
    scale = 1 / (levels.std(axis=0) + 1e-3)
    x, result = levels * scale, {"scale": scale}
    if about.shape[1]:
        usual = timbre.usual_of(about)
        result["usual"] = np.linalg.lstsq(usual, x, rcond=None)[0]
        x = np.concatenate([x - usual @ result["usual"], about], axis=1)
    _, of, counts = np.unique(names, return_inverse=True, return_counts=True)
    middles = np.zeros((len(counts), x.shape[1]))
    np.add.at(middles, of, x)
    middles /= counts[:, None]
    # An instrument of many notes counts by the root of their number.
    weight = 1 / np.sqrt(counts[of])
    known = counts[of] >= FEWEST
    apart = ((x - middles[of]) * np.sqrt(weight)[:, None])[known]
    within = apart.T @ apart / weight[known].sum()
    ridge = np.where(np.arange(len(within)) < levels.shape[1], RIDGE * np.trace(within) / len(within), 0.0)
    between = np.cov(middles[counts >= FEWEST].T)
    ratio, directions = eigh(between, within + np.diag(ridge))
    best = np.argsort(-ratio)[:n_directions]
    # A direction counts by how much of the variance in it lies between instruments.
    return result | {"directions": directions[:, best] * np.sqrt(ratio[best] / (1 + ratio[best]))}


def fit_timbre(described: list[tuple[Described, Labelled]]) -> dict[str, np.ndarray]:
    """The arrays of `motes.notes.timbre`."""
    both = [sounds_of(*each) for each in described]
    arrays = {}
    for name, which, n in (("notes", 0, N_NOTE_DIRECTIONS), ("hits", 1, N_HIT_DIRECTIONS)):
        found = discriminants([each[which] for each in both if len(each[which].levels) >= FEWEST], n)
        arrays |= {f"{name}.{key}": value.astype(np.float32) for key, value in found.items()}
    return arrays


def fit_sureness(described: list[tuple[Described, Labelled]]) -> None:
    """Print which share of notes with a probability were right, by isotonic regression; hidden ones left out."""
    p, right, pitched = [], [], []
    for each, truth in described:
        free = ~hidden(each.found)
        p.append(each.found.sureness[free])
        pitched.append(each.found.is_pitched[free])
        right.append((matched(table_of(each.found), truth) >= 0)[free])
    probability, is_right, is_pitched = map(np.concatenate, (p, right, pitched))
    print("PROBABILITIES =", PROBABILITIES)
    for name, mine in (("RIGHT", is_pitched), ("RIGHT_UNPITCHED", ~is_pitched)):
        fitted = isotonic(probability[mine], is_right[mine].astype(float))
        print(f"{name} =", tuple(float(round(np.interp(at, *fitted), 3)) for at in PROBABILITIES))


def isotonic(x: np.ndarray, y: np.ndarray, n_bins: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Points of the rising function of x that is nearest to y, by bins of equal numbers, `(n,)` each."""
    blocks = [[float(px.mean()), float(py.mean()), len(px)] for px, py in _bins(x, y, n_bins)]
    merged: list[list[float]] = []
    for block in blocks:
        merged.append(block)
        while len(merged) > 1 and merged[-2][1] > merged[-1][1]:
            (ax, ay, an), (bx, by, bn) = merged[-2:]
            merged[-2:] = [[(ax * an + bx * bn) / (an + bn), (ay * an + by * bn) / (an + bn), an + bn]]
    return np.array([each[0] for each in merged]), np.array([each[1] for each in merged])


def _bins(x: np.ndarray, y: np.ndarray, n_bins: int) -> list[tuple[np.ndarray, np.ndarray]]:
    order = np.argsort(x, kind="stable")
    return [(x[part], y[part]) for part in np.array_split(order, min(n_bins, max(len(x) // 20, 1)))]


def main() -> None:
    """Fit one of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("timbre", "sureness"))
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    least = LEAST_SURENESS if args.part == "timbre" else PROBABILITIES[0]
    options = SiamOptions(sureness=least, events_per_second=0)
    described = [
        (describe(open_source(truth.path), options), truth)
        for folder in args.folders
        for truth in recordings(folder, args.every)
    ]
    if args.part == "sureness":
        fit_sureness(described)
        return
    timbre.MODEL.parent.mkdir(exist_ok=True)
    save_file({name: np.ascontiguousarray(each) for name, each in fit_timbre(described).items()}, timbre.MODEL)
    print(f"wrote {timbre.MODEL}, {timbre.MODEL.stat().st_size} bytes")


if __name__ == "__main__":
    main()
