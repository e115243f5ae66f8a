"""FLAC files written by bytes, of any number of bits and with any promise: samples as they are, in blocks of 192."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

_BLOCK = 192
_SIZE_CODES = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}


def flac(samples: ArrayLike, bits: int, rate: int = 44100, n_samples: int | None = None) -> bytes:
    """A file of these whole numbers, `(n,)` or `(n_channels, n)`, whose header promises `n_samples`."""
    x = np.atleast_2d(np.asarray(samples))
    promised = x.shape[1] if n_samples is None else n_samples
    fields = rate << 44 | (len(x) - 1) << 41 | (bits - 1) << 36 | promised
    info = _BLOCK.to_bytes(2, "big") * 2 + bytes(6) + fields.to_bytes(8, "big") + bytes(16)
    frames = (_frame(x[:, at : at + _BLOCK], bits, at // _BLOCK) for at in range(0, x.shape[1], _BLOCK))
    return b"fLaC\x80\x00\x00\x22" + info + b"".join(frames)


def _frame(x: np.ndarray, bits: int, number: int) -> bytes:
    coded = bytes([number]) if number < 128 else bytes([0xC0 | number >> 6, 0x80 | number & 63])
    head = bytes([0xFF, 0xF8, 0x70, (len(x) - 1) << 4 | _SIZE_CODES.get(bits, 0) << 1]) + coded
    head += (x.shape[1] - 1).to_bytes(2, "big")
    head += bytes([_crc(head, 0x07, 8)])
    body = "".join("00000010" + "".join(f"{int(v) & ((1 << bits) - 1):0{bits}b}" for v in channel) for channel in x)
    body += "0" * (-len(body) % 8)
    frame = head + int(body, 2).to_bytes(len(body) // 8, "big")
    return frame + _crc(frame, 0x8005, 16).to_bytes(2, "big")


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << (bits - 8)
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc >> (bits - 1) & 1 else crc << 1) & ((1 << bits) - 1)
    return crc
