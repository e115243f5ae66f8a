"""Events out of maps: peaks over time and bands, where each ends, and which are kept where there are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.encoders.siam.layout import LEVEL, LEVEL_MIDDLE_DB, LEVEL_SCALE_DB, N_BANDS, ONSET, WITHIN
from motes.encoders.siam.network import Maps
from motes.encoders.siam.spectra import HOP, LOWEST_KEY, N_KEYS, SAMPLE_RATE_HZ, Floats
from motes.errors import ParameterError

Ints = NDArray[np.int64]
FRAME_S = HOP / SAMPLE_RATE_HZ
# Frames on either side among which an onset is the largest.
NEIGHBOURS = 2
# Onsets less likely than this are no candidates, whatever the threshold.
LOWEST_SURENESS = 0.03
# Semitones by which an onset lies above another of which it may be a harmonic, or an octave below it; that it is one of
# its own is then less likely than the network of whole recordings says, by so much in its outputs (chosen on rendered
# pieces; what the network of streams says of them is right).
RELATIONS, RELATED = (12, 19, 24, 28, 31, 36, -12, -24), 0.7
# A key that does not sound within so many frames of its onset is a sound of one frame.
FRAMES_TO_SOUND = 4
# What has no pitch has no map of sounding: its end is nominal.
UNPITCHED_S = 0.1
_KEYS_OF_BAND = N_KEYS // N_BANDS


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which an onset of a key or a band is an event; in streams those from which a key has begun to
    sound, and below which it has ended; and at most how many events each second holds, the surest first, without a
    limit by default.
    """

    onset: float = 0.4
    band_onset: float = 0.3
    sounding: float = 0.5
    silent: float = 0.5
    events_per_second: int | None = None

    def __post_init__(self) -> None:
        for name in ("onset", "band_onset", "sounding", "silent"):
            value = getattr(self, name)
            if not LOWEST_SURENESS <= value < 1:
                raise ParameterError(f"{name} must be a probability from {LOWEST_SURENESS} to below 1, not {value!r}")
        if self.silent > self.sounding:
            raise ParameterError(f"silent, {self.silent}, must not be above sounding, {self.sounding}")
        if self.events_per_second is not None and self.events_per_second < 1:
            raise ParameterError(f"events_per_second must be at least 1, not {self.events_per_second!r}")


class Detections(NamedTuple):
    """Events by onset, then pitch, arrays of one length: onsets and ends in seconds, pitches as MIDI numbers (of what
    has no pitch, the middle of its band), levels in dBFS, probabilities of the onsets, whether each has a pitch, and
    which of the candidates over keys or over bands each is.
    """

    onset_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    pitch: NDArray[np.float64]
    loudness_db: Floats
    sureness: Floats
    is_pitched: NDArray[np.bool_]
    candidate: Ints

    def only(self, part: NDArray[np.bool_] | Ints) -> Detections:
        """Some of the events."""
        return Detections._make(column[part] for column in self)


class Candidates(NamedTuple):
    """Peaks of a stretch: frame and place (the key above the lowest, or the band) of each, and its three outputs."""

    frames: Ints
    places: Ints
    onset: Floats
    within: Floats
    level: Floats

    def only(self, part: NDArray[np.bool_] | Ints) -> Candidates:
        """Some of the candidates."""
        return Candidates._make(column[part] for column in self)


def key_peaks(maps: Maps, first_frame: int, related: float = 0.0) -> Candidates:
    """Peaks over keys of all frames but NEIGHBOURS at each end; the first of these is `first_frame`. Onsets are lower
    by `related` where a surer one in one of RELATIONS begins with them.
    """
    frames, keys = np.nonzero(_is_largest(maps.keys[..., ONSET], 0))
    values = maps.keys[frames + NEIGHBOURS, keys]
    onset = values[:, ONSET] - np.float32(related) * _is_related(maps.keys[..., ONSET], frames + NEIGHBOURS, keys)
    return Candidates(frames + first_frame, keys, onset, values[:, WITHIN], values[:, LEVEL])


