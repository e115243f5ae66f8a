"""The instrument encoder: one recording as a resonant state-space model and the sparse strikes that play it.

Times at which energy may enter, modes that may ring, the sites (strike × mode) worth their numbers, controls that
strikes share, then all of it refined by gradients. docs/instrument.md derives the model.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from motes.audio import ArraySource, Source
from motes.encoders.checkpoint import checkpoint_errors, read_checkpoint, write_checkpoint
from motes.encoders.instrument.fitted_scene import scene_of
from motes.encoders.instrument.gradient_refinement import import_torch
from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.stages import InstrumentFit, Work, nothing_found, refined, select
from motes.encoders.progress import Progress
from motes.encoders.time_limit import TimeLimit, TimeUp, reason_of
from motes.encoders.workload import Workload
from motes.errors import ParameterError
from motes.events.instrument import Reals
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

# Inner products of all strikes with all modes are held in memory.
LONGEST_S = 120.0
# Peak below which there is nothing to hear in any recording: −140 dBFS.
SILENT = 1e-7
# Options that the selection of strikes, modes and controls follows from: a checkpoint has to agree in them.
SELECTION_OPTIONS = ("controls", "modes", "strikes", "numbers_percent", "taps")
# What a checkpoint holds of the sites and of the fit.
OF_SITES = ("poles", "mixing", "strike_samples")
OF_FIT = ("gains", "weights", "residual", "direct", "direct_gain")


def encode(
    audio: ArrayLike | Source,
    options: InstrumentOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
) -> Scene:
    """The scene of a recording: one instrument and the strikes that play it, rounded as a file stores them.

    Ctrl-C and the time limit, which counts from `begun_s`, end the fit with the best so far; the scene's
    `metadata.stop_reason` says so. Raises ParameterError for options or audio that make no sense, MissingExtraError
    without PyTorch unless `refine` is 0.
    """
    options = options or InstrumentOptions()
    limit = TimeLimit(options.time_limit_s, begun_s)
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    seconds = source.n_samples / source.sample_rate_hz
    if seconds > LONGEST_S:
        raise ParameterError(f"an instrument is fitted to at most {LONGEST_S:g} s, not {seconds:.0f} s: cut out a part")
    samples = np.concatenate([np.zeros((source.n_channels, 0)), *source.blocks()], axis=1).astype(np.float64)
    if np.abs(samples).max(initial=0.0) < SILENT:
        samples = np.zeros_like(samples)
    load = Workload(options.stages(source.n_samples, source.n_channels, source.sample_rate_hz), progress)
    if options.refine:
        load.begin("loading")
        import_torch()  # by half it would be of no use: not while the clock may interrupt
    with limit.interrupting():
        fit = _fitted(samples, source, options, Work(options, load, limit))
    try:
        _store(fit, options, source)
        return scene_of(fit, source, options)
    except KeyboardInterrupt as interrupt:  # what was fitted for minutes is rounded once more, in a second
        return scene_of(replace(fit, stopped=reason_of(interrupt)), source, options)


def _fitted(samples: Reals, source: Source, options: InstrumentOptions, work: Work) -> InstrumentFit:
    """The fit when it is done, or as far as it is when the time is up."""
    fit = None
    try:
        fit = _resumed(options, source) or select(samples, source.sample_rate_hz, options, work)
        if fit.sites.n_modes and not fit.is_early:
            _store(fit, options, source)
            fit = refined(fit, samples, source.sample_rate_hz, options, work)
    except KeyboardInterrupt as interrupt:
        if fit is None and isinstance(interrupt, TimeUp):
            return nothing_found(samples, options)
        if fit is None:  # Ctrl-C before anything was found
            raise
        return replace(fit, stopped=reason_of(interrupt))
    return fit


def _store(fit: InstrumentFit, options: InstrumentOptions, source: Source) -> None:
    """Write the fit, if a checkpoint is asked for."""
    if options.checkpoint is None:
        return
    arrays = {name: getattr(fit.sites, name) for name in OF_SITES} | {name: getattr(fit, name) for name in OF_FIT}
    write_checkpoint(options.checkpoint, source, options, arrays)


def _resumed(options: InstrumentOptions, source: Source) -> InstrumentFit | None:
    """The fit in the checkpoint, if there is one; ParameterError if it is of another recording or of other options."""
    path = options.checkpoint
    if path is None or not os.path.exists(path):
        return None
    arrays = read_checkpoint(path, source, options, SELECTION_OPTIONS)
    with checkpoint_errors(path):
        amplitudes = arrays["gains"] @ arrays["weights"]
        sites = Sites(amplitudes=amplitudes, **{name: arrays[name] for name in OF_SITES})
        return InstrumentFit(
            sites=sites, stopped=StopReason.N_EVENTS_REACHED, **{name: arrays[name] for name in OF_FIT}
        )
