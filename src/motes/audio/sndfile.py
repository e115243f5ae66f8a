"""Recordings as libsndfile reads them, by way of soundfile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from motes.audio.containers.flac import n_bytes_of_header
from motes.audio.formats import Foreign, foreign_coding
from motes.audio.refusals import refuse_cut, sentence, why_not_audio
from motes.audio.streams import Bytes, Span, View
from motes.errors import AudioError

if TYPE_CHECKING:
    import soundfile
    from numpy.typing import NDArray

# Codings whose headers tell the length exactly.
_EXACT = ("FLOAT", "DOUBLE", "ULAW", "ALAW")


class UnknownCoding(Exception):
    """libsndfile knows the container, and not what is in it."""

    def __init__(self, about: Foreign) -> None:
        super().__init__(about.kind)
        self.about = about


class SndfileDecoder:
    """One recording in a file. `n_samples` is −1 where only decoding tells."""

    def __init__(self, data: Bytes, span: Span) -> None:
        self._data, self._span, self.name = data, span, data.name
        with data.open(span) as view, self._open(view) as file:
            self.sample_rate_hz, self.n_channels = int(file.samplerate), int(file.channels)
            promised, is_flac = int(file.frames), file.format == "FLAC"
            is_exact = (file.subtype.startswith("PCM_") or file.subtype in _EXACT) and (
                not is_flac or 0 < promised < 2**48  # a FLAC that was streamed leaves it open
            )
            refuse_cut(self.name, file.extra_info)
            if is_flac and not is_exact and view.seek(0, os.SEEK_END) <= n_bytes_of_header(view):
                is_exact, promised = True, 0
        self.n_samples = promised if is_exact else -1
        self.can_seek = is_exact

    def _open(self, view: View, seeks: bool = False) -> soundfile.SoundFile:
        import soundfile

        path = self._data.path if self._span.is_whole_file else None
        reader = soundfile.SoundFile if seeks else _forward_reader()
        try:
            view.seek(0)
            return reader(view if path is None else path if os.name == "nt" else os.fsencode(path))
        except (soundfile.LibsndfileError, TypeError, RuntimeError) as error:  # TypeError: headerless .raw
            start = self._data.start(self._span)
            if about := foreign_coding(start):
                raise UnknownCoding(about) from error
            raise AudioError(why_not_audio(self.name, start, error)) from error

    def counted(self, n_samples: int) -> None:
        """So many samples were decoded."""
        self.n_samples = n_samples

    def frames(self, block_samples: int) -> Iterator[NDArray[np.float32]]:
        """The audio from its start, in blocks `(n, n_channels)` that the next one overwrites."""
        import soundfile

        done = 0
        if self.n_samples == 0:
            return
        with self._data.open(self._span) as view, self._open(view) as file:
            buffer = np.empty((block_samples, self.n_channels), np.float32)
            while done != self.n_samples:
                rest = block_samples if self.n_samples < 0 else min(block_samples, self.n_samples - done)
                try:
                    part = file.read(out=buffer[:rest])
                except (soundfile.LibsndfileError, RuntimeError) as error:
                    raise AudioError(
                        f"{self.name} is damaged or cut short after {done / self.sample_rate_hz:.2f} s: "
                        f"{sentence(error)}"
                    ) from error
                if len(part) == 0:
                    break
                done += len(part)
                yield cast("Any", part)

    def stretch(self, first: int, n_samples: int) -> NDArray[np.float32]:
        """Samples `first` … `first + n_samples − 1`, `(n, n_channels)`, without those before being decoded; fewer where
        the file ends early. Only where `can_seek`.
        """
        import soundfile

        with self._data.open(self._span) as view, self._open(view, seeks=True) as file:
            try:
                file.seek(first)
                return cast("Any", file.read(n_samples, dtype="float32", always_2d=True))
            except (soundfile.LibsndfileError, RuntimeError) as error:
                at_s = first / self.sample_rate_hz
                raise AudioError(f"{self.name} is damaged or cut short near {at_s:.2f} s: {sentence(error)}") from error


def _forward_reader() -> type[soundfile.SoundFile]:
    """A SoundFile that only reads on: soundfile seeks after each read, which fails where the header leaves the
    length open, and takes time.
    """
    import soundfile

    class ForwardReader(soundfile.SoundFile):
        def seekable(self) -> bool:
            return False

    return ForwardReader
