"""How the fundamental of a note runs: from the frequencies of the harmonics in the sound of its own events.

Each harmonic is read by the reassigned frequency of its peak [Auger & Flandrin, 1995] and compared with where it is
for most of the note: partials of strings are no multiples of the lowest. What harmonics do alike is a bend, and what
they do each by itself is the sound of other notes in them: by how much they differ, the curve is drawn to the note's
middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

if TYPE_CHECKING:
    from motes.notes.note import Note

Reals = NDArray[np.float64]
# Between two points of a curve, in seconds.
STEP_S = 0.01
# Harmonics that are looked at, and how far from their places, in semitones.
MOST_HARMONICS, FURTHEST = 10, 1.5
# A window holds so many periods, within these lengths in seconds.
PERIODS, SHORTEST_S, LONGEST_S = 8.0, 0.03, 0.1
# What is this much weaker than the strongest moment of the strongest harmonic says nothing, in dB.
QUIET_DB = 45.0
# How high a note is for most of its time is read off so many of its harmonics; those above are sharp on strings.
LOWEST_HARMONICS = 4
# Points over which a median is taken; the standard deviation of values whose median deviation is 1.
MEDIAN, MAD_TO_DEVIATION = 3, 1.4826


class PitchCurve(NamedTuple):
    """Times in seconds and frequencies in Hz, `(n,)` each; none where a note has no pitch."""

    time_s: Reals
    f0_hz: Reals


class _Harmonics(NamedTuple):
    """Of each point and harmonic: semitones from its place, and how much that counts, `(n, MOST_HARMONICS)`."""

    semitones: Reals
    weight: Reals


def pitch_curve(note: Note) -> PitchCurve:
    """The fundamental every 10 ms from onset to end; that of the note where its events say nothing of it."""
    if note.f0_hz is None:
        return PitchCurve(np.empty(0), np.empty(0))
    times = np.arange(note.onset_s, max(note.end_s, note.onset_s + STEP_S), STEP_S)
    window_s = float(np.clip(PERIODS / note.f0_hz, SHORTEST_S, LONGEST_S))
    # Windows about the ends hold the attack, which is of all frequencies, or the next note.
    middle, reach = (times[0] + times[-1]) / 2, max((times[-1] - times[0] - window_s) / 2, 0.0)
    inside = np.clip(times, middle - reach, middle + reach)
    harmonics = _harmonics(_frames(note, inside, window_s), note.scene.sample_rate_hz, note.f0_hz)
    bend = _bend(harmonics) if harmonics.weight.any() else np.zeros(len(times))
    return PitchCurve(times, note.f0_hz * 2 ** (bend / 12))


def _frames(note: Note, times: Reals, window_s: float) -> NDArray[np.float32]:
    """The note's own sound about each time, `(n, samples)`, all channels together."""
    rate, duration_s = note.scene.sample_rate_hz, note.scene.duration_s
    n = 2 * round(window_s / 2 * rate)
    first = max(0, round(times[0] * rate) - n)
    last = min(note.scene.n_samples, round(times[-1] * rate) + n)
    if last <= first:
        return np.zeros((len(times), n), np.float32)
    audio = note.events.only().render(first / rate, min(last / rate, duration_s))
    mono = np.pad(np.atleast_2d(audio).sum(axis=0), n)
    starts = np.clip(np.rint(times * rate).astype(int) - first + n // 2, 0, len(mono) - n)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(mono, n)[starts])


def _harmonics(frames: NDArray[np.float32], rate: float, f0_hz: float) -> _Harmonics:
    n = frames.shape[1]
    n_fft = scipy.fft.next_fast_len(4 * n)
    turn = 2 * np.pi * (np.arange(n) + 0.5) / n
    spectra = scipy.fft.rfft(frames * (0.5 - 0.5 * np.cos(turn)), n_fft, axis=1)
    slopes = scipy.fft.rfft(frames * (np.pi / n * np.sin(turn)), n_fft, axis=1)
    power = np.square(np.abs(spectra))
    semitones, weight = np.zeros((2, len(frames), MOST_HARMONICS))
    for k in range(1, MOST_HARMONICS + 1):
        edges = k * f0_hz * 2 ** (np.array([-FURTHEST, FURTHEST]) / 12) * n_fft / rate
        low, high = int(np.floor(edges[0])), int(np.ceil(edges[1])) + 1
        if high >= power.shape[1]:
            break
        at = low + power[:, low:high].argmax(axis=1)
        rows = np.arange(len(frames))
        here = np.maximum(power[rows, at], 1e-30)
        turned = (slopes[rows, at] * spectra[rows, at].conj()).imag / here
        hz = at * rate / n_fft - turned * rate / (2 * np.pi)
        semitones[:, k - 1] = 12 * np.log2(np.maximum(hz, 1e-3) / (k * f0_hz))
        weight[:, k - 1] = here
    audible = (weight > weight.max(initial=0.0) * 10 ** (-QUIET_DB / 10)) & (np.abs(semitones) <= FURTHEST)
    # The higher a harmonic, the finer it says how high the note is.
    return _Harmonics(semitones, np.where(audible, np.sqrt(weight) * np.arange(1, MOST_HARMONICS + 1), 0.0))


def _bend(harmonics: _Harmonics) -> Reals:
    """Semitones of the curve from the note's pitch, `(n,)`."""
    from scipy.ndimage import median_filter

    semitones, weight = harmonics
    of_all = weight.sum(axis=0)
    middles = np.array([_median(*of_one) for of_one in zip(semitones.T, weight.T, strict=True)])
    lowest = np.flatnonzero(of_all)[:LOWEST_HARMONICS]
    apart = semitones - middles
    alike = np.array([_median(*at_once) for at_once in zip(apart, weight, strict=True)])
    differ = np.array([_median(*at_once) for at_once in zip(np.abs(apart - alike[:, None]), weight, strict=True)])
    total = weight.sum(axis=1)
    n_said = np.square(total) / np.maximum(np.square(weight).sum(axis=1), 1e-30)
    noise = float(np.average(np.square(MAD_TO_DEVIATION * differ) / np.maximum(n_said, 1), weights=total))
    spread = float(np.average(np.square(alike), weights=total))
    kept = max(0.0, 1 - noise / max(spread, 1e-12))
    return _median(middles[lowest], of_all[lowest]) + kept * median_filter(alike, MEDIAN, mode="nearest")


def _median(values: Reals, weights: Reals) -> float:
    """The weighted median; 0 where nothing counts."""
    if not weights.any():
        return 0.0
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
