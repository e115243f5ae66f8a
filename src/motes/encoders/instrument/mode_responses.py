"""Responses of modes struck at given times, while they are being fitted: their sound, their correlation with a
recording, and their inner products in closed form.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Complexes, Reals
from motes.kinds.strike.kernel import Controls, Modes, Strikes, correlate_with_modes, ring

# Samples × modes from which on a second thread pays.
WORTH_SHARING = 1 << 22
# Numbers that a mode and a strike cost, besides their sites: frequency and decay; time, control and amplitude.
NEW_MODE, NEW_STRIKE = 2, 3
# Relative loading of Gram matrices, so that modes nearly alike do not cancel each other with huge amplitudes; chosen by
# hand.
RIDGE = 1e-4
# Energy of a mode that is hardly struck before the end, in place of 0.
LEAST_ENERGY = 1e-12
# How much of what strikes sound like is compared: less than most notes are apart.
COMPARED_SAMPLES = 8192

Indices = NDArray[np.int64]


@dataclass(eq=False)
class Sites:
    """Amplitudes `(n_strikes, n_modes)`, zero where there is no site, of modes struck at times in samples.

    `poles` `(2, n_modes)`: −decay and angular frequency per sample, the logarithms of the modes' poles; `mixing`
    `(n_channels, n_modes)` has unit norm for each mode.
    """

    poles: Reals
    mixing: Complexes
    strike_samples: Reals
    amplitudes: Complexes

    @property
    def n_strikes(self) -> int:
        """Times at which modes may be struck."""
        return len(self.strike_samples)

    @property
    def n_modes(self) -> int:
        """Modes that may be struck."""
        return self.poles.shape[1]

    @property
    def sigma(self) -> Complexes:
        """−decay + iω of each mode, per sample, `(n_modes,)`."""
        return self.poles[0] + 1j * self.poles[1]

    def unit_energy(self) -> Reals:
        """Energy of each mode struck with amplitude 1 and left to ring, `(n_modes,)`."""
        return -0.25 / self.poles[0]

    def mode_gram(self) -> Complexes:
        """Inner products of the modes, `(n_modes, n_modes)`, over the first COMPARED_SAMPLES of each struck with
        amplitude 1.
        """
        both = self.sigma.conj()[:, None] + self.sigma
        mixed = self.mixing.conj().T @ self.mixing
        gram: Complexes = 0.5 * mixed * np.expm1(COMPARED_SAMPLES * both) / np.expm1(both)
        return gram

    def used_modes(self) -> Indices:
        """Modes that are struck at all."""
        return np.flatnonzero(self.amplitudes.any(axis=0))

    def with_modes(self, modes: Indices) -> Sites:
        """Only these modes, in this order."""
        return replace(
            self,
            poles=np.ascontiguousarray(self.poles[:, modes]),
            mixing=np.ascontiguousarray(self.mixing[:, modes]),
            amplitudes=np.ascontiguousarray(self.amplitudes[:, modes]),
        )

    def with_strikes(self, strikes: Indices) -> Sites:
        """Only these strikes, in this order."""
        return replace(
            self, strike_samples=self.strike_samples[strikes], amplitudes=np.ascontiguousarray(self.amplitudes[strikes])
        )

    def render(self, n_samples: int) -> Reals:
        """The sound of all sites, `(n_channels, n_samples)`."""
        used = self.used_modes()
        strikes, modes = np.nonzero(self.amplitudes[:, used])
        starts = np.searchsorted(strikes, np.arange(self.n_strikes + 1)).astype(np.int64)
        weight, mix = self.amplitudes[:, used][strikes, modes], self.mixing[:, used]
        audio, none = np.zeros((len(mix), n_samples)), np.zeros(self.n_strikes)
        poles = np.ascontiguousarray(self.poles[:, used])
        modes_used = Modes(poles, np.ascontiguousarray(np.stack([mix.real, mix.imag], axis=1)))
        each_once = Strikes(self.strike_samples, none, np.ones(self.n_strikes), np.arange(self.n_strikes))
        weights = np.ascontiguousarray(np.stack([weight.real, weight.imag]))
        ring(audio, np.zeros((2, len(used))), modes_used, each_once, Controls(starts, modes.astype(np.int64), weights))
        return audio

    def n_numbers(self) -> int:
        """Numbers spent: two per site, three per strike, two per mode and its mixing where there are several
        channels.
        """
        n_strikes, n_modes = (np.count_nonzero(self.amplitudes.any(axis=axis)) for axis in (1, 0))
        return int(2 * np.count_nonzero(self.amplitudes) + NEW_STRIKE * n_strikes + self.numbers_per_mode * n_modes)

    @property
    def numbers_per_mode(self) -> int:
        """Numbers that each mode costs."""
        return NEW_MODE + (2 * len(self.mixing) if len(self.mixing) > 1 else 0)


def correlate(audio: Reals, poles: Reals, strike_samples: Reals) -> Complexes:
    """Inner products of each channel of `audio` with each mode struck at each time, `(n_channels, n_strikes,
    n_modes)`; two threads share them.
    """
    found = np.empty((len(audio), len(strike_samples), poles.shape[1]), np.complex128)

    def work(channel: int, modes: slice) -> None:
        some = np.ascontiguousarray(poles[:, modes])
        part = np.empty((2, len(strike_samples), some.shape[1]))
        correlate_with_modes(np.ascontiguousarray(audio[channel]), some, strike_samples, part)
        found[channel, :, modes] = part[0] + 1j * part[1]

    half = poles.shape[1] // 2
    parts = [(channel, modes) for channel in range(len(audio)) for modes in (slice(0, half), slice(half, None))]
    if audio.shape[1] * poles.shape[1] < WORTH_SHARING:
        for part in parts:
            work(*part)
        return found
    with ThreadPoolExecutor(2) as executor:
        for done in [executor.submit(work, *part) for part in parts]:
            done.result()
    return found


def correlate_mixed(audio: Reals, sites: Sites) -> Complexes:
    """Inner products of `audio` with each site, its mode as all channels have it, `(n_strikes, n_modes)`."""
    return mixed_down(sites.mixing, correlate(audio, sites.poles, sites.strike_samples))


def mixed_down(mixing: Complexes, correlations: Complexes) -> Complexes:
    """Inner products with each site from those of the channels, `(n_strikes, n_modes)`."""
    mixed: Complexes = np.einsum("cm,cjm->jm", mixing.conj(), correlations)
    return mixed


def inner_products(
    sites: Sites, n_samples: int, strike: Indices, mode: Indices, by_strike: Any, by_mode: Any
) -> Complexes:
    """Inner products of sites with others, broadcast: Σ_n λ_b^{n − t_b} conj(λ_a^{n − t_a}) from the later strike
    on, times the mixing's.
    """
    sigma, at = sites.sigma, sites.strike_samples
    start = np.ceil(np.maximum(at[strike], at[by_strike]))
    mine, other = sigma[by_mode], sigma[mode].conj()
    both = mine + other
    early = np.exp(mine * (start - at[by_strike]) + other * (start - at[strike]))
    mixed = 1.0 if len(sites.mixing) == 1 else np.sum(sites.mixing[:, mode].conj() * sites.mixing[:, by_mode], axis=0)
    return early * mixed * (np.expm1(both * (n_samples - start)) / np.expm1(both))


def gram_matrix(sites: Sites, n_samples: int, strike: Indices, mode: Indices) -> Complexes:
    """Inner products of these sites with each other, `(n, n)`."""
    return inner_products(sites, n_samples, strike[:, None], mode[:, None], strike[None], mode[None])


def with_ridge(gram: Complexes) -> Complexes:
    """The Gram matrix with its diagonal raised by RIDGE, in place."""
    gram[np.diag_indices(len(gram))] *= 1 + RIDGE
    return gram


def squared_norms(sites: Sites, n_samples: int) -> Reals:
    """Squared norm of each site's complex mode, `(n_strikes, n_modes)`."""
    first = np.ceil(sites.strike_samples)
    decay = 2 * sites.poles[0]
    late = np.exp(decay * (first - sites.strike_samples)[:, None])
    energy = late * np.expm1(np.outer(n_samples - first, decay)) / np.expm1(decay)
    return np.maximum(energy, LEAST_ENERGY)