def _is_related(onset: Floats, frames: Ints, keys: Ints) -> Floats:
    """1 for the peaks beside which, within a frame, a surer onset lies in one of RELATIONS, 0 for the others."""
    below, above = max(RELATIONS), -min(RELATIONS)
    padded = np.pad(onset, ((0, 0), (below, above)), constant_values=-np.inf)
    near = np.maximum(np.maximum(padded[frames - 1], padded[frames]), padded[frames + 1])
    rows = np.arange(len(frames))
    surest = np.max([near[rows, keys + below - semitones] for semitones in RELATIONS], axis=0, initial=-np.inf)
    return np.asarray(surest > onset[frames, keys], np.float32)


def band_peaks(maps: Maps, first_frame: int) -> Candidates:
    """Peaks over bands of all frames but NEIGHBOURS at each end: what sounds in several bands at once is one sound."""
    frames, bands = np.nonzero(_is_largest(maps.bands[..., 0], N_BANDS - 1))
    return Candidates(frames + first_frame, bands, *maps.bands[frames + NEIGHBOURS, bands].T)


def joined(parts: list[Candidates]) -> Candidates:
    """Candidates of stretches one after another."""
    if not parts:
        nothing, none = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return Candidates(nothing, nothing, none, none, none)
    return Candidates._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def starts(keys: Candidates, bands: Candidates, thresholds: Thresholds) -> Detections:
    """Events of which only the starts are known, by onset; their ends are nominal, and there is no cap."""
    parts = []
    for candidates, is_pitched, threshold in ((keys, True, thresholds.onset), (bands, False, thresholds.band_onset)):
        rows = np.flatnonzero(candidates.onset >= logit_of(threshold))
        sure = candidates.only(rows)
        onset_s = onsets_s(sure)
        pitch = LOWEST_KEY + (sure.places if is_pitched else (sure.places + 0.5) * _KEYS_OF_BAND - 0.5).astype(float)
        levels, is_key = levels_db_of(sure), np.full(len(rows), is_pitched)
        parts.append(Detections(onset_s, onset_s + UNPITCHED_S, pitch, levels, probability(sure.onset), is_key, rows))
    both = Detections._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    return both.only(np.lexsort((both.is_pitched, both.pitch, both.onset_s)))


def surest(found: Detections, events_per_second: int) -> Detections:
    """At most so many of the events of each second, from whole seconds on; of equally sure ones the first."""
    second = np.floor(found.onset_s).astype(np.int64)
    order = np.lexsort((np.arange(len(second)), -found.sureness, second))
    rank = np.arange(len(second)) - np.searchsorted(second[order], second[order])
    return found.only(np.sort(order[rank < events_per_second]))


def probability(logit: NDArray[np.float32]) -> Floats:
    """What a sigmoid makes of an output."""
    return np.asarray(1 / (1 + np.exp(-logit.astype(np.float64))), np.float32)


def logit_of(value: float) -> np.float32:
    """The output that has this probability."""
    return np.float32(np.log(value / (1 - value)))


def _is_largest(onset: Floats, over_places: int) -> NDArray[np.bool_]:
    """Whether each is above LOWEST_SURENESS and the largest of its neighbours; of equal ones the first."""
    n, n_places = onset.shape
    n_inside = max(n - 2 * NEIGHBOURS, 0)
    padded = np.pad(onset, ((0, 0), (over_places, over_places)), constant_values=-np.inf)
    middle = onset[NEIGHBOURS : NEIGHBOURS + n_inside]
    largest = middle >= logit_of(LOWEST_SURENESS)
    for later in range(-NEIGHBOURS, NEIGHBOURS + 1):
        for higher in range(-over_places, over_places + 1):
            low = NEIGHBOURS + later
            other = padded[low : low + n_inside, over_places + higher : over_places + higher + n_places]
            if (later, higher) < (0, 0):
                largest &= middle > other
            elif (later, higher) > (0, 0):
                largest &= middle >= other
    return largest


def onsets_s(candidates: Candidates) -> NDArray[np.float64]:
    """Onsets in seconds, to within a frame."""
    within = np.clip(candidates.within, -0.5, 0.5).astype(np.float64)
    return np.asarray(np.maximum(candidates.frames + within, 0.0) * FRAME_S)


def levels_db_of(candidates: Candidates) -> Floats:
    """Levels in dBFS."""
    return np.clip(LEVEL_MIDDLE_DB + LEVEL_SCALE_DB * candidates.level, -120, 20).astype(np.float32)
