"""Which part of a detail event is left: factors by band and time that act on its short-time Fourier transform, so that
parts of one event whose factors add up to 1 add up to it. As bytes, each factor is predicted by what stands before it
in time and below it in frequency.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import EVEN, padded
from motes.coding.range_coder import N_STATE, code_adaptive, finish, start
from motes.errors import FormatError
from motes.events.event_table import Array, Ints
from motes.kernels._jit import jit
from motes.kinds.detail.grid import frame_samples
from motes.kinds.detail.table import MASK_UNITS
from motes.units import erb_rate

# Bands of the masks that edits make: two thirds of an ERB each at 44.1 kHz.
N_BANDS = 64
N_VALUES = MASK_UNITS + 1
# Bits of a value that is another than the one before.
N_BITS = 4
CHANGED = N_VALUES * N_VALUES
N_SLOTS = CHANGED + N_VALUES * (1 << N_BITS)


def hop_samples(sample_rate_hz: int) -> int:
    """Samples between frames of the transform, which are twice as long: half a frame of detail."""
    return frame_samples(sample_rate_hz) // 2


def masked(audio: Array, lead: int, mask: NDArray[np.int8], length: int, sample_rate_hz: int) -> tuple[Array, int]:
    """Audio `(n_channels, n)` of an event of this length whose first sample is number `lead`, times a mask; and how
    many samples come before that first one now. Frame k is centred k + ½ hops after it.
    """
    import scipy.fft

    hop = hop_samples(sample_rate_hz)
    frames = frames_over(-lead, audio.shape[1] - lead, hop)
    begin = (2 * int(frames[0]) - 1) * hop // 2
    padded = np.zeros((len(audio), (len(frames) + 1) * hop))
    padded[:, -lead - begin : -lead - begin + audio.shape[1]] = audio
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    cut = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop, axis=1)[:, ::hop]
    rows, bands = rows_at(frames, hop, length, len(mask)), bands_of_bins(sample_rate_hz, hop, mask.shape[1])
    spectra = scipy.fft.rfft(cut * window, axis=2) * (mask / MASK_UNITS)[rows][:, bands]
    made = scipy.fft.irfft(spectra, 2 * hop, axis=2) * window
    found = np.zeros((len(audio), len(frames) + 1, hop))
    found[:, :-1] += made[:, :, :hop]
    found[:, 1:] += made[:, :, hop:]
    return found.reshape(len(audio), -1), -begin


def frames_over(first: int, last: int, hop: int) -> Ints:
    """The frames in which samples `first` … `last` − 1 lie."""
    return np.arange((2 * first - 3 * hop) // (2 * hop) + 1, -((-2 * last - hop) // (2 * hop)))


def rows_at(frames: Ints, hop: int, length: int, n_rows: int) -> Ints:
    """The row of a mask for each frame: that in which its centre lies."""
    return np.clip((2 * frames + 1) * hop * n_rows // (2 * length), 0, n_rows - 1)


def bands_of_bins(sample_rate_hz: int, hop: int, n_bands: int) -> Ints:
    """The band of a mask in which each bin lies, `(hop + 1,)`; bands reach up to half the sample rate."""
    place = erb_rate(np.arange(hop + 1) * (sample_rate_hz / 2 / hop)) / erb_rate(sample_rate_hz / 2)
    return np.minimum(np.floor(place * n_bands).astype(np.int64), n_bands - 1)


@jit
def code_mask(decoding, buffer, slots, mask):
    """A mask `(n_frames, n_bands)`, int64, to `buffer` or back; returns the number of bytes when encoding."""
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    for row in range(mask.shape[0]):
        for band in range(mask.shape[1]):
            before = mask[row - 1, band] if row else np.int64(0)
            below = mask[row, band - 1] if band else np.int64(0)
            value = mask[row, band]
            changed = np.int64(1) if value != before else np.int64(0)
            if code_adaptive(rc, buffer, slots, before * N_VALUES + below, changed) == 0:
                mask[row, band] = before
                continue
            other, node = value - (np.int64(1) if value > before else np.int64(0)), np.int64(1)
            for bit in range(N_BITS - 1, -1, -1):
                node = 2 * node + code_adaptive(
                    rc, buffer, slots, np.int64(CHANGED) + (below << N_BITS) + node, (other >> bit) & 1
                )
            other = node - (1 << N_BITS)
            mask[row, band] = other + (np.int64(1) if other >= before else np.int64(0))
    return finish(rc, buffer) if decoding == 0 else np.int64(0)


def encode_mask(mask: NDArray[np.int8]) -> bytes:
    """A mask `(n_frames, n_bands)` as coded bytes."""
    buffer = np.zeros(64 + 4 * mask.size, np.uint8)
    n = code_mask(0, buffer, np.full(N_SLOTS, EVEN, np.int64), mask.astype(np.int64))
    return buffer[:n].tobytes()


def decode_mask(data: bytes, shape: tuple[int, int], name: str) -> NDArray[np.int8]:
    """The inverse; FormatError, which has a name, where it makes no sense."""
    if min(shape) < 1:
        raise FormatError(f"{name}: a mask without frames or bands")
    found = np.zeros(shape, np.int64)
    code_mask(1, padded(data), np.full(N_SLOTS, EVEN, np.int64), found)
    return found.astype(np.int8)
