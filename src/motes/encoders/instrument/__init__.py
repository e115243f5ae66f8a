"""Instruments: a recording as what resonates in it and the strikes that play it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from motes.encoders.instrument.options import InstrumentOptions

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.encoders.progress import Progress
    from motes.scene.scene import Scene

__all__ = ["InstrumentOptions", "encode"]


def encode(
    audio: Audio,
    options: InstrumentOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
) -> Scene:
    """The scene of a recording: one instrument and the strikes that play it, rounded as a file stores them.

    Ctrl-C and the time limit, which counts from `begun_s` (of time.monotonic, by default now), end the fit with the
    best so far; the scene's `metadata.stop_reason` says so. Raises ParameterError for options or audio that make no
    sense, AudioError for a file that cannot be read, MissingExtraError without PyTorch unless `refine` is 0.
    """
    begun_s = time.monotonic() if begun_s is None else begun_s
    from motes.audio import as_source
    from motes.encoders.instrument.encoder import encode as fit

    return fit(as_source(audio, sample_rate_hz), options, progress=progress, begun_s=begun_s)
