"""When notes end: a small network, which ships beside the large one, reads it off the course of their keys.

A note ends where it has fallen far below its loudest, which may be seconds later: longer than the large network looks.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import END, LEVEL_MIDDLE_DB, LEVEL_SCALE_DB, SOUNDING
from motes.encoders.siam.peaks import FRAME_S, Detections
from motes.encoders.siam.reading import dense
from motes.encoders.siam.spectra import BINS_PER_KEY, FLOOR_DB, LOWEST_KEY, N_BINS, N_KEYS, Floats
from motes.encoders.siam.weights import MODELS, read_arrays
from motes.errors import FormatError

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
SHIPPED = "siam-2-ends"
# Frames after the onset at which it is looked, ever farther apart; notes end within each stretch or do not.
_OFFSETS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 19, 22, 26, 30, 35, 40, 46, 53, 61, 70, 80, 92, 106, 122, 140)
OFFSETS = np.array([*_OFFSETS, 161, 185, 213, 245, 282, 324, 373, 429, 500])
# A course says of each offset whether the key sounds, whether it has ended since the offset before, how loud its lowest
# harmonic and its four lowest are by the long and the short window, and whether the next note of the key has begun; and
# of the whole level and key.
N_COLUMNS, N_HIDDEN = 6, 96
N_FEATURES = N_COLUMNS * len(OFFSETS) + 2
# Harmonics whose levels are followed, and frames in which a note is loudest.
HARMONICS, LOUDEST_FRAMES = (1, 2, 3, 4), 7
RANGE_DB = 60.0
# An end is right within this part of the note's length, or so many seconds where that is more.
TOLERANCE, LEAST_S = 0.2, 0.05
# Lengths among which the likeliest is chosen, in seconds: those that vectors are stored with, so that none is rounded.
_LENGTHS_S = 2.0 ** (np.arange(-32, 29) / 8)


class Course(NamedTuple):
    """Of all frames of a recording and keys, `(n_frames, N_KEYS)`: the outputs SOUNDING and END, and the levels in dB
    of the lowest harmonic and of the four lowest, these also by the short window.
    """

    sounding: Floats
    end: Floats
    lowest: Floats
    harmonics: Floats
    short: Floats


def course_of(maps: Floats, levels: Floats) -> Course:
    """Of frames with the outputs `(n, N_KEYS, 5)` and the levels of the spectra `(n, 2, N_BINS)`."""
    long, short = (_harmonics(levels[:, window]) for window in (0, 1))
    parts = (maps[..., SOUNDING], maps[..., END], long[0], _sum_db(long), _sum_db(short))
    return Course(*(np.ascontiguousarray(part) for part in parts))


def _harmonics(levels: Floats) -> list[Floats]:
    """Levels in dB of each of HARMONICS of all keys, the loudest of three bins; silence beyond the last bin."""
    padded = np.pad(levels, ((0, 0), (1, 2)), constant_values=FLOOR_DB)
    near = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    near[:, N_BINS:] = FLOOR_DB
    first = 1 + BINS_PER_KEY * np.arange(N_KEYS)
    return [near[:, np.minimum(first + round(12 * BINS_PER_KEY * np.log2(k)), N_BINS)] for k in HARMONICS]


def _sum_db(parts: list[Floats]) -> Floats:
    power = sum(np.exp2(part * np.float32(np.log2(10) / 10)) for part in parts)
    return np.asarray(10 * np.log10(power), np.float32)


def joined_courses(parts: list[Course]) -> Course:
    """Courses of stretches one after another."""
    if not parts:
        return Course(*(np.zeros((0, N_KEYS), np.float32) for _ in Course._fields))
    return Course._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def with_ends(found: Detections, course: Course, reader: EndReader | None = None) -> Detections:
    """The events, those with a pitch with their ends, at the latest at the next onset of the same key; by the reader
    that ships, by default.
    """
    pitched, end_s = found.is_pitched, found.end_s.copy()
    if not pitched.any():
        return found
    onset_s, key = found.onset_s[pitched], np.round(found.pitch[pitched]).astype(np.int64) - LOWEST_KEY
    seen = features(course, onset_s / FRAME_S, key, found.loudness_db[pitched])
    length_s = (reader or EndReader.shipped()).lengths_s(seen)
    end_s[pitched] = onset_s + np.minimum(length_s, _following(onset_s, key))
    return found._replace(end_s=end_s)


def features(course: Course, onset: Reals, key: Ints, level_db: Floats) -> Floats:
    """What ends of notes are read off, `(n, N_FEATURES)`: onsets in frames, keys 0 … 87, levels in dBFS."""
    n, frame = len(course.sounding), np.floor(onset + 0.5).astype(np.int64)
    at = frame[:, None] + OFFSETS
    inside, row, column = at < n, np.minimum(at, n - 1), key[:, None]
    first = np.minimum(frame[:, None] + np.arange(LOUDEST_FRAMES), n - 1)
    out = np.empty((len(frame), len(OFFSETS), N_COLUMNS), np.float32)
    out[..., 0] = np.where(inside, np.clip(course.sounding[row, column] / 4, -2, 2), -2)
    out[..., 1] = np.clip(_highest(course.end, frame, key) / 4, -2, 2)
    for place, levels in ((2, course.lowest), (3, course.harmonics), (4, course.short)):
        fall = levels[row, column] - levels[first, column].max(axis=1, keepdims=True)
        out[..., place] = np.where(inside, np.clip(fall, -RANGE_DB, RANGE_DB / 3) / 20, -RANGE_DB / 20)
    out[..., 5] = _following(onset, key)[:, None] <= OFFSETS
    about = [(level_db - LEVEL_MIDDLE_DB) / LEVEL_SCALE_DB, (key - N_KEYS / 2) / 20]
    return np.concatenate([out.reshape(len(frame), -1), np.stack(about, axis=1)], axis=1, dtype=np.float32)


def _highest(values: Floats, frame: Ints, key: Ints) -> Floats:
    """The highest value after each offset and up to the next one, `(n, len(OFFSETS))`."""
    n = len(values)
    out = np.empty((len(frame), len(OFFSETS)), np.float32)
    for place, offset in enumerate(OFFSETS):
        steps = np.arange(OFFSETS[place - 1] + 1 if place else 0, offset + 1)
        at = frame[:, None] + steps
        seen = np.where(at < n, values[np.minimum(at, n - 1), key[:, None]], -np.inf)
        out[:, place] = seen.max(axis=1)
    return out


def _following(onset: Reals, key: Ints) -> Reals:
    """How long after each onset the next one of the same key comes, or infinity; in the unit of the onsets."""
    order = np.lexsort((onset, key))
    gap = np.full(len(onset), np.inf)
    same = key[order[1:]] == key[order[:-1]]
    gap[order[:-1][same]] = (onset[order[1:]] - onset[order[:-1]])[same]
    return gap


class EndReader:
    """Features of notes to their lengths."""

    def __init__(self, arrays: dict[str, Floats]) -> None:
        """FormatError for arrays of other names or shapes."""
        sizes = (N_FEATURES, N_HIDDEN, N_HIDDEN, len(OFFSETS))
        wanted: dict[str, tuple[int, ...]] = {}
        for i in range(3):
            wanted |= {f"{i}.weight": (sizes[i + 1], sizes[i]), f"{i}.bias": (sizes[i + 1],)}
        if wanted != {name: array.shape for name, array in arrays.items()}:
            raise FormatError("these are not the weights of what reads the ends of notes: other names or shapes")
        self.arrays = arrays

    @classmethod
    def read(cls, path: str | Path) -> EndReader:
        """That in a file; FormatError where there is none in it."""
        return cls(read_arrays(Path(path))[0])

    @classmethod
    def shipped(cls) -> EndReader:
        """That which is part of the package."""
        return _shipped()

    def ended(self, seen: Floats) -> Floats:
        """How likely notes have ended at each of OFFSETS, `(n, len(OFFSETS))`, rising; each row by itself."""
        x = seen
        for i in range(3):
            x = dense(np.maximum(x, 0) if i else x, self.arrays[f"{i}.weight"], self.arrays[f"{i}.bias"])
        likely = 1 / (1 + np.exp(-np.clip(x.astype(np.float64), -60, 60)))
        return np.asarray(np.maximum.accumulate(likely, axis=1), np.float32)

    def lengths_s(self, seen: Floats) -> Reals:
        """The lengths that are most likely right, in seconds."""
        earliest, latest = _table(self.ended(seen))
        right = np.pad(latest - earliest, ((0, 0), (2, 2)))
        # The middle of those that are as likely, where there are several.
        among = sum(weight * right[:, i : i + len(_LENGTHS_S)] for i, weight in enumerate((1, 2, 3, 2, 1)))
        return np.asarray(_LENGTHS_S[np.argmax(among, axis=1)])


def _table(ended: Floats) -> tuple[Reals, Reals]:
    """How likely a note has ended before the shortest and before the longest length for which each of _LENGTHS_S is
    right, `(n, len(_LENGTHS_S))`; between offsets linear in the logarithm of time.
    """
    shortest = np.minimum(_LENGTHS_S / (1 + TOLERANCE), _LENGTHS_S - LEAST_S)
    longest = np.maximum(_LENGTHS_S / (1 - TOLERANCE), _LENGTHS_S + LEAST_S)
    known = np.concatenate([np.zeros((len(ended), 1), np.float32), ended, np.ones((len(ended), 1), np.float32)], axis=1)
    places = np.log2([0.5, *OFFSETS, 1000])
    out = []
    for bound_s in (shortest, longest):
        at = np.interp(np.log2(np.maximum(bound_s / FRAME_S, 0.5)), places, np.arange(len(places)))
        low = np.minimum(at.astype(np.int64), len(places) - 2)
        part = (at - low).astype(np.float32)
        out.append(known[:, low] * (1 - part) + known[:, low + 1] * part)
    return out[0], out[1]


@cache
def _shipped() -> EndReader:
    return EndReader.read(MODELS / f"{SHIPPED}.safetensors")
