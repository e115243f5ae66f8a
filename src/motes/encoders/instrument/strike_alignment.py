"""Alignment of strikes to the sample, and within it: a resonance begins with a step, so being late or early by little
already costs energy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.encoders.instrument.control_clustering import control_gains
from motes.encoders.instrument.mode_responses import Indices, Sites, correlate_mixed, gram_matrix, with_ridge
from motes.events.instrument import Complexes, Reals

# How far a strike may move; docs/instrument.md: attacks are found to some milliseconds.
REACH_S = 0.006
# Places within a sample that are tried to make strikes alike.
FRACTIONS = 16
# Correlation of patterns from which on a strike follows another; chosen by hand, well below that of one control.
FOLLOWS = 0.8
# Energy that a strike has to bring, beyond what the strike before it could: a part of the recording's while it is the
# last one, and a part of the whole recording's. Chosen by hand.
WORTH_OF_LOCAL, WORTH_OF_WHOLE = 0.02, 5e-4


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


def kept_strikes(sites: Sites, audio: Reals, most: int) -> Indices:
    """The strikes of a draft that are worth it, ascending: one for each note as a rule, and as many as leave at most
    `most` patterns that are not alike; 0 for any number.

    The one that loses least, where the strikes beside it make up for it, is left out again and again.
    """
    power = np.concatenate([[0.0], np.cumsum(np.sum(audio**2, axis=0))])
    kept = np.flatnonzero(sites.amplitudes.any(axis=1))
    while len(kept) > 1:
        some = sites.with_strikes(kept)
        lost = losses_without(some, audio.shape[1])
        begin = np.clip(np.ceil(some.strike_samples).astype(np.int64), 0, audio.shape[1])
        local = power[np.append(begin[1:], audio.shape[1])] - power[begin]
        short = lost / (WORTH_OF_LOCAL * local + WORTH_OF_WHOLE * power[-1] + 1e-300)
        if short.min() >= 1 and (not most or len(kept) <= most or _n_patterns(some) <= most):
            break
        kept = np.delete(kept, np.argmin(short if short.min() < 1 else lost))
    return kept


def _n_patterns(sites: Sites) -> int:
    aligned = aligned_within_sample(sites)
    return control_gains(aligned.amplitudes, aligned.unit_energy(), sites.n_strikes).shape[1]


def losses_without(sites: Sites, n_samples: int) -> Reals:
    """Energy that is lost without each strike, `(n_strikes,)`, if what it excites is refitted at all strikes that
    excite it and at those just before and after; mode by mode.
    """
    lost = np.zeros(sites.n_strikes)
    for mode in range(sites.n_modes):
        struck = np.flatnonzero(sites.amplitudes[:, mode])
        around = np.unique(np.concatenate([struck - 1, struck, struck + 1]))
        around = around[(around >= 0) & (around < sites.n_strikes)]
        if not len(struck):
            continue
        gram = with_ridge(gram_matrix(sites, n_samples, around, np.full(len(around), mode)))
        for j in struck:
            mine = around == j
            others = (sites.amplitudes[around, mode] != 0) | (np.abs(around - j) == 1)
            others &= ~mine
            left = gram[mine][:, mine][0, 0].real
            if others.any():
                across = gram[others][:, mine][:, 0]
                left -= float((across.conj() @ np.linalg.solve(gram[others][:, others], across)).real)
            lost[j] += 0.5 * abs(sites.amplitudes[j, mode]) ** 2 * max(left, 0.0)
    return lost
