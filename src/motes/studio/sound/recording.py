"""The recording beside a scene, any stretch of it: short ones in memory, long ones unpacked into a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.audio import FileSource, open_source
from motes.errors import ParameterError
from motes.report.subject import found_recording
from motes.scene.scene import Scene
from motes.studio.errors import TooLarge
from motes.studio.options import Limits

Audio = NDArray[np.float32]
IN_MEMORY_SAMPLES = 1 << 24


class DecodedRecording:
    """All samples of a recording. `path` is the file that it was read from."""

    def __init__(self, path: Path, limits: Limits) -> None:
        source = check_length(open_source(path), limits)
        self.path, self.name = path, path.name
        self.sample_rate_hz, self.n_channels, self.n_samples = (
            source.sample_rate_hz,
            source.n_channels,
            source.n_samples,
        )
        self.digest = source.digest()
        shape = (self.n_channels, self.n_samples)
        if self.n_channels * self.n_samples <= IN_MEMORY_SAMPLES:
            self._audio: Audio = np.zeros(shape, np.float32)
        else:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this)
            self._audio = np.memmap(self._file, np.float32, "w+", shape=shape)
        at = 0
        for block in source.blocks():
            self._audio[:, at : at + block.shape[1]] = block
            at += block.shape[1]

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.n_samples / self.sample_rate_hz

    def samples(self, first: int, last: int) -> Audio:
        """Samples first … last − 1, `(n_channels, last − first)`; silence past its end, where a scene has grown
        longer.
        """
        piece = np.asarray(self._audio[:, first:last])
        if piece.shape[1] == last - first:
            return piece
        return np.pad(piece, ((0, 0), (0, last - first - piece.shape[1])))

    def check(self, scene: Scene) -> None:
        """ParameterError unless it may be the recording of this scene."""
        mine, theirs = (self.sample_rate_hz, self.n_channels), (scene.sample_rate_hz, scene.n_channels)
        if mine != theirs:
            raise ParameterError(
                f"{self.name} has {mine[1]} channels at {mine[0]} Hz, the scene {theirs[1]} at {theirs[0]} Hz"
            )


def check_length(source: FileSource, limits: Limits) -> FileSource:
    """The source; TooLarge where it lasts longer than is allowed, or would unpack to more samples."""
    check_seconds(source.name, source.n_samples / source.sample_rate_hz, limits)
    if (n_samples := source.n_samples * source.n_channels) > limits.samples:
        raise TooLarge(
            f"{source.name} has {n_samples:,} samples in {source.n_channels} channels, the studio takes at most "
            f"{limits.samples:,}: open a piece of it"
        )
    return source


def check_seconds(name: str, seconds: float, limits: Limits) -> None:
    """TooLarge where it lasts longer than is allowed."""
    if seconds > limits.seconds:
        raise TooLarge(f"{name} lasts {seconds:.0f} s, the studio takes at most {limits.seconds:.0f} s")


def recording_of(path: Path, digest: str, folders: tuple[str, ...], limits: Limits) -> DecodedRecording | None:
    """The recording that the scene in this file was made from, if it lies beside it or in one of the folders."""
    found = found_recording(str(path), digest, folders)
    return None if found is None else DecodedRecording(found, limits)
