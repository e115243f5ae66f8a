"""What the encoder of events can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from motes.encoders.options import Options, option
from motes.encoders.progress import Stage


@dataclass(frozen=True)
class SiamOptions(Options):
    """How many events are found at most, how sure they are, and whether they are fitted on."""

    RENDERING: ClassVar[float] = 0.045
    events_per_second: float = option(
        12.0, "Events at most in each second, the surest; 0 for as many as there are.", low=0, high=1000
    )
    sureness: float = option(
        0.4,
        "Events that are less likely than this are left out; of what has no pitch, than three quarters of it.",
        low=0.03,
        high=0.99,
    )
    refine: int = option(
        0,
        "Turn the events into splats and fit these on by so many steps of gradient descent; 0 leaves them as vectors.",
        low=0,
        high=100_000,
    )
    real_time: bool = option(
        False,
        "Find the events as a stream brings them, by a smaller network that knows little of what is to come: each "
        "start is known within 250 ms, the numbers when the sound ends.",
    )
    n_threads: int = option(
        0, "Threads that share the work; 0 means one per core. The result does not depend on it.", low=0, flag="threads"
    )

    def stages(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
        """What finding the events of such a recording takes, in its order: the kernels are loaded first."""
        seconds, millions = n_samples / sample_rate_hz, n_samples * n_channels / 1e6
        found = [("loading", 0.32), ("network", 0.011 * seconds), ("channels", 0.01 + 0.1 * millions)]
        if not self.refine:
            return found
        # PyTorch is imported by the first step.
        return [*found, ("importing", 1.75), ("fitting", self.refine * (0.01 + 0.6 * millions))]

    def in_force(self) -> dict[str, Any]:
        """All options by name that the result depends on."""
        held = super().in_force()
        del held["n_threads"]
        return held
