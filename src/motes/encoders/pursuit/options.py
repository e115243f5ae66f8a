"""What a matching pursuit can be asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from motes.encoders.options import Options, option, options_in
from motes.encoders.progress import Stage
from motes.errors import ParameterError

DEFAULT_WINDOWS = (512, 2048, 8192)
WINDOWS_BY_EAR = (256, 1024, 2048, 4096)
DEFAULT_EVENTS_PER_SECOND = 1000.0
WINDOWS = tuple(2**k for k in range(6, 16))


@dataclass(frozen=True)
class PursuitOptions(Options):
    """What to aim for, and with which atoms. At most one target, or `transparent` within `kbps`; without any, 1000
    events per second.
    """

    kbps: float | None = option(
        None,
        "Make the best of a file of at most this many kilobits per second, all channels together.",
        unit="kbps",
        low=0,
        low_excluded=True,
        is_target=True,
    )
    quality: float | None = option(
        None, "Hold a quality, 0 … 10, and let the size follow.", low=0, high=10, is_target=True
    )
    snr_db: float | None = option(
        None,
        "Stop when the decoded file has this signal-to-noise ratio, in dB.",
        unit="dB",
        low=0,
        high=120,
        low_excluded=True,
        flag="snr",
        is_target=True,
    )
    n_events: int | None = option(None, "Stop after this many events in all.", low=0, flag="events", is_target=True)
    events_per_second: float | None = option(
        None, "Spend this many events on each second.", unit="1/s", low=0, low_excluded=True, is_target=True
    )
    transparent: bool = option(
        False,
        "Make the smallest file in which errors are masked, and noise only stands for noise of its level; with a "
        "bitrate, of at most that.",
    )
    windows: tuple[int, ...] | None = option(
        None,
        "Window lengths in samples: powers of two from 64 to 32768. By default 256, 1024, 2048, 4096 with a bitrate or "
        "a quality, else 512, 2048, 8192.",
        unit="samples",
        choices=WINDOWS,
    )
    refit: bool = option(False, "Refit all amplitudes together by least squares when the atoms are chosen.")
    texture: bool | None = option(
        None,
        "Fill what the atoms leave with noise of its levels; by default with a bitrate or a quality, not with other "
        "targets.",
    )
    texture_kbps: float | None = option(
        None,
        "At most this for the noise of each channel; by default two fifths of what a channel takes with a bitrate or a "
        "quality, else 3.",
        unit="kbps",
        low=0,
        low_excluded=True,
    )
    detail: bool = option(
        False,
        "With a bitrate above 8 kbps a channel: spend most of it on detail, coefficients of a transform above the "
        "atoms. Files with detail are of version 2 of the format.",
    )
    chirps: bool = option(
        False,
        "Take atoms whose frequency rises or falls where one does more than several steady ones. Files with such atoms "
        "are of version 2 of the format.",
    )
    layered: bool = option(
        False,
        "Detail after all else in the file: where that is cut, or not there yet, it sounds whole with texture in place "
        "of detail.",
    )
    dictionary: str | None = option(
        None,
        "A file of learned waveforms, as motes learn-dictionary writes: one becomes an event where it takes far more "
        "than a sinusoid would. Goes with a signal-to-noise ratio or a number of events; such files are of version 2 "
        "of the format.",
        is_file=True,
    )
    n_threads: int = option(
        0, "Threads that share the work; 0 means one per core. The result does not depend on it.", low=0, flag="threads"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        others = [each.name for each in options_in(type(self)) if each.is_target and each.name != "kbps"]
        given = next((name for name in others if getattr(self, name) is not None), None)
        if self.transparent and given is not None:
            raise ParameterError(f"one target at a time: transparent and {given} were both given")
        windows = self.windows if self.windows is not None else (WINDOWS_BY_EAR if self.by_ear else DEFAULT_WINDOWS)
        object.__setattr__(self, "windows", check_windows(windows))
        if self.detail and self.kbps is None:
            raise ParameterError("detail goes with a bitrate: kbps is not given")
        if self.layered and not self.detail:
            raise ParameterError("layered puts detail after all else in the file, and there is none without detail")
        if self.dictionary is not None and (self.by_ear or self.dictionary == ""):
            raise ParameterError(
                "a dictionary goes with snr_db, n_events or events_per_second, not with kbps, quality or transparent"
                if self.dictionary
                else "dictionary must be the name of a file, not empty"
            )

    def asked(self) -> dict[str, Any]:
        """What is not as usual, by name: what a file says of how it was made. The number of threads is not part of
        it.
        """
        usual = asdict(PursuitOptions(kbps=self.kbps, quality=self.quality, transparent=self.transparent)) | {
            "kbps": None,
            "quality": None,
            "transparent": False,
            "n_threads": self.n_threads,
            "dictionary": self.dictionary,  # the scene names it
        }
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    def in_force(self) -> dict[str, Any]:
        """All options by name that the result depends on, with what takes the place of None where something does."""
        held = super().in_force() | {"texture": self.with_texture}
        del held["n_threads"]
        targets = (each.name for each in options_in(type(self)) if each.is_target)
        if not self.transparent and all(held[name] is None for name in targets):
            held["events_per_second"] = DEFAULT_EVENTS_PER_SECOND
        return held

    def stages(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
        """What a pursuit of such a recording does, in its order."""
        from motes.encoders.pursuit.rate.workload import stages_of

        return stages_of(self, n_samples, n_channels, sample_rate_hz)

    @property
    def by_ear(self) -> bool:
        """Whether atoms are chosen by what they are worth to the ear."""
        return self.transparent or self.kbps is not None or self.quality is not None

    @property
    def with_texture(self) -> bool:
        """Whether noise fills what the atoms leave."""
        return self.by_ear if self.texture is None else self.texture


def check_windows(windows: tuple[int, ...]) -> tuple[int, ...]:
    """`windows` ascending, or a ParameterError: powers of two from 64 to 32768, none twice."""
    for window in windows:
        if isinstance(window, bool) or window not in WINDOWS:
            raise ParameterError(f"windows are powers of two from 64 to 32768 samples, not {window!r}")
    if not windows or len(set(windows)) != len(windows):
        raise ParameterError(f"windows must be named once each, at least one of them: {windows!r}")
    return tuple(sorted(int(window) for window in windows))
