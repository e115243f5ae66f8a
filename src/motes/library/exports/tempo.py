"""A steady tempo from onsets: the beat at which most pairs of them, up to some seconds apart, are whole beats apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SLOWEST_BPM, FASTEST_BPM, STEP_BPM = 60.0, 180.0, 0.1
# Where onsets say nothing of a beat.
USUAL_BPM = 120.0
# Pairs of onsets further apart, in seconds, say nothing: nobody plays so steadily.
FURTHEST_S, BIN_S = 6.0, 0.002
# Onsets may lie on beats, halves or quarters of beats; the finer, the less that says.
DIVISIONS = ((1, 1.0), (2, 0.95), (4, 0.85))
# Of tempi that fit alike the one near 120 is more likely: standard deviation in octaves.
PRIOR_OCTAVES = 0.6
FEWEST_ONSETS = 8
# How well onsets have to fit, 0 … 1; some onsets at random, of which there are n, come to some 4/n.
CLEAR, CLEAR_OF_ONE = 0.15, 5.0
# Onsets nearer to each other are one: a chord.
TOGETHER_S = 0.04


def tempo_of(onset_s: NDArray[np.float64]) -> float:
    """Beats per minute, 60 … 180; 120 where the onsets, `(n,)` in seconds, are few or keep no beat."""
    onsets = _one_of_each_chord(np.sort(onset_s))
    if len(onsets) < FEWEST_ONSETS:
        return USUAL_BPM
    last = np.searchsorted(onsets, onsets + FURTHEST_S)
    apart = np.concatenate([onsets[k + 1 : last[k]] - onsets[k] for k in range(len(onsets))])
    if not len(apart):
        return USUAL_BPM
    counts = np.bincount(np.rint(apart / BIN_S).astype(np.int64)).astype(np.float64)
    lags = np.arange(len(counts)) * BIN_S
    # The nearer a pair the less a slight change of tempo moves it.
    weights = counts * np.maximum(1 - lags / (2 * FURTHEST_S), 0)
    bpm = np.arange(SLOWEST_BPM, FASTEST_BPM + STEP_BPM / 2, STEP_BPM)
    beats = 2 * np.pi * np.outer(bpm / 60, lags)
    fit = np.max([share * (np.cos(parts * beats) @ weights) for parts, share in DIVISIONS], axis=0) / weights.sum()
    likely = fit * np.exp(-0.5 * np.square(np.log2(bpm / USUAL_BPM) / PRIOR_OCTAVES))
    best = int(np.argmax(likely))
    return float(round(bpm[best], 1)) if fit[best] > CLEAR + CLEAR_OF_ONE / len(onsets) else USUAL_BPM


def _one_of_each_chord(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    kept: list[float] = []
    for onset in onsets.tolist():
        if not kept or onset - kept[-1] > TOGETHER_S:
            kept.append(onset)
    return np.array(kept)
