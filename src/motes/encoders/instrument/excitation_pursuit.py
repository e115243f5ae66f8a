"""Excitation pursuit: which strike excites which mode, and how. It goes over (strike, mode) pairs, the sites, and takes
those that explain most energy per number spent.

All inner products of modes struck at different times have closed forms, so nothing is rendered but the residual, once
per sweep. Sites of neighbouring modes are refitted together by least squares (orthogonal pursuit); groups of neighbours
are shifted from sweep to sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.amplitude_refit import FAINT, refit_amplitudes
from motes.encoders.instrument.mode_responses import (
    NEW_STRIKE,
    RIDGE,
    Sites,
    correlate,
    inner_products,
    mixed_down,
    squared_norms,
)
from motes.encoders.time_limit import reason_of
from motes.events.instrument import Complexes, Reals
from motes.stop_reason import StopReason

SiteIndices = tuple[NDArray[np.int64], NDArray[np.int64]]

# The constants of this file are chosen by hand. Neighbouring modes whose sites are chosen together:
GROUP = 12
# Ratio of the energy per number asked for in successive sweeps.
FALL = 0.3
# Of the energy, over the budget: less is not worth a number.
NEGLIGIBLE = 1e-4
# Of the energy: where the residual is 60 dB below the recording nothing more is looked for.
INAUDIBLE = 1e-6
# Rounds of refitting after a sweep, and after the last.
ROUNDS, FINAL_ROUNDS = 4, 12


def dominant_mixing(correlations: Complexes) -> Complexes:
    """The mixing, of unit norm, by which each mode explains most over all strikes: `(n_channels, n_modes)`.

    `correlations` `(n_channels, n_strikes, n_modes)` are those of the recording.
    """
    if len(correlations) == 1:
        return np.ones((1, correlations.shape[2]), np.complex128)
    covariance = np.einsum("cjm,djm->mcd", correlations, correlations.conj())
    vectors = np.linalg.eigh(covariance)[1][:, :, -1]
    turn = np.exp(-1j * np.angle(vectors[np.arange(len(vectors)), np.argmax(np.abs(vectors), axis=1)]))
    return np.ascontiguousarray((vectors * turn[:, None]).T)


def choose_sites(
    audio: Reals,
    poles: Reals,
    strike_samples: Reals,
    budget: int,
    on_sweep: Callable[[float, int], str | None] | None = None,
    max_modes: int = 4096,
) -> tuple[Sites, str]:
    """Sites that explain `audio` `(n_channels, n)` with at most `budget` numbers, among modes `poles` (ascending in ω)
    struck at these samples; and why it stopped.

    `on_sweep` gets the part of the budget spent and the number of sites, and may return a reason to stop. On Ctrl-C the
    sites are those of the last sweep that was finished.
    """
    n_strikes, n_modes = len(strike_samples), poles.shape[1]
    mixing = np.ones((len(audio), n_modes), np.complex128)
    sites = Sites(poles, mixing, strike_samples, np.zeros((n_strikes, n_modes), np.complex128))
    if not sites.amplitudes.size or not audio.any() or budget < 1:
        return sites, StopReason.NOTHING_AUDIBLE_LEFT if not audio.any() else StopReason.N_EVENTS_REACHED
    try:
        correlations = correlate(audio, poles, strike_samples)
        sites = replace(sites, mixing=dominant_mixing(correlations))
        pursuit = _Pursuit(sites, audio, budget, max_modes)
        while True:
            stopped = pursuit.sweep(correlations)
            if stopped is None and on_sweep is not None:
                stopped = on_sweep(pursuit.sites.n_numbers() / budget, int(np.count_nonzero(pursuit.sites.amplitudes)))
            if stopped is not None:
                return pursuit.sites, stopped
            sites = pursuit.sites
            correlations = correlate(pursuit.residual, poles, strike_samples)
    except KeyboardInterrupt as interrupt:
        return sites, reason_of(interrupt)


class _Pursuit:
    """Sweeps over all sites, each asking for less energy per number than the one before."""

    def __init__(self, sites: Sites, audio: Reals, budget: int, max_modes: int) -> None:
        self.sites, self.audio, self.budget, self.max_modes = sites, audio, budget, max_modes
        self.energy = squared_norms(sites, audio.shape[1])
        self.residual, self._threshold, self._n_sweeps = audio, 0.0, 0
        self._whole = float(np.sum(audio**2))

    def sweep(self, correlations: Complexes) -> str | None:
        """A reason to stop, if there is one, after a sweep; `correlations` are those of the residual."""
        old = self.sites
        target = mixed_down(old.mixing, correlations)
        if self._n_sweeps == 0:
            most = float(np.max(2 * np.abs(target) ** 2 / self.energy))
            self._threshold = most / (2 + old.numbers_per_mode + NEW_STRIKE)
        self._threshold *= FALL
        if self._threshold <= NEGLIGIBLE * self._whole / self.budget:
            return StopReason.NOTHING_AUDIBLE_LEFT
        new = self._additions(target)
        sites = _with_new(old, new)
        full = sites.n_numbers() >= self.budget
        if full or len(sites.used_modes()) > self.max_modes:
            sites = self._trimmed(new, target)
        self._n_sweeps += 1
        each, mask = np.eye(old.n_strikes), sites.amplitudes != 0
        amplitudes, self.residual = refit_amplitudes(
            sites, self.audio, each, old.amplitudes, mask, FINAL_ROUNDS if full else ROUNDS
        )
        self.sites = replace(sites, amplitudes=amplitudes)
        if full:
            return StopReason.N_EVENTS_REACHED
        return StopReason.NOTHING_AUDIBLE_LEFT if np.sum(self.residual**2) < INAUDIBLE * self._whole else None

    def _additions(self, target: Complexes) -> SiteIndices:
        """Strikes and modes of sites worth their numbers, found in groups of neighbouring modes that are shifted
        from sweep to sweep.
        """
        sites = self.sites
        open_modes = len(sites.used_modes()) < self.max_modes
        struck = np.array(sites.amplitudes.any(axis=1), np.bool_)
        found: list[tuple[int, int]] = []
        for first in range(-(self._n_sweeps % 2) * GROUP // 2, sites.n_modes, GROUP):
            low, high = max(0, first), min(first + GROUP, sites.n_modes)
            group = _Group(sites, self.audio.shape[1], (low, high), target, self.energy)
            found += group.pursue(self._threshold, struck, open_modes)
        strikes, modes = np.array(found, np.int64).reshape(-1, 2).T
        return strikes, modes

    def _trimmed(self, new: SiteIndices, target: Complexes) -> Sites:
        """The sites, and of the new ones those worth most, up to the budget."""
        before = self.sites
        worth = np.abs(target[new]) ** 2 / self.energy[new]
        amplitudes, spent = before.amplitudes.copy(), before.n_numbers()
        modes, strikes = (np.array(amplitudes.any(axis=axis), np.bool_) for axis in (0, 1))
        n_modes = int(np.count_nonzero(modes))
        for k in np.argsort(-worth, kind="stable"):
            j, m = int(new[0][k]), int(new[1][k])
            cost = 2 + (0 if modes[m] else before.numbers_per_mode) + (0 if strikes[j] else NEW_STRIKE)
            if spent + cost <= self.budget and (modes[m] or n_modes < self.max_modes):
                amplitudes[j, m], spent, n_modes = FAINT, spent + cost, n_modes + (not modes[m])
                modes[m], strikes[j] = True, True
        return replace(before, amplitudes=amplitudes)


def _with_new(sites: Sites, new: SiteIndices) -> Sites:
    """The sites and new ones, of no amplitude yet."""
    amplitudes = sites.amplitudes.copy()
    amplitudes[new] = FAINT
    return replace(sites, amplitudes=amplitudes)


class _Group:
    """Neighbouring modes at all strikes: orthogonal pursuit among their sites."""

    def __init__(self, sites: Sites, n_samples: int, modes: tuple[int, int], target: Complexes, energy: Reals) -> None:
        """Modes first … last − 1 of `sites`; `target` and `energy` are those of all sites."""
        self.sites, self.n_samples, (self.low, high) = sites, n_samples, modes
        strike, mode = np.meshgrid(np.arange(sites.n_strikes), np.arange(self.low, high), indexing="ij")
        self.strike, self.mode = strike.ravel(), mode.ravel()
        mine = sites.amplitudes[:, self.low : high]
        self.target, self.energy = target[:, self.low : high].ravel(), energy[:, self.low : high].ravel()
        self.used: NDArray[np.bool_] = np.array(mine.any(axis=0))
        self.chosen: list[int] = np.flatnonzero(mine.ravel()).tolist()
        self._columns = [self._column(k) for k in self.chosen]

    def pursue(self, threshold: float, struck: NDArray[np.bool_], open_modes: bool) -> list[tuple[int, int]]:
        """Strikes and modes of the sites that explain at least `threshold` per number; `struck` becomes true of their
        strikes. New modes only where they are `open_modes`.
        """
        n_before, left = len(self.chosen), self._left()
        while len(self.chosen) < len(self.strike):
            new_mode = ~self.used[self.mode - self.low]
            numbers = 2 + self.sites.numbers_per_mode * new_mode + NEW_STRIKE * ~struck[self.strike]
            gain = 2 * np.abs(left) ** 2 / self.energy / numbers
            gain[self.chosen] = 0.0
            if not open_modes:
                gain[new_mode] = 0.0
            k = int(np.argmax(gain))
            if gain[k] < threshold:
                break
            self.chosen.append(k)
            self.used[self.mode[k] - self.low], struck[self.strike[k]] = True, True
            self._columns.append(self._column(k))
            left = self._left()
        return [(int(self.strike[k]), int(self.mode[k])) for k in self.chosen[n_before:]]

    def _column(self, k: int) -> Complexes:
        return inner_products(
            self.sites, self.n_samples, self.strike, self.mode, self.strike[k : k + 1], self.mode[k : k + 1]
        )

    def _left(self) -> Complexes:
        """Inner products of the sites with the residual once the chosen ones are refitted by least squares."""
        if not self.chosen:
            return self.target
        matrix = np.stack(self._columns, axis=1)
        gram = matrix[self.chosen] + np.diag(RIDGE * self.energy[self.chosen])
        left: Complexes = self.target - matrix @ np.linalg.solve(gram, self.target[self.chosen])
        return left
