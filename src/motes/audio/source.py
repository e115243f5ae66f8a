"""Recordings as sources that are read in blocks, as often as needed, in bounded memory.

soundfile (libsndfile) knows WAV, RF64, FLAC, Ogg Vorbis and Opus, MP3, AIFF, CAF, AU and more."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.refusals import refuse_cut, refuse_what_needs_ffmpeg, sentence, why_not_audio
from motes.audio.streams import Stream, View, rewindable, spool
from motes.errors import AudioError, ParameterError

if TYPE_CHECKING:
    import soundfile

Block = NDArray[np.float32]
BLOCK_SAMPLES = 65536
MAX_CHANNELS = 64
MAX_SAMPLE_RATE_HZ = 768_000


class Source(Protocol):
    """A recording that can be read from its start as often as asked, in bounded memory.

    `n_samples` (per channel) is exact. Each block is `(n_channels, k)` float32, C-contiguous, k ≥ 1, full scale = 1,
    finite.
    """

    sample_rate_hz: int
    n_channels: int
    n_samples: int
    name: str

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        ...

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what the audio was read from."""
        ...


class ArraySource:
    """Audio in memory: `y` is `(n,)` or `(channels, n)`; floats have full scale 1, int16 and int32 are scaled to it.

    Raises ParameterError for any other type or shape, for NaN and infinities, and for a sample rate that is not a
    positive whole number.
    """

    def __init__(self, y: ArrayLike, sample_rate_hz: float, block_samples: int = BLOCK_SAMPLES) -> None:
        self.sample_rate_hz = check_sample_rate(sample_rate_hz)
        if block_samples < 1:
            raise ParameterError(f"block_samples must be at least 1, not {block_samples}")
        self._audio, self._scale = _check_array(y)
        self._block_samples = int(block_samples)
        self.n_channels, self.n_samples = self._audio.shape
        self.name = "array"
        for first, block in self._pieces(BLOCK_SAMPLES):
            _check_finite(block, first, self.sample_rate_hz, "the array", ParameterError)

    def _pieces(self, size: int) -> Iterator[tuple[int, Block]]:
        for first in range(0, self.n_samples, size):
            piece = self._audio[:, first : first + size]
            with np.errstate(over="ignore"):
                block = (
                    piece.astype(np.float32)
                    if self._scale == 1
                    else np.multiply(piece, self._scale, dtype=np.float64).astype(np.float32)
                )
            yield first, np.ascontiguousarray(block)

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        for _, block in self._pieces(self._block_samples):
            yield block

    def digest(self) -> str:
        """SHA-256 of the samples as interleaved little-endian float32."""
        sha = hashlib.sha256()
        for _, block in self._pieces(BLOCK_SAMPLES):
            sha.update(np.ascontiguousarray(block.T, dtype="<f4").data)
        return sha.hexdigest()


