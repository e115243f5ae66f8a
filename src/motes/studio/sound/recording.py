"""The recording beside a scene, any stretch of it: short ones in memory, long ones unpacked into a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from motes.audio import FileSource, open_source
from motes.errors import MotesError, ParameterError
from motes.library.plan import RECORDINGS
from motes.scene.scene import Scene
from motes.studio.document_answers import Match, OriginalAnswer
from motes.studio.errors import TooLarge
from motes.studio.options import Limits

Audio = NDArray[np.float32]
IN_MEMORY_SAMPLES = 1 << 24
# How surely a recording is that of a scene, surest first.
_MATCHES: tuple[Match, ...] = get_args(Match)
# Of a folder that are looked into.
_MOST_FILES = 200


class DecodedRecording:
    """All samples of a recording. `path` is the file that it was read from."""

    def __init__(self, path: Path, limits: Limits, match: Match = "chosen") -> None:
        self.match = match
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

    def about(self) -> OriginalAnswer:
        """What it is, as in answers of the API."""
        return {"name": self.name, "duration_s": self.duration_s, "match": self.match}

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


class Candidate(NamedTuple):
    """A recording that a scene may be of: its content is that of the scene's digest, or it has the scene's name, or
    only its length, rate and channels.
    """

    path: Path
    match: Match


def candidates(path: Path, scene: Scene, folders: tuple[Path, ...]) -> list[Candidate]:
    """The recordings in these folders that the scene in a file may be of, the likeliest first: each has its channels
    and rate, and its length, unless name and content are its own.
    """
    digest, found = scene.metadata.source_digest, []
    for file in _recordings_in(dict.fromkeys([path.parent, *folders])):
        try:
            source = open_source(file)
        except MotesError:
            continue
        if (source.sample_rate_hz, source.n_channels) != (scene.sample_rate_hz, scene.n_channels):
            continue
        is_named, is_long = file.stem == path.stem, source.n_samples == scene.n_samples
        if not (is_named or is_long):
            continue
        if digest and source.digest() == digest:
            found.append(Candidate(file, "content"))
        elif is_long:
            found.append(Candidate(file, "name" if is_named else "length"))
    return sorted(found, key=lambda one: (_MATCHES.index(one.match), one.path.stem != path.stem))


def _recordings_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        with contextlib.suppress(OSError):
            found = sorted(file for file in folder.iterdir() if file.suffix.lower() in RECORDINGS and file.is_file())
            yield from found[:_MOST_FILES]


def recording_of(path: Path, scene: Scene, folders: tuple[Path, ...], limits: Limits) -> DecodedRecording | None:
    """The recording of the scene in this file, by its content or else by its name; None where none is found."""
    for found in candidates(path, scene, folders):
        if found.match != "length":
            return DecodedRecording(found.path, limits, found.match)
    return None
