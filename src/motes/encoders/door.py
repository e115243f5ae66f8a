"""One door to every encoder: `motes.encode`.

The overloads spell out the options of each, for editors and type checkers; tests/encoders/test_encoders.py holds them
to the dataclasses.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast, overload

from motes.audio.tags import read_tags
from motes.encoders import encoder_named, encoder_of, make_options
from motes.errors import ParameterError

if TYPE_CHECKING:
    from motes.audio import Audio
    from motes.audio.prepare import PreparationValues
    from motes.encoders.options import Options
    from motes.encoders.progress import Progress
    from motes.scene.scene import Scene

    OnProgress = Callable[[Progress], None]
    Watch = Callable[[Scene, Progress], None]


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    encoder: Literal["pursuit"] = "pursuit",
    kbps: float | None = None,
    quality: float | None = None,
    snr_db: float | None = None,
    n_events: int | None = None,
    events_per_second: float | None = None,
    transparent: bool = False,
    windows: Sequence[int] | None = None,
    refit: bool = False,
    texture: bool | None = None,
    texture_kbps: float | None = None,
    detail: bool = False,
    chirps: bool = False,
    layered: bool = False,
    dictionary: str | None = None,
    n_threads: int = 0,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    encoder: Literal["instrument"],
    controls: int = 0,
    modes: int = 512,
    strikes: int = 0,
    numbers_percent: float = 3.0,
    taps: int = 32,
    refine: int = 60,
    loss: str | None = None,
    l1: float = 0.0,
    seed: int = 0,
    time_limit_s: float | None = 120.0,
    checkpoint: str | None = None,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    watch: Watch | None = None,
    encoder: Literal["splat"],
    events: int = 64,
    iterations: int = 3000,
    init: Literal["pursuit", "random", "notes"] = "pursuit",
    envelope: Literal["gaussian", "gamma"] = "gaussian",
    loss: str = "convergence:1,loudness:0.3",
    room: str = "none",
    time_limit_s: float | None = None,
    learning_rate: float = 0.02,
    sparsity: float = 0.0,
    noise: bool = False,
    control_every: int = 100,
    refit_every: int = 250,
    patience: int = 1000,
    stretch_s: float = 4.0,
    texture: bool = False,
    texture_kbps: float = 3.0,
    seed: int = 0,
    checkpoint: str | None = None,
    resume: bool = False,
    labels: str | None = None,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    watch: Watch | None = None,
    encoder: Literal["gabor"],
    events: int = 64,
    iterations: int = 3000,
    init: Literal["pursuit", "random"] = "pursuit",
    loss: str = "convergence:1,loudness:0.3",
    room: str = "none",
    time_limit_s: float | None = None,
    learning_rate: float = 0.02,
    sparsity: float = 0.0,
    control_every: int = 100,
    refit_every: int = 250,
    patience: int = 1000,
    stretch_s: float = 4.0,
    texture: bool = False,
    texture_kbps: float = 3.0,
    seed: int = 0,
    checkpoint: str | None = None,
    resume: bool = False,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    encoder: Literal["siam"],
    events_per_second: float = 12.0,
    sureness: float = 0.4,
    refine: int = 0,
    real_time: bool = False,
    n_threads: int = 0,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


@overload
def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    watch: Watch | None = None,
    options: Options,
    **preparation: Unpack[PreparationValues],
) -> Scene: ...


def encode(
    audio: Audio,
    *,
    sample_rate_hz: float | None = None,
    notes: bool = False,
    note_vectors: bool = False,
    progress: OnProgress | None = None,
    watch: Watch | None = None,
    encoder: str | None = None,
    options: Options | None = None,
    **values: Any,
) -> Scene:
    """The scene of a recording; `scene.render()` has exactly the shape of the audio.

    `audio` is an array `(n,)` or `(n_channels, n)`, float with full scale 1, int16 or int32, with its `sample_rate_hz`;
    or a recording: a path or an open binary file, which tells its own. `encoder` is one of ENCODERS, by its name, and
    the other arguments are its options; or they come as one object such as `SplatOptions(…)`, which says what encoder
    it is for. `progress` is called with a `Progress` now and then, `watch` with the scene as it stands, by encoders
    that show it. With `notes` the recording's notes are found too (see `motes.notes`), and with `note_vectors` their
    sixteen numbers; they count within a bitrate. Title, artist and other tags of a recording are kept as `scene.tags`;
    `scene.replace(tags=None)` is without them.

    What is encoded may be less than the whole, in this order: from `start_s` up to `end_s`; with `mono=True` the mean
    of the channels; at `to_sample_rate_hz`; and with `normalise=True` made so loud that its peak is full scale. Raw
    samples are `motes.audio.FileSource(path, raw=motes.audio.RawSamples(48000, 2, 16))`.

    Raises ParameterError for audio or options that make no sense, AudioError for a file that cannot be read,
    MissingExtraError where the encoder needs what is not installed.
    """
    from motes.audio import AS_IT_IS, Preparation, as_source, prepared

    begun_s = time.monotonic()
    how = Preparation(**{each.name: values.pop(each.name) for each in fields(Preparation) if each.name in values})
    if options is None:
        chosen = encoder_named("pursuit" if encoder is None else encoder)
        options = make_options(chosen, values)
    else:
        chosen = encoder_of(options)
        if values:
            raise ParameterError(f"{', '.join(values)} belong into options, which is given too")
        if encoder not in (None, chosen.name):
            raise ParameterError(f"these are options of {chosen.name}, not of {encoder}")
    if watch is not None and not chosen.shows:
        raise ParameterError(f"{chosen.name} does not show its scene as it grows: it takes no watch")
    more: dict[str, Any] = {} if watch is None else {"watch": watch}
    if chosen.has_time_limit:
        more["begun_s"] = begun_s
    tags = read_tags(cast("Any", audio)) if isinstance(audio, str | os.PathLike) or hasattr(audio, "seekable") else {}
    if how != AS_IT_IS:
        audio, sample_rate_hz = prepared(as_source(audio, sample_rate_hz, any_level=how.normalise), how), None
    if notes or note_vectors:
        from motes.notes.encoding import encode_with_notes

        source = as_source(audio, sample_rate_hz)
        encoded = partial(chosen.encode, source, progress=progress, **more)
        scene = encode_with_notes(source, options, encoded, note_vectors)
    else:
        scene = chosen.encode(audio, options, sample_rate_hz=sample_rate_hz, progress=progress, **more)
    return scene.replace(tags=tags) if tags else scene
