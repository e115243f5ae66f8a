"""What the encoder of instruments can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from motes.encoders.options import Options, option
from motes.encoders.progress import Stage
from motes.losses import LOSSES


@dataclass(frozen=True)
class InstrumentOptions(Options):
    """How large an instrument may be, and how it is fitted."""

    controls: int = option(
        0, "Kinds of strike at most; 0 for as many as there are strikes that are not alike.", low=0, high=4096
    )
    modes: int = option(512, "Resonances at most.", low=1, high=4096)
    strikes: int = option(0, "Strikes at most; 0 for 12 per second.", low=0, high=100_000)
    numbers_percent: float = option(
        3.0,
        "Numbers (modes, mixing, weights and strikes) per hundred samples of one channel at most.",
        unit="%",
        low=0,
        high=100,
        low_excluded=True,
    )
    taps: int = option(32, "Length of the direct path in samples, 0 for none.", unit="samples", low=0, high=4096)
    refine: int = option(60, "Steps of refinement by gradients, which need PyTorch; 0 for none.", low=0, high=1_000_000)
    loss: str | None = option(
        None,
        "What the refinement lowers: a loss by its name (`stft`, `octave`, `scattering` …), by default `stft`.",
        choices=tuple(loss.name for loss in LOSSES),
    )
    l1: float = option(0.0, "Weight of the sum of all weights in that: the higher, the sparser.", low=0)
    seed: int = option(0, "Of what is drawn by chance: the pad's first guess.", low=0, high=2**32 - 1)
    time_limit_s: float | None = option(
        120.0,
        "Stop with the best so far after this time, in seconds.",
        unit="s",
        low=0,
        low_excluded=True,
        flag="time-limit",
    )
    checkpoint: str | None = option(None, "A file that keeps the fit, to resume it if it is there.", is_file=True)

    def stages(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
        """What fitting an instrument to such a recording takes, in its order."""
        millions = n_samples * n_channels / 1e6
        found = [("candidates", 0.5 + 2.0 * millions), ("draft", 12.0 * millions), ("placing", 7.0 * millions)]
        found += [("sites", 12.0 * millions), ("tuning", 22.0 * millions), ("sharing", 2.5 * millions)]
        if not self.refine:
            return found
        # PyTorch is imported first, and much of it when gradients are first asked for.
        return [("loading", 1.1), *found, ("gradients", 1.1), ("refinement", self.refine * (0.01 + 0.2 * millions))]
