"""The spectrum of a scene's sound over time, which its notes share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from motes.stft import hann, stft

Reals = NDArray[np.float64]
# Hann windows of about this length, with a hop of a quarter.
WINDOW_S, HOPS = 0.186, 4


@dataclass(frozen=True)
class Spectrogram:
    """Frames of a sound `(n_channels, n_samples)`: `spectra` `(n_channels, n_frames, n_bins)` complex, frame t centred
    on sample t · hop, and `magnitudes` `(n_frames, n_bins)` of all channels together.
    """

    sample_rate_hz: int
    n_fft: int
    spectra: NDArray[np.complex64]
    magnitudes: NDArray[np.float32]

    @classmethod
    def of(cls, audio: NDArray[np.float32], sample_rate_hz: int) -> Spectrogram:
        """Of audio `(n_channels, n_samples)`."""
        n_fft = max(16, 2 ** round(np.log2(WINDOW_S * sample_rate_hz)))
        spectra = stft(audio, n_fft, n_fft // HOPS)
        magnitudes = np.sqrt(np.sum(spectra.real**2 + spectra.imag**2, axis=0))
        return cls(sample_rate_hz, n_fft, spectra, magnitudes)

    @property
    def hop_s(self) -> float:
        """Seconds from frame to frame."""
        return self.n_fft / HOPS / self.sample_rate_hz

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self.n_fft / self.sample_rate_hz

    @property
    def bin_hz(self) -> float:
        """Hz from bin to bin."""
        return self.sample_rate_hz / self.n_fft

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return len(self.magnitudes)

    def masked(self, first: int, mask: NDArray[np.floating]) -> tuple[int, Reals]:
        """The sound of the frames from `first` on times `mask` `(n, n_bins)`: the sample at which it begins, which may
        be negative, and audio `(n_channels, n_samples)`.
        """
        window, hop = hann(self.n_fft).astype(np.float64), self.n_fft // HOPS
        frames = scipy.fft.irfft(self.spectra[:, first : first + len(mask)] * mask, self.n_fft, axis=-1) * window
        audio = np.zeros((len(frames), (len(mask) - 1) * hop + self.n_fft))
        for t in range(len(mask)):
            audio[:, t * hop : t * hop + self.n_fft] += frames[:, t]
        return first * hop - self.n_fft // 2, audio / (0.375 * HOPS)
