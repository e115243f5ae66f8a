"""Matching pursuit (Mallat & Zhang 1993): a recording as a sparse sum of windowed sinusoids. The default encoder."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from motes.audio import ArraySource, Source
from motes.encoders.progress import Progress
from motes.encoders.pursuit.least_squares import refit
from motes.encoders.pursuit.masking import Hearing
from motes.encoders.pursuit.options import DEFAULT_EVENTS_PER_SECOND, DEFAULT_WINDOWS, PursuitOptions
from motes.encoders.pursuit.quantiser_choice import ROUNDING_MARGIN_DB, round_events
from motes.encoders.pursuit.rate_control import TEXTURE_KBPS, hold, spend
from motes.encoders.pursuit.schedule import Enough, Stretch, Swept, Workshop, stretches, sweep, sweep_to
from motes.encoders.pursuit.segment import atom_parameters
from motes.encoders.texture import TextureOptions, add_texture
from motes.errors import ParameterError
from motes.kernels.dictionary import dictionary
from motes.kinds.gabor.table import Gabor
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.units import db_to_power
from motes.version import __version__


def encode(
    audio: ArrayLike | Source,
    options: PursuitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording, its events rounded as a file stores them.

    `audio` is a source, or an array `(n,)` or `(n_channels, n)` with its `sample_rate_hz`. Raises ParameterError for
    options or audio that make no sense.
    """
    options = options or PursuitOptions()
    source = _as_source(audio, sample_rate_hz)
    n_threads = options.n_threads or os.cpu_count() or 1
    with ThreadPoolExecutor(n_threads) if n_threads > 1 else nullcontext() as executor:
        hearing = Hearing(source.sample_rate_hz) if options.by_ear else None
        workshop = Workshop(dictionary(options.windows or DEFAULT_WINDOWS), executor, n_threads, hearing)
        if options.by_ear:
            as_scene = partial(_as_scene, source, options, workshop)
            return (spend if options.kbps is not None else hold)(source, options, workshop, as_scene, _teller(progress))
        found = _pursue(source, options, workshop, progress)
        if options.refit:
            found = refit(source, workshop, found)
    energy, residual_energy = found.energy, found.residual_energy
    scene = _as_scene(
        source,
        options,
        workshop,
        found,
        StopReason.SNR_REACHED if options.snr_db is not None else StopReason.N_EVENTS_REACHED,
    )
    del found  # of an hour, a few hundred megabytes
    scene = round_events(scene, source, energy, residual_energy, options.snr_db)
    return (
        add_texture(scene, source, TextureOptions(kbps=options.texture_kbps or TEXTURE_KBPS))
        if options.with_texture
        else scene
    )


def _as_source(audio: ArrayLike | Source, sample_rate_hz: float | None) -> Source:
    if hasattr(audio, "blocks"):
        return audio  # type: ignore[return-value]
    if sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    return ArraySource(audio, sample_rate_hz)


def _teller(progress: Callable[[Progress], None] | None) -> Callable[[float, int], None]:
    def on_batch(fraction: float, n_events: int) -> None:
        if progress is not None:
            progress(Progress(fraction, n_events))

    return on_batch


def _pursue(
    source: Source, options: PursuitOptions, workshop: Workshop, progress: Callable[[Progress], None] | None
) -> Swept:
    """The atoms that meet the target before rounding, with 1 dB to spare where it is a signal-to-noise ratio."""

    on_batch = _teller(progress)
    if options.n_events is None and options.snr_db is None:
        per_sample = (options.events_per_second or DEFAULT_EVENTS_PER_SECOND) / source.sample_rate_hz
        return sweep(
            source, workshop, lambda s: Enough(n_events=_share(per_sample, s, source.n_samples)), on_batch=on_batch
        )
    enough = (
        Enough(n_events=options.n_events)
        if options.n_events is not None
        else Enough(residual_energy=_allowed_energy(source, options.snr_db))
    )
    if len(stretches(source.n_samples, workshop.dictionary)) == 1:
        return sweep(source, workshop, lambda _: enough, on_batch=on_batch)
    return sweep_to(source, workshop, enough, on_batch=on_batch)


def _share(per_sample: float, stretch: Stretch, n_samples: int) -> int:
    """A segment's part of the events; the parts add up to the whole."""
    return round(per_sample * min(stretch.end, n_samples)) - round(per_sample * min(stretch.first, n_samples))


def _allowed_energy(source: Source, snr_db: float | None) -> float:
    assert snr_db is not None
    energy = sum(float(np.sum(np.square(block, dtype=np.float64))) for block in source.blocks())
    return energy * db_to_power(-snr_db - ROUNDING_MARGIN_DB)


def _as_scene(source: Source, options: PursuitOptions, workshop: Workshop, found: Swept, reached: str) -> Scene:
    """The atoms as events, not yet rounded; `reached` is why there are no more, unless the sweep knows better."""
    rate = source.sample_rate_hz
    centre, window, _, amplitude, phase = atom_parameters(found.atoms, workshop.dictionary)
    gabor = Gabor(centre / rate, window / rate, found.atoms.bin * (rate / window), amplitude, phase)
    if found.energy == 0.0:
        reached = StopReason.NOTHING_AUDIBLE_LEFT
    why = reached if options.kbps is not None else found.stopped or reached
    metadata = Metadata(
        encoder="pursuit", options=options.asked(), stop_reason=why, source_digest=source.digest(), version=__version__
    )
    return Scene(rate, source.n_samples, source.n_channels, gabor, metadata=metadata)
