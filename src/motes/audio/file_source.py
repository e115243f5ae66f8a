"""Recordings in files, and whatever else can be taken for a recording."""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.checks import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, check_sample_rate
from motes.audio.formats import foreign
from motes.audio.levels import LevelCheck
from motes.audio.libav import LibavDecoder, is_installed
from motes.audio.refusals import refuse_foreign
from motes.audio.sndfile import SndfileDecoder, UnknownCoding
from motes.audio.source import BLOCK_SAMPLES, ArraySource, Block, Source
from motes.audio.spans import after_tag, spans_of
from motes.audio.streams import Bytes, Span
from motes.errors import AudioError, MotesWarning, ParameterError

if TYPE_CHECKING:
    from motes.audio.raw import RawSamples

# What can be encoded: `(n,)` or `(channels, n)`, the path of a recording, an open binary file, or a source.
Audio = ArrayLike | str | os.PathLike[str] | BinaryIO | Source


class Decoder(Protocol):
    """One recording of those in a file. `n_samples` is −1 where only decoding tells."""

    sample_rate_hz: int
    n_channels: int
    n_samples: int

    def counted(self, n_samples: int) -> None:
        """So many samples were decoded: `n_samples` is how many of them there are to be."""
        ...

    def frames(self, block_samples: int) -> Iterator[NDArray[np.float32]]:
        """The audio from its start, in blocks `(n, n_channels)` that the next one may overwrite."""
        ...


