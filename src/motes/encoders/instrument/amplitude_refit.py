"""Refitting all amplitudes together: least squares by preconditioned conjugate gradients, no matrix ever formed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.mode_responses import Indices, Sites, correlate_mixed, gram_matrix, with_ridge
from motes.events.instrument import Complexes, Reals

# Sites whose Gram matrix is inverted at once: as many as that is quick for.
SITES_PER_GROUP = 240
# What a site holds whose best amplitude is 0: it stays a site.
FAINT = 1e-30
# Energy of a step below which there is nothing to go by.
NO_ENERGY = 1e-20


class Preconditioner:
    """Inverses of the Gram matrices of groups of neighbouring modes: so conjugate gradients need few rounds."""

    def __init__(self, sites: Sites, gains: Reals, mask: NDArray[np.bool_], n_samples: int) -> None:
        """`gains` `(n_strikes, n_controls)`; `mask` `(n_controls, n_modes)` says which weights there are."""
        self._parts: list[tuple[Indices, Indices, Complexes]] = []
        mode, control = np.nonzero(mask.T)
        n_strikes = np.count_nonzero(gains, axis=0)
        group = np.cumsum(n_strikes[control]) // SITES_PER_GROUP if len(mode) else np.empty(0, np.int64)
        for number in np.unique(group):
            controls, modes = control[group == number], mode[group == number]
            gram = _group_gram(sites, gains, controls, modes, n_samples)
            inverse = np.linalg.inv(with_ridge(gram)).astype(np.complex128, copy=False)
            self._parts.append((controls, modes, inverse))

    def solve(self, target: Complexes) -> Complexes:
        """Each group's least squares for its part of the target, `(n_controls, n_modes)`."""
        change = np.zeros_like(target)
        for controls, modes, inverse in self._parts:
            change[controls, modes] = inverse @ target[controls, modes]
        return change


def _group_gram(sites: Sites, gains: Reals, controls: Indices, modes: Indices, n_samples: int) -> Complexes:
    """Inner products of what these weights sound like, `(n, n)`: of all strikes of their controls."""
    played = [np.flatnonzero(gains[:, control]) for control in controls]
    n_played = [len(strikes) for strikes in played]
    strike, column = np.concatenate(played), np.repeat(np.arange(len(controls)), n_played)
    gram = gram_matrix(sites, n_samples, strike, np.repeat(modes, n_played))
    if len(strike) > len(controls):
        spread = np.zeros((len(strike), len(controls)))
        spread[np.arange(len(strike)), column] = gains[strike, controls[column]]
        return spread.T @ gram @ spread
    gain = gains[strike, controls]
    return gram * np.outer(gain, gain)


def refit_amplitudes(
    sites: Sites, audio: Reals, gains: Reals, weights: Complexes, mask: NDArray[np.bool_], n_rounds: int
) -> tuple[Complexes, Reals]:
    """The weights `(n_controls, n_modes)` refitted where `mask` allows any, and the residual they leave of `audio`.

    Strike j injects `gains[j] @ weights`. The gradient is taken on the true residual, which knows what distant modes
    share and the mirror images at negative frequencies; every round lowers the residual's energy.
    """
    n_samples = audio.shape[1]
    used = np.flatnonzero(mask.any(axis=0))
    best, mask = weights[:, used] * mask[:, used], mask[:, used]
    small = replace(sites.with_modes(used), amplitudes=gains @ best)
    residual = audio - small.render(n_samples)
    n_rounds = n_rounds if len(used) else 0
    preconditioner = Preconditioner(small, gains, mask if n_rounds else np.zeros_like(mask), n_samples)
    step, slope = np.zeros_like(best), 1.0
    for _ in range(n_rounds):
        gradient = mask * (gains.T @ correlate_mixed(residual, small))
        direction = preconditioner.solve(gradient)
        following = float(np.sum((gradient.conj() * direction).real))
        step, slope = direction + (following / slope) * step, following
        moved = replace(small, amplitudes=gains @ step).render(n_samples)
        energy = float(np.sum(moved**2))
        if energy <= NO_ENERGY or slope <= 0:
            break
        length = float(np.sum(moved * residual)) / energy
        best, residual = best + length * step, residual - length * moved
    whole = np.zeros_like(weights)
    whole[:, used] = np.where(mask & (best == 0), FAINT, best)
    return whole, residual


def refit_sites(sites: Sites, audio: Reals, n_rounds: int) -> tuple[Sites, Reals]:
    """The sites with their own amplitudes refitted, and the residual they leave of `audio`."""
    each = np.eye(sites.n_strikes)
    amplitudes, residual = refit_amplitudes(sites, audio, each, sites.amplitudes, sites.amplitudes != 0, n_rounds)
    return replace(sites, amplitudes=amplitudes), residual
