"""The pursuit in plain NumPy: the same atoms in the same order, from the definitions alone.

Every coefficient is an inner product with the residual itself, taken anew after each subtraction; there is no
cross-Gram, no table, no bookkeeping of maxima. Slow, and what the kernels are tested against.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Atoms are centred every part of a window; the kernels look for the best of so many bins at once.
HOP_DIVISOR, BLOCK_BINS = 4, 16

Atom = tuple[int, int, int, NDArray[np.complex128]]


def unit_window(window: int) -> NDArray[np.float64]:
    """The periodic Hann window, centred on its middle sample, of unit energy."""
    hann = 0.5 + 0.5 * np.cos(2 * np.pi * (np.arange(window) - window // 2) / window)
    return hann / np.sqrt(np.sum(hann**2))


class PlainPursuit:
    """Pursuit over atoms centred in samples first … last − 1, from `audio` `(n_channels, n)` whose first sample is
    number `first_sample`.
    """

    def __init__(
        self, audio: NDArray[np.float64], first_sample: int, first: int, last: int, windows: tuple[int, ...]
    ) -> None:
        self.residual, self.first_sample = audio.astype(np.float64), first_sample
        self.windows = windows
        # By window's index and frame, of each bin; 1 where there are none.
        self.weights: dict[tuple[int, int], NDArray[np.floating]] = {}
        self.frames = [range(-(-first // (w // HOP_DIVISOR)), -(-last // (w // HOP_DIVISOR))) for w in windows]

    def coefficients(self, k: int, frame: int) -> NDArray[np.complex128]:
        """⟨residual, g⟩ for all bins of one frame, phases measured at the centre: `(n_channels, W/2 + 1)`."""
        window = self.windows[k]
        start = frame * (window // HOP_DIVISOR) - window // 2 - self.first_sample
        spectrum = np.fft.rfft(self.residual[:, start : start + window] * unit_window(window))
        spectrum[:, 1::2] *= -1
        return spectrum

    def overlap(self, window: int) -> NDArray[np.float64]:
        """⟨g, g*⟩ of each bin: by definition, Σ w² cos 2ωu."""
        u = np.arange(window) - window // 2
        weights = unit_window(window) ** 2
        return np.array([np.sum(weights * np.cos(4 * np.pi * m * u / window)) for m in range(window // 2 + 1)])

    def energies(self, k: int, frame: int) -> NDArray[np.float64]:
        """What subtracting the best real atom at each bin would remove: its projection onto cosine and sine, `(W/2
        + 1,)`.
        """
        c, rho = self.coefficients(k, frame), self._overlap(k)
        sine = np.where(rho < 1 - 1e-9, 2 * c.imag**2 / np.maximum(1 - rho, 1e-9), 0.0)
        return (2 * c.real**2 / (1 + rho) + sine).sum(axis=0)

    def benefits(self, k: int, frame: int) -> NDArray[np.float64]:
        """Energies times weights: by these atoms are chosen."""
        return self.energies(k, frame) * self.weights.get((k, frame), 1.0)

    def _overlap(self, k: int) -> NDArray[np.float64]:
        if not hasattr(self, "_overlaps"):
            self._overlaps = [self.overlap(w) for w in self.windows]
        return self._overlaps[k]

    def take(self, k: int, frame: int, m: int) -> Atom:
        """Subtract the best real atom at one place."""
        c, rho = self.coefficients(k, frame)[:, m], self._overlap(k)[m]
        amplitude = c.real / (1 + rho) + 1j * (c.imag / (1 - rho) if rho < 1 - 1e-9 else 0.0)
        window = self.windows[k]
        u = np.arange(window) - window // 2
        start = frame * (window // HOP_DIVISOR) - window // 2 - self.first_sample
        atom = unit_window(window) * np.exp(2j * np.pi * m * u / window)
        self.residual[:, start : start + window] -= 2 * np.real(amplitude[:, None] * atom)
        return k, frame, m, amplitude

    def batch(
        self, zones: NDArray[np.int64], zone_samples: int, start_energy: float, step: float, n_steps: int
    ) -> list[Atom]:
        """Take every atom above a falling threshold whose centre lies in the zones, in the kernels' order."""
        taken = []
        for zone in zones:
            threshold = start_energy
            for _ in range(n_steps):
                threshold *= step
                for k, window in enumerate(self.windows):
                    hop = window // HOP_DIVISOR
                    for frame in self.frames[k]:
                        if zone * zone_samples <= frame * hop < (zone + 1) * zone_samples:
                            taken += self._sweep(k, frame, threshold)
        return taken

    def _sweep(self, k: int, frame: int, threshold: float) -> list[Atom]:
        taken = []
        for first in range(0, self.windows[k] // 2 + 1, BLOCK_BINS):
            while (benefit := self.benefits(k, frame)[first : first + BLOCK_BINS]).max() >= threshold:
                taken.append(self.take(k, frame, first + int(benefit.argmax())))
        return taken
