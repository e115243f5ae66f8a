"""The encoder of events: what the network detects, and the sixteen numbers of each, as a scene."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio import ArraySource, Source
from motes.codec import quantise
from motes.encoders.progress import Progress
from motes.encoders.siam.hearing import events_of, features_of, mono_of, network_of, windows_of
from motes.encoders.siam.numbers import Readers
from motes.encoders.siam.options import SiamOptions
from motes.encoders.siam.peaks import LOWEST_SURENESS, Detections, Thresholds
from motes.encoders.siam.pitch import with_fine_pitch
from motes.encoders.siam.reading import HARMONIC_COLUMNS, Floats
from motes.encoders.siam.real_time import streamed
from motes.encoders.siam.stereo import channel_gains_db
from motes.encoders.workload import Workload
from motes.errors import ParameterError
from motes.kinds.vector.decoding import current
from motes.kinds.vector.table import NUMBERS, Vector
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.version import __version__

Reals = NDArray[np.float64]


def encode(
    audio: ArrayLike | Source,
    options: SiamOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: a vector for each event, or with `refine` the splats that these are, fitted on."""
    options = options or SiamOptions()
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    work = Workload(options.stages(source.n_samples, source.n_channels, source.sample_rate_hz), progress)
    work.begin("loading")
    found, numbers = (
        _streamed(source, options, progress, work) if options.real_time else described(source, options, work)[:2]
    )
    work.begin("channels")
    work.report(0.0, len(numbers))
    vectors = _vectors(found, numbers, source)
    metadata = Metadata(
        encoder="siam",
        options=options.in_force(),
        stop_reason=StopReason.N_EVENTS_REACHED if len(numbers) else StopReason.NOTHING_AUDIBLE_LEFT,
        source_digest=source.digest(),
        version=__version__,
    )
    models = (current(),) if len(vectors) else ()
    scene = Scene(
        source.sample_rate_hz, source.n_samples, source.n_channels, vector=vectors, models=models, metadata=metadata
    )
    return _refined(scene, source, options, work, progress) if options.refine else quantise(scene)


class Described(NamedTuple):
    """The events of a recording, the sixteen numbers of each, `(n_events, 16)`, and the levels that these are read off:
    of the harmonics of those with a pitch (`reading.HARMONIC_COLUMNS`), and of the bands of the others.
    """

    found: Detections
    numbers: Reals
    harmonics: Floats
    bands: Floats


def detections_of(source: Source, options: SiamOptions) -> tuple[Detections, Reals]:
    """The events of a recording, and the sixteen numbers of each, `(n_events, 16)`."""
    found, numbers, _, _ = described(source, options)
    return found, numbers


def described(source: Source, options: SiamOptions, work: Workload | None = None) -> Described:
    """The events of a recording, and what they are like."""
    mono, work = mono_of(source), work or Workload([])
    done: list[float] = []

    def on_window(part: float) -> None:
        if not done:  # what it takes is loaded now
            work.begin("network")
        done.append(part)
        work.report(part, 0)

    windows = windows_of(mono, network_of(None), options.n_threads or os.cpu_count() or 1, on_window)
    found = events_of(windows, _thresholds(options))
    features = features_of(windows, found)
    numbers = Readers.shipped().numbers_of(found, *features)
    found = with_fine_pitch(found, mono)
    numbers[found.is_pitched, 0] = found.pitch[found.is_pitched]
    return Described(found, numbers, features[0][:, HARMONIC_COLUMNS], features[1])


def _streamed(
    source: Source, options: SiamOptions, progress: Callable[[Progress], None] | None, work: Workload
) -> tuple[Detections, Reals]:
    work.begin("network")

    def report(fraction: float, n_events: int, message: str) -> None:
        work.advance(fraction)
        if progress is not None:
            progress(work.shown(Progress(0.0, n_events, message=message)))

    return streamed(source, _thresholds(options), report)


def _thresholds(options: SiamOptions) -> Thresholds:
    # Probabilities of what has no pitch are lower, for sounds that are as likely there.
    band_onset = max(LOWEST_SURENESS, options.sureness * Thresholds.band_onset / Thresholds.onset)
    return Thresholds(
        onset=options.sureness, band_onset=band_onset, events_per_second=math.ceil(options.events_per_second) or None
    )


def _vectors(found: Detections, numbers: Reals, source: Source) -> Vector:
    """The events as a table, each as loud in each channel as it is there."""
    if not len(numbers):
        return Vector.empty(source.n_channels)
    gain_db = channel_gains_db(source, found)
    last_s = max(source.n_samples - 1, 0) / source.sample_rate_hz
    columns: dict[str, Any] = {name: numbers[:, k] for k, name in enumerate(NUMBERS)}
    return Vector(time_s=np.minimum(found.onset_s, last_s), gain_db=gain_db, **columns)


def _refined(
    scene: Scene, source: Source, options: SiamOptions, work: Workload, progress: Callable[[Progress], None] | None
) -> Scene:
    work.begin("importing")
    from motes.edit.baking import bake
    from motes.encoders.fit import fit_on

    begun: list[Progress] = []

    def fitted(part: Progress) -> None:
        if not begun:
            work.begin("fitting", reports=False)
        begun.append(part)
        work.advance(part.fraction)
        if progress is not None:
            progress(work.shown(part))

    metadata = scene.metadata
    baked = bake(scene)
    return fit_on(baked, source, options.refine, progress=fitted).replace(metadata=metadata)
