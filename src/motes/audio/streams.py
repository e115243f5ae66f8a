"""The bytes of a recording, which are read more than once, by several readers, and in spans."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, cast

from motes import places
from motes.errors import AudioError

# Up to here a stream that cannot be rewound is kept in memory, beyond it in a temporary file.
SPOOL_BYTES = 32 * 2**20
# The size that a reader is given where it is to read on as long as there is something.
_NO_END = 2**40


@dataclass(frozen=True)
class Span:
    """One recording of those in a file: the bytes `start` … `end` (to the end of the file where None), with `prefix`
    before them. `is_open`: readers that ask how many bytes it has are to think that it never ends. `warning`: what is
    odd about it.
    """

    start: int = 0
    end: int | None = None
    prefix: bytes = b""
    is_open: bool = False
    warning: str = ""

    @property
    def is_whole_file(self) -> bool:
        """Whether it is just the file as it stands."""
        return (self.start, self.end, self.prefix, self.is_open) == (0, None, b"", False)


class Bytes:
    """What a recording is read from, a file or a stream, as often as needed."""

    def __init__(self, file: str | os.PathLike[str] | BinaryIO, name: str) -> None:
        self.name = name
        self.path: str | None = None
        self._lock = threading.Lock()
        self._raw: IO[bytes] | None = None
        if isinstance(file, str | os.PathLike):
            self._use_path(os.fspath(file))
        else:
            self._raw = rewindable(file, name)
        with self.open() as view:
            self.n_bytes = view.seek(0, os.SEEK_END)

    def _use_path(self, path: str) -> None:
        if places.is_remote(path):
            try:
                self._raw = places.open_file(path)
            except places.PlaceError as error:
                raise AudioError(str(error) if self.name in str(error) else f"{self.name}: {error}") from error
            return
        if os.path.isdir(path):
            raise AudioError(f"{self.name} is a folder, not a recording")
        if not os.path.exists(path):
            raise AudioError(f"there is no file {self.name}")
        if os.path.isfile(path):
            self.path = path
            return
        with open(path, "rb") as pipe:
            self._raw = spool(pipe, self.name)

    def open(self, span: Span | None = None) -> View:
        """A reader of a span, by default of everything, at its first byte."""
        if self._raw is not None:
            return View(self._raw, span or Span(), self._lock)
        assert self.path is not None
        try:
            return View(open(self.path, "rb", buffering=2**16), span or Span())
        except OSError as error:
            raise AudioError(f"cannot read {self.name}: {error.strerror or error}") from error

    def start(self, span: Span | None = None, n_bytes: int = 512) -> bytes:
        """The first bytes of a span."""
        with self.open(span) as view:
            return view.read(n_bytes)


class View:
    """One reader's position in a span. Where a `lock` is given, others read the same handle, and closing leaves it
    open.
    """

    def __init__(self, raw: IO[bytes], span: Span, lock: threading.Lock | None = None) -> None:
        self._raw, self._span, self._lock, self._at = raw, span, lock, 0
        # Why no more could be fetched: libsndfile would print what is raised in its calls, and go on.
        self._failure: places.PlaceError | None = None
        with lock or threading.Lock():
            end = raw.seek(0, os.SEEK_END)
        self._shift = span.start - len(span.prefix)
        self._n_bytes = max(0, (end if span.end is None else min(span.end, end)) - self._shift)

    def read(self, n_bytes: int = -1) -> bytes:
        rest = max(0, self._n_bytes - self._at)
        wanted = rest if n_bytes is None or n_bytes < 0 else min(n_bytes, rest)
        head = self._span.prefix[self._at : self._at + wanted]
        piece = head
        if wanted > len(head):
            with self._lock or threading.Lock():
                piece = head + self._read_raw(self._at + len(head) + self._shift, wanted - len(head))
        self._at += len(piece)
        return piece

    def _read_raw(self, at: int, n_bytes: int) -> bytes:
        try:
            self._raw.seek(at)
            return self._raw.read(n_bytes)
        except places.PlaceError as error:
            self._failure = error
            return b""

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        end = _NO_END if self._span.is_open and to == 0 else self._n_bytes
        self._at = max(0, to + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        raise OSError("read only")

    def close(self) -> None:
        if self._lock is None:
            self._raw.close()

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._failure is not None:
            raise AudioError(f"cannot read {getattr(self._raw, 'name', 'it')}: {self._failure}") from self._failure


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
