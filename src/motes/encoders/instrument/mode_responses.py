"""Modes struck at given times, while they are being fitted: their sound, what they hear, and their inner products
in closed form.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.instrument import Complexes, Reals
from motes.kinds.strike.kernel import listen, ring

# Samples × modes from which on a second thread pays.
WORTH_SHARING = 1 << 22
# Numbers that a mode and a strike cost, besides their sites.
NEW_MODE, NEW_STRIKE = 2, 3
# Relative loading of Gram matrices, so that twins among the modes do not cancel each other with huge amplitudes.
RIDGE = 1e-4


@dataclass(eq=False)
class Sites:
    """Amplitudes `value` `(n_strikes, n_modes)`, zero where there is no site, of modes `rate` `(2, n_modes)` struck at
    `at` samples.

    `mixing` `(n_channels, n_modes)` has unit norm for each mode.
    """

    rate: Reals
    mixing: Complexes
    at: Reals
    value: Complexes

    def render(self, n_samples: int) -> Reals:
        """The sound of all sites, `(n_channels, n_samples)`."""
        used = np.flatnonzero(self.value.any(axis=0))
        strikes, modes = np.nonzero(self.value[:, used])
        starts = np.searchsorted(strikes, np.arange(len(self.at) + 1)).astype(np.int64)
        weight = self.value[:, used][strikes, modes]
        mix = self.mixing[:, used]
        audio = np.zeros((len(mix), n_samples))
        none, ones = np.zeros(len(self.at)), np.ones(len(self.at))
        ring(
            audio,
            np.zeros((2, len(used))),
            np.ascontiguousarray(self.rate[:, used]),
            np.ascontiguousarray(np.stack([mix.real, mix.imag], axis=1)),
            self.at,
            none,
            ones,
            np.arange(len(self.at)),
            starts,
            modes.astype(np.int64),
            np.ascontiguousarray(np.stack([weight.real, weight.imag])),
        )
        return audio

    def n_numbers(self) -> int:
        """Numbers spent: two per site, three per strike, two per mode and its mixing where there are several
        channels.
        """
        n_strikes, n_modes = (np.count_nonzero(self.value.any(axis=axis)) for axis in (1, 0))
        return int(2 * np.count_nonzero(self.value) + NEW_STRIKE * n_strikes + self.per_mode * n_modes)

    @property
    def per_mode(self) -> int:
        """Numbers that each mode costs."""
        return NEW_MODE + (2 * len(self.mixing) if len(self.mixing) > 1 else 0)


def hear(audio: Reals, rate: Reals, at: Reals) -> Complexes:
    """Inner products of each channel of `audio` with each mode struck at each time, `(n_channels, n_strikes,
    n_modes)`; two threads share them.
    """
    heard = np.empty((len(audio), len(at), rate.shape[1]), np.complex128)

    def work(channel: int, modes: slice) -> None:
        some = np.ascontiguousarray(rate[:, modes])
        part = np.empty((2, len(at), some.shape[1]))
        listen(np.ascontiguousarray(audio[channel]), some, at, part)
        heard[channel, :, modes] = part[0] + 1j * part[1]

    half = rate.shape[1] // 2
    parts = [(channel, modes) for channel in range(len(audio)) for modes in (slice(0, half), slice(half, None))]
    if audio.shape[1] * rate.shape[1] < WORTH_SHARING:
        for part in parts:
            work(*part)
        return heard
    with ThreadPoolExecutor(2) as executor:
        for done in [executor.submit(work, *part) for part in parts]:
            done.result()
    return heard


def overlaps(
    sites: Sites, n_samples: int, strike: NDArray[np.int64], mode: NDArray[np.int64], by_strike: Any, by_mode: Any
) -> Complexes:
    """Inner products of sites with others, broadcast: Σ_n λ_b^{n − t_b} conj(λ_a^{n − t_a}) from the later strike
    on, times the mixing's.
    """
    sigma = sites.rate[0] + 1j * sites.rate[1]
    start = np.ceil(np.maximum(sites.at[strike], sites.at[by_strike]))
    mine, other = sigma[by_mode], sigma[mode].conj()
    both = mine + other
    early = np.exp(mine * (start - sites.at[by_strike]) + other * (start - sites.at[strike]))
    mixed = 1.0 if len(sites.mixing) == 1 else np.sum(sites.mixing[:, mode].conj() * sites.mixing[:, by_mode], axis=0)
    return early * mixed * (np.expm1(both * (n_samples - start)) / np.expm1(both))


def norms(sites: Sites, n_samples: int) -> Reals:
    """Squared norm of each site's complex mode, `(n_strikes, n_modes)`."""
    left = n_samples - np.ceil(sites.at)
    decay = 2 * sites.rate[0]
    energy = np.exp(decay * (np.ceil(sites.at) - sites.at)[:, None]) * np.expm1(np.outer(left, decay)) / np.expm1(decay)
    return np.maximum(energy, 1e-12)
