"""Recordings that libsndfile does not know, as FFmpeg's libraries read them, by way of PyAV: `motes[formats]`.

They are decoded from the start and their samples counted, since times in such files are not to be relied on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.audio.formats import Foreign
from motes.audio.refusals import sentence
from motes.audio.streams import Bytes, Span
from motes.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Full scale of the formats of samples, and where zero lies.
_SCALES = {"u8": (2.0**-7, 128), "s16": (2.0**-15, 0), "s32": (2.0**-31, 0), "flt": (1.0, 0), "dbl": (1.0, 0)}
# Codings whose packets hold what there was and nothing else. Of ALAC in CAF FFmpeg drops the padding of the last
# packet, which ALAC does not store, from what was there.
_WITHOUT_PADDING = ("alac", "flac", "tta", "wavpack")
_SKIP_MANUAL = 1 << 29  # AV_CODEC_FLAG2_SKIP_MANUAL
# Formats whose files say how long they are; of others FFmpeg guesses it.
_WITH_DURATION = ("mov", "caf", "wav", "flac", "ogg", "wv", "tta", "ape", "asf")
# What a file may lack of the duration that it promises: some count what encoders put before and after.
_MISSING_S, _MISSING_SHARE = 0.5, 0.02
# MP4 tells exactly how much of the last packets is sound, and FFmpeg gives them whole.
_MOST_PADDING = 4096


def is_installed() -> bool:
    """Whether PyAV is there."""
    return importlib.util.find_spec("av") is not None


class LibavDecoder:
    """One recording in a file, that of its default sound. `n_samples` is −1: only decoding tells."""

    def __init__(self, data: Bytes, span: Span, about: Foreign) -> None:
        self._data, self._span, self._about, self.name = data, span, about, data.name
        self.n_samples = -1
        self._promised: int | None = None
        self._is_exact = False
        for frame in self._decoded():
            self.sample_rate_hz, self.n_channels = frame.sample_rate, frame.layout.nb_channels
            return
        raise AudioError(f"{self.name} is {about.kind}, in which no sound can be read")

    def frames(self, block_samples: int) -> Iterator[NDArray[np.float32]]:
        """The audio from its start, in blocks `(n, n_channels)`."""
        done = 0
        waiting: list[NDArray[np.float32]] = []
        n_waiting = 0
        for frame in self._decoded():
            if done == self.n_samples:
                break
            if (frame.sample_rate, frame.layout.nb_channels) != (self.sample_rate_hz, self.n_channels):
                raise AudioError(
                    f"{self.name} changes after {done / self.sample_rate_hz:.2f} s from {self.sample_rate_hz} Hz, "
                    f"{self.n_channels} channels, to {frame.sample_rate} Hz, {frame.layout.nb_channels} channels"
                )
            samples = self._samples(frame)
            if self.n_samples >= 0:
                samples = samples[: self.n_samples - done]
            done += len(samples)
            waiting.append(samples)
            n_waiting += len(samples)
            if n_waiting >= block_samples:
                yield np.concatenate(waiting)
                waiting, n_waiting = [], 0
        if n_waiting:
            yield np.concatenate(waiting)

    def counted(self, n_samples: int) -> None:
        """So many samples were decoded; AudioError where the file promises many more."""
        rate, promised = self.sample_rate_hz, self._promised
        if promised is not None and n_samples < promised * (1 - _MISSING_SHARE) - _MISSING_S * rate:
            raise AudioError(
                f"{self.name} is cut short: {n_samples / rate:.2f} s of {promised / rate:.2f} s could be read"
            )
        is_padded = promised is not None and 0 < n_samples - promised <= _MOST_PADDING and self._is_exact
        self.n_samples = promised if is_padded and promised is not None else n_samples

    def _read_promise(self, container: Any, stream: Any) -> None:
        demuxer = self._about.demuxer
        if demuxer in _WITH_DURATION and stream.duration is not None:
            self._promised = round(stream.duration * stream.time_base * stream.rate)
            self._is_exact = demuxer == "mov" and stream.time_base * stream.rate == 1
        elif demuxer == "matroska" and container.duration and len(container.streams) == 1:
            self._promised = round(container.duration * stream.rate / 1_000_000)

    def _samples(self, frame: Any) -> NDArray[np.float32]:
        name = frame.format.name.removesuffix("p")
        if name not in _SCALES:
            raise AudioError(f"{self.name} holds samples of a kind that motes does not know, {frame.format.name}")
        scale, zero = _SCALES[name]
        values = frame.to_ndarray()
        values = values.T if frame.format.is_planar else values.reshape(-1, self.n_channels)
        return np.multiply(values - np.float64(zero), scale, dtype=np.float64).astype(np.float32)

    def _decoded(self) -> Iterator[Any]:
        """The frames."""
        import av

        done_s = 0.0
        with self._data.open(self._span) as view:
            try:  # by its demuxer's name: what looks for one itself may open other files than this
                opened: Any = av.open(view, format=self._about.demuxer, mode="r")
                with opened as container:
                    stream = container.streams.best("audio")
                    if stream is None:
                        return
                    if stream.codec_context is None:
                        raise ValueError("its sound is in a coding that is not known")
                    stream.thread_type = "SLICE"
                    if stream.codec_context.name in _WITHOUT_PADDING:
                        stream.codec_context.flags2 |= _SKIP_MANUAL
                    self._read_promise(container, stream)
                    for frame in container.decode(stream):
                        yield frame
                        done_s += frame.samples / frame.sample_rate
            except (av.FFmpegError, ValueError, OSError) as error:
                what = sentence(error)
                if done_s:
                    what = f"{self.name} is damaged or cut short after {done_s:.2f} s: {what}"
                    raise AudioError(what) from error
                raise AudioError(f"{self.name} cannot be read as audio: {what}") from error
