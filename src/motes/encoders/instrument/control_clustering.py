"""Which strikes are the same gesture: strikes that inject the same pattern, up to a positive factor, share one
control.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Complexes, Reals

# Strikes whose patterns correlate at least so much are one control struck twice.
ALIKE = 0.95


def share_controls(value: Complexes, energy: Reals, most: int) -> Reals:
    """How much of each control each strike plays, `(n_strikes, n_controls)`, one positive number in each row that is
    not silent.

    `value` `(n_strikes, n_modes)` is what each strike injects, `energy` `(n_modes,)` the energy of each mode struck
    with weight 1. Gain-shape clustering from the bottom: the two clusters whose union loses least energy become one
    until there are at most `most`, and as long as they are alike.
    """
    patterns = value * np.sqrt(energy)
    gram = (patterns @ patterns.conj().T).real
    sounding = np.flatnonzero(np.diag(gram) > 0)
    members = [[int(j)] for j in sounding]
    gram = gram[np.ix_(sounding, sounding)].copy()  # of the clusters' sums of unit direction × gain, merged below
    size = np.diag(gram).copy()
    shared = np.zeros((len(value), 0))
    while len(members) > 1:
        norm = np.sqrt(np.maximum(np.diag(gram), 1e-300))
        likeness = gram / np.outer(norm, norm)
        loss = (1 - np.clip(likeness, 0, 1) ** 2) * np.minimum.outer(size, size)
        np.fill_diagonal(loss, np.inf)
        np.fill_diagonal(likeness, -1)
        enough = len(members) <= most
        if enough:
            loss = np.where(likeness >= ALIKE, loss, np.inf)
        a, b = sorted(divmod(int(np.argmin(loss)), len(members)))
        if not np.isfinite(loss[a, b]):
            break
        members[a] += members.pop(b)
        size[a] += size[b]
        gram[a] += gram[b]
        gram[:, a] += gram[:, b]
        gram, size = np.delete(np.delete(gram, b, 0), b, 1), np.delete(size, b)
    shared = np.zeros((len(value), len(members)))
    for control, strikes in enumerate(sorted(members, key=min)):
        shared[strikes, control] = _gains(patterns[strikes])
    return shared


def _gains(patterns: Complexes) -> Reals:
    """The gains of several patterns along their principal direction; at least a thousandth of the largest."""
    if len(patterns) == 1:
        return np.ones(1)
    direction = np.linalg.eigh((patterns @ patterns.conj().T).real)[1][:, -1]
    gains = direction if direction.sum() >= 0 else -direction
    return np.maximum(gains / gains.max(), 1e-3)


def patterns_of(
    value: Complexes, shared: Reals, energy: Reals, per_control: NDArray[np.int64] | None = None
) -> Complexes:
    """What each control injects, `(n_controls, n_modes)`: the mean of its strikes by their gains, on at most as
    many modes as its richest strike.
    """
    weights = (shared.T @ value) / np.maximum(np.sum(shared**2, axis=0), 1e-300)[:, None]
    for control in range(shared.shape[1]):
        strikes = np.flatnonzero(shared[:, control])
        room = (
            int(max(np.count_nonzero(value[strikes], axis=1), default=0))
            if per_control is None
            else int(per_control[control])
        )
        worth = np.abs(weights[control]) ** 2 * energy
        weights[control, np.argsort(-worth, kind="stable")[room:]] = 0
    return weights
