"""Overfitting: events of a kind fitted to a recording by gradient descent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from motes.encoders.fit.options import FitOptions, GaborOptions, SplatOptions
from motes.encoders.progress import Progress, seconds_of

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.scene.scene import Scene

__all__ = ["FitOptions", "GaborOptions", "SplatOptions", "encode", "fit_on"]


def encode(
    audio: Audio,
    options: FitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
    watch: Callable[[Scene, Progress], None] | None = None,
    notes: Iterable[Any] | None = None,
) -> Scene:
    """The scene of a recording: events of the options' kind, rounded as a file stores them.

    With init notes, `notes` are those to begin with, objects or mappings with `onset_s`, `end_s` and `pitch`, in place
    of the options' file or of what is heard. `watch` is called with the scene as it stands, every few steps. Ctrl-C,
    the time limit, which counts from `begun_s` (of time.monotonic, by default now), and the other ends keep the best
    so far; the scene's `metadata.stop_reason` says which it was. Raises ParameterError for options or audio that make
    no sense, AudioError for a file that cannot be read, MissingExtraError without PyTorch.
    """
    begun_s = time.monotonic() if begun_s is None else begun_s
    from motes.audio import as_source

    source, options = as_source(audio, sample_rate_hz), options or SplatOptions()
    if progress is not None:  # importing PyTorch is a part of the work
        stages = options.stages(source.n_samples, source.n_channels, source.sample_rate_hz)
        progress(Progress(0.0, 0, work_s=seconds_of(stages)))
    from motes.encoders.fit.encoder import encode as fit

    return fit(source, options, progress=progress, begun_s=begun_s, watch=watch, notes=notes)


def fit_on(
    scene: Scene,
    audio: Audio,
    steps: int,
    options: SplatOptions | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
) -> Scene:
    """The scene with its splats fitted on to a recording by `steps` steps of gradient descent, rounded as a file stores
    it.

    `audio` has the scene's sample rate, samples and channels. As many splats come back, with their groups, close to
    where they were; their phases are first read off the recording. All other events, splats that run backward and those
    in rooms stay and sound beside them. `options`, by default with a learning rate of 0.04, give the loss, the stretch
    and the time limit. Raises ParameterError for audio that does not fit the scene, MissingExtraError without PyTorch.
    """
    from motes.audio import as_source
    from motes.encoders.fit.encoder import fit_on as go_on

    return go_on(scene, as_source(audio, scene.sample_rate_hz), steps, options, progress=progress, begun_s=begun_s)
