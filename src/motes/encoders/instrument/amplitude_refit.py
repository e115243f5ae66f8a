"""Refitting all amplitudes together: least squares by preconditioned conjugate gradients, no matrix ever formed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.mode_responses import RIDGE, Sites, hear, overlaps
from motes.events.instrument import Complexes, Reals

SITES_PER_GROUP = 240
# What a site holds whose best amplitude is 0: it stays a site.
FAINT = 1e-30


class Groups:
    """The unknowns in groups of neighbouring modes, with the inverse of each group's Gram matrix: so conjugate
    gradients need few rounds.
    """

    def __init__(self, sites: Sites, shared: Reals, mask: NDArray[np.bool_], n_samples: int) -> None:
        self._parts = []
        mode, control = np.nonzero(mask.T)
        strikes_of = [np.flatnonzero(column) for column in shared.T]
        n_strikes = np.array([len(s) for s in strikes_of])
        group = np.cumsum(n_strikes[control]) // SITES_PER_GROUP if len(mode) else np.empty(0, np.int64)
        for number in np.unique(group):
            k, m = control[group == number], mode[group == number]
            j = np.concatenate([strikes_of[c] for c in k])
            column = np.repeat(np.arange(len(k)), n_strikes[k])
            many = np.repeat(m, n_strikes[k])
            gram = overlaps(sites, n_samples, j[:, None], many[:, None], j[None], many[None])
            if len(j) > len(k):
                spread = np.zeros((len(j), len(k)))
                spread[np.arange(len(j)), column] = shared[j, k[column]]
                gram = spread.T @ gram @ spread
            else:
                gain = shared[j, k]
                gram = gram * np.outer(gain, gain)
            gram[np.diag_indices(len(k))] *= 1 + RIDGE
            self._parts.append((k, m, np.linalg.inv(gram)))

    def solve(self, target: Complexes) -> Complexes:
        """Each group's least squares for what it hears."""
        change = np.zeros_like(target)
        for k, m, inverse in self._parts:
            change[k, m] = inverse @ target[k, m]
        return change


def polish(
    sites: Sites, audio: Reals, shared: Reals, weights: Complexes, mask: NDArray[np.bool_], n_rounds: int
) -> tuple[Complexes, Reals]:
    """The weights `(n_controls, n_modes)` refitted where `mask` allows any, and the residual they leave of `audio`.

    Strike j injects `shared[j] @ weights`. The gradient is taken on the true residual, which knows what distant modes
    share and the mirror images at negative frequencies; every round lowers the residual's energy.
    """
    n_samples = audio.shape[1]
    used = np.flatnonzero(mask.any(axis=0))
    best, mask = weights[:, used] * mask[:, used], mask[:, used]
    small = Sites(
        np.ascontiguousarray(sites.rate[:, used]), np.ascontiguousarray(sites.mixing[:, used]), sites.at, shared @ best
    )
    residual = audio - small.render(n_samples)
    groups = Groups(small, shared, mask, n_samples)
    step, slope = np.zeros_like(best), 1.0
    for _ in range(n_rounds if len(used) else 0):
        gradient = mask * (
            shared.T @ np.einsum("cm,cjm->jm", small.mixing.conj(), hear(residual, small.rate, small.at))
        )
        direction = groups.solve(gradient)
        following = float(np.sum((gradient.conj() * direction).real))
        step, slope = direction + (following / slope) * step, following
        moved = replace(small, value=shared @ step).render(n_samples)
        energy = float(np.sum(moved**2))
        if energy <= 1e-20 or slope <= 0:
            break
        length = float(np.sum(moved * residual)) / energy
        best, residual = best + length * step, residual - length * moved
    whole = np.zeros_like(weights)
    whole[:, used] = np.where(mask & (best == 0), FAINT, best)
    return whole, residual
