"""Strikes clustered into controls: those that sound alike, up to a positive factor, share a control.

What is compared are sounds, not weights: modes near each other do the same in other shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.mode_responses import with_ridge
from motes.events.instrument import Complexes, Reals

# Strikes whose sounds correlate at least so much are one control struck twice; chosen by hand: strokes of one key of a
# sampled piano do by 0.8 … 0.99, those of different keys by at most 0.5.
ALIKE = 0.8
# Modes of a shared control, as a part of those of its richest strike; chosen by hand.
SHARED_MODES = 2
# Least gain of a strike, relative to the strongest of its control.
LEAST_GAIN = 1e-3
# In place of 0 in divisions.
TINY = 1e-300


def control_gains(amplitudes: Complexes, gram: Complexes, most: int) -> Reals:
    """Gains: how much of each control each strike plays, `(n_strikes, n_controls)`, one positive number in each row
    that is not silent.

    `amplitudes` `(n_strikes, n_modes)` is what each strike injects, `gram` `(n_modes, n_modes)` the inner products of
    the modes struck with amplitude 1.
    """
    likeness = (amplitudes.conj() @ gram @ amplitudes.T).real
    members = _clusters(likeness, most)
    gains = np.zeros((len(amplitudes), len(members)))
    for control, strikes in enumerate(sorted(members, key=min)):
        gains[strikes, control] = _gains(likeness[np.ix_(strikes, strikes)])
    return gains


def _clusters(gram: Reals, most: int) -> list[list[int]]:
    """The strikes of each control, from the inner products of their sounds.

    Gain-shape clustering from the bottom: the two clusters whose union loses least energy become one until there are
    at most `most`, and as long as they are alike.
    """
    sounding = np.flatnonzero(np.diag(gram) > 0)
    members = [[int(j)] for j in sounding]
    gram = gram[np.ix_(sounding, sounding)].copy()  # of the clusters' sums of unit direction × gain, merged below
    size = np.diag(gram).copy()
    while len(members) > 1:
        norm = np.sqrt(np.maximum(np.diag(gram), TINY))
        likeness = gram / np.outer(norm, norm)
        loss = (1 - np.clip(likeness, 0, 1) ** 2) * np.minimum.outer(size, size)
        np.fill_diagonal(loss, np.inf)
        np.fill_diagonal(likeness, -1)
        if len(members) <= most:
            loss = np.where(likeness >= ALIKE, loss, np.inf)
        a, b = sorted(divmod(int(np.argmin(loss)), len(members)))
        if not np.isfinite(loss[a, b]):
            break
        members[a] += members.pop(b)
        size[a] += size[b]
        gram[a] += gram[b]
        gram[:, a] += gram[:, b]
        gram, size = np.delete(np.delete(gram, b, 0), b, 1), np.delete(size, b)
    return members


def _gains(gram: Reals) -> Reals:
    """The gains of several sounds, of these inner products, along their principal direction, relative to the
    largest.
    """
    if len(gram) == 1:
        return np.ones(1)
    direction = np.linalg.eigh(gram)[1][:, -1]
    gains = direction if direction.sum() >= 0 else -direction
    return np.maximum(gains / gains.max(), LEAST_GAIN)


def control_weights(amplitudes: Complexes, gains: Reals, gram: Complexes) -> Complexes:
    """Weights that each control injects, `(n_controls, n_modes)`: the mean of its strikes by their gains, on at most
    SHARED_MODES times as many modes as its richest strike.
    """
    weights = (gains.T @ amplitudes) / np.maximum(np.sum(gains**2, axis=0), TINY)[:, None]
    for control in range(gains.shape[1]):
        strikes = np.flatnonzero(gains[:, control])
        n_modes = SHARED_MODES * int(max(np.count_nonzero(amplitudes[strikes], axis=1), default=0))
        used = np.flatnonzero(weights[control])
        if len(used) > n_modes:
            kept, best = _fewer_modes(weights[control, used], gram[np.ix_(used, used)], n_modes)
            weights[control] = 0
            weights[control, used[kept]] = best
    return weights


def _fewer_modes(weights: Complexes, gram: Complexes, n_modes: int) -> tuple[NDArray[np.int64], Complexes]:
    """Which of the modes are kept, and their weights, if as many are left out as leave `n_modes`: again and again the
    one whose loss the others, refitted, make up for best.
    """
    kept, weights = np.arange(len(weights)), weights.copy()
    inverse = np.linalg.inv(with_ridge(gram.copy())).astype(np.complex128, copy=False)
    while len(kept) > n_modes:
        k = int(np.argmin(np.abs(weights) ** 2 / inverse.diagonal().real))
        change = inverse[:, k] / inverse[k, k].real
        weights = np.delete(weights - change * weights[k], k)
        inverse = np.delete(np.delete(inverse - np.outer(change, inverse[k]), k, 0), k, 1)
        kept = np.delete(kept, k)
    return kept, weights
