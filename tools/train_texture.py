"""Make src/motes/kinds/texture/tables.bin: what the predictions of texture packets start from, learnt from real
recordings.

    python tools/train_texture.py FOLDER            # every audio file in the folder python tools/train_texture.py
    FOLDER --check    # writes nothing: kbps of each recording with tables made from all the others

The tables are part of the format: those of version 1 stay as they are, and this writes none any more.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.codec.frames import VERSION
from motes.coding.trained import pack, untrained
from motes.encoders.texture.analysis import TextureOptions, analyse
from motes.kinds.texture.integers import SILENT, to_integers
from motes.kinds.texture.model import N_MIXERS, N_SLOTS, Levels, code_levels
from motes.kinds.texture.packet import cuts_of, group_edges
from motes.kinds.texture.trained import PATH

# Of longer recordings only the beginning is used, so that none outweighs the others.
LONGEST_S = 12.0
BY_EAR = TextureOptions(step_db=4.0, detail=8.0)
SETTINGS = (TextureOptions(), BY_EAR, replace(BY_EAR, kbps=2.0), TextureOptions(n_bands=40, step_db=3.0))
ATOMS = (400, 1000, 2000)
PASSES = 2
# At most how much the tables trust what they have learnt: fewer, and each packet learns faster.
COUNT = 20


def levels_of(path: Path) -> list[tuple[np.ndarray, float]]:
    """Levels in whole steps of the events that are left after some atoms, and how long each event lasts."""
    audio, rate = soundfile.read(path, always_2d=True)
    audio, found = audio[: int(LONGEST_S * rate)].T, []
    for atoms in ATOMS:
        residual = audio - np.atleast_2d(
            motes.encode(audio, sample_rate_hz=rate, events_per_second=atoms, n_threads=1).render()
        )
        for options in SETTINGS:
            events = analyse(residual, rate, options)
            step = round(options.step_db * 8)
            for i in range(len(events)):
                levels = to_integers(events.take([i]), rate)["level_db"].reshape(
                    int(events.n_frames[i]), int(events.n_bands[i]), -1
                )
                found.append((np.where(levels == SILENT, SILENT, levels // step), float(events.duration_s[i])))
    return found


def cost(levels: np.ndarray, slots: np.ndarray, weights: np.ndarray) -> int:
    """Bytes an event takes; `slots` and `weights` learn."""
    edges, heard = group_edges(levels.shape[1]), levels[levels != SILENT]
    base = int(np.median(heard)) if len(heard) else 0
    return code_levels(
        0, 0, np.zeros(1 << 18, np.uint8), slots, weights, Levels(levels.copy(), cuts_of(levels, edges), edges, base)
    )


def trained_on(recordings: list[list[tuple[np.ndarray, float]]]) -> tuple[np.ndarray, np.ndarray]:
    """What slots and mixers have learnt when they have seen every event."""
    slots, weights = untrained(N_SLOTS, N_MIXERS)
    events = [event for recording in recordings for event in recording]
    for _ in range(PASSES):
        for i in np.random.default_rng(1).permutation(len(events)):
            cost(events[i][0], slots, weights)
    return slots >> 16 << 16 | np.minimum(slots & 1023, COUNT), weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() in {".flac", ".wav", ".ogg"})
    recordings = [levels_of(path) for path in paths]
    if not arguments.check:
        if VERSION:
            raise SystemExit(
                "the format is released, and the tables are part of it: another type of packet may bring other tables"
            )
        PATH.write_bytes(pack(*trained_on(recordings)))
        return
    for path, recording in zip(paths, recordings, strict=True):
        tables = trained_on([other for other in recordings if other is not recording])
        n_bytes = sum(cost(levels, *(table.copy() for table in tables)) for levels, _ in recording)
        print(f"{path.stem:20s} {n_bytes * 8 / sum(seconds for _, seconds in recording) / 1000:6.2f} kbps")


if __name__ == "__main__":
    main()
