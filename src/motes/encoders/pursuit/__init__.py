"""Matching pursuit: a recording as windowed sinusoids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from motes.encoders.pursuit.options import PursuitOptions

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.encoders.progress import Progress
    from motes.scene.scene import Scene

__all__ = ["PursuitOptions", "encode", "trim"]


def encode(
    audio: Audio,
    options: PursuitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording, its events rounded as a file stores them.

    Raises ParameterError for options or audio that make no sense, AudioError for a file that cannot be read.
    """
    from motes.audio import as_source
    from motes.encoders.pursuit.encoder import encode as pursue

    return pursue(as_source(audio, sample_rate_hz), options, progress=progress)


def trim(scene: Scene, kbps: float) -> Scene:
    """The scene in a file of at most so many kilobits per second, made of its own render and atoms; itself where its
    file is no larger. Its stop reason says whether the bitrate could be reached.
    """
    from motes.encoders.pursuit.trimming.trim import trim as trimmed

    return trimmed(scene, kbps)
