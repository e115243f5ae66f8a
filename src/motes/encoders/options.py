"""What the encoders can be asked for. Light to import: the command line reads it to explain itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from motes.errors import ParameterError
from motes.units import require_finite, require_positive

DEFAULT_WINDOWS = (512, 2048, 8192)
WINDOWS_BY_EAR = (256, 1024, 2048, 4096)
DEFAULT_EVENTS_PER_SECOND = 1000.0


@dataclass(frozen=True)
class PursuitOptions:
    """What to aim for, and with which atoms. At most one target; without any, 1000 events per second.

    Parameters
    ----------
    kbps
        Make the best of a file of at most this many kilobits per second, all channels together.
    quality
        Hold a quality, 0 … 10, and let the size follow.
    snr_db
        Stop when the decoded file has this signal-to-noise ratio, in dB.
    n_events
        Stop after this many events in all.
    events_per_second
        Spend this many events on each second.
    windows
        Window lengths in samples: powers of two from 64 to 32768. By default 256, 1024, 2048, 4096 with a bitrate or a
        quality, else 512, 2048, 8192.
    refit
        Refit all amplitudes together by least squares when the atoms are chosen.
    texture
        Fill what the atoms leave with noise of its levels; by default with a bitrate or a quality, not with other
        targets.
    texture_kbps
        At most this for the noise of each channel; by default two fifths of what a channel takes with a bitrate or a
        quality, else 3.
    n_threads
        Threads that share the work; 0 means one per core. The result does not depend on it.
    """

    kbps: float | None = None
    quality: float | None = None
    snr_db: float | None = None
    n_events: int | None = None
    events_per_second: float | None = None
    windows: tuple[int, ...] | None = None
    refit: bool = False
    texture: bool | None = None
    texture_kbps: float | None = None
    n_threads: int = 0

    def __post_init__(self) -> None:
        targets = [
            name
            for name in ("kbps", "quality", "snr_db", "n_events", "events_per_second")
            if getattr(self, name) is not None
        ]
        if len(targets) > 1:
            raise ParameterError(f"one target at a time: {' and '.join(targets)} were both given")
        if self.snr_db is not None and not 0 < require_finite("snr_db", self.snr_db) <= 120:
            raise ParameterError(f"snr_db must be above 0 and at most 120, not {self.snr_db:g}")
        if self.n_events is not None and (self.n_events != int(self.n_events) or self.n_events < 0):
            raise ParameterError(f"n_events must be a whole number from 0, not {self.n_events!r}")
        if self.events_per_second is not None:
            require_positive("events_per_second", self.events_per_second)
        if self.n_threads < 0:
            raise ParameterError(f"n_threads must be 0 (one per core) or more, not {self.n_threads}")
        if self.kbps is not None:
            require_positive("kbps", self.kbps)
        if self.quality is not None and not 0 <= require_finite("quality", self.quality) <= 10:
            raise ParameterError(f"quality must be from 0 to 10, not {self.quality:g}")
        if self.texture_kbps is not None:
            require_positive("texture_kbps", self.texture_kbps)
        windows = self.windows if self.windows is not None else (WINDOWS_BY_EAR if self.by_ear else DEFAULT_WINDOWS)
        object.__setattr__(self, "windows", check_windows(tuple(windows)))

    def asked(self) -> dict[str, Any]:
        """What is not as usual, by name: what a file tells of how it was made. The number of threads is not part of
        it.
        """
        usual = asdict(PursuitOptions(kbps=self.kbps, quality=self.quality)) | {
            "kbps": None,
            "quality": None,
            "n_threads": self.n_threads,
        }
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @property
    def by_ear(self) -> bool:
        """Whether atoms are chosen by what they are worth to the ear."""
        return self.kbps is not None or self.quality is not None

    @property
    def with_texture(self) -> bool:
        """Whether noise fills what the atoms leave."""
        return self.by_ear if self.texture is None else self.texture


@dataclass(frozen=True)
class TextureOptions:
    """How finely the residual's levels are kept.

    Parameters
    ----------
    n_bands
        Bands, equal on the ERB-rate scale, from `low_hz` to `high_hz` (or half the sample rate).
    low_hz
        Lower edge of the lowest band.
    high_hz
        Upper edge of the highest band.
    step_db
        Step of the levels, a multiple of an eighth.
    detail
        How closely the levels follow the signal: frames are told apart where their levels differ by some 5 dB /
        √detail.
    kbps
        At most this for each channel; where it would take more, the detail is lower.
    floor_db
        Bands weaker than this, in dB re full scale, are left silent.
    seed
        Of the noise.
    least_lacking
        The part of the residual's power that noise gets even where what is rendered lacks none: levels without holes
        are cheaper, and beside atoms sound no worse. 0 beside events of other phases than the recording's.
    """

    n_bands: int = 32
    low_hz: float = 20.0
    high_hz: float = 24000.0
    step_db: float = 2.0
    detail: float = 2.0
    kbps: float = 3.0
    floor_db: float = -100.0
    seed: int = 1
    least_lacking: float = 0.3

    def __post_init__(self) -> None:
        if not 1 <= self.n_bands <= 256:
            raise ParameterError(f"n_bands must be from 1 to 256, not {self.n_bands}")
        if not 0 <= self.low_hz < self.high_hz:
            raise ParameterError(f"low_hz must be below high_hz, not {self.low_hz:g} and {self.high_hz:g}")
        if require_positive("step_db", self.step_db) % 0.125:
            raise ParameterError(f"step_db must be a multiple of 0.125, not {self.step_db:g}")
        require_positive("kbps", self.kbps)
        require_positive("detail", self.detail)
        require_finite("floor_db", self.floor_db)
        if not 0 <= require_finite("least_lacking", self.least_lacking) <= 1:
            raise ParameterError(f"least_lacking must be from 0 to 1, not {self.least_lacking:g}")


@dataclass(frozen=True)
class InstrumentOptions:
    """How large an instrument may be, and how it is fitted.

    Parameters
    ----------
    controls
        Kinds of strike at most; 0 for as many as there are strikes that are not alike.
    modes
        Resonances at most.
    strikes
        Strikes at most; 0 for 12 per second.
    numbers_percent
        Numbers (modes, mixing, weights and strikes) per hundred samples of one channel at most.
    taps
        Length of the direct path in samples, 0 for none.
    refine
        Steps of refinement by gradients, which need PyTorch; 0 for none.
    loss
        What the refinement lowers: a loss by its name (`stft`, `octave`, `scattering` …), by default `stft`.
    l1
        Weight of the sum of all weights in that: the higher, the sparser.
    seed
        Of what is drawn by chance: the pad's first guess.
    time_limit_s
        Stop with the best so far after this time, in seconds.
    checkpoint
        A file that keeps the fit, to resume it if it is there.
    """

    controls: int = 0
    modes: int = 512
    strikes: int = 0
    numbers_percent: float = 3.0
    taps: int = 32
    refine: int = 60
    loss: str | None = None
    l1: float = 0.0
    seed: int = 0
    time_limit_s: float | None = 120.0
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("controls", 0, 4096),
            ("modes", 1, 4096),
            ("strikes", 0, 100_000),
            ("taps", 0, 4096),
            ("refine", 0, 1_000_000),
            ("seed", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if value != int(value) or not low <= value <= high:
                raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        if not 0 < require_finite("numbers_percent", self.numbers_percent) <= 100:
            raise ParameterError(f"numbers_percent must be above 0 and at most 100, not {self.numbers_percent:g}")
        if require_finite("l1", self.l1) < 0:
            raise ParameterError(f"l1 must not be below 0, and is {self.l1:g}")
        if self.time_limit_s is not None:
            require_positive("time_limit_s", self.time_limit_s)


@dataclass(frozen=True)
class FitOptions:
    """Which events are fitted to a recording, how, and for how long.

    Parameters
    ----------
    events
        Events at most, in all.
    iterations
        Steps of gradient descent at most, for each stretch.
    init
        What the fit starts from: `pursuit`, or `random` events.
    envelope
        Of splats, in time: `gaussian` or `gamma`.
    loss
        What is lowered: losses with their weights, such as `stft:1,auditory:0.2`.
    room
        The room that the events are in, each as wet as fits: `none`; `auto` for the one of IMPULSE_RESPONSE_PATH that
        fits best, or of five synthetic ones where that is not set, or none where none is better than dry; or one by its
        name, such as `hall` or `synthetic:1.2`.
    time_limit_s
        Stop with the best so far after this time, in seconds.
    learning_rate
        How far each step goes at first; it falls to a fiftieth.
    sparsity
        Weight of the sum of all events' root mean squares, relative to the recording's: the higher, the more events are
        pruned.
    noise
        Fit how much of each splat is the noise of its burst.
    control_every
        Steps between rounds of density control, in which dead events and twins are seeded anew where most is missing; 0
        for none.
    refit_every
        Steps between refits of all gains by least squares; 0 for none.
    patience
        Steps without improvement by a thousandth after which the fit has stalled; 0 for no such end.
    stretch_s
        Longer recordings are fitted in stretches that overlap by a quarter, each this long, in seconds.
    texture
        Fill what the events leave with noise of its levels.
    texture_kbps
        At most this for the noise of each channel.
    seed
        Of what is drawn by chance.
    checkpoint
        A file that keeps the state of the fit.
    resume
        Go on from the checkpoint.
    """

    events: int = 64
    iterations: int = 3000
    init: Literal["pursuit", "random"] = "pursuit"
    envelope: Literal["gaussian", "gamma"] = "gaussian"
    loss: str = "convergence:1"
    room: str = "none"
    time_limit_s: float | None = None
    learning_rate: float = 0.02
    sparsity: float = 0.0
    noise: bool = False
    control_every: int = 100
    refit_every: int = 250
    patience: int = 1000
    stretch_s: float = 4.0
    texture: bool = False
    texture_kbps: float = 3.0
    seed: int = 0
    checkpoint: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("events", 0, 100_000),
            ("iterations", 0, 10_000_000),
            ("control_every", 0, 10_000_000),
            ("refit_every", 0, 10_000_000),
            ("patience", 0, 10_000_000),
            ("seed", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if value != int(value) or not low <= value <= high:
                raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        for name, choices in (("init", ("pursuit", "random")), ("envelope", ("gaussian", "gamma"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{name} must be {' or '.join(choices)}, not {getattr(self, name)!r}")
        if not self.room:
            raise ParameterError("room must be none, auto or the name of a room, and is empty")
        if self.time_limit_s is not None:
            require_positive("time_limit_s", self.time_limit_s)
        if not 0 < require_finite("learning_rate", self.learning_rate) <= 1:
            raise ParameterError(f"learning_rate must be above 0 and at most 1, not {self.learning_rate:g}")
        if require_finite("sparsity", self.sparsity) < 0:
            raise ParameterError(f"sparsity must not be below 0, and is {self.sparsity:g}")
        if not 0.25 <= require_finite("stretch_s", self.stretch_s) <= 60:
            raise ParameterError(f"stretch_s must be from 0.25 to 60 s, not {self.stretch_s:g}: was this samples?")
        require_positive("texture_kbps", self.texture_kbps)
        if self.resume and self.checkpoint is None:
            raise ParameterError("resume needs a checkpoint to go on from")
        self.weighted_losses()

    def weighted_losses(self) -> tuple[tuple[str, float], ...]:
        """Names and weights of the losses; ParameterError where `loss` is not such a list."""
        from motes.losses import loss_named

        found = []
        for part in self.loss.split(","):
            name, colon, weight = part.strip().partition(":")
            try:
                found.append((loss_named(name).name, require_positive("the weight", float(weight)) if colon else 1.0))
            except ValueError as error:
                raise ParameterError(
                    f"loss must be names and weights such as stft:1,auditory:0.2, not {self.loss!r} ({error})"
                ) from None
        return tuple(found)


@dataclass(frozen=True)
class Progress:
    """How far an encoder has come: the part of the work done (0 … 1), events found, and the signal-to-noise ratio
    where it is known.
    """

    fraction: float
    n_events: int
    snr_db: float | None = None
    # Steps of a fit by gradients, and the loss after them.
    iteration: int | None = None
    loss: float | None = None
    # What a fit's choice of a room has come to, in words.
    room: str = ""


def check_windows(windows: tuple[int, ...]) -> tuple[int, ...]:
    """`windows` ascending, or a ParameterError: powers of two from 64 to 32768, none twice."""
    for window in windows:
        if not isinstance(window, int) or not 64 <= window <= 32768 or window & (window - 1):
            raise ParameterError(f"windows are powers of two from 64 to 32768 samples, not {window!r}")
    if not windows or len(set(windows)) != len(windows):
        raise ParameterError(f"windows must be named once each, at least one of them: {windows!r}")
    return tuple(sorted(int(w) for w in windows))
