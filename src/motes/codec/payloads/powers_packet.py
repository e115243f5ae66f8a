"""How strong detail is, by bands and blocks of time, so that a file that ends before its detail sounds whole: texture
is louder by as much there. docs/format.md specifies it.
"""

from __future__ import annotations

import numpy as np

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varint
from motes.edit.detail.layers import MOST_POWER, block_shape
from motes.errors import FormatError
from motes.events.event_table import Ints

# A packet has no more values for each of its bytes.
VALUES_PER_BYTE = 64
BANDS_TOGETHER = 6


def pack_powers(powers: Ints) -> bytes:
    """The payload of powers `(n_blocks, n_bands, n_channels)`, in steps from 0, which is silence."""
    residual = powers - _predicted_all(powers)
    payload = varint(len(powers)) + encode_numbers(zigzags(residual.reshape(-1)), _columns(powers.shape))
    return payload + bytes(max(0, -(-powers.size // VALUES_PER_BYTE) - len(payload)))


def unpack_powers(reader: Reader, sample_rate_hz: int, n_samples: int, n_channels: int) -> Ints:
    """The inverse; FormatError, which names the packet, where it makes no sense."""
    n_blocks, n_bands = block_shape(sample_rate_hz, n_samples)
    if reader.varint(n_blocks) != n_blocks or n_blocks * n_bands * n_channels > VALUES_PER_BYTE * len(reader):
        raise FormatError(f"{reader.name}: it has not as many blocks as the sound")
    shape = n_blocks, n_bands, n_channels
    residual = unzigzags(decode_numbers(reader.rest(), _columns(shape))).reshape(shape)
    found = np.zeros((n_blocks + 1, n_bands, n_channels), np.int64)
    for k in range(n_blocks):
        for band in range(n_bands):
            found[k + 1, band] = residual[k, band] + _predicted(
                found[k, band], *((found[k + 1, band - 1], found[k, band - 1]) if band else (0, 0))
            )
        if np.any(found[k + 1] < 0) or np.any(found[k + 1] > MOST_POWER):
            raise FormatError(f"{reader.name}: a power is out of range")
    return found[1:]


def _predicted_all(powers: Ints) -> Ints:
    before = np.concatenate([np.zeros_like(powers[:1]), powers[:-1]])
    below, below_before = (
        np.concatenate([np.zeros_like(part[:, :1]), part[:, :-1]], axis=1) for part in (powers, before)
    )
    return _predicted(before, below, below_before)


def _predicted(before: Ints, below: Ints | int, below_before: Ints | int) -> Ints:
    """What a power is expected to be: that of the block before, changed as much as the band below has."""
    return before + below - below_before


def _columns(shape: tuple[int, ...]) -> Ints:
    """Six bands have slots of their own."""
    return np.tile(np.repeat(np.arange(shape[1]) // BANDS_TOGETHER, shape[2]), shape[0])
