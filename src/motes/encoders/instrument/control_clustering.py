"""Strikes clustered into controls: those that inject one pattern, up to a positive factor, share a control."""

from __future__ import annotations

import numpy as np

from motes.events.instrument import Complexes, Reals

# Strikes whose patterns correlate at least so much are one control struck twice; chosen by hand.
ALIKE = 0.95
# Least gain of a strike, relative to the strongest of its control.
LEAST_GAIN = 1e-3
# In place of 0 in divisions.
TINY = 1e-300


def control_gains(amplitudes: Complexes, energy: Reals, most: int) -> Reals:
    """Gains: how much of each control each strike plays, `(n_strikes, n_controls)`, one positive number in each row
    that is not silent.

    `amplitudes` `(n_strikes, n_modes)` is what each strike injects, `energy` `(n_modes,)` the energy of each mode
    struck with amplitude 1.
    """
    patterns = amplitudes * np.sqrt(energy)
    members = _clusters(patterns, most)
    gains = np.zeros((len(amplitudes), len(members)))
    for control, strikes in enumerate(sorted(members, key=min)):
        gains[strikes, control] = _gains(patterns[strikes])
    return gains


def _clusters(patterns: Complexes, most: int) -> list[list[int]]:
    """The strikes of each control.

    Gain-shape clustering from the bottom: the two clusters whose union loses least energy become one until there are
    at most `most`, and as long as they are alike.
    """
    gram = (patterns @ patterns.conj().T).real
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


def _gains(patterns: Complexes) -> Reals:
    """The gains of several patterns along their principal direction, relative to the largest."""
    if len(patterns) == 1:
        return np.ones(1)
    direction = np.linalg.eigh((patterns @ patterns.conj().T).real)[1][:, -1]
    gains = direction if direction.sum() >= 0 else -direction
    return np.maximum(gains / gains.max(), LEAST_GAIN)


def control_weights(amplitudes: Complexes, gains: Reals, energy: Reals) -> Complexes:
    """Weights that each control injects, `(n_controls, n_modes)`: the mean of its strikes by their gains, on at most as
    many modes as its richest strike.
    """
    weights = (gains.T @ amplitudes) / np.maximum(np.sum(gains**2, axis=0), TINY)[:, None]
    for control in range(gains.shape[1]):
        strikes = np.flatnonzero(gains[:, control])
        n_modes = int(max(np.count_nonzero(amplitudes[strikes], axis=1), default=0))
        worth = np.abs(weights[control]) ** 2 * energy
        weights[control, np.argsort(-worth, kind="stable")[n_modes:]] = 0
    return weights
