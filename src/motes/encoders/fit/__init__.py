"""Overfitting: events of a kind fitted to a recording by gradient descent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from motes.encoders.fit.options import FitOptions, GaborOptions, SplatOptions

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.encoders.progress import Progress
    from motes.scene.scene import Scene

__all__ = ["FitOptions", "GaborOptions", "SplatOptions", "encode"]


def encode(
    audio: Audio,
    options: FitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
    watch: Callable[[Scene, Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: events of the options' kind, rounded as a file stores them.

    `watch` is called with the scene as it stands, every few steps. Ctrl-C, the time limit, which counts from `begun_s`
    (of time.monotonic, by default now), and the other ends keep the best so far; the scene's `metadata.stop_reason`
    says which it was. Raises ParameterError for options or audio that make no sense, AudioError for a file that cannot
    be read, MissingExtraError without PyTorch.
    """
    begun_s = time.monotonic() if begun_s is None else begun_s
    from motes.audio import as_source
    from motes.encoders.fit.encoder import encode as fit

    return fit(as_source(audio, sample_rate_hz), options, progress=progress, begun_s=begun_s, watch=watch)
