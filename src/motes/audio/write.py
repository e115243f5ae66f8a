"""Writing audio: whole files or none, clipped and counted instead of wrapped."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from motes.audio.checks import MAX_CHANNELS, check_sample_rate
from motes.audio.formats import OUTPUT_FORMATS
from motes.audio.source import Block
from motes.audio.streams import SPOOL_BYTES
from motes.audio.tags import give_tags, id3_tag
from motes.errors import AudioError, ParameterError
from motes.files import atomic_output

_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_WRITE_SAMPLES = 16384  # libsndfile's Vorbis encoder keeps a whole call on the stack
_WAV_BYTES = 2**32 - 2**16


def write_audio(  # noqa: PLR0913 (properties of a file, by keyword)
    path: str | os.PathLike[str] | BinaryIO,
    audio: NDArray[np.floating[Any]] | Iterable[NDArray[np.floating[Any]]],
    sample_rate_hz: float,
    n_channels: int,
    *,
    overwrite: bool = False,
    subtype: str | None = None,
    n_samples: int | None = None,
    extension: str = ".wav",
    tags: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Write audio to a file, a binary stream or standard output (`"-"`), and return how many samples lay beyond full
    scale and were clipped.

    `audio` is an array `(n,)` or `(n_channels, n)`, or an iterable of blocks `(n_channels, k)`; full scale is 1. The
    extension chooses the format (for streams it is `extension`), 24 bits where it has them unless `subtype` names
    another of libsndfile's codings ("PCM_16", "FLOAT"…). Give `n_samples` of blocks where a WAV may pass 4 GiB: it
    becomes RF64. `tags` are given to formats that have them. The file appears whole or not at all. Raises AudioError
    where it cannot be written, exists and `overwrite` is false, or the format cannot hold such audio; ParameterError
    for audio of the wrong shape or not finite.
    """
    rate = check_sample_rate(sample_rate_hz)
    if not 1 <= n_channels <= MAX_CHANNELS:
        raise ParameterError(f"n_channels must lie in 1 … {MAX_CHANNELS}, not {n_channels}")
    if isinstance(audio, np.ndarray):
        audio = audio[np.newaxis] if audio.ndim == 1 else audio
        n_samples = audio.shape[-1]
        audio = [audio]
    if not isinstance(path, str | os.PathLike) or path == "-":
        container, coding = _coding(extension, subtype, n_samples, n_channels)
        stream = sys.stdout.buffer if path == "-" else path
        return _write_stream(cast("IO[bytes]", stream), _Writer(audio, rate, n_channels, container, coding, tags))
    container, coding = _coding(format_extension(path), subtype, n_samples, n_channels)
    with atomic_output(path, overwrite) as handle:
        return _Writer(audio, rate, n_channels, container, coding, tags).write(handle)


def format_extension(path: str | os.PathLike[str]) -> str:
    """The extension, in lower case, of a path that motes can write audio to; AudioError if it is another."""
    extension = Path(path).suffix.lower()
    if extension not in OUTPUT_FORMATS:
        raise AudioError(f"cannot write {os.fspath(path)}: its extension must be one of {' '.join(OUTPUT_FORMATS)}")
    return extension


