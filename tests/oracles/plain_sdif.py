"""SDIF files read by the specification (Wright et al. 1999), nothing else."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

# Types of data of matrices.
TYPES = {0x004: ">f4", 0x008: ">f8", 0x102: ">i2", 0x104: ">i4", 0x202: ">u2", 0x204: ">u4", 0x301: "S1"}


class Frame(NamedTuple):
    """A frame: its signature, time in seconds, stream, and matrices by their signatures."""

    signature: str
    time_s: float
    stream: int
    matrices: dict[str, Any]


def read_frames(data: bytes) -> list[Frame]:
    """All frames of a file; AssertionError where it is not as the specification says."""
    signature, size, version, types = struct.unpack_from(">4siii", data)
    assert (signature, size, version, types) == (b"SDIF", 8, 3, 1)
    at, frames = 16, []
    while at < len(data):
        assert at % 8 == 0
        signature, size, time_s, stream, n_matrices = struct.unpack_from(">4sidii", data, at)
        at, end, matrices = at + 24, at + 8 + size, {}
        for _ in range(n_matrices):
            name, kind, n_rows, n_columns = struct.unpack_from(">4siii", data, at)
            n_bytes = n_rows * n_columns * (kind & 0xFF)
            values = np.frombuffer(data, TYPES[kind], n_rows * n_columns, at + 16)
            matrices[name.decode()] = values.reshape(n_rows, n_columns)
            at += 16 + n_bytes + -n_bytes % 8
        assert at == end
        frames.append(Frame(signature.decode(), time_s, stream, matrices))
    assert [frame.time_s for frame in frames] == sorted(frame.time_s for frame in frames)
    return frames