class FileSource:
    """A recording in a file or a binary stream; a stream that cannot seek is spooled (memory first, then a temporary
    file). `raw` says what samples a file without a header holds.

    Where a header does not tell the length exactly (MP3, Ogg), it is counted by decoding once. Several recordings one
    after another in a file are one, where they have the sample rate and channels of the first. Raises AudioError, one
    line, where the file is missing, empty, damaged, cut short, of a kind that is not read, or holds NaN, infinities, or
    peaks above 100 times full scale unless `any_level`.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | BinaryIO,
        name: str | None = None,
        block_samples: int = BLOCK_SAMPLES,
        raw: RawSamples | None = None,
        any_level: bool = False,
    ) -> None:
        self._block_samples, self._any_level, self._is_checked = block_samples, any_level, False
        is_path = isinstance(file, str | os.PathLike)
        self.name = name or (os.fspath(cast("str", file)) if is_path else str(getattr(file, "name", "stream")))
        self._data = Bytes(file, self.name)
        if self._data.n_bytes == 0:
            raise AudioError(f"{self.name} is empty")
        self.n_samples = 0
        self._decoders: list[Decoder] = []
        for span in spans_of(self._data) if raw is None else [raw.span(self._data)]:
            self._add(span)

    def _add(self, span: Span) -> None:
        if span.warning:
            warnings.warn(f"{self.name} {span.warning}", MotesWarning, stacklevel=4)
        decoder = self._decoder(span)
        rate, n_channels = decoder.sample_rate_hz, decoder.n_channels
        if not self._decoders:
            if not (1 <= n_channels <= MAX_CHANNELS and 1 <= rate <= MAX_SAMPLE_RATE_HZ):
                raise AudioError(f"{self.name} has {n_channels} channels at {rate} Hz: not something motes can use")
            self.sample_rate_hz, self.n_channels = rate, n_channels
        elif (rate, n_channels) != (self.sample_rate_hz, self.n_channels):
            raise AudioError(
                f"{self.name} holds several recordings: after {self.n_samples / self.sample_rate_hz:.2f} s, at byte "
                f"{span.start}, begins one of {rate} Hz and {n_channels} channels, and the first has "
                f"{self.sample_rate_hz} Hz and {self.n_channels}: cut it there"
            )
        if decoder.n_samples < 0:
            check = LevelCheck(self.name, self.sample_rate_hz, AudioError, self._any_level)
            n_samples = 0
            for block in self._blocks_of(decoder, self.n_samples, check):
                n_samples += block.shape[1]
            decoder.counted(n_samples)
        self._decoders.append(decoder)
        self.n_samples += decoder.n_samples

    def _decoder(self, span: Span) -> Decoder:
        about = foreign(after_tag(self._data, span))
        if about is None:
            try:
                return SndfileDecoder(self._data, span)
            except UnknownCoding as error:
                about, refusal = error.about, error
        else:
            refusal = None
        if not is_installed():
            refuse_foreign(self.name, about, refusal)
        return LibavDecoder(self._data, span, about)

    def _blocks_of(self, decoder: Decoder, first: int, check: LevelCheck) -> Iterator[Block]:
        for part in decoder.frames(self._block_samples):
            block = np.ascontiguousarray(part.T)
            if block.base is not None:  # one channel: still the buffer that the next read overwrites
                block = block.copy()
            check.see(block, first)
            first += block.shape[1]
            yield block

    def blocks(self) -> Iterator[Block]:
        """The audio from its start; raises AudioError where it cannot be decoded, ends early or holds NaN, infinities
        or peaks that no audio has.
        """
        rate, first = self.sample_rate_hz, 0
        check = LevelCheck(self.name, rate, AudioError, self._any_level)
        for decoder in self._decoders:
            done = 0
            for block in self._blocks_of(decoder, first + done, check):
                done += block.shape[1]
                yield block
            if done != decoder.n_samples:
                there, promised = (first + done) / rate, (first + decoder.n_samples) / rate
                raise AudioError(f"{self.name} is cut short: {there:.2f} s of {promised:.2f} s could be read")
            first += done
        if not self._is_checked:
            self._is_checked = True
            check.close()

    def stretch(self, first: int, n_samples: int) -> Block:
        """Samples `first` … `first + n_samples − 1`, `(n_channels, n_samples)`, without the rest being decoded in
        formats that tell where each sample lies (PCM, FLAC). AudioError as of `blocks`, ParameterError for a stretch
        that is outside the recording.
        """
        if not 0 <= first <= first + n_samples <= self.n_samples:
            raise ParameterError(f"samples {first} … {first + n_samples} are outside {self.name} of {self.n_samples}")
        decoder = self._decoders[0]
        if len(self._decoders) == 1 and isinstance(decoder, SndfileDecoder) and decoder.can_seek:
            part = np.ascontiguousarray(decoder.stretch(first, n_samples).T)
            if part.shape[1] != n_samples:
                raise AudioError(
                    f"{self.name} is cut short: it ends before {(first + n_samples) / self.sample_rate_hz:.2f} s"
                )
            if n_samples:
                LevelCheck(self.name, self.sample_rate_hz, AudioError, self._any_level).see(part, first)
            return part
        out, at = np.empty((self.n_channels, n_samples), np.float32), 0
        for block in self.blocks():
            low, high = max(first, at), min(first + n_samples, at + block.shape[1])
            if low < high:
                out[:, low - first : high - first] = block[:, low - at : high - at]
            at += block.shape[1]
            if at >= first + n_samples:
                break
        return out

    def digest(self) -> str:
        """SHA-256 of the file."""
        sha = hashlib.sha256()
        with self._data.open() as handle:
            while piece := handle.read(2**20):
                sha.update(piece)
        return sha.hexdigest()


def open_source(
    path: str | os.PathLike[str] | BinaryIO, raw: RawSamples | None = None, any_level: bool = False
) -> FileSource:
    """The recording in a file, a binary stream, or standard input for `"-"`."""
    if path == "-":
        return FileSource(sys.stdin.buffer, name="standard input", raw=raw, any_level=any_level)
    return FileSource(path, raw=raw, any_level=any_level)


def as_source(audio: Audio, sample_rate_hz: float | None = None, any_level: bool = False) -> Source:
    """A source of this audio; an array needs its `sample_rate_hz`, a recording tells its own.

    Raises AudioError for a file that cannot be read, ParameterError for an array that makes no sense and for another
    rate than that of the file.
    """
    if not isinstance(audio, str | os.PathLike) and not hasattr(audio, "blocks") and not hasattr(audio, "read"):
        if sample_rate_hz is None:
            raise ParameterError("an array needs its sample_rate_hz")
        return ArraySource(cast("ArrayLike", audio), sample_rate_hz, any_level=any_level)
    has_blocks = hasattr(audio, "blocks")
    source = cast("Source", audio) if has_blocks else FileSource(cast("BinaryIO", audio), any_level=any_level)
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
