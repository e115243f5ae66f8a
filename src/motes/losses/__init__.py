"""Losses: distances of two sounds to train by, differentiable, unreduced, finite on silence. PyTorch is loaded
when a loss is first called.

`(estimate, reference)` are shaped `(batch, channels, samples)`, float32 or float64, on any device; each loss gives
`(batch,)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from motes.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """A loss by name, called as `(estimate, reference, sample_rate_hz)`."""

    name: str
    summary: str
    module: str
    function: str
    # Whether it works in hertz and seconds; the others work in samples.
    needs_rate: bool = False

    def load(self) -> Callable[..., Tensor]:
        """The function itself, which takes more options; raises MissingExtraError without PyTorch."""
        try:
            import torch  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(f"the loss {self.name}", "learn") from error
        function: Callable[..., Tensor] = getattr(import_module(f"motes.losses.{self.module}"), self.function)
        return function

    def __call__(
        self, estimate: Tensor, reference: Tensor, sample_rate_hz: float | None = None, **options: Any
    ) -> Tensor:
        """`(batch,)`: the distance with the defaults of its function, or with `options`."""
        function = self.load()
        if self.needs_rate:
            options["sample_rate_hz"] = sample_rate_hz
        return function(estimate, reference, **options)


# Every loss that needs nothing but the two sounds.
LOSSES = (
    Loss("stft", "spectrograms with windows of 512, 1024 and 2048 samples", "spectral", "multi_resolution_stft"),
    Loss("convergence", "the relative part of that alone: spectral convergence", "spectral", "spectral_convergence"),
    Loss("octave", "spectrograms within octave bands, each with windows of its own", "octave", "octave_stft"),
    Loss("scattering", "scattering coefficients, every 256 samples", "scattering", "scattering_distance"),
    Loss(
        "auditory",
        "auditory images: what repeats in each channel of the ear",
        "auditory",
        "auditory_image_distance",
        needs_rate=True,
    ),
    Loss(
        "nerve",
        "neural activity patterns: the auditory image's input",
        "auditory",
        "nerve_activity_distance",
        needs_rate=True,
    ),
    Loss(
        "texture", "statistics by which textures are known", "texture_statistics", "texture_distance", needs_rate=True
    ),
    Loss("loudness", "loudness in bands of the ear", "loudness", "loudness_distance", needs_rate=True),
    Loss("residual", "what the residual tells beyond noise under an envelope", "sparsity", "residual_information"),
)


def loss_named(name: str) -> Loss:
    """The loss of that name; ParameterError, naming them all, if there is none."""
    for loss in LOSSES:
        if loss.name == name:
            return loss
    raise ParameterError(f"there is no loss {name!r}, only {', '.join(loss.name for loss in LOSSES)}")
