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
from motes.errors import ParameterError
from motes.kinds.vector.decoding import current
from motes.kinds.vector.table import NUMBERS, Vector
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.version import __version__

Reals = NDArray[np.float64]
# Of all the work, the network's part, for its progress.
NETWORK_PART = 0.9


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
    found, numbers = _streamed(source, options, progress) if options.real_time else detections_of(source, options)
    _tell(progress, NETWORK_PART if options.refine else 1.0, len(numbers))
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
    return _refined(scene, source, options, progress) if options.refine else quantise(scene)


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


def described(source: Source, options: SiamOptions) -> Described:
    """The events of a recording, and what they are like."""
    mono = mono_of(source)
    windows = windows_of(mono, network_of(None), options.n_threads or os.cpu_count() or 1)
    found = events_of(windows, _thresholds(options))
    features = features_of(windows, found)
    numbers = Readers.shipped().numbers_of(found, *features)
    found = with_fine_pitch(found, mono)
    numbers[found.is_pitched, 0] = found.pitch[found.is_pitched]
    return Described(found, numbers, features[0][:, HARMONIC_COLUMNS], features[1])


def _streamed(
    source: Source, options: SiamOptions, progress: Callable[[Progress], None] | None
) -> tuple[Detections, Reals]:
    def report(fraction: float, n_events: int, message: str) -> None:
        if progress is not None:
            progress(Progress(min(fraction, 1.0) * NETWORK_PART, n_events, message=message))

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


def _refined(scene: Scene, source: Source, options: SiamOptions, progress: Callable[[Progress], None] | None) -> Scene:
    from motes.edit.baking import bake
    from motes.encoders.fit import fit_on

    def fitted(part: Progress) -> None:
        _tell(progress, NETWORK_PART + (1 - NETWORK_PART) * part.fraction, part.n_events)

    metadata = scene.metadata
    baked = bake(scene)
    return fit_on(baked, source, options.refine, progress=fitted).replace(metadata=metadata)


def _tell(progress: Callable[[Progress], None] | None, fraction: float, n_events: int) -> None:
    if progress is not None:
        progress(Progress(fraction, n_events))
