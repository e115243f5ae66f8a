"""Onsets, at which energy enters a recording: attacks, and where there are none, moments spread over what sounds."""

from __future__ import annotations

import numpy as np

from motes.events.instrument import Reals
from motes.stft import stft

# The constants of this file are chosen by hand. Spectrogram: frames and hop in samples, and how much its magnitudes are
# compressed: ln(1 + this times the magnitude, relative to the largest).
FRAME, HOP, COMPRESSION = 512, 64, 1000
# An attack is a peak of the rise so many times the median high, and standing out by that many medians.
LEAST_RISE, PROMINENCE = 2.0, 0.5
# An attack is placed where the energy of so many samples after it most exceeds that of as many before it.
SIDE = 64
# Attacks are at least so far apart, and gaps that are filled so long.
APART_S, LEAST_GAP_S = 0.012, 0.02


def strike_times(audio: Reals, sample_rate_hz: int, most: int) -> tuple[Reals, Reals]:
    """At most `most` times in samples, ascending, and how abruptly energy rises at each (0 for those that only fill
    gaps).

    `audio` `(n,)`. Attacks are the peaks of the rise of the compressed spectrum (Klapuri 1999), placed where the energy
    rises fastest. They get at most half of the times, the others halve the gaps that hold most energy.
    """
    if not audio.any() or most < 1:
        return np.empty(0), np.empty(0)
    times, strength = _attacks(audio, sample_rate_hz)
    best = np.argsort(-strength, kind="stable")[: max(1, most // 2)]
    times, first = np.unique(times[best], return_index=True)
    strength = strength[best][first]
    begin = np.flatnonzero(audio)[0]
    if len(times) < most and (not len(times) or times[0] - begin > LEAST_GAP_S * sample_rate_hz):
        times, strength = np.append(begin, times), np.append(0.0, strength)
    filled = _fillers(audio, times, most - len(times), LEAST_GAP_S * sample_rate_hz)
    times, strength = np.append(times, filled), np.append(strength, np.zeros(len(filled)))
    order = np.argsort(times, kind="stable")
    return times[order].astype(np.float64), strength[order]


def _attacks(audio: Reals, sample_rate_hz: int) -> tuple[Reals, Reals]:
    """Times of attacks, and how much the compressed spectrum rises at each."""
    import scipy.signal

    magnitude = np.abs(stft(audio.astype(np.float32), FRAME, HOP)[0]).astype(np.float64)
    loud = np.log1p(COMPRESSION * magnitude / magnitude.max(initial=1e-30))
    step = FRAME // HOP // 2
    before = np.concatenate([np.zeros((step, loud.shape[1])), loud[:-step]])[: len(loud)]
    rise = np.maximum(loud - before, 0).sum(axis=1)
    typical = float(np.median(rise))
    padded = np.concatenate([[0.0], rise, [0.0]])
    apart = max(1, round(APART_S * sample_rate_hz / HOP))
    found, _ = scipy.signal.find_peaks(
        padded, height=LEAST_RISE * typical + 1e-9, distance=apart, prominence=PROMINENCE * typical + 1e-9
    )
    times = [_sharpest(audio, int(frame - 1) * HOP) for frame in found]
    return np.array(times, dtype=np.float64), rise[found - 1]


def _sharpest(audio: Reals, around: int) -> int:
    """The sample within a frame of `around` from which on there is most energy for what there was just before."""
    first, last = max(0, around - FRAME), min(len(audio), around + FRAME // 2)
    piece = np.zeros(last - first + 2 * SIDE)
    low, high = max(0, first - SIDE), min(len(audio), last + SIDE)
    piece[low - first + SIDE : high - first + SIDE] = audio[low:high] ** 2
    total = np.concatenate([[0.0], np.cumsum(piece)])
    n = last - first
    before, after = total[SIDE : SIDE + n] - total[:n], total[2 * SIDE : 2 * SIDE + n] - total[SIDE : SIDE + n]
    score = (after - before) / np.sqrt(before + 1e-3 * after.max(initial=0.0) + 1e-30)
    return first + int(np.argmax(score)) if n > 0 else around


def _fillers(audio: Reals, times: Reals, most: int, least_gap: float) -> list[float]:
    """Moments that halve, one after the other, the gap that holds most energy times length, as long as gaps are not
    short.
    """
    power = np.concatenate([[0.0], np.cumsum(audio**2)])
    places: list[float] = sorted(times.tolist())
    filled: list[float] = []
    while len(filled) < most:
        ends = [*places[1:], float(len(audio))]
        worth = [
            (power[int(b)] - power[int(a)]) * (b - a) if b - a > 2 * least_gap else 0.0
            for a, b in zip(places, ends, strict=True)
        ]
        k = int(np.argmax(worth))
        if worth[k] <= 0.0:
            break
        places.insert(k + 1, float(round(0.5 * (places[k] + ends[k]))))
        filled.append(places[k + 1])
    return filled