def _coding(extension: str, subtype: str | None, n_samples: int | None, n_channels: int) -> tuple[str, str]:
    import soundfile

    container, coding = OUTPUT_FORMATS[extension]
    coding = (subtype or coding).upper()
    if coding not in soundfile.available_subtypes(container):
        raise AudioError(f"{container} has no coding {coding}, but {' '.join(soundfile.available_subtypes(container))}")
    if container == "WAV" and (n_samples or 0) * n_channels * (_BITS.get(coding, 32) // 8) > _WAV_BYTES:
        container = "RF64"
    return container, coding


class _Writer:
    """One file's worth of audio on its way into a seekable handle."""

    def __init__(
        self,
        blocks: Iterable[NDArray[Any]],
        rate: int,
        n_channels: int,
        container: str,
        coding: str,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._tags = tags or {}
        self._blocks, self._rate, self._n_channels, self._container, self._coding = (
            blocks,
            rate,
            n_channels,
            container,
            coding,
        )
        self._n_clipped = self._n_samples = 0

    def write(self, handle: IO[bytes]) -> int:
        import soundfile

        before = id3_tag(self._tags) if self._container == "MP3" else b""
        handle.write(before)
        guarded = _Guarded(handle, len(before))
        what = f"{self._container} ({self._coding}), {self._n_channels} channels at {self._rate} Hz"
        try:
            file = soundfile.SoundFile(guarded, "w", self._rate, self._n_channels, self._coding, format=self._container)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            guarded.check()
            hint = "; Opus knows 8000, 12000, 16000, 24000 and 48000 Hz" if self._coding == "OPUS" else ""
            raise AudioError(
                f"cannot write {what}: {str(getattr(error, 'error_string', error)).rstrip('.')}{hint}"
            ) from error
        if self._container != "MP3":
            give_tags(file, self._tags)
        try:
            for block in self._blocks:
                self._put(file, self._checked(block), guarded)
            file.close()
        except soundfile.LibsndfileError as error:
            guarded.check()
            raise AudioError(f"cannot write {what}: {error.error_string}") from error
        finally:
            with contextlib.suppress(soundfile.LibsndfileError):
                file.close()
        guarded.check()
        if self._n_samples == 0:
            self._write_empty(handle)
        return self._n_clipped

    def _checked(self, block: NDArray[Any]) -> Block:
        # Whole numbers of stems that leave full scale have more digits than float32.
        block = np.asarray(block, dtype=np.float64 if self._coding == "DOUBLE" else np.float32)
        if block.ndim != 2 or len(block) != self._n_channels:
            raise ParameterError(f"audio to write must have shape ({self._n_channels}, n), not {block.shape}")
        return block

    def _put(self, file: Any, block: Block, guarded: _Guarded) -> None:
        for first in range(0, block.shape[1], _WRITE_SAMPLES):
            piece = block[:, first : first + _WRITE_SAMPLES]
            if not np.isfinite(piece).all():
                raise ParameterError("audio to write must be finite, and holds NaN or infinities")
            self._n_samples += piece.shape[1]
            if (
                self._container == "WAV"
                and self._n_samples * self._n_channels * (_BITS.get(self._coding, 32) // 8) > _WAV_BYTES
            ):
                raise AudioError("a WAV file cannot hold more than 4 GiB: write .flac, .rf64 or .w64")
            samples = self._quantised(piece).T
            try:
                file.write(samples)
            finally:
                guarded.check()  # first: what soundfile then makes of it says less

    def _quantised(self, piece: Block) -> NDArray[np.float32] | NDArray[np.int32]:
        """The samples, rounded here rather than in libsndfile, which truncates some codings; what lies beyond ±1 is
        clipped and counted.
        """
        if self._coding in ("FLOAT", "DOUBLE"):
            return piece
        self._n_clipped += int(np.count_nonzero(np.abs(piece) > 1))
        bits = _BITS.get(self._coding)
        if bits is None:
            return piece.clip(-1, 1)
        full = 2.0 ** (bits - 1)
        steps = np.clip(np.rint(piece * np.float64(full)), -full, full - 1)
        scaled: NDArray[np.int32] = (steps * 2.0 ** (32 - bits)).astype(np.int32)
        return scaled

    def _write_empty(self, handle: IO[bytes]) -> None:
        """Write a file of no samples where libsndfile leaves nothing, or something that it refuses."""
        if self._container == "FLAC":
            bits = _BITS[self._coding]
            fields = self._rate << 44 | (self._n_channels - 1) << 41 | (bits - 1) << 36
            info = (4096).to_bytes(2, "big") * 2 + bytes(6) + fields.to_bytes(8, "big") + bytes(16)
            handle.seek(0)
            handle.truncate()
            handle.write(b"fLaC\x80\x00\x00\x22" + info)
        elif self._coding in ("OPUS", "MPEG_LAYER_III"):
            raise AudioError(
                f"{self._container} ({self._coding}) cannot hold a recording of no samples: write .wav or .flac"
            )


class _Guarded:
    """A handle whose errors survive the way through libsndfile's C code, which would print and swallow them."""

    def __init__(self, handle: IO[bytes], start: int = 0) -> None:
        # The file begins so many bytes into the handle.
        self._handle, self._start = handle, start
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        if self._error is None:
            try:
                return self._handle.write(data)
            except BaseException as error:
                self._error = error
        return 0

    def read(self, n_bytes: int = -1) -> bytes:
        return self._handle.read(n_bytes)

    def readinto(self, buffer: Any) -> int:
        piece = self._handle.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        if self._error is None:
            try:
                to += self._start if whence == os.SEEK_SET else 0
                return self._handle.seek(to, whence) - self._start
            except BaseException as error:
                self._error = error
        return 0

    def tell(self) -> int:
        return self._handle.tell() - self._start


def _write_stream(stream: IO[bytes], writer: _Writer) -> int:
    """By way of a spool: headers are completed at the end, and a pipe cannot go back."""
    try:
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            n_clipped = writer.write(cast("IO[bytes]", spool))
            spool.seek(0)
            shutil.copyfileobj(spool, stream, 2**20)
            stream.flush()
    except BrokenPipeError:
        raise  # whoever read us has had enough: not an error to talk about
    except OSError as error:
        raise AudioError(
            f"cannot write to {getattr(stream, 'name', 'the stream')}: {error.strerror or error}"
        ) from error
    return n_clipped
