"""Parameterisations: events in coordinates without bounds, in which steps of one size matter about equally, so that
gradient descent can move them.

Coordinates count from an anchor: the physical values an event had when it was made, which all coordinates 0 give back.
A kind that can be fitted has a module `parameterisation` with a `PARAMETERISATION`, which says how its columns follow
from both, and how an event is made of an atom (time, window, frequency, amplitude and phase).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motes.events.event_table import EventTable

Reals = NDArray[np.float64]
NEPER_DB = 20 / math.log(10)
# Standard deviation of the Gaussian whose spectrum has about the main lobe of a Hann window of length 1.
HANN_SIGMA = 0.19
# Energy of a sinusoid of amplitude 1 under a squared Hann window, per sample of the window: ½ · 3/8.
HANN_ENERGY = 3 / 16
# Samples that a burst's standard deviation or a tenth of a window has at least: some knots of the renderers.
SHORTEST_SAMPLES = 12.0
# How far a frequency moves with its coordinate, in radians of phase across the event; chosen by hand.
FREQUENCY_STEP = 0.3 / (2 * math.pi)
# Samples between the renderers' knots: about 2.9 ms, 64 at 22.05 kHz.
KNOT_S = 0.0029


@dataclass(frozen=True)
class Atoms:
    """What events are made of: places in seconds and Hz, amplitudes and phases `(n, n_channels)`."""

    time_s: Reals
    window_s: Reals
    frequency_hz: Reals
    amplitude: Reals
    phase_rad: Reals

    @classmethod
    def none(cls, n_channels: int) -> Atoms:
        """No atoms."""
        empty, per_channel = np.zeros(0), np.zeros((0, n_channels))
        return cls(empty, empty, empty, per_channel, per_channel)

    def first(self, n: int) -> Atoms:
        """The first `n` of them."""
        return Atoms(self.time_s[:n], self.window_s[:n], self.frequency_hz[:n], self.amplitude[:n], self.phase_rad[:n])

    def energy(self, sample_rate_hz: int) -> Reals:
        """Energy of each in all channels, `(n,)`."""
        return np.sum(self.amplitude**2, axis=1) * HANN_ENERGY * self.window_s * sample_rate_hz


@dataclass(frozen=True)
class Features:
    """What of events a fit moves beside what it always moves; a kind takes those that it has."""

    # Gamma envelopes, whose shape is fitted, instead of Gaussian ones.
    gamma: bool = False
    # How much of each event is noise.
    noise: bool = False


@dataclass(frozen=True)
class Coordinate:
    """A coordinate: its name, and how far it moves in a step relative to the others; one for each channel where
    `per_channel`.
    """

    name: str
    pace: float = 1.0
    per_channel: bool = False


class Extent(NamedTuple):
    """Where each event lies: its time, its frequency, and the standard deviation of an envelope as long, `(n,)`."""

    time_s: Reals
    frequency_hz: Reals
    width_s: Reals


class Layout:
    """Named values in the columns of a tensor `(n, n_columns)`, some of them one for each channel."""

    def __init__(self, names: Iterable[tuple[str, bool]], n_channels: int) -> None:
        """`names`, each with whether there is one for each channel, in the order of columns."""
        self._slices: dict[str, slice] = {}
        self._per_channel: set[str] = set()
        at = 0
        for name, per_channel in names:
            self._slices[name] = slice(at, at + (n_channels if per_channel else 1))
            at = self._slices[name].stop
            if per_channel:
                self._per_channel.add(name)
        self.n_columns = at

    def __getitem__(self, name: str) -> slice:
        return self._slices[name]

    def split(self, values: Tensor) -> dict[str, Tensor]:
        """The columns by name, `(n,)` or `(n, n_channels)`."""
        return {
            name: values[:, at] if name in self._per_channel else values[:, at.start]
            for name, at in self._slices.items()
        }

    def without(self, name: str, values: Tensor) -> Tensor:
        """The columns other than those of that name."""
        at = self._slices[name]
        return torch.cat([values[:, : at.start], values[:, at.stop :]], 1)

    def places(self, names: Iterable[str]) -> list[int]:
        """The columns of these values, each of them one."""
        return [self._slices[name].start for name in names]


class Parameterisation:
    """Coordinates of a kind's events at a sample rate, with a number of channels."""

    KIND: type[EventTable]
    COORDINATES: tuple[Coordinate, ...]
    # What is kept of an event, in the order of the columns of `anchor`: once, and then once for each channel.
    ANCHORS: tuple[str, ...]
    CHANNEL_ANCHORS: tuple[str, ...]

    def __init__(self, sample_rate_hz: int, n_channels: int, features: Features | None = None) -> None:
        self.sample_rate_hz, self.n_channels = sample_rate_hz, n_channels
        self.features = features or Features()
        self.coordinates = Layout(((c.name, c.per_channel) for c in self.COORDINATES), n_channels)
        self.anchors = Layout(
            [*((name, False) for name in self.ANCHORS), *((name, True) for name in self.CHANNEL_ANCHORS)], n_channels
        )

    def paces(self) -> Tensor:
        """How far each coordinate moves in a step relative to the others, `(n_coordinates,)`."""
        paces = [c.pace for c in self.COORDINATES for _ in range(self.n_channels if c.per_channel else 1)]
        return torch.tensor(paces, dtype=torch.float64)

    def at_rest(self, n_events: int) -> Tensor:
        """Coordinates 0 of so many events, `(n_events, n_coordinates)`."""
        return torch.zeros(n_events, self.coordinates.n_columns, dtype=torch.float64)

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """Anchors of events that sound nearly like these atoms, `(n, n_anchors)`."""
        raise NotImplementedError

    def of_noise(self, atoms: Atoms) -> Tensor:
        """Anchors of bursts of noise, as loud and as long, an octave or two wide; none where a kind has no noise."""
        return self.of_atoms(atoms.first(0))

    def is_noise(self, columns: dict[str, Tensor]) -> Tensor:
        """Which events are nothing but noise, `(n_events,)` booleans."""
        return torch.zeros(len(columns["time_s"]), dtype=torch.bool)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """The kind's columns, differentiable in `theta`."""
        raise NotImplementedError

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of these events: their coordinates are 0."""
        raise NotImplementedError

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """Their sound, `(n_channels, n_samples)` float32."""
        raise NotImplementedError

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        """The events with each factor above 0 of `(n_events, n_factors)` on a set of channels of its own, in the
        order of factors.
        """
        raise NotImplementedError

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """About how much energy each event has, `(n_events,)`."""
        raise NotImplementedError

    def extent(self, columns: dict[str, Tensor]) -> Extent:
        """Where each event lies in time and frequency."""
        raise NotImplementedError

    def with_timbre(self, anchor: Tensor, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of new events, which take over the timbre of those of `columns` that they are split off."""
        return anchor

    def table(self, columns: dict[str, Tensor], from_s: float = 0.0) -> EventTable:
        """The events, `from_s` later."""
        arrays = {name: value.detach().numpy() for name, value in columns.items()}
        return self.KIND(**(arrays | {"time_s": arrays["time_s"] + from_s}))

    def knot_samples(self) -> int:
        """Samples between knots of the renderers: the power of two nearest to KNOT_S."""
        return int(2 ** max(3, round(math.log2(self.sample_rate_hz * KNOT_S))))


def scaled(anchor: Tensor, by: Tensor, low: float, high: float) -> Tensor:
    """`anchor` · e^by, held between two values."""
    return (anchor * by.clamp(-20, 20).exp()).clamp(low, high)


def softplus_from(anchor: Tensor, by: Tensor) -> Tensor:
    """Softplus of `by`, counted from where it has the anchor's value."""
    return torch.nn.functional.softplus(anchor.clamp(min=1e-4).expm1().log() + by)
