"""Events: a small network finds the notes and other sounds of a recording, each of sixteen numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from motes.encoders.siam.options import SiamOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from motes.audio import Audio, Source
    from motes.encoders.progress import Progress
    from motes.encoders.siam.peaks import Detections
    from motes.scene.scene import Scene

__all__ = ["SiamOptions", "detect", "detect_with_numbers", "encode"]


def encode(
    audio: Audio,
    options: SiamOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: an event of kind `vector` for each note or other sound, rounded as a file stores them;
    or with `refine` splats.

    Raises ParameterError for options or audio that make no sense, AudioError for a file that cannot be read,
    MissingExtraError without PyTorch where `refine` asks for it.
    """
    from motes.audio import as_source
    from motes.encoders.siam.encoder import encode as found

    return found(as_source(audio, sample_rate_hz), options, progress=progress)


def detect(audio: Audio | Source, sample_rate_hz: float | None = None, sureness: float = 0.4) -> Detections:
    """The notes and other sounds of a recording: onsets and ends in seconds, pitches as MIDI numbers with cents, levels
    in dBFS, how sure each is, and whether it has a pitch.
    """
    from motes.audio import as_source
    from motes.encoders.siam.encoder import detections_of

    return detections_of(as_source(audio, sample_rate_hz), SiamOptions(sureness=sureness, events_per_second=0))[0]


def detect_with_numbers(source: Source, options: SiamOptions) -> tuple[Detections, NDArray[np.float64]]:
    """The events of a recording, and the sixteen numbers of each, `(n_events, 16)`."""
    from motes.encoders.siam.encoder import detections_of

    return detections_of(source, options)
