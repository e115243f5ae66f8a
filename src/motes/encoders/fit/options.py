"""What fits of events by gradient descent can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from motes.encoders.options import Options, option
from motes.encoders.progress import Stage
from motes.errors import ParameterError
from motes.units import require_positive

_LARGEST = 10_000_000


@dataclass(frozen=True)
class FitOptions(Options):
    """How many events are fitted to a recording, how, and for how long: base of `SplatOptions` and `GaborOptions`."""

    # Of the events, and the seconds that a step takes for a million samples.
    KIND: ClassVar[str]
    STEP_S: ClassVar[float] = 0.3

    events: int = option(64, "Events at most, in all.", low=0, high=100_000)
    iterations: int = option(3000, "Steps of gradient descent at most, for each stretch.", low=0, high=_LARGEST)
    init: Literal["pursuit", "random"] = option("pursuit", "What the fit starts from: `pursuit`, or `random` events.")
    envelope: Literal["gaussian", "gamma"] = option("gaussian", "Of splats, in time: `gaussian` or `gamma`.")
    loss: str = option(
        "convergence:1,loudness:0.3", "What is lowered: losses with their weights, such as `stft:1,auditory:0.2`."
    )
    room: str = option(
        "none",
        "The room that the events are in, each as wet as fits: `none`; `auto` for the one of IMPULSE_RESPONSE_PATH "
        "that fits best, or of five synthetic ones where that is not set, or none where none is better than dry; or "
        "one by its name, such as `hall` or `synthetic:1.2`.",
    )
    time_limit_s: float | None = option(
        None,
        "Stop with the best so far after this time, in seconds.",
        unit="s",
        low=0,
        low_excluded=True,
        flag="time-limit",
    )
    learning_rate: float = option(
        0.02, "How far each step goes at first; it falls to a fiftieth.", low=0, high=1, low_excluded=True
    )
    sparsity: float = option(
        0.0,
        "Weight of the sum of all events' root mean squares, relative to the recording's: the higher, the more events "
        "are pruned.",
        low=0,
    )
    noise: bool = option(False, "Let an eighth of the splats be bursts of noise.")
    control_every: int = option(
        100,
        "Steps between rounds of density control, in which dead events and duplicates are seeded anew where most is "
        "missing; 0 for none.",
        low=0,
        high=_LARGEST,
    )
    refit_every: int = option(
        250, "Steps between refits of all gains by least squares; 0 for none.", low=0, high=_LARGEST
    )
    patience: int = option(
        1000,
        "Steps without improvement by a thousandth after which the fit has stalled; 0 for no such end.",
        low=0,
        high=_LARGEST,
    )
    stretch_s: float = option(
        4.0,
        "Longer recordings are fitted in stretches that overlap by a quarter, each this long, in seconds.",
        unit="s",
        low=0.25,
        high=60,
        flag="stretch",
        mistake=": was this samples?",
    )
    texture: bool = option(False, "Fill what the events leave with noise of its levels.")
    texture_kbps: float = option(
        3.0, "At most this for the noise of each channel.", unit="kbps", low=0, low_excluded=True
    )
    seed: int = option(0, "Of what is drawn by chance.", low=0, high=2**32 - 1)
    checkpoint: str | None = option(None, "A file that keeps the state of the fit.", is_file=True)
    resume: bool = option(False, "Go on from the checkpoint.", is_file=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.room:
            raise ParameterError("room must be none, auto or the name of a room, and is empty")
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

    def stages(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
        """What fitting events to such a recording takes, in its order: PyTorch is imported first."""
        millions = n_samples * n_channels / 1e6
        stages = [("loading", 1.9), ("guess", 1.0), ("steps", self.iterations * (0.01 + self.STEP_S * millions))]
        if self.time_limit_s is not None:
            left_s = max(0.1, self.time_limit_s - 2.9)
            stages[2] = "steps", min(stages[2][1], left_s)
        return stages


@dataclass(frozen=True)
class SplatOptions(FitOptions):
    """How many splats are fitted to a recording, of which envelope, how, and for how long."""

    KIND: ClassVar[str] = "splat"
    init: Literal["pursuit", "random", "notes"] = option(  # type: ignore[assignment]  # atoms begin as no notes
        "pursuit",
        "What the fit starts from: `pursuit`, `random` events, or heard `notes`, up to three splats for each.",
    )
    labels: str | None = option(
        None,
        "A file of the notes that `init` begins with, JSON or CSV: `onset_s`, `end_s` in seconds, `pitch` as a MIDI "
        "number.",
        is_file=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels is not None and self.init != "notes":
            raise ParameterError(f"a file of labels goes with init notes, not with init {self.init}")


@dataclass(frozen=True)
class GaborOptions(FitOptions):
    """How many atoms are fitted to a recording, how, and for how long."""

    KIND: ClassVar[str] = "gabor"
    STEP_S: ClassVar[float] = 0.2
    # Atoms have neither: no options here.
    envelope: ClassVar[str] = "gaussian"  # type: ignore[misc]
    noise: ClassVar[bool] = False  # type: ignore[misc]
