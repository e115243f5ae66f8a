"""How alike the channels of noise are: as the residual's, or so that they bring what is lacking in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kernels.bands import Bands, sum_in_bands
from motes.kinds.texture.render import band_power

Array = NDArray[np.float64]


def coherence_of(spectra: NDArray[np.complex128], weights: Bands) -> Array:
    """Correlation of each further channel with the first in each band, `(n_bands, n_channels − 1)`."""
    energy = sum_in_bands(np.sum(np.square(np.abs(spectra)), axis=1), weights)
    cross = sum_in_bands(np.sum((spectra[1:] * np.conj(spectra[:1])).real, axis=1), weights)
    return np.clip(cross / np.maximum(np.sqrt(energy[1:] * energy[:1]), 1e-30), -1.0, 1.0).T


def lacking_coherence(
    residual: NDArray[np.complex128], rendered: NDArray[np.complex128], power: Array, weights: Bands
) -> Array:
    """Coherence of each further channel with the first in each band, `(n_bands, n_channels − 1)`, with which noise of
    this power brings what the rendered channels have in common too little.
    """
    whole, both = residual + rendered, (power[1:] > 0) & (power[:1] > 0)
    common = np.stack([_common_power(spectra, weights) for spectra in (whole, rendered)])
    cross = np.sum((common[0] - common[1]) * both, axis=1)
    energy = np.sum(power[1:] * both, axis=1) * np.sum(power[:1] * both, axis=1)
    return np.clip(cross / np.maximum(np.sqrt(energy), 1e-30), -1.0, 1.0).T


def _common_power(spectra: NDArray[np.complex128], weights: Bands) -> Array:
    """What each further channel has in common with the first, as `band_power` has it, `(n_channels − 1, n, n_bands)`:
    half the power of the sum less that of both.
    """
    power = band_power(spectra, weights)
    return np.asarray(0.5 * (band_power(spectra[1:] + spectra[:1], weights) - power[1:] - power[:1]))
