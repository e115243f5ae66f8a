"""WAV of a stretch of sound that is rendered as it is asked for: a header of fixed size, and samples wherever they
are wanted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from motes.scene.metadata import Marker
from motes.studio.errors import StudioError

Reader = Callable[[int, int], NDArray[np.float32]]
_CHUNK_SAMPLES = 1 << 15


class WavRange:
    """`n_samples` of a track as the bytes of a WAV file of 16 bits or 32 (float); `read` gives samples of the
    stretch, `(n_channels, n)`.
    """

    def __init__(self, read: Reader, n_samples: int, n_channels: int, rate: int, bits: int) -> None:
        self._read, self._n_samples, self._frame = read, n_samples, n_channels * bits // 8
        self._bits = bits
        n_data = min(n_samples * self._frame, 2**32 - 100)
        kind = struct.pack(
            "<4sIHHIIHH", b"fmt ", 16, 3 if bits == 32 else 1, n_channels, rate, rate * self._frame, self._frame, bits
        )
        fact = struct.pack("<4sII", b"fact", 4, min(n_samples, 2**32 - 1)) if bits == 32 else b""
        body = kind + fact + struct.pack("<4sI", b"data", n_data)
        self._head = struct.pack("<4sI4s", b"RIFF", len(body) + 4 + n_data, b"WAVE") + body
        self.n_bytes = len(self._head) + n_samples * self._frame

    def part(self, first: int, last: int) -> Iterator[bytes]:
        """Bytes first … last − 1 of the file."""
        if first < len(self._head):
            yield self._head[first : min(last, len(self._head))]
        at = max(0, first - len(self._head))
        end = last - len(self._head)
        while at < end:
            sample = at // self._frame
            n = min(_CHUNK_SAMPLES, self._n_samples - sample)
            chunk = self._coded(self._read(sample, sample + n))
            skipped = at - sample * self._frame
            piece = chunk[skipped : skipped + end - at]
            yield piece
            at += len(piece)

    def _coded(self, audio: NDArray[np.float32]) -> bytes:
        if self._bits == 32:
            return np.ascontiguousarray(audio.T, "<f4").tobytes()
        return np.ascontiguousarray(np.rint(np.clip(audio, -1, 1) * 32767).T.astype("<i2")).tobytes()


class RangeNotSatisfiable(StudioError):
    """A range past the end."""

    status = 416


def requested_range(header: str | None, n_bytes: int) -> tuple[int, int] | None:
    """The bytes first … last − 1 that a Range header asks for; None for all, also where it is not understood."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (header or "").strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        return max(0, n_bytes - int(last)), n_bytes
    low, high = int(first), min(n_bytes, int(last) + 1 if last else n_bytes)
    if low >= n_bytes:
        raise RangeNotSatisfiable(f"there are {n_bytes} bytes, none from {low} on")
    return (low, high) if low < high else None


def add_cue_points(path: str, markers: Sequence[Marker], sample_rate_hz: int) -> None:
    """Add markers to a RIFF WAV file as cue points with labels; regions get their length too. RF64 files, which are
    longer than 4 GiB, get none.
    """
    with open(path, "r+b") as file:
        if not markers or file.read(4) != b"RIFF":
            return
        samples = [round(one.start_s * sample_rate_hz) for one in markers]
        cues = b"".join(struct.pack("<II4sIII", number, at, b"data", 0, 0, at) for number, at in enumerate(samples, 1))
        texts = b"".join(_labels(number, one, sample_rate_hz) for number, one in enumerate(markers, 1))
        file.seek(0, 2)
        file.write(_chunk(b"cue ", struct.pack("<I", len(markers)) + cues) + _chunk(b"LIST", b"adtl" + texts))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def _labels(number: int, marker: Marker, sample_rate_hz: int) -> bytes:
    found = _chunk(b"labl", struct.pack("<I", number) + marker.name.encode() + b"\0")
    if marker.end_s is None:
        return found
    length = round((marker.end_s - marker.start_s) * sample_rate_hz)
    return found + _chunk(b"ltxt", struct.pack("<II4sHHHH", number, length, b"rgn ", 0, 0, 0, 0))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
