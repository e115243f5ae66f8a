"""What a fit by gradients moves: events in coordinates without bounds, in which steps of one size matter about equally.

Coordinates count from an anchor: the physical values an event had when it was made, which all coordinates 0 give back.
A kind that can be fitted says here how its columns follow from both, and how an event is made of an atom (time, window,
frequency, amplitude and phase).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motes.events.event_table import EventTable
from motes.kinds.gabor.differentiable import render_gabors
from motes.kinds.gabor.table import Gabor
from motes.kinds.splat.differentiable import render_splats
from motes.kinds.splat.table import LEAST_SHAPE, Splat
from motes.units import CENT, HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB

Reals = NDArray[np.float64]
NEPER_DB = 20 / math.log(10)
# Standard deviation of a gaussian as wide as a Hann window of length 1, as its spectrum's peak goes.
WIDTH_OF_WINDOW = 0.19
# Samples that a burst's standard deviation or a tenth of a window has at least.
SHORTEST = 12.0
# What a fit leaves out of splats: the ends of events, and partials that much weaker than their strongest.
FLOOR_DB, INAUDIBLE = -50.0, 3e-3
LOWEST_HZ = 20.0
# Of tremolo and vibrato: what swells more slowly is told by the envelope, so that the two cannot stand for each other.
SLOWEST_HZ = 3.0


@dataclass(frozen=True)
class Atoms:
    """What events are made of: places in seconds and Hz, amplitudes and phases `(n, n_channels)`."""

    time_s: Reals
    window_s: Reals
    frequency_hz: Reals
    amplitude: Reals
    phase_rad: Reals


@dataclass(frozen=True)
class Field:
    """A coordinate: its name, and how far it moves in a step relative to the others; one for each channel where
    `per_channel`.
    """

    name: str
    pace: float = 1.0
    per_channel: bool = False


class Unknowns:
    """Coordinates of a kind's events at a sample rate, with a number of channels."""

    KIND: type[EventTable]
    FIELDS: tuple[Field, ...]
    # What is kept of an event beside its channels' gains, in the order of the columns of `anchor`.
    ANCHORS: tuple[str, ...]
    # Of those, what an event that is split off another takes over.
    TIMBRE: tuple[str, ...] = ()

    def __init__(self, sample_rate_hz: int, n_channels: int) -> None:
        self.rate, self.n_channels = sample_rate_hz, n_channels

    @property
    def paces(self) -> Tensor:
        """Of each coordinate, `(n_coordinates,)`."""
        return torch.tensor(
            [f.pace for f in self.FIELDS for _ in range(self.n_channels if f.per_channel else 1)], dtype=torch.float64
        )

    def split(self, theta: Tensor) -> dict[str, Tensor]:
        """Coordinates by name, `(n_events,)` or `(n_events, n_channels)`."""
        found, at = {}, 0
        for field in self.FIELDS:
            width = self.n_channels if field.per_channel else 1
            found[field.name] = theta[:, at : at + width] if field.per_channel else theta[:, at]
            at += width
        return found

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """Anchors of events that sound nearly like these atoms, `(n, n_anchors)`."""
        raise NotImplementedError

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """The kind's columns, differentiable in `theta`."""
        raise NotImplementedError

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of these events: their coordinates are 0."""
        raise NotImplementedError

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """`(n_channels, n_samples)` float32."""
        raise NotImplementedError

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        """The events with each factor above 0 of `(n_events, n_factors)` on a set of channels of its own, in the
        order of factors.
        """
        raise NotImplementedError

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """About how much energy each event has, `(n_events,)`."""
        raise NotImplementedError

    def table(self, columns: dict[str, Tensor], from_s: float = 0.0) -> EventTable:
        """The events, `from_s` later."""
        arrays = {name: value.detach().numpy() for name, value in columns.items()}
        return self.KIND(**(arrays | {"time_s": arrays["time_s"] + from_s}))

    def of_table(self, table: EventTable, from_s: float = 0.0) -> dict[str, Tensor]:
        """Columns of these events, `from_s` earlier."""
        columns = {p.name: torch.from_numpy(np.array(table.column(p.name))) for p in table.PARAMS}
        columns["time_s"] = columns["time_s"] - from_s
        return columns


class SplatUnknowns(Unknowns):
    """Splats: the first partial's level, and what the other partials have relative to it."""

    KIND = Splat
    FIELDS = (
        Field("time"),
        Field("width"),
        Field("f0"),
        Field("phase"),
        Field("glide"),
        Field("centre"),
        Field("spread"),
        Field("t60", 2.0),
        Field("slope"),
        Field("inharmonicity"),
        Field("rolloff", 3.0),
        Field("start", 2.0),
        Field("end", 2.0),
        Field("crossfade"),
        Field("tremolo", 0.5),
        Field("vibrato"),
        Field("pace"),
        Field("turn"),
        Field("shape"),
        Field("noise"),
        Field("gain", per_channel=True),
    )
    ANCHORS = (
        "time_s",
        "width_s",
        "f0_hz",
        "phase_rad",
        "glide_per_s",
        "centre_octaves",
        "width_octaves",
        "t60_s",
        "slope",
        "inharmonicity",
        "rolloff_db",
        "cutoff_start_hz",
        "cutoff_end_hz",
        "crossfade_s",
        "tremolo",
        "vibrato",
        "modulation_hz",
        "modulation_rad",
        "shape",
        "noise",
        "seed",
        "n_partials",
    )
    TIMBRE = ("centre_octaves", "width_octaves", "inharmonicity", "rolloff_db", "slope")

    def __init__(self, sample_rate_hz: int, n_channels: int, *, gamma: bool = False, with_noise: bool = False) -> None:
        super().__init__(sample_rate_hz, n_channels)
        self._gamma, self._with_noise = gamma, with_noise

    @property
    def paces(self) -> Tensor:
        """See `Unknowns`."""
        still = {name for name, moves in (("shape", self._gamma), ("noise", self._with_noise)) if not moves}
        return super().paces * torch.tensor(
            [f.name not in still for f in self.FIELDS for _ in range(self.n_channels if f.per_channel else 1)]
        )

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """See `Unknowns`: one partial, the next 22 dB weaker, that hardly rings."""
        n, width = len(atoms.time_s), np.maximum(WIDTH_OF_WINDOW * atoms.window_s, SHORTEST / self.rate)
        level = np.log(np.maximum(atoms.amplitude, 1e-7))
        loudest = np.arange(n), np.argmax(atoms.amplitude, axis=1)
        half = np.full(n, 0.5 * self.rate)
        seed = np.round(np.abs(atoms.time_s) * 7919 + atoms.frequency_hz * 104729) % 2**32
        values = (
            atoms.time_s,
            width,
            atoms.frequency_hz.clip(LOWEST_HZ, 0.49 * self.rate),
            atoms.phase_rad[loudest],
            0.0,
            0.0,
            1.0,
            width / 3 * NEPERS_60_DB,
            0.3,
            1e-4,
            2.5 * NEPER_DB,
            half,
            half,
            2 * width,
            0.05,
            0.05,
            0.25 / width,
            0.0,
            5.0 if self._gamma else 0.0,
            0.02 if self._with_noise else 0.0,
            seed,
            32.0,
        )
        return torch.from_numpy(np.column_stack([*(np.broadcast_to(value, (n,)) for value in values), level]))

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`."""
        c = columns
        octaves = torch.log2(c["centre_hz"] / c["f0_hz"])
        index = c["vibrato_cents"] * CENT * c["f0_hz"] / c["modulation_hz"]
        level = c["gain_db"] / NEPER_DB - 0.5 * (octaves / c["width_octaves"]).square()[:, None]
        by_name = c | {"centre_octaves": octaves, "vibrato": index, "slope": c["damping_slope"]}
        return torch.cat([torch.stack([by_name[name].double() for name in self.ANCHORS], 1), level], 1)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """See `Unknowns`."""
        t = self.split(theta)
        a = dict(zip(self.ANCHORS, anchor.T, strict=False))
        ring = a["t60_s"] / NEPERS_60_DB
        unit = (a["width_s"].square() + ring.square()).sqrt()
        f0 = (a["f0_hz"] + 0.3 / (2 * math.pi) * t["f0"] / unit).clamp(LOWEST_HZ, 0.49 * self.rate)
        octaves, spread = (
            (a["centre_octaves"] + t["centre"]).clamp(-6, 6),
            _grown(a["width_octaves"], t["spread"], 0.15, 20.0),
        )
        pace = _grown(a["modulation_hz"], t["pace"], SLOWEST_HZ, 50.0)
        index = a["vibrato"] + t["vibrato"]
        level = anchor[:, len(self.ANCHORS) :] + t["gain"] + 0.5 * (octaves / spread).square()[:, None]
        shape = (
            LEAST_SHAPE + 0.05 + (a["shape"] - LEAST_SHAPE - 0.05) * t["shape"].clamp(-6, 4).exp()
            if self._gamma
            else a["shape"]
        )
        share = (torch.special.logit(a["noise"], eps=1e-6) + t["noise"]).sigmoid() if self._with_noise else a["noise"]
        return {
            "time_s": a["time_s"] + t["time"] * a["width_s"],
            "width_s": _grown(a["width_s"], t["width"], SHORTEST / self.rate, 30.0),
            "f0_hz": f0,
            "centre_hz": f0 * 2**octaves,
            "width_octaves": spread,
            "t60_s": _grown(a["t60_s"], t["t60"], 8.0 / self.rate, 60.0),
            "gain_db": (level * NEPER_DB).clamp(-199.0, 300.0),
            "shape": shape.clamp(max=100.0),
            "phase_rad": a["phase_rad"] + t["phase"],
            "glide_per_s": (a["glide_per_s"] + 0.3 / (2 * math.pi) * t["glide"] / (a["f0_hz"] * unit.square())).clamp(
                -50, 50
            ),
            "inharmonicity": _grown(a["inharmonicity"].clamp(min=1e-6), t["inharmonicity"], 1e-7, 0.02),
            "rolloff_db": (a["rolloff_db"] + 0.5 * NEPER_DB * t["rolloff"]).clamp(-18, 120),
            "damping_slope": _positive(a["slope"], t["slope"]).clamp(max=6.0),
            "cutoff_start_hz": _grown(a["cutoff_start_hz"], t["start"], 50.0, HIGHEST_HZ),
            "cutoff_end_hz": _grown(a["cutoff_end_hz"], t["end"], 50.0, HIGHEST_HZ),
            "crossfade_s": _grown(a["crossfade_s"], t["crossfade"], 1e-3, 100.0),
            "tremolo": (a["tremolo"] + t["tremolo"]).clamp(-1, 1),
            "vibrato_cents": (index * pace / f0 / CENT).clamp(-1200, 1200),
            "modulation_hz": pace,
            "modulation_rad": a["modulation_rad"] + t["turn"],
            "noise": share,
            "seed": a["seed"].long(),
            "n_partials": a["n_partials"].long(),
            "low_hz": torch.zeros_like(f0),
            "high_hz": torch.full_like(f0, HIGHEST_HZ),
            "backward": torch.zeros_like(f0).long(),
        }

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """See `Unknowns`."""
        return render_splats(
            columns, self.rate, n_samples, block=block_for(self.rate), floor_db=FLOOR_DB, inaudible=INAUDIBLE
        )

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        """See `Unknowns`."""
        return columns | {"gain_db": (columns["gain_db"][:, None, :] + NEPER_DB * factors.log()[:, :, None]).flatten(1)}

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`: of the first six partials, at the rate of the first."""
        k = torch.arange(1, 7, dtype=torch.float64)
        octaves = torch.log2(columns["f0_hz"][:, None] * k / columns["centre_hz"][:, None])
        level = (
            -columns["rolloff_db"][:, None] / OCTAVE_DB * k.log()
            - 0.5 * (octaves / columns["width_octaves"][:, None]).square()
        )
        power = (
            ((2 / NEPER_DB) * columns["gain_db"][:, None, :] + 2 * level[:, :, None]).clamp(max=40).exp().sum((1, 2))
        )
        return (
            power * self.rate * 0.5 * (columns["width_s"] * math.sqrt(math.pi) + columns["t60_s"] / (2 * NEPERS_60_DB))
        )


class GaborUnknowns(Unknowns):
    """Windowed sinusoids, their windows, times and frequencies off any grid."""

    KIND = Gabor
    FIELDS = (
        Field("time"),
        Field("window"),
        Field("frequency"),
        Field("gain", per_channel=True),
        Field("phase", per_channel=True),
    )
    ANCHORS = ("time_s", "window_s", "frequency_hz")

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """See `Unknowns`: the atoms themselves."""
        level = np.log(np.maximum(atoms.amplitude, 1e-7))
        return torch.from_numpy(
            np.column_stack([atoms.time_s, atoms.window_s, atoms.frequency_hz, level, atoms.phase_rad])
        )

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`."""
        level = columns["amplitude"].clamp(min=1e-7).log()
        return torch.cat([torch.stack([columns[name] for name in self.ANCHORS], 1), level, columns["phase_rad"]], 1)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """See `Unknowns`."""
        t, n = self.split(theta), self.n_channels
        unit = anchor[:, 1] * WIDTH_OF_WINDOW
        return {
            "time_s": anchor[:, 0] + t["time"] * unit,
            "window_s": _grown(anchor[:, 1], t["window"], 10 * SHORTEST / self.rate, 30.0),
            "frequency_hz": (anchor[:, 2] + 0.3 / (2 * math.pi) * t["frequency"] / unit).clamp(0.0, 0.499 * self.rate),
            "amplitude": (anchor[:, 3 : 3 + n] + t["gain"]).clamp(max=10.0).exp(),
            "phase_rad": anchor[:, 3 + n :] + t["phase"],
        }

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """See `Unknowns`."""
        return render_gabors(columns, self.rate, n_samples, block=block_for(self.rate))

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        """See `Unknowns`."""
        amplitude, phase = (
            columns["amplitude"][:, None, :] * factors[:, :, None],
            columns["phase_rad"].tile(1, factors.shape[1]),
        )
        return columns | {"amplitude": amplitude.flatten(1), "phase_rad": phase}

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`."""
        return columns["amplitude"].square().sum(1) * columns["window_s"] * (self.rate * 3 / 16)


def _grown(anchor: Tensor, by: Tensor, low: float, high: float) -> Tensor:
    """`anchor` · e^by, held between two values."""
    return (anchor * by.clamp(-20, 20).exp()).clamp(low, high)


def _positive(anchor: Tensor, by: Tensor) -> Tensor:
    """Softplus, counted from where it has the anchor's value."""
    return torch.nn.functional.softplus(anchor.clamp(min=1e-4).expm1().log() + by)


def block_for(sample_rate_hz: int) -> int:
    """Samples between knots: the power of two nearest to 2.9 ms, 64 at 22.05 kHz."""
    return int(2 ** max(3, round(math.log2(sample_rate_hz * 0.0029))))


def unknowns_of(
    kind: str, sample_rate_hz: int, n_channels: int, *, gamma: bool = False, with_noise: bool = False
) -> Unknowns:
    """The unknowns of a kind by its name: `splat` or `gabor`."""
    makers: dict[str, Callable[[], Unknowns]] = {
        "splat": lambda: SplatUnknowns(sample_rate_hz, n_channels, gamma=gamma, with_noise=with_noise),
        "gabor": lambda: GaborUnknowns(sample_rate_hz, n_channels),
    }
    return makers[kind]()
