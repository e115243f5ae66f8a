"""Alignment of strikes to the sample, and within it: a resonance begins with a step, so being late or early by little
already costs energy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.encoders.instrument.amplitude_refit import refit_sites
from motes.encoders.instrument.control_clustering import control_gains
from motes.encoders.instrument.mode_responses import (
    Indices,
    Sites,
    correlate_mixed,
    gram_matrix,
    squared_norms,
    with_ridge,
)
from motes.events.instrument import Complexes, Reals

# How far a strike may move; docs/instrument.md: attacks are found to some milliseconds.
REACH_S = 0.006
# Samples by which a strike may move to be like another, and places within a sample that are tried then.
REACH_ALIKE, FRACTIONS = 24, 16
# Correlation of sounds from which on a strike follows another; chosen by hand, below that of one control.
FOLLOWS = 0.7
# Energy that a strike has to bring, beyond what the strike before it could: a part of the recording's while it is the
# last one, and a part of the whole recording's. Chosen by hand.
WORTH_OF_LOCAL, WORTH_OF_WHOLE = 0.02, 5e-4
# Part of the energy that a draft leaves of what is struck and rings, at most: it leaves 0.03 of five notes of a piano,
# 0.2 of strings.
STRUCK = 0.1
# A strike begins a sound if it is so sharp an attack, relative to the sharpest within so many seconds, or if it adds so
# much of the energy that rings after it, and of what rings at the loudest within that time; one of two within SAME_S.
# Chosen by hand: attacks of notes reach at least 0.18 of the sharpest, what else sets in 0.15 as a rule.
SHARP, AROUND_S, BRINGS, BRINGS_OF_LOUDEST, SAME_S = 0.17, 1.0, 0.5, 2e-3, 0.025
# Rounds in which strikes are left out that do not, and of refitting in each.
ROUNDS_OF_DAMPERS, ROUNDS = 4, 6


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


def aligned(sites: Sites, reach: int = REACH_ALIKE) -> Sites:
    """The sites at times between samples, chosen so that strikes of one kind sound as much alike as can be: each at
    most `reach` samples from where it was, and as it was but for the samples between.

    A strike at a time t within (n − 1, n] sounds from sample n on just like one at n whose modes are turned on by n −
    t. Of all strikes the strongest that none has followed yet leads, and the others turn towards it where that makes
    them alike.
    """
    gram, sigma = sites.mode_gram(), sites.sigma
    whole = np.arange(-reach, reach + 1) + 0.5
    within = (np.arange(FRACTIONS) + 0.5) / FRACTIONS - 0.5
    amplitudes = sites.amplitudes * np.exp(-0.5 * sigma)
    delays = np.full(sites.n_strikes, 0.5)
    size = np.sqrt(np.maximum(np.sum((amplitudes.conj() @ gram) * amplitudes, axis=1).real, 1e-300))
    free = np.ones(sites.n_strikes, np.bool_)
    for leader in np.argsort(-size, kind="stable"):
        if not free[leader]:
            continue
        free[leader] = False
        towards = amplitudes[leader].conj() @ gram
        for j in np.flatnonzero(free):
            best, likeness = _most_alike(towards * sites.amplitudes[j], sigma, whole, within)
            if likeness > FOLLOWS * size[j] * size[leader]:
                delays[j], free[j] = best, False
                amplitudes[j] = sites.amplitudes[j] * np.exp(-sigma * best)
    return replace(sites, strike_samples=sites.strike_samples - delays, amplitudes=np.ascontiguousarray(amplitudes))


def _most_alike(products: Complexes, sigma: Complexes, whole: Reals, within: Reals) -> tuple[float, float]:
    """The delay in samples that makes a strike most like another, and their inner product then; `products` `(n_modes,)`
    are those of its modes without a delay. Of delays `whole` the best first, then of those `within` about it.
    """
    used = np.flatnonzero(products)
    products, sigma = products[used], sigma[used]
    best = 0.0
    for delays in (whole, within):
        likeness = (np.exp(np.outer(best + delays, -sigma)) @ products).real
        best += float(delays[np.argmax(likeness)])
    return best, float(likeness.max())


def kept_strikes(sites: Sites, audio: Reals, sample_rate_hz: int, strength: Reals, most: int) -> Indices:
    """The strikes of a draft that are worth it, ascending: one for each note as a rule, and as many as leave at most
    `most` patterns that are not alike; 0 for any number.

    The one that loses least, where the strikes beside it make up for it, is left out again and again. Where few modes
    explain the recording so well that all of it was struck, strikes that begin no sound are left out too, which modes
    of other decays make up for; `strength` `(n_strikes,)` says how abruptly the recording rises at each.
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
    for round_ in range(ROUNDS_OF_DAMPERS):
        some, residual = refit_sites(sites.with_strikes(kept), audio, ROUNDS)
        brings = _brings(some, strength[kept], audio.shape[1], sample_rate_hz)
        beside = np.concatenate([[np.inf], brings, [np.inf]])
        damps = (brings < 1) & (brings <= beside[:-2]) & (brings <= beside[2:])
        if not damps.any() or (round_ == 0 and np.sum(residual**2) > STRUCK * power[-1]):
            break
        kept = kept[~damps]
    return kept


def _brings(sites: Sites, strength: Reals, n_samples: int, sample_rate_hz: int) -> Reals:
    """How surely each strike begins a sound, `(n_strikes,)`, 1 where it just does: by the energy that it adds to what
    rings; attacks that are among the sharpest around surely do. Of two almost at once the weaker attack does not.
    """
    energy = 0.5 * squared_norms(sites, n_samples)
    added, after = np.zeros(sites.n_strikes), np.zeros(sites.n_strikes)
    state, before = np.zeros(sites.n_modes, np.complex128), 0.0
    for j, at in enumerate(sites.strike_samples):
        state, before = state * np.exp(sites.sigma * (at - before)), at
        held, state = float(np.abs(state) ** 2 @ energy[j]), state + sites.amplitudes[j]
        after[j] = float(np.abs(state) ** 2 @ energy[j])
        added[j] = after[j] - held
    time_s = sites.strike_samples / sample_rate_hz
    around = np.abs(time_s[:, None] - time_s) < AROUND_S
    sharpest, loudest = (np.max(around * values, axis=1) for values in (strength, after))
    brings = added / (BRINGS * after + BRINGS_OF_LOUDEST * loudest + 1e-300)
    brings[(strength > 0) & (strength >= SHARP * sharpest)] = 1.0
    for j in np.flatnonzero(np.diff(time_s) < SAME_S):
        weaker = j if (strength[j], added[j]) < (strength[j + 1], added[j + 1]) else j + 1
        brings[weaker] = min(brings[weaker], 0.5)
    return brings


def _n_patterns(sites: Sites) -> int:
    within = aligned(sites, 0)
    return control_gains(within.amplitudes, within.mode_gram(), sites.n_strikes).shape[1]


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
