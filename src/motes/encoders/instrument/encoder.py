"""The instrument encoder: one recording as a resonant state-space model and the sparse strikes that play it.

Times at which energy may enter, modes that may ring, the sites (strike × mode) worth their numbers, controls that
strikes share, then all of it refined by gradients. docs/instrument.md derives the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from motes.audio import ArraySource, Source
from motes.encoders.instrument.checkpoint import resumed, store
from motes.encoders.instrument.fitted_scene import scene_of
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.stages import Work, refined, select
from motes.encoders.progress import Progress
from motes.errors import ParameterError
from motes.scene.scene import Scene

# Inner products of all strikes with all modes are held in memory.
LONGEST_S = 120.0


def encode(
    audio: ArrayLike | Source,
    options: InstrumentOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: one instrument and the strikes that play it, rounded as a file stores them.

    Ctrl-C and the time limit end the fit with the best so far; the scene's `metadata.stop_reason` says so. Raises
    ParameterError for options or audio that make no sense, MissingExtraError without PyTorch unless `refine` is 0.
    """
    options = options or InstrumentOptions()
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    seconds = source.n_samples / source.sample_rate_hz
    if seconds > LONGEST_S:
        raise ParameterError(f"an instrument is fitted to at most {LONGEST_S:g} s, not {seconds:.0f} s: cut out a part")
    samples = np.concatenate([np.zeros((source.n_channels, 0)), *source.blocks()], axis=1).astype(np.float64)
    work = Work(options, progress, time.monotonic())
    fit = resumed(options, source) or select(samples, source.sample_rate_hz, options, work)
    if fit.sites.n_modes and not fit.is_early:
        store(fit, options, source)
        fit = refined(fit, samples, source.sample_rate_hz, options, work)
    store(fit, options, source)
    return scene_of(fit, source, options)
