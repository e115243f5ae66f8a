"""Make src/motes/kinds/detail/tables.bin: what the predictions of detail packets start from, learnt from recordings.

    python tools/train_detail.py FOLDER...            # every audio file in the folders
    python tools/train_detail.py FOLDER... --check    # writes nothing: bits with tables made from all other recordings

The tables are part of the format: while version 2 is a draft they may change, then they stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile

from motes.audio import ArraySource
from motes.coding.trained import pack, untrained
from motes.encoders.detail import analyse_detail
from motes.kinds.detail.model import N_MIXERS, N_SLOTS, code_event
from motes.kinds.detail.packet import arrays_of
from motes.kinds.detail.trained import PATH
from motes.scene.scene import Scene

# Of longer recordings only the beginning is used, so that none outweighs the others.
LONGEST_S = 12.0
# Steps, in nepers about what masking tells: from some 12 to some 64 kbps.
OFFSETS = (-1.0, -2.0, -3.0, -4.0)
PASSES = 2
# At most how much the tables trust what they have learnt: fewer, and each packet learns faster.
COUNT = 24


def events_of(path: Path) -> list[tuple[int, object]]:
    """What is coded of a recording, a second each, at every step."""
    audio, rate = soundfile.read(path, always_2d=True)
    audio = audio[: int(LONGEST_S * rate)].T.astype(np.float32)
    found = []
    for offset in OFFSETS:
        analysis = analyse_detail(Scene(rate, audio.shape[1], len(audio)), ArraySource(audio, rate), offset)
        events = analysis.quantised(offset)
        found += [(i, arrays_of(events, i, rate)) for i in range(len(events))]
    return found


def cost(arrays: object, slots: np.ndarray, weights: np.ndarray) -> int:
    """Bytes an event takes; `slots` and `weights` learn."""
    return code_event(0, 0, np.zeros(1 << 20, np.uint8), slots, weights, arrays)


def train(files: list[list]) -> tuple[np.ndarray, np.ndarray]:
    """Tables after going through all events in random order."""
    slots, weights = untrained(N_SLOTS, N_MIXERS)
    events = [arrays for found in files for _, arrays in found]
    random = np.random.default_rng(0)
    for _ in range(PASSES):
        for i in random.permutation(len(events)):
            cost(events[i], slots, weights)
    return slots >> 10 << 10 | np.minimum(slots & 1023, COUNT), weights


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    paths = sorted(
        path for folder in options.folders for path in folder.iterdir() if path.suffix in (".flac", ".wav", ".ogg")
    )
    files = [events_of(path) for path in paths]
    if not options.check:
        PATH.write_bytes(pack(*train(files)))
        return
    for k, path in enumerate(paths):
        slots, weights = train(files[:k] + files[k + 1 :])
        fresh = untrained(N_SLOTS, N_MIXERS)
        before = sum(cost(arrays, *(t.copy() for t in fresh)) for _, arrays in files[k])
        after = sum(cost(arrays, slots.copy(), weights.copy()) for _, arrays in files[k])
        print(f"{path.name}: {before} bytes untrained, {after} trained on the others, {after / before:.3f}", flush=True)


if __name__ == "__main__":
    main()
