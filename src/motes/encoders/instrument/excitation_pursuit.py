"""Which strike excites which mode, and how: pursuit over (strike, mode) pairs, the sites, at the most energy explained
per number spent.

All inner products of modes struck at different times have closed forms, so nothing is rendered but the residual, once
per sweep. Sites of neighbouring modes are refitted together by least squares (orthogonal pursuit); groups of neighbours
are shifted from sweep to sweep.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.amplitude_refit import FAINT, polish
from motes.encoders.instrument.mode_responses import NEW_STRIKE, RIDGE, Sites, hear, norms, overlaps
from motes.events.instrument import Complexes, Reals
from motes.stop_reason import StopReason

Indices = tuple[NDArray[np.int64], NDArray[np.int64]]

# Neighbouring modes whose sites are chosen together.
GROUP = 12
# Ratio of the energy per number asked for in successive sweeps.
FALL = 0.3
# Of the energy, over the budget: less is not worth a number.
NEGLIGIBLE = 1e-4
# Of the energy: where the residual is 60 dB below the recording nothing more is looked for.
INAUDIBLE = 1e-6
# Rounds of refitting after a sweep, and after the last.
ROUNDS, FINAL_ROUNDS = 4, 12


def dominant_mixing(heard: Complexes) -> Complexes:
    """The mixing, of unit norm, by which each mode explains most over all strikes: `(n_channels, n_modes)`."""
    if len(heard) == 1:
        return np.ones((1, heard.shape[2]), np.complex128)
    covariance = np.einsum("cjm,djm->mcd", heard, heard.conj())
    vectors = np.linalg.eigh(covariance)[1][:, :, -1]
    turn = np.exp(-1j * np.angle(vectors[np.arange(len(vectors)), np.argmax(np.abs(vectors), axis=1)]))
    return np.ascontiguousarray((vectors * turn[:, None]).T)


def choose_sites(
    audio: Reals,
    rate: Reals,
    at: Reals,
    budget: int,
    on_sweep: Callable[[float, int], str | None] | None = None,
    max_modes: int = 4096,
) -> tuple[Sites, str]:
    """Sites that explain `audio` `(n_channels, n)` with at most `budget` numbers, among modes `rate` (ascending in ω)
    struck `at` these samples.

    `on_sweep` is told the part of the budget spent and the number of sites, and may return a reason to stop. Returns
    the sites and why it stopped; on Ctrl-C those of the last sweep that was finished.
    """
    sites = Sites(
        rate, np.ones((len(audio), rate.shape[1]), np.complex128), at, np.zeros((len(at), rate.shape[1]), np.complex128)
    )
    if not sites.value.size or not audio.any() or budget < 1:
        return sites, StopReason.NOTHING_AUDIBLE_LEFT if not audio.any() else StopReason.N_EVENTS_REACHED
    before = sites.value
    try:
        heard = hear(audio, rate, at)
        sites.mixing = dominant_mixing(heard)
        pursuit = _Pursuit(sites, audio, budget, max_modes)
        while True:
            before = sites.value.copy()
            stopped = pursuit.sweep(heard)
            if stopped is None and on_sweep is not None:
                stopped = on_sweep(sites.n_numbers() / budget, int(np.count_nonzero(sites.value)))
            if stopped is not None:
                return sites, stopped
            heard = hear(pursuit.residual, rate, at)
    except KeyboardInterrupt:
        sites.value = before
        return sites, StopReason.CANCELLED


class _Pursuit:
    """Sweeps over all sites, each asking for less energy per number than the one before."""

    def __init__(self, sites: Sites, audio: Reals, budget: int, max_modes: int) -> None:
        self.sites, self.audio, self.budget, self.max_modes = sites, audio, budget, max_modes
        self.energy = norms(sites, audio.shape[1])
        self.residual, self._threshold, self._n_sweeps = audio, 0.0, 0
        self._whole = float(np.sum(audio**2))

    def sweep(self, heard: Complexes) -> str | None:
        """One sweep, given what all sites hear of the residual; a reason to stop, if there is one."""
        sites = self.sites
        mixed: Complexes = np.einsum("cm,cjm->jm", sites.mixing.conj(), heard)
        if self._n_sweeps == 0:
            self._threshold = float(np.max(2 * np.abs(mixed) ** 2 / self.energy)) / (2 + sites.per_mode + NEW_STRIKE)
        self._threshold *= FALL
        if self._threshold <= NEGLIGIBLE * self._whole / self.budget:
            return StopReason.NOTHING_AUDIBLE_LEFT
        before = sites.value.copy()
        new = self._additions(mixed)
        sites.value[new] = FAINT
        full = sites.n_numbers() >= self.budget
        if full or np.count_nonzero(sites.value.any(axis=0)) > self.max_modes:
            self._trim(before, new, mixed)
        self._n_sweeps += 1
        mask = sites.value != 0
        sites.value, self.residual = polish(
            sites, self.audio, np.eye(len(before)), before, mask, FINAL_ROUNDS if full else ROUNDS
        )
        if full:
            return StopReason.N_EVENTS_REACHED
        return StopReason.NOTHING_AUDIBLE_LEFT if np.sum(self.residual**2) < INAUDIBLE * self._whole else None

    def _additions(self, mixed: Complexes) -> Indices:
        """Strikes and modes of sites worth their numbers, found in groups of neighbouring modes that are shifted
        from sweep to sweep.
        """
        sites = self.sites
        n_modes = sites.value.shape[1]
        open_modes = bool(np.count_nonzero(sites.value.any(axis=0)) < self.max_modes)
        struck = np.array(sites.value.any(axis=1), np.bool_)
        found: list[tuple[int, int]] = []
        for first in range(-(self._n_sweeps % 2) * GROUP // 2, n_modes, GROUP):
            low, high = max(0, first), min(first + GROUP, n_modes)
            group = _Group(sites, low, high, mixed, self.energy, self.audio.shape[1], struck, open_modes)
            found += group.pursue(self._threshold)
        strikes, modes = np.array(found, np.int64).reshape(-1, 2).T
        return strikes, modes

    def _trim(self, before: Complexes, new: Indices, mixed: Complexes) -> None:
        """Of the sites new in this sweep keep those worth most, up to the budget."""
        sites = self.sites
        worth = np.abs(mixed[new]) ** 2 / self.energy[new]
        sites.value = before.copy()
        spent, modes, strikes = sites.n_numbers(), *(np.array(before.any(axis=axis), np.bool_) for axis in (0, 1))
        n_modes = int(np.count_nonzero(modes))
        for k in np.argsort(-worth, kind="stable"):
            j, m = int(new[0][k]), int(new[1][k])
            cost = 2 + (0 if modes[m] else sites.per_mode) + (0 if strikes[j] else NEW_STRIKE)
            if spent + cost <= self.budget and (modes[m] or n_modes < self.max_modes):
                sites.value[j, m], spent, n_modes = FAINT, spent + cost, n_modes + (not modes[m])
                modes[m], strikes[j] = True, True


class _Group:
    """Neighbouring modes at all strikes: orthogonal pursuit among their sites."""

    def __init__(
        self,
        sites: Sites,
        low: int,
        high: int,
        mixed: Complexes,
        energy: Reals,
        n_samples: int,
        struck: NDArray[np.bool_],
        open_modes: bool,
    ) -> None:
        self.sites, self.n_samples, self.low, self.struck, self.open_modes = sites, n_samples, low, struck, open_modes
        strike, mode = np.meshgrid(np.arange(len(sites.at)), np.arange(low, high), indexing="ij")
        self.strike, self.mode = strike.ravel(), mode.ravel()
        self.target, self.energy = mixed[:, low:high].ravel(), energy[:, low:high].ravel()
        self.used: NDArray[np.bool_] = np.array(sites.value[:, low:high].any(axis=0))
        self.chosen: list[int] = np.flatnonzero(sites.value[:, low:high].ravel()).tolist()
        self._columns = [self._column(k) for k in self.chosen]

    def pursue(self, threshold: float) -> list[tuple[int, int]]:
        """Strikes and modes of the sites that explain at least `threshold` per number."""
        n_before, left = len(self.chosen), self._left()
        while len(self.chosen) < len(self.strike):
            new_mode = ~self.used[self.mode - self.low]
            gain = (
                2
                * np.abs(left) ** 2
                / self.energy
                / (2 + self.sites.per_mode * new_mode + NEW_STRIKE * ~self.struck[self.strike])
            )
            gain[self.chosen] = 0.0
            if not self.open_modes:
                gain[new_mode] = 0.0
            k = int(np.argmax(gain))
            if gain[k] < threshold:
                break
            self.chosen.append(k)
            self.used[self.mode[k] - self.low], self.struck[self.strike[k]] = True, True
            self._columns.append(self._column(k))
            left = self._left()
        return [(int(self.strike[k]), int(self.mode[k])) for k in self.chosen[n_before:]]

    def _column(self, k: int) -> Complexes:
        return overlaps(
            self.sites, self.n_samples, self.strike, self.mode, self.strike[k : k + 1], self.mode[k : k + 1]
        )

    def _left(self) -> Complexes:
        """What the sites hear of the residual once the chosen ones are refitted by least squares."""
        if not self.chosen:
            return self.target
        matrix = np.stack(self._columns, axis=1)
        gram = matrix[self.chosen] + np.diag(RIDGE * self.energy[self.chosen])
        left: Complexes = self.target - matrix @ np.linalg.solve(gram, self.target[self.chosen])
        return left
