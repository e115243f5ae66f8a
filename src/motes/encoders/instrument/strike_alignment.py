"""Alignment of strikes to the sample, and within it: a resonance begins with a step, so being late or early by little
already costs energy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.encoders.instrument.mode_responses import Sites, correlate_mixed, gram_matrix, with_ridge
from motes.events.instrument import Complexes, Reals

# How far a strike may move; docs/instrument.md: attacks are found to some milliseconds.
REACH_S = 0.006
# Places within a sample that are tried to make strikes alike.
FRACTIONS = 16
# Correlation of patterns from which on a strike follows another; chosen by hand, well below that of one control.
FOLLOWS = 0.8


def moved_to_sample(sites: Sites, residual: Reals, sample_rate_hz: int) -> Reals:
    """The times of strikes, in samples, each moved by at most REACH_S to where its modes explain most of the residual
    and of its own sound.
    """
    at = sites.strike_samples.copy()
    reach = round(REACH_S * sample_rate_hz)
    for j in np.flatnonzero(sites.amplitudes.any(axis=1)):
        alone = sites.with_strikes(np.array([j])).with_modes(np.flatnonzero(sites.amplitudes[j]))
        first, last = max(0, int(at[j]) - reach), min(residual.shape[1] - 1, int(at[j]) + reach)
        sound = residual[:, first:] + alone.render(residual.shape[1])[:, first:]
        at[j] = first + int(np.argmax(_explained(alone, sound, last - first + 1)))
    return at


def _explained(alone: Sites, sound: Reals, n_places: int) -> Reals:
    """Energy that the modes of one strike explain of `sound` if struck at its first, second … `n_places`th sample."""
    first = np.zeros(alone.n_modes, np.int64)
    gram = gram_matrix(replace(alone, strike_samples=np.zeros(1)), sound.shape[1], first, np.arange(alone.n_modes))
    inverse = np.linalg.inv(with_ridge(gram))
    pole = np.exp(alone.sigma.conj())
    last = replace(alone, strike_samples=np.array([float(n_places)]))
    correlation = correlate_mixed(sound, last)[0]
    energy = np.empty(n_places)
    for n in range(n_places - 1, -1, -1):
        correlation = alone.mixing.conj().T @ sound[:, n] + pole * correlation
        energy[n] = float((correlation.conj() @ inverse @ correlation).real)
    return energy


def aligned_within_sample(sites: Sites) -> Sites:
    """The sites at times between samples that sound alike, chosen so that strikes of one kind have patterns as alike
    as can be.

    A strike at a time t within (n − 1, n] sounds from sample n on just like one at n whose modes are turned on by n −
    t. Of all strikes the strongest that none has followed yet leads, and the others turn towards it where that makes
    them alike.
    """
    delays = (np.arange(FRACTIONS) + 0.5) / FRACTIONS
    turned = np.stack([sites.amplitudes * np.exp(-sites.sigma * delay) for delay in delays])
    patterns: Complexes = turned * np.sqrt(sites.unit_energy())
    size = np.maximum(np.sqrt(np.sum(np.abs(patterns[0]) ** 2, axis=1)), 1e-300)
    best, free = np.full(sites.n_strikes, FRACTIONS // 2), np.ones(sites.n_strikes, np.bool_)
    for leader in np.argsort(-size, kind="stable"):
        if not free[leader]:
            continue
        free[leader] = False
        likeness = (patterns @ patterns[best[leader], leader].conj()).real / (size * size[leader])
        follows = free & (likeness.max(axis=0) > FOLLOWS)
        best[follows] = np.argmax(likeness, axis=0)[follows]
        free[follows] = False
    amplitudes = np.ascontiguousarray(turned[best, np.arange(sites.n_strikes)])
    return replace(sites, strike_samples=sites.strike_samples - delays[best], amplitudes=amplitudes)
