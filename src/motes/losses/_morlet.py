"""Filters of a scattering transform: which there are, and their spectra.

Andén & Mallat: "Deep scattering spectrum", IEEE Trans. Signal Processing 62 (2014), §II and §IV; the spacing and the
widths at crossings of 1/√2 follow Lostanlen: "Convolutional operators in the time–frequency domain", PhD thesis 2017,
§2, as kymatio does. Frequencies and widths are in cycles per sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LOW_PASS_SIGMA = 0.1  # of the Gaussian low-pass at scale 1; at scale 2ᴶ it is 2⁻ᴶ times this
_SUPPORT = 5.0  # a Gaussian is over after so many sigmas


@dataclass(frozen=True)
class Wavelet:
    """An analytic Morlet wavelet."""

    # ξ, cycles per sample.
    centre: float
    # Standard deviation of its Gaussian spectrum, cycles per sample.
    sigma: float
    # The largest j for which 2⁻ʲ of the samples are enough for its output.
    octave: int


def wavelets(octaves: int, per_octave: int) -> list[Wavelet]:
    """The bank, highest first: `per_octave` a step at constant Q while wider than the low-pass, then `per_octave` −
    1 more at its width down to zero.
    """
    narrowest = LOW_PASS_SIGMA / 2**octaves
    ratio = 2 ** (-1 / per_octave)
    relative_width = (1 - ratio) / (1 + ratio) / math.sqrt(math.log(2))  # neighbours cross at 1/√2
    bank = []
    centre = max(1 / (1 + 2 ** (3 / per_octave)), 0.35)
    while centre * relative_width > narrowest:
        bank.append(_wavelet(centre, centre * relative_width))
        centre *= ratio
    lowest = bank[-1].centre if bank else centre * relative_width
    bank += [_wavelet(lowest * (per_octave - q) / per_octave, narrowest) for q in range(1, per_octave)]
    return bank


def _wavelet(centre: float, sigma: float) -> Wavelet:
    return Wavelet(centre, sigma, math.floor(-math.log2(min(centre + _SUPPORT * sigma, 0.5))) - 1)


def morlet_spectrum(wavelet: Wavelet, bins: NDArray[np.int64], n: int) -> Array:
    """Spectrum at `bins` / n of a wavelet of zero mean whose impulse response has unit sum of magnitudes (over n
    samples, taken as periodic).
    """
    everywhere = _unnormalised(wavelet, np.arange(n) / n)
    return everywhere[bins % n] / np.abs(np.fft.ifft(everywhere)).sum()


def _unnormalised(wavelet: Wavelet, frequency: Array) -> Array:
    gabor, low = (_gaussian(frequency, centre, wavelet.sigma) for centre in (wavelet.centre, 0.0))
    zero = np.zeros(1)
    return gabor - low * float(
        (_gaussian(zero, wavelet.centre, wavelet.sigma) / _gaussian(zero, 0.0, wavelet.sigma))[0]
    )


def _gaussian(frequency: Array, centre: float, sigma: float) -> Array:
    """exp(−(f − centre)² / 2σ²), repeated with period 1."""
    distance = frequency - centre
    nearest = distance - np.round(distance)
    return np.asarray(sum(np.exp(-((nearest + shift) ** 2) / (2 * sigma**2)) for shift in (-1, 0, 1)))


def low_pass_spectrum(octaves: int, bins: NDArray[np.int64], n: int) -> Array:
    """Spectrum at `bins` / n of the Gaussian low-pass of scale 2ᴶ, 1 at zero."""
    return _gaussian(bins / n, 0.0, LOW_PASS_SIGMA / 2**octaves)
