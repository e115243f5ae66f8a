"""What the coding of vectors starts from, fitted to scenes of vectors: the means and odds in
`motes.kinds.vector.model.COLUMNS`, to be written there, in docs/format.md and in docs/reader/vectors.py.

    python tools/train_vectors.py FOLDER            # every .mote file in the folder
    python tools/train_vectors.py FOLDER --check    # fits nothing: bits that a vector takes in these files
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import motes
from motes.kinds.vector.integers import Rows, to_integers
from motes.kinds.vector.model import MEAN_LIMIT, SEEN, nearest
from motes.kinds.vector.packet import packet_numbers, packets
from motes.kinds.vector.table import NUMBERS, TIMBRES
from motes.scene.scene import Scene

# Of the lengths of numbers in bits, as many as have odds of their own.
MOST_BITS = 14


def main() -> None:
    """Print what was fitted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    scenes = [motes.load(path) for path in sorted(arguments.folder.glob("*.mote"))]
    scenes = [scene for scene in scenes if len(scene.vector)]
    if arguments.check:
        size = sum(len(p.payload) for scene in scenes for p in packets(scene.vector, scene.sample_rate_hz, None))
        print(
            f"{8 * size / sum(len(scene.vector) for scene in scenes):.1f} bits in each of {len(scenes)} files' vectors"
        )
        return
    fit([rows for scene in scenes for rows in rows_of(scene)])


def rows_of(scene: Scene) -> list[Rows]:
    """The whole numbers of each packet."""
    rows = to_integers(scene.vector, scene.sample_rate_hz)
    number = packet_numbers(rows, scene.sample_rate_hz)
    return [{name: rows[name][number == p] for name in NUMBERS} for p in np.unique(number)]


def fit(parts: list[Rows]) -> None:
    """Prints the means and odds of all numbers; those that were learned have theirs in common."""
    for names in ([name] for name in NUMBERS if name not in TIMBRES):
        show(names[0], *fitted(parts, names))
    show("TIMBRES", *fitted(parts, list(TIMBRES)))


def show(name: str, mean: int, odds: list[int]) -> None:
    """One line of the table."""
    print(f"{name}: mean {mean}, odds {tuple(odds)}")


def fitted(parts: list[Rows], names: list[str]) -> tuple[int, list[int]]:
    """The mean of some columns, 0 of several, and the odds in 256 of more bits than 0, 1, 2 …"""
    mean = round(np.mean(np.concatenate([part[names[0]] for part in parts]))) if len(names) == 1 else 0
    optional, alike = names == ["noise"], names != ["pitch_semitones"]
    left = np.concatenate([residuals(part, name, mean, alike, optional) for part in parts for name in names])
    length = np.array([int(2 * abs(int(v)) - (v < 0) + 1).bit_length() - 1 for v in left])
    reached = np.array([(length >= bits).sum() for bits in range(MOST_BITS + 1)])
    last = int(np.argmax(reached < 20)) if (reached < 20).any() else MOST_BITS
    more = reached[1:last] / np.maximum(reached[: last - 1], 1)
    return mean, np.clip(np.rint(256 * more), 8, 248).astype(int).tolist()


def residuals(part: Rows, name: str, mean: int, alike: bool, optional: bool) -> np.ndarray:
    """What `code_column` codes of a column: differences from predictions; no zeros that have a bit of their own."""
    values, near, left = part[name], nearest(part["pitch_semitones"]), []
    centre, count = float(mean), SEEN
    for i, value in enumerate(values.tolist()):
        if optional and value == 0:
            continue
        predicted = 0.5 * (centre + values[near[i]]) if alike and near[i] >= 0 else centre
        left.append(value - int(np.floor(predicted + 0.5)))
        centre, count = centre + (value - centre) / (count + 1.5), min(count + 1, MEAN_LIMIT)
    return np.array(left)


if __name__ == "__main__":
    main()
