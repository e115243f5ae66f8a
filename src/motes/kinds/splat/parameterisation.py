"""Splats as a fit by gradients moves them: the first partial's level, and the other partials relative to it."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from motes.kinds.parameterisation import (
    FREQUENCY_STEP,
    HANN_SIGMA,
    NEPER_DB,
    SHORTEST_SAMPLES,
    Atoms,
    Coordinate,
    Extent,
    Parameterisation,
    Reals,
    scaled,
    softplus_from,
)
from motes.kinds.splat.differentiable import render_splats
from motes.kinds.splat.table import LEAST_SHAPE, Splat
from motes.units import CENT, HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB

# What renders leave out: the ends of events, and partials that much weaker than their strongest; chosen by hand, so
# that a render takes half the time and the loss changes by less than a step does.
FLOOR_DB, INAUDIBLE = -50.0, 3e-3
# Bounds of the first partial, its upper one as a part of the sample rate.
LOWEST_HZ, HIGHEST_OF_RATE = 20.0, 0.49
# Of tremolo and vibrato: what swells more slowly is the envelope's, so that the two cannot stand for each other.
SLOWEST_HZ, FASTEST_HZ = 3.0, 50.0
# How far a gamma envelope's shape stays above the kind's least; the logarithm of what exceeds both is moved.
SHAPE_MARGIN = 0.05
LONGEST_S, LONGEST_T60_S, SHORTEST_T60_SAMPLES = 30.0, 60.0, 8.0
FAINTEST = 1e-7
# Standard deviation of the spectrum that noise begins with.
NOISE_OCTAVES = 0.7
# Partials whose energy is counted: what lies higher is weaker by then.
PARTIALS_COUNTED = 6
# A splat reaches over twice its width and about one time constant of its decay (60 dB are 6.9 of them), and takes
# over the timbre of one whose first partial is within half the inverse of its width; chosen by hand.
REACH_WIDTHS, TIME_CONSTANTS_PER_T60, NEAR_PER_WIDTH = 2, 7, 2


class SplatParameterisation(Parameterisation):
    """Coordinates of splats: time and frequency relative to their width and ringing, most others logarithmic."""

    KIND = Splat
    COORDINATES = (
        Coordinate("time"),
        Coordinate("width"),
        Coordinate("f0"),
        Coordinate("phase"),
        Coordinate("glide"),
        Coordinate("centre"),
        Coordinate("spread"),
        Coordinate("t60", 2.0),
        Coordinate("slope"),
        Coordinate("inharmonicity"),
        Coordinate("rolloff", 3.0),
        Coordinate("start", 2.0),
        Coordinate("end", 2.0),
        Coordinate("crossfade"),
        Coordinate("tremolo", 0.5),
        Coordinate("vibrato"),
        Coordinate("modulation"),
        Coordinate("modulation_phase"),
        Coordinate("shape"),
        Coordinate("noise"),
        Coordinate("gain", per_channel=True),
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
        "low_hz",
        "high_hz",
        "group_id",
    )
    CHANNEL_ANCHORS = ("level",)
    # What a splat that is split off another takes over.
    TIMBRE = ("centre_octaves", "width_octaves", "inharmonicity", "rolloff_db", "slope")

    def paces(self) -> Tensor:
        """How far each coordinate moves in a step; those of features that are not fitted stay."""
        paces = super().paces()
        for name, moves in (("shape", self.features.gamma), ("noise", self.features.noise)):
            if not moves:
                paces[self.coordinates[name]] = 0.0
        return paces

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """Anchors of splats of one partial, the next 22 dB weaker, that hardly ring."""
        n, width = len(atoms.time_s), np.maximum(HANN_SIGMA * atoms.window_s, SHORTEST_SAMPLES / self.sample_rate_hz)
        level = np.log(np.maximum(atoms.amplitude, FAINTEST))
        loudest = np.arange(n), np.argmax(atoms.amplitude, axis=1)
        values = {
            "time_s": atoms.time_s,
            "width_s": width,
            "f0_hz": atoms.frequency_hz.clip(LOWEST_HZ, HIGHEST_OF_RATE * self.sample_rate_hz),
            "phase_rad": atoms.phase_rad[loudest],
            "glide_per_s": 0.0,
            "centre_octaves": 0.0,
            "width_octaves": 1.0,
            "t60_s": width / 3 * NEPERS_60_DB,
            "slope": 0.3,
            "inharmonicity": 1e-4,
            "rolloff_db": 2.5 * NEPER_DB,
            "cutoff_start_hz": 0.5 * self.sample_rate_hz,
            "cutoff_end_hz": 0.5 * self.sample_rate_hz,
            "crossfade_s": 2 * width,
            "tremolo": 0.05,
            "vibrato": 0.05,
            "modulation_hz": 0.25 / width,
            "modulation_rad": 0.0,
            "shape": 5.0 if self.features.gamma else 0.0,
            "noise": 0.02 if self.features.noise else 0.0,
            # Two primes: a number of its own for each place, the same in every run.
            "seed": np.round(np.abs(atoms.time_s) * 7919 + atoms.frequency_hz * 104729) % 2**32,
            "n_partials": 32.0,
            "low_hz": 0.0,
            "high_hz": HIGHEST_HZ,
            "group_id": 0.0,
        }
        singles: list[Reals] = [np.broadcast_to(values[name], (n,)) for name in self.ANCHORS]
        return torch.from_numpy(np.column_stack([*singles, level]))

    def of_noise(self, atoms: Atoms) -> Tensor:
        """Anchors of splats that are their burst's noise alone."""
        anchor, at = self.of_atoms(atoms), self.anchors
        anchor[:, at["noise"]] = 1.0
        anchor[:, at["width_octaves"]] = NOISE_OCTAVES
        # A sinusoid of amplitude 1 has half the power of noise of this level.
        anchor[:, at["level"]] -= 0.5 * math.log(2)
        return anchor

    def is_noise(self, columns: dict[str, Tensor]) -> Tensor:
        """Which splats have no partials, `(n_events,)` booleans."""
        return columns["noise"] >= 1

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of these events; the level is that of the first partial, the burst's spectrum taken off."""
        c = columns
        octaves = torch.log2(c["centre_hz"] / c["f0_hz"])
        index = c["vibrato_cents"] * CENT * c["f0_hz"] / c["modulation_hz"]
        level = c["gain_db"] / NEPER_DB - 0.5 * (octaves / c["width_octaves"]).square()[:, None]
        by_name = c | {"centre_octaves": octaves, "vibrato": index, "slope": c["damping_slope"]}
        return torch.cat([torch.stack([by_name[name].double() for name in self.ANCHORS], 1), level], 1)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """The kind's columns; time and frequency in units of the event's width, so that all events move alike."""
        t, a = self.coordinates.split(theta), self.anchors.split(anchor)
        ring = a["t60_s"] / NEPERS_60_DB
        unit = (a["width_s"].square() + ring.square()).sqrt()
        highest_hz = HIGHEST_OF_RATE * self.sample_rate_hz
        f0 = (a["f0_hz"] + FREQUENCY_STEP * t["f0"] / unit).clamp(LOWEST_HZ, highest_hz)
        return self._spectrum(t, a, f0) | self._course(t, a, unit) | self._modulation(t, a, f0) | _fixed(a, f0)

    def _spectrum(self, t: dict[str, Tensor], a: dict[str, Tensor], f0: Tensor) -> dict[str, Tensor]:
        """What the partials are like."""
        octaves = (a["centre_octaves"] + t["centre"]).clamp(-6, 6)
        spread = scaled(a["width_octaves"], t["spread"], 0.15, 20.0)
        level = a["level"] + t["gain"] + 0.5 * (octaves / spread).square()[:, None]
        return {
            "f0_hz": f0,
            "centre_hz": f0 * 2**octaves,
            "width_octaves": spread,
            "gain_db": (level * NEPER_DB).clamp(-199.0, 300.0),
            "inharmonicity": scaled(a["inharmonicity"].clamp(min=1e-6), t["inharmonicity"], 1e-7, 0.02),
            "rolloff_db": (a["rolloff_db"] + 0.5 * NEPER_DB * t["rolloff"]).clamp(-18, 120),
            "damping_slope": softplus_from(a["slope"], t["slope"]).clamp(max=6.0),
            "cutoff_start_hz": scaled(a["cutoff_start_hz"], t["start"], 50.0, HIGHEST_HZ),
            "cutoff_end_hz": scaled(a["cutoff_end_hz"], t["end"], 50.0, HIGHEST_HZ),
        }

    def _course(self, t: dict[str, Tensor], a: dict[str, Tensor], unit: Tensor) -> dict[str, Tensor]:
        """When it sounds, and how it begins, glides and ends."""
        rate = self.sample_rate_hz
        shape, noise = a["shape"], a["noise"]
        if self.features.gamma:
            above = a["shape"] - LEAST_SHAPE - SHAPE_MARGIN
            shape = LEAST_SHAPE + SHAPE_MARGIN + above * t["shape"].clamp(-6, 4).exp()
        if self.features.noise:
            noise = (torch.special.logit(a["noise"], eps=1e-6) + t["noise"]).sigmoid()
        glide = FREQUENCY_STEP * t["glide"] / (a["f0_hz"] * unit.square())
        return {
            "time_s": a["time_s"] + t["time"] * a["width_s"],
            "width_s": scaled(a["width_s"], t["width"], SHORTEST_SAMPLES / rate, LONGEST_S),
            "t60_s": scaled(a["t60_s"], t["t60"], SHORTEST_T60_SAMPLES / rate, LONGEST_T60_S),
            "shape": shape.clamp(max=100.0),
            "phase_rad": a["phase_rad"] + t["phase"],
            "glide_per_s": (a["glide_per_s"] + glide).clamp(-50, 50),
            "crossfade_s": scaled(a["crossfade_s"], t["crossfade"], 1e-3, 100.0),
            "noise": noise,
        }

    def _modulation(self, t: dict[str, Tensor], a: dict[str, Tensor], f0: Tensor) -> dict[str, Tensor]:
        """Tremolo and vibrato; the index of the vibrato is what is moved, in radians."""
        modulation_hz = scaled(a["modulation_hz"], t["modulation"], SLOWEST_HZ, FASTEST_HZ)
        index = a["vibrato"] + t["vibrato"]
        return {
            "tremolo": (a["tremolo"] + t["tremolo"]).clamp(-1, 1),
            "vibrato_cents": (index * modulation_hz / f0 / CENT).clamp(-1200, 1200),
            "modulation_hz": modulation_hz,
            "modulation_rad": a["modulation_rad"] + t["modulation_phase"],
        }

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        return render_splats(
            columns, self.sample_rate_hz, n_samples, block=self.knot_samples(), floor_db=FLOOR_DB, inaudible=INAUDIBLE
        )

    def amplified(self, columns: dict[str, Tensor], factors: Tensor) -> dict[str, Tensor]:
        return columns | {"gain_db": (columns["gain_db"][:, None, :] + NEPER_DB * factors.log()[:, :, None]).flatten(1)}

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """About how much energy each event has: of its first partials, at the rate of the first, or of its noise."""
        k = torch.arange(1, PARTIALS_COUNTED + 1, dtype=torch.float64)
        octaves = torch.log2(columns["f0_hz"][:, None] * k / columns["centre_hz"][:, None])
        level = (
            -columns["rolloff_db"][:, None] / OCTAVE_DB * k.log()
            - 0.5 * (octaves / columns["width_octaves"][:, None]).square()
        )
        power = (
            ((2 / NEPER_DB) * columns["gain_db"][:, None, :] + 2 * level[:, :, None]).clamp(max=40).exp().sum((1, 2))
        )
        burst_s = columns["width_s"] * math.sqrt(math.pi)
        ringing = power * 0.5 * (burst_s + columns["t60_s"] / (2 * NEPERS_60_DB))
        hiss = ((2 / NEPER_DB) * columns["gain_db"]).clamp(max=40).exp().sum(1) * burst_s
        return self.sample_rate_hz * torch.where(self.is_noise(columns), hiss, ringing)

    def extent(self, columns: dict[str, Tensor]) -> Extent:
        return Extent(columns["time_s"].numpy(), columns["f0_hz"].numpy(), columns["width_s"].numpy())

    def with_timbre(self, anchor: Tensor, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of new splats; those within another's first partial take over what its partials are like."""
        found, old = anchor.clone(), self.anchors.split(self.anchored(columns))
        new = self.anchors.split(anchor)
        reach = REACH_WIDTHS * old["width_s"] + old["t60_s"] / TIME_CONSTANTS_PER_T60
        for i in range(len(anchor)):
            late = (old["time_s"] - new["time_s"][i]).abs() / reach
            apart = (old["f0_hz"] - new["f0_hz"][i]).abs() * new["width_s"][i] * NEAR_PER_WIDTH
            near = torch.nonzero((late < 1) & (apart < 1))[:, 0]
            if len(near):
                model = near[torch.argmin(late[near])]
                found[i, self.anchors.places(self.TIMBRE)] = torch.stack([old[name][model] for name in self.TIMBRE])
        return found


def _fixed(a: dict[str, Tensor], f0: Tensor) -> dict[str, Tensor]:
    """What no step moves."""
    return {
        "seed": a["seed"].long(),
        "n_partials": a["n_partials"].long(),
        "low_hz": a["low_hz"],
        "high_hz": a["high_hz"],
        "group_id": a["group_id"].long(),
        "backward": torch.zeros_like(f0).long(),
    }


PARAMETERISATION = SplatParameterisation
