"""What a page is about: a scene, or a piece of it, the recording it was made from, and what its file says of itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes import places
from motes.audio import RECORDINGS, open_source
from motes.errors import MotesError, ParameterError
from motes.metrics.signal import check_pair
from motes.scene.scene import Scene
from motes.synth.render import stretch_samples

# How much of a long scene a page holds.
LONGEST_S = 30.0


@dataclass(frozen=True, eq=False)
class Subject:
    """`scene` is the piece shown, which begins at `start_s` of a scene of `duration_s`, and `original` `(channels, n)`
    that piece of the recording.

    `n_bytes` and `n_events` are of the whole scene.
    """

    name: str
    scene: Scene
    original: NDArray[np.float32] | None
    start_s: float
    duration_s: float
    n_bytes: int
    n_events: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the scene is left out."""
        return self.scene.duration_s >= self.duration_s

    def shortened(self, seconds: float) -> Subject:
        """Its beginning."""
        scene = self.scene.slice(0.0, seconds, with_overhang=True)
        return replace(
            self, scene=scene, original=None if self.original is None else self.original[:, : scene.n_samples]
        )


def subject_of(
    scene: Scene,
    name: str,
    *,
    reference: str | os.PathLike[str] | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    n_bytes: int | None = None,
    n_events: int | None = None,
) -> Subject:
    """A scene to show from `start_s` to `end_s`, at most `LONGEST_S` of it, beside the recording `reference`.

    Raises ParameterError where the recording differs in channels, length or sample rate, or the stretch lies outside;
    AudioError where it cannot be read.
    """
    first, last = stretch_samples(scene, start_s, end_s)
    last = min(last, first + int(LONGEST_S * scene.sample_rate_hz))
    original = None if reference is None else _stretch_of(reference, scene, first, last)
    whole = (first, last) == (0, scene.n_samples)
    seconds = first / scene.sample_rate_hz, last / scene.sample_rate_hz
    piece = scene if whole else scene.slice(*seconds, with_overhang=True)
    if n_bytes is None:
        from motes.codec import dumps

        n_bytes = len(dumps(scene))
    return Subject(
        name, piece, original, seconds[0], scene.duration_s, n_bytes, scene.n_events if n_events is None else n_events
    )


def subject_of_file(
    path: str,
    reference: str | os.PathLike[str] | None,
    start_s: float | None,
    end_s: float | None,
    folders: tuple[str, ...] = (),
) -> Subject:
    """A .mote file to show, as `subject_of` shows a scene; without a reference, the recording is looked for beside it
    and in `folders`.
    """
    from motes import codec
    from motes.data.impulse_responses import finder

    info = codec.info(path)
    stop_s = min(info.duration_s, (start_s or 0.0) + LONGEST_S, np.inf if end_s is None else end_s)
    whole = stop_s - (start_s or 0.0) >= info.duration_s
    first_s, last_s = (None, None) if whole else (start_s, max(stop_s, start_s or 0.0))
    scene = codec.load(path, first_s, last_s, finder())
    found = reference or found_recording(path, info.source_digest, folders)
    return subject_of(
        scene,
        os.path.basename(path),
        reference=found,
        start_s=start_s,
        end_s=end_s,
        n_bytes=info.n_bytes,
        n_events=sum(info.events.values()),
    )


def found_recording(path: str, digest: str, folders: tuple[str, ...] = ()) -> Path | None:
    """The recording with this digest and the name of the .mote file, beside it or in one of `folders`; None where
    there is none.
    """
    for folder in (Path(path).parent, *map(Path, folders)):
        for extension in sorted(RECORDINGS):
            candidate = folder / f"{Path(path).stem}{extension}"
            if digest and places.is_file(candidate):
                try:
                    if open_source(places.text(candidate)).digest() == digest:
                        return candidate
                except MotesError:
                    continue
    return None


def _stretch_of(path: str | os.PathLike[str], scene: Scene, first: int, last: int) -> NDArray[np.float32]:
    source = open_source(path)
    if (
        source.sample_rate_hz != scene.sample_rate_hz
        or source.n_samples != scene.n_samples
        or source.n_channels != scene.n_channels
    ):
        empty = np.zeros((scene.n_channels, 0)), np.zeros((source.n_channels, 0))
        check_pair(*empty, scene.sample_rate_hz, source.sample_rate_hz)
        raise ParameterError(
            f"{os.fspath(path)} has {source.n_samples} samples, the scene {scene.n_samples}: is it the recording "
            "it "
            "was made from?"
        )
    pieces = list(_between(source.blocks(), first, last))
    return np.concatenate([np.empty((scene.n_channels, 0), np.float32), *pieces], axis=1)


def _between(blocks: Iterator[NDArray[np.float32]], first: int, last: int) -> Iterator[NDArray[np.float32]]:
    at = 0
    for block in blocks:
        if at >= last:
            return
        yield block[:, max(0, first - at) : max(0, last - at)]
        at += block.shape[1]
