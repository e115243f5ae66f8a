"""Streams that are read more than once, by several readers."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from typing import IO, Any, BinaryIO, cast

from motes.errors import AudioError

# Up to here a stream that cannot be rewound is kept in memory, beyond it in a temporary file.
SPOOL_BYTES = 32 * 2**20


class Stream:
    """A seekable stream that several views share."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        # Views read in several threads: each seeks before it reads.
        self.lock = threading.Lock()
        self.n_bytes = raw.seek(0, os.SEEK_END)


class View:
    """One reader's position in a shared stream; closing it leaves the stream open."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._at = stream, 0

    def read(self, n_bytes: int = -1) -> bytes:
        with self._stream.lock:
            self._stream.raw.seek(self._at)
            piece = self._stream.raw.read(n_bytes)
        self._at += len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, to + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._stream.n_bytes}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: bytes) -> int:
        raise OSError("read only")

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def rewindable(stream: BinaryIO, name: str) -> IO[bytes]:
    """The stream itself where it can seek, else a copy that can."""
    try:
        if stream.seekable():
            stream.seek(0)
            return stream
    except (AttributeError, OSError):
        pass
    return spool(stream, name)


def spool(stream: BinaryIO, name: str) -> IO[bytes]:
    """A copy of what remains in a stream, in memory first, then in a temporary file."""
    copy = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 (lives as long as the source)
    try:
        shutil.copyfileobj(stream, copy, 2**20)
    except OSError as error:
        raise AudioError(
            f"cannot keep a copy of {name} to read it more than once: {error.strerror or error}"
        ) from error
    return cast("IO[bytes]", copy)