class FileSource:
    """A recording in a file or a binary stream; a stream that cannot seek is spooled (memory first, then a temporary
    file).

    Where a header does not hold the exact length (MP3, Ogg), it is counted by decoding once. Raises AudioError, one
    line, where the file is missing, empty, damaged, cut short, of a kind libsndfile does not know, or holds NaN or
    infinities.
    """

    def __init__(
        self, file: str | os.PathLike[str] | BinaryIO, name: str | None = None, block_samples: int = BLOCK_SAMPLES
    ) -> None:
        self._block_samples = block_samples
        self._path: str | None = None
        self._stream: Stream | None = None
        if isinstance(file, str | os.PathLike):
            self.name = name or os.fspath(file)
            self._use_path(os.fspath(file))
        else:
            self.name = name or str(getattr(file, "name", "stream"))
            self._stream = Stream(rewindable(file, self.name))
        if self._n_bytes() == 0:
            raise AudioError(f"{self.name} is empty")
        self._read_header()

    def _use_path(self, path: str) -> None:
        if os.path.isdir(path):
            raise AudioError(f"{self.name} is a folder, not a recording")
        if not os.path.exists(path):
            raise AudioError(f"there is no file {self.name}")
        if os.path.isfile(path):
            self._path = path
            return
        with open(path, "rb") as pipe:
            self._stream = Stream(spool(pipe, self.name))

    def _bytes(self) -> IO[bytes]:
        """A fresh handle at the first byte."""
        if self._path is None:
            assert self._stream is not None
            return cast("IO[bytes]", View(self._stream))
        try:
            return open(self._path, "rb")
        except OSError as error:
            raise AudioError(f"cannot read {self.name}: {error.strerror or error}") from error

    def _n_bytes(self) -> int:
        with self._bytes() as handle:
            return handle.seek(0, os.SEEK_END)

    def _open(self) -> soundfile.SoundFile:
        import soundfile

        with self._bytes() as handle:
            start = handle.read(512)
        refuse_what_needs_ffmpeg(self.name, start)
        path = self._path if self._path is None or os.name == "nt" else os.fsencode(self._path)
        try:
            return _forward_reader()(self._bytes() if path is None else path)
        except (soundfile.LibsndfileError, TypeError, RuntimeError) as error:  # TypeError: headerless .raw
            raise AudioError(why_not_audio(self.name, start, error)) from error

    def _read_header(self) -> None:
        with self._open() as file:
            self.sample_rate_hz, self.n_channels = int(file.samplerate), int(file.channels)
            plain = file.subtype.startswith("PCM_") or file.subtype in ("FLOAT", "DOUBLE", "ULAW", "ALAW")
            header_is_exact = plain and (
                file.format != "FLAC" or 0 < file.frames < 2**48
            )  # a FLAC that was streamed leaves it open
            refuse_cut(self.name, file.extra_info)
            promised, is_flac = int(file.frames), file.format == "FLAC"
        if self.n_channels < 1 or self.n_channels > MAX_CHANNELS or not 1 <= self.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
            raise AudioError(
                f"{self.name} has {self.n_channels} channels at {self.sample_rate_hz} Hz: not something motes can use"
            )
        self.n_samples = promised
        if is_flac and not header_is_exact and self._n_bytes() <= _n_bytes_of_flac_header(self._bytes()):
            self.n_samples = 0
        elif not header_is_exact:
            self.n_samples = -1
            self.n_samples = sum(block.shape[1] for block in self.blocks())

    def blocks(self) -> Iterator[Block]:
        """The audio from its start; raises AudioError where it cannot be decoded, ends early or holds NaN or
        infinities.
        """
        import soundfile

        done = 0
        if self.n_samples == 0:
            return
        with self._open() as file:
            frames = np.empty((self._block_samples, self.n_channels), np.float32)
            while True:
                try:
                    part = file.read(out=frames)
                except (soundfile.LibsndfileError, RuntimeError) as error:
                    raise AudioError(
                        f"{self.name} is damaged or cut short after {done / self.sample_rate_hz:.2f} s: "
                        f"{sentence(error)}"
                    ) from error
                if len(part) == 0:
                    break
                block = np.ascontiguousarray(part.T)
                if block.base is not None:  # one channel: still the buffer that the next read overwrites
                    block = block.copy()
                _check_finite(block, done, self.sample_rate_hz, self.name, AudioError)
                done += block.shape[1]
                yield block
        if self.n_samples >= 0 and done != self.n_samples:
            rate = self.sample_rate_hz
            raise AudioError(
                f"{self.name} is cut short: {done / rate:.2f} s of {self.n_samples / rate:.2f} s could be read"
            )

    def digest(self) -> str:
        """SHA-256 of the file."""
        sha = hashlib.sha256()
        with self._bytes() as handle:
            while piece := handle.read(2**20):
                sha.update(piece)
        return sha.hexdigest()


def open_source(path: str | os.PathLike[str] | BinaryIO) -> FileSource:
    """The recording in a file, a binary stream, or standard input for `"-"`."""
    if path == "-":
        return FileSource(sys.stdin.buffer, name="standard input")
    return FileSource(path)


# What can be encoded: `(n,)` or `(channels, n)`, the path of a recording, an open binary file, or a source.
Audio = ArrayLike | str | os.PathLike[str] | BinaryIO | Source


