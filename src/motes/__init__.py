"""motes: a recording as a sparse scene of sound events that can be read, edited, played and stored in a compact
file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from motes.errors import AudioError, FormatError, MissingExtraError, MotesError, MotesWarning, ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from motes.encoders.options import Progress
    from motes.events.room import Room
    from motes.kinds.gabor.table import Gabor
    from motes.scene.scene import Scene
    from motes.synth.player import Player

    __version__: str

__all__ = [
    "AudioError",
    "FormatError",
    "Gabor",
    "MissingExtraError",
    "MotesError",
    "MotesWarning",
    "ParameterError",
    "Player",
    "Room",
    "Scene",
    "__version__",
    "encode",
    "encode_instrument",
    "from_csv",
    "load",
    "room",
    "rooms",
]


def encode(
    audio: ArrayLike,
    *,
    sample_rate_hz: float,
    kbps: float | None = None,
    quality: float | None = None,
    snr_db: float | None = None,
    n_events: int | None = None,
    events_per_second: float | None = None,
    windows: Sequence[int] | None = None,
    refit: bool = False,
    texture: bool | None = None,
    texture_kbps: float | None = None,
    n_threads: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording by matching pursuit; `scene.render()` has exactly the shape of `audio`.

    `audio` is `(n,)` or `(n_channels, n)`, float with full scale 1, int16 or int32. At most one target is given: at
    most `kbps` for the file, all channels together; a `quality` of 0 … 10; `snr_db` of the decoded file; `n_events` in
    all; or `events_per_second` (without any: 1000). With the first two, atoms are chosen by ear. `windows` are lengths
    in samples, powers of two from 64 to 32768. `texture` fills what the atoms leave with noise, of at most
    `texture_kbps` for each channel (by default with `kbps` and `quality`). `progress` is called with a `Progress` now
    and then. Raises ParameterError for audio or options that make no sense.
    """
    from motes.encoders.options import PursuitOptions
    from motes.encoders.pursuit.encoder import encode as pursue

    options = PursuitOptions(
        kbps=kbps,
        quality=quality,
        snr_db=snr_db,
        n_events=n_events,
        events_per_second=events_per_second,
        refit=refit,
        texture=texture,
        texture_kbps=texture_kbps,
        windows=tuple(windows) if windows is not None else None,
        n_threads=n_threads,
    )
    return pursue(audio, options, sample_rate_hz=sample_rate_hz, progress=progress)


def encode_instrument(
    audio: ArrayLike, *, sample_rate_hz: float, progress: Callable[[Progress], None] | None = None, **options: Any
) -> Scene:
    """The scene of a recording as one instrument and the strikes that play it; `options` are those of
    `motes.encoders.options.InstrumentOptions`.

    `audio` is `(n,)` or `(n_channels, n)`, at most two minutes. `motes.Player(scene.instruments[0])` then plays it.
    Ctrl-C ends the fit with the best so far. Raises ParameterError for audio or options that make no sense,
    MissingExtraError without PyTorch unless `refine=0`.
    """
    from motes.encoders.instrument.encoder import encode as fit
    from motes.encoders.options import InstrumentOptions

    try:
        chosen = InstrumentOptions(**options)
    except TypeError as error:
        raise ParameterError(f"instrument options: {str(error).partition('() ')[2]}") from None
    return fit(audio, chosen, sample_rate_hz=sample_rate_hz, progress=progress)


def load(
    path: str | os.PathLike[str],
    start_s: float | None = None,
    end_s: float | None = None,
    *,
    rooms: str | os.PathLike[str] | Sequence[Room] | None = None,
) -> Scene:
    """The scene in a .mote file, or what of it sounds between two times in seconds; raises FormatError where the file
    is damaged.

    `rooms`, a folder or the rooms themselves, is where rooms that the file only names are looked for; by default the
    folder IMPULSE_RESPONSE_PATH.
    """
    from motes.codec import load as read
    from motes.data.impulse_responses import finder

    return read(path, start_s, end_s, finder(rooms))


def rooms(folder: str | os.PathLike[str] | None = None) -> list[Room]:
    """The rooms of a folder of impulse responses, by default IMPULSE_RESPONSE_PATH; where none is set, synthetic
    ones. ParameterError if it is not there.
    """
    from motes.data.impulse_responses import rooms as found

    return found(folder)


def room(name: str, folder: str | os.PathLike[str] | None = None) -> Room:
    """The room of this name in a folder of impulse responses, or `synthetic:1.2` by its reverberation time;
    ParameterError if there is none.
    """
    from motes.data.impulse_responses import room as found

    return found(name, folder)


def from_csv(
    path: str | os.PathLike[str], *, sample_rate_hz: int | None = None, duration_s: float | None = None
) -> Scene:
    """The scene in a CSV file that `motes export` made, or any other with the same columns, for which `sample_rate_hz`
    has to be told.

    Raises ParameterError, which names the line, for values that make no sense.
    """
    from motes.report.tables import from_csv as read

    return read(path, sample_rate_hz=sample_rate_hz, duration_s=duration_s)


def __getattr__(name: str) -> Any:
    """Classes and the version are looked up when asked for, so that `import motes` takes no time."""
    if name == "Scene":
        from motes.scene.scene import Scene

        return Scene
    if name == "Room":
        from motes.events.room import Room

        return Room
    if name == "Player":
        from motes.synth.player import Player

        return Player
    if name == "Gabor":
        from motes.kinds.gabor.table import Gabor

        return Gabor
    if name == "__version__":
        from motes.version import __version__

        return __version__
    raise AttributeError(f"module 'motes' has no attribute {name!r}")
