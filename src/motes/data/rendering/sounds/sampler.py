"""A recorded note at another pitch: read faster or slower, round a loop, until it is let go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motes.data.rendering.sounds.sources import BEND_SAMPLES, Sound

# Sounds begin where they pass this part of their loudest sample.
BEGINS = 0.02


@dataclass(frozen=True)
class Recording:
    """A recorded note: mono samples, their rate, the frequency it sounds at, and its loop in samples, if any."""

    audio: Sound
    sample_rate_hz: float
    frequency_hz: float
    loop: tuple[int, int] | None = None


def read_at(
    recording: Recording,
    frequency_hz: float,
    n: int,
    sample_rate_hz: int,
    bend_cents: NDArray[np.float64] | None = None,
) -> Sound:
    """At most n samples of a recording at another frequency; fewer where it has no loop and ends."""
    step = frequency_hz / recording.frequency_hz * recording.sample_rate_hz / sample_rate_hz
    steps = np.full(n, step)
    if bend_cents is not None and len(bend_cents):
        cents = np.interp(np.arange(n), np.arange(len(bend_cents)) * BEND_SAMPLES, bend_cents)
        steps *= 2 ** (cents / 1200)
    places = np.cumsum(steps) - steps[0]
    audio = recording.audio
    if recording.loop is not None:
        start, end = recording.loop
        places = np.where(places < end, places, start + (places - start) % (end - start))
        audio = np.concatenate([audio[:end], audio[start : start + 4]])
    else:
        places = places[places < len(audio) - 3]
    return _between(audio, places)


def without_silence(audio: Sound) -> Sound:
    """From a little before the first sample that is heard."""
    loud = np.flatnonzero(np.abs(audio) > BEGINS * np.abs(audio).max(initial=0.0))
    return audio[loud[0] :] if len(loud) else audio[:0]


def faded(sound: Sound, n: int) -> Sound:
    """The last n samples fade to nothing."""
    n = min(n, len(sound))
    sound = sound.copy()
    if n:
        sound[-n:] *= np.linspace(1, 0, n, dtype=np.float32)
    return sound


def _between(audio: Sound, places: NDArray[np.float64]) -> Sound:
    """Samples between samples, by cubics."""
    if len(audio) < 4:
        return np.zeros(len(places), np.float32)
    at = np.clip(places.astype(np.int64), 0, len(audio) - 4) + 1
    part = (places - (at - 1)).astype(np.float32)
    before, a, b, after = (audio[at + i] for i in (-2, -1, 0, 1))
    slope_a, slope_b = (b - before) / 2, (after - a) / 2
    curve = slope_a + slope_b + 2 * (a - b)
    bow = b - a - slope_a - curve
    return np.asarray(((curve * part + bow) * part + slope_a) * part + a, np.float32)
