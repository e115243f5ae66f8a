"""The spectrum of a scene's sound over time, which its notes share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from motes.stft import hann, stft_blocks

Reals = NDArray[np.float64]
# Hann windows of about this length, with a hop of a quarter.
WINDOW_S, HOPS = 0.186, 4


@dataclass(frozen=True)
class Spectrogram:
    """Frames of a sound `(n_channels, n_samples)`: frame t is centred on sample t · hop, and `magnitudes`
    `(n_frames, n_bins)` are of all channels together.
    """

    sample_rate_hz: int
    n_fft: int
    audio: NDArray[np.float32]
    magnitudes: NDArray[np.float32]

    @classmethod
    def of(cls, audio: NDArray[np.float32], sample_rate_hz: int) -> Spectrogram:
        """Of audio `(n_channels, n_samples)`."""
        n_fft = max(16, 2 ** round(np.log2(WINDOW_S * sample_rate_hz)))
        blocks = (np.sum(np.abs(each) ** 2, axis=0) for each in stft_blocks(audio, n_fft, n_fft // HOPS))
        return cls(sample_rate_hz, n_fft, audio, np.sqrt(np.concatenate(list(blocks))))

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

    def masked(self, first: int, mask: NDArray[np.float32]) -> tuple[int, Reals]:
        """The sound of the frames from `first` on times `mask` `(n_frames, n_bins)`: the sample at which it begins,
        which may be negative, and audio `(n_channels, n_samples)`.
        """
        hop, window = self.n_fft // HOPS, hann(self.n_fft).astype(np.float64)
        begin = first * hop - self.n_fft // 2
        length = max(0, len(mask) - 1) * hop + self.n_fft
        low, high = max(0, begin), min(self.audio.shape[1], begin + length)
        piece = np.zeros((len(self.audio), length))
        piece[:, low - begin : max(high, low) - begin] = self.audio[:, low:high]
        masked = np.zeros_like(piece)
        for t in range(len(mask)):
            frame = slice(t * hop, t * hop + self.n_fft)
            masked[:, frame] += scipy.fft.irfft(scipy.fft.rfft(piece[:, frame] * window) * mask[t], self.n_fft) * window
        return begin, masked / (0.375 * HOPS)