def as_source(audio: Audio, sample_rate_hz: float | None = None) -> Source:
    """A source of this audio; an array needs its `sample_rate_hz`, a recording has its own.

    Raises AudioError for a file that cannot be read, ParameterError for an array that makes no sense and for another
    rate than that of the file.
    """
    if not isinstance(audio, str | os.PathLike) and not hasattr(audio, "blocks") and not hasattr(audio, "read"):
        if sample_rate_hz is None:
            raise ParameterError("an array needs its sample_rate_hz")
        return ArraySource(cast("ArrayLike", audio), sample_rate_hz)
    source = cast("Source", audio) if hasattr(audio, "blocks") else FileSource(cast("BinaryIO", audio))
    if sample_rate_hz is not None and check_sample_rate(sample_rate_hz) != source.sample_rate_hz:
        raise ParameterError(
            f"{source.name} has {source.sample_rate_hz} samples per second, not {sample_rate_hz:g}: a recording needs "
            "no sample_rate_hz"
        )
    return source


def read_audio(path: str | os.PathLike[str] | BinaryIO) -> tuple[Block, int]:
    """A whole recording, `(n,)` when mono, else `(channels, n)`, float32, and its sample rate in Hz."""
    source = open_source(path)
    audio = np.empty((source.n_channels, source.n_samples), np.float32)
    done = 0
    for block in source.blocks():
        audio[:, done : done + block.shape[1]] = block
        done += block.shape[1]
    return (audio[0] if source.n_channels == 1 else audio), source.sample_rate_hz


# --- checks ---


def check_sample_rate(sample_rate_hz: float) -> int:
    """The rate as an int; ParameterError unless it is a whole number from 1 to `MAX_SAMPLE_RATE_HZ`."""
    try:
        whole = int(sample_rate_hz)
        if (
            isinstance(sample_rate_hz, str | bytes | bool)
            or whole != sample_rate_hz
            or not 1 <= whole <= MAX_SAMPLE_RATE_HZ
        ):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(
            f"sample_rate_hz must be a whole number from 1 to {MAX_SAMPLE_RATE_HZ}, not {sample_rate_hz!r}"
        ) from None
    return whole


def _check_array(y: ArrayLike) -> tuple[NDArray[Any], float]:
    """`y` as (channels, n) and what its values are multiplied by."""
    try:
        audio = np.asarray(y)
    except ValueError as error:
        raise ParameterError(f"the audio is not an array of numbers: {error}") from None
    scale = {"i2": 2.0**-15, "i4": 2.0**-31}.get(audio.dtype.str[1:], 1.0)  # in either order of bytes
    if audio.dtype.kind != "f" and scale == 1:
        raise ParameterError(f"audio must be float, int16 or int32, not {audio.dtype}: as floats, full scale is 1")
    if audio.ndim not in (1, 2):
        raise ParameterError(f"audio must have shape (n,) or (channels, n), not {audio.shape}")
    audio = audio[np.newaxis] if audio.ndim == 1 else audio
    if len(audio) == 0:
        raise ParameterError(f"audio of shape {audio.shape} has no channels")
    if len(audio) > MAX_CHANNELS:
        raise ParameterError(
            f"audio has {len(audio)} channels, at most {MAX_CHANNELS} are possible: was this (samples, channels)? "
            "pass y.T"
        )
    return audio, scale


def _check_finite(block: Block, first: int, sample_rate_hz: int, what: str, error: type[Exception]) -> None:
    finite = np.isfinite(block)
    if not finite.all():
        at = int(np.argmin(finite.all(axis=0)))
        bad = block[:, at][~finite[:, at]][0]
        raise error(f"{what} holds {bad} at {(first + at) / sample_rate_hz:.6f} s: audio must be finite")


def _forward_reader() -> type[soundfile.SoundFile]:
    """A SoundFile that only reads on: soundfile seeks after each read, which fails where the header leaves the
    length open, and takes time.
    """
    import soundfile

    class ForwardReader(soundfile.SoundFile):
        def seekable(self) -> bool:
            return False

    return ForwardReader


def _n_bytes_of_flac_header(handle: IO[bytes]) -> int:
    """Where the first frame of a FLAC file begins."""
    at, last = 4, False
    while not last:
        handle.seek(at)
        head = handle.read(4)
        if len(head) < 4:
            break
        last, at = bool(head[0] & 0x80), at + 4 + int.from_bytes(head[1:], "big")
    return at
