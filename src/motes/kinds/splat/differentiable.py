"""Splats in PyTorch, differentiable in every parameter that is not a whole number; `motes.kinds.splat.table` is the
definition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motes.errors import ParameterError
from motes.kernels.envelope import accumulate, accumulate_adjoint
from motes.kinds.splat.table import LEAST_SHAPE, noise_period
from motes.kinds.waves import TILE_KNOTS, Tiles, add_up, turned
from motes.noise import white
from motes.units import CENT, NEPERS_60_DB, OCTAVE_DB

# Of Gauss's rule for what enters between two knots.
NODES = 6
INAUDIBLE = 1e-3
LEAST_NOISE = 1e-4

Columns = Mapping[str, Tensor]


def render_splats(
    columns: Columns,
    sample_rate_hz: int,
    n_samples: int,
    *,
    block: int = 64,
    floor_db: float = -60.0,
    inaudible: float = INAUDIBLE,
) -> Tensor:
    """The sound of splats, `(n_channels, n_samples)` float32.

    `columns` are those of `Splat` by name, `(n_events,)` float64 (`gain_db` `(n_events, n_channels)`; `seed` and
    `n_partials` int64), all of them but `backward`: events that run backward cannot be rendered here. Envelopes are
    exact every `block` samples, and what is `floor_db` below an event's peak, or `inaudible` times its strongest
    partial, is left out: 4, −100 and 0 agree with the definition to 1e-4, the defaults are for fitting.
    """
    c = dict(columns)
    if bool((c["backward"] != 0).any()):
        raise ParameterError("splats that run backward cannot be rendered in PyTorch")
    if len(c["time_s"]) == 0:
        return torch.zeros(c["gain_db"].shape[1], n_samples)
    unit = _Units(c, sample_rate_hz, inaudible)
    reach = _reach(c, floor_db)
    start, end = ((c["time_s"] + side).detach() * sample_rate_hz for side in (-reach[0], reach[1]))
    from_there = torch.where(
        c["shape"] > 0, start, start.clamp(min=0)
    )  # a recurrence begins with its event, a closed form anywhere
    tiles = Tiles.of(from_there[unit.event], end[unit.event], block, n_samples)
    audio = add_up(tiles, *_at_knots(c, unit, tiles, sample_rate_hz), unit.omega, _amplitudes(c, unit))
    noisy = torch.nonzero(c["noise"].detach() > LEAST_NOISE)[:, 0]
    return audio + _noise(c, noisy, start, end, sample_rate_hz, n_samples) if len(noisy) else audio


class _Units:
    """The audible partials: their events, frequencies, decays and levels."""

    def __init__(self, c: dict[str, Tensor], rate: int, inaudible: float) -> None:
        k = torch.arange(1, int(c["n_partials"].max()) + 1, dtype=torch.float64)
        b = c["inharmonicity"][:, None]
        ratio = k * ((1 + b * k * k) / (1 + b)).sqrt()
        hz = c["f0_hz"][:, None] * ratio
        octaves = torch.log2(hz / c["centre_hz"][:, None])
        level = -c["rolloff_db"][:, None] / OCTAVE_DB * k.log() - 0.5 * (octaves / c["width_octaves"][:, None]).square()
        with torch.no_grad():
            inside = (
                (hz < rate / 2)
                & (k <= c["n_partials"][:, None])
                & (hz >= c["low_hz"][:, None])
                & (hz <= c["high_hz"][:, None])
            )
            audible = (
                inside
                & (level.exp() > inaudible * (level.exp() * inside).amax(1, keepdim=True))
                & (c["noise"][:, None] < 1)
            )
            self.event, partial = torch.nonzero(audible, as_tuple=True)
        self.number = k[partial]
        self.hz, self.ratio, self.level = (
            hz[self.event, partial],
            ratio[self.event, partial],
            level[self.event, partial],
        )
        self.omega = self.hz * (2 * math.pi / rate)
        self.decay = NEPERS_60_DB / (c["t60_s"][self.event] * rate) * self.ratio ** c["damping_slope"][self.event]


def _amplitudes(c: dict[str, Tensor], unit: _Units) -> Tensor:
    """Of each unit in each channel."""
    gain = c["gain_db"][unit.event] * (math.log(10) / 20)
    audible = c["gain_db"][unit.event] > -200.0
    return (audible * (gain + unit.level[:, None]).clamp(max=20).exp() * (1 - c["noise"][unit.event, None])).float()


def _reach(c: dict[str, Tensor], floor_db: float) -> tuple[Tensor, Tensor]:
    """How long before and after `time_s` each event is above `floor_db`, in seconds."""
    fall = -floor_db * math.log(10) / 20
    shape = c["shape"].clamp(min=LEAST_SHAPE)
    scale = c["width_s"] / shape.sqrt()
    gaussian = c["width_s"] * math.sqrt(2 * fall)
    after = torch.where(c["shape"] > 0, (fall + 0.5 + (2 * (fall + 1) * (shape - 1)).sqrt()) * scale, gaussian)
    return torch.where(c["shape"] > 0, (shape - 1) * scale, gaussian), after + c["t60_s"] * (fall / NEPERS_60_DB)


def _at_knots(c: dict[str, Tensor], unit: _Units, tiles: Tiles, rate: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Values and slopes of all sinusoids at their knots, carriers included."""
    event = unit.event[tiles.unit]
    knots = tiles.knots()
    column = {name: c[name][event][:, None] for name in _GATHERED}
    since = knots - column["time_s"] * rate
    envelope, slope = _envelope(c, unit, tiles, event, since, rate)
    width = {name: (column[name] * rate).float() for name in ("crossfade_s",)}
    hz, near = unit.hz[tiles.unit, None], since.float()
    across = torch.sigmoid(near / width["crossfade_s"] - 2)
    early, late = (1 / (1 + (hz / column[name]).square()) for name in ("cutoff_start_hz", "cutoff_end_hz"))
    change = (late - early).float()
    passed, passed_slope = early.float() + change * across, change * across * (1 - across) / width["crossfade_s"]
    pace = (2 * math.pi / rate * column["modulation_hz"]).float()
    turn = pace * near + column["modulation_rad"].float()
    cosine, sine, depth = torch.cos(turn), torch.sin(turn), column["tremolo"].float()
    swell, swell_slope = 1 + depth * cosine, -depth * pace * sine
    slope = slope * passed * swell + envelope * (passed_slope * swell + passed * swell_slope)
    omega, number = unit.omega[tiles.unit, None], unit.number[tiles.unit, None]
    swing = (omega * column["vibrato_cents"] * CENT).float()
    bend = (omega * column["glide_per_s"] / rate).float()
    phase = 0.5 * bend * near.square() + swing / pace * sine
    carrier = omega * since + number * column["phase_rad"]
    return turned(envelope * passed * swell, slope, phase, bend * near + swing * cosine, carrier)


_GATHERED = (
    "time_s",
    "crossfade_s",
    "cutoff_start_hz",
    "cutoff_end_hz",
    "modulation_hz",
    "modulation_rad",
    "tremolo",
    "vibrato_cents",
    "glide_per_s",
    "phase_rad",
)


def _envelope(
    c: dict[str, Tensor], unit: _Units, tiles: Tiles, event: Tensor, since: Tensor, rate: int
) -> tuple[Tensor, Tensor]:
    """What rings of the bursts, and its slope per sample; in float32, time in samples."""
    gamma = c["shape"][event].detach() > 0
    width = c["width_s"][event, None] * rate
    if not bool(gamma.any()):
        return _gaussian(since, width, unit.decay[tiles.unit, None])
    if bool(gamma.all()):
        return _gamma(c, unit, tiles, torch.arange(len(event)), event, rate)
    here, there = torch.nonzero(gamma)[:, 0], torch.nonzero(~gamma)[:, 0]
    parts = (
        _gamma(c, unit, tiles, here, event, rate),
        _gaussian(since[there], width[there], unit.decay[tiles.unit[there], None]),
    )
    order = torch.argsort(torch.cat([here, there]))
    return torch.cat([parts[0][0], parts[1][0]])[order], torch.cat([parts[0][1], parts[1][1]])[order]


def _gaussian(since: Tensor, width: Tensor, decay: Tensor) -> tuple[Tensor, Tensor]:
    """The convolution of a gaussian and an exponential in closed form: exp(−u²/2) erfcx((d σ − u)/√2), u = τ/σ."""
    width, decay = width.float(), decay.float()
    u = since.float() / width
    damped = decay * width
    argument = (damped - u) * math.sqrt(0.5)
    far = argument < -3.0
    bump = torch.exp(-0.5 * u.square().clamp(max=160.0))
    tail = (2 - torch.erfc(-argument.clamp(max=-3.0))) * torch.exp((damped * (0.5 * damped - u)).clamp(-80.0, 10.0))
    rung = torch.where(far, tail, bump * torch.special.erfcx(argument.clamp(min=-3.0)))
    y = (damped + 1 / math.sqrt(2 * math.pi)) * math.sqrt(math.pi / 2) * rung
    return y, (decay + 1 / (math.sqrt(2 * math.pi) * width)) * bump - decay * y


def _gamma(
    c: dict[str, Tensor], unit: _Units, tiles: Tiles, pairs: Tensor, event: Tensor, rate: int
) -> tuple[Tensor, Tensor]:
    """Gamma envelopes and their slopes at knots by the recurrence of the definition, with what enters between two
    knots by Gauss's rule.
    """
    event, decay = event[pairs], unit.decay[tiles.unit[pairs]][:, None]
    earliest = min(0, int(tiles.tile.min()))
    n_tiles = tiles.n_tiles - earliest
    row = event * n_tiles + tiles.tile[pairs] - earliest
    rows, of_row = torch.unique(row, return_inverse=True)
    owner = torch.div(rows, n_tiles, rounding_mode="floor")
    knots = ((rows % n_tiles + earliest) * TILE_KNOTS)[:, None].double() * tiles.block + torch.arange(
        TILE_KNOTS
    ) * tiles.block
    since = knots - c["time_s"][owner, None] * rate
    shape, width = c["shape"][owner, None], c["width_s"][owner, None] * rate
    onset = -(shape - 1) * width / shape.sqrt()
    node, weight = np.polynomial.legendre.leggauss(NODES)
    low, high = torch.maximum(since - tiles.block, onset), torch.maximum(since, onset)
    entering: Tensor | float = 0.0
    for x, w in zip(node, weight, strict=True):
        at = 0.5 * (low + high) + 0.5 * x * (high - low)
        drive = (_gamma_burst(at, shape, width) * (0.5 * w) * (high - low)).float()
        entering = entering + drive[of_row] * torch.exp(-decay.float() * (since - at).clamp(min=0).float()[of_row])
    decay = decay.float()
    level = decay + 1 / (math.sqrt(2 * math.pi) * width.float()[of_row])
    fresh = torch.ones(len(pairs), dtype=torch.bool)
    fresh[1:] = tiles.unit[pairs][1:] != tiles.unit[pairs][:-1]
    y = _Accumulate.apply(level * entering, torch.exp(-decay[:, 0] * tiles.block), fresh)
    return y, level * _gamma_burst(since, shape, width).float()[of_row] - decay * y


def _gamma_burst(since: Tensor, shape: Tensor, width: Tensor) -> Tensor:
    extra = shape - 1
    at = since / (width / shape.sqrt() * extra)
    inside = at > -1 + 1e-9
    at = torch.where(inside, at, torch.zeros_like(at))
    return torch.where(inside, torch.exp(extra * (torch.log1p(at) - at)), torch.zeros_like(at))


class _Accumulate(torch.autograd.Function):
    """`motes.kernels.envelope.accumulate`, in float64 inside."""

    @staticmethod
    def forward(ctx: Any, entering: Tensor, factor: Tensor, fresh: Tensor) -> Tensor:
        out = np.empty(tuple(entering.shape), np.float32)
        accumulate(entering.detach().numpy(), factor.detach().numpy(), fresh.numpy(), out)
        result = torch.from_numpy(out)
        ctx.save_for_backward(result, factor, fresh)
        return result

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor, None]:
        out, factor, fresh = ctx.saved_tensors
        slope = grad_outputs[0].contiguous()
        entering_slope, factor_slope = np.empty(tuple(out.shape), np.float32), np.empty(len(factor), np.float32)
        accumulate_adjoint(
            slope.numpy(), out.numpy(), factor.detach().numpy(), fresh.numpy(), entering_slope, factor_slope
        )
        return torch.from_numpy(entering_slope), torch.from_numpy(factor_slope), None


@lru_cache(maxsize=128)
def _white_spectrum(seed: int, period: int) -> Tensor:
    return torch.from_numpy(np.fft.rfft(white(seed, 0, 0, period)).astype(np.complex64))


def _noise(c: dict[str, Tensor], chosen: Tensor, start: Tensor, end: Tensor, rate: int, n_samples: int) -> Tensor:
    """The noise of the bursts of the chosen events: spectra in float32, their turns reduced in float64 first."""
    early, late = _noise_periods({name: c[name][chosen] for name in _NOISY}, rate)
    gain = torch.where(c["gain_db"] > -200.0, 10 ** (c["gain_db"] / 20), 0.0) * c["noise"][:, None]
    audio, period = torch.zeros(c["gain_db"].shape[1], n_samples), early.shape[1]
    for j, i in enumerate(chosen.tolist()):
        low, high = max(0, int(start[i])), min(n_samples, int(end[i]) + 1)
        if high <= low:
            continue
        since = (torch.arange(low, high) / rate - c["time_s"][i]).float()
        width, shape = c["width_s"][i].float(), c["shape"][i]
        envelope = (
            _gamma_burst(since, shape.float(), width) if shape > 0 else torch.exp(-0.5 * (since / width).square())
        )
        across = torch.sigmoid(since / c["crossfade_s"][i].float() - 2)
        first, later = (_periodic(part[j], low, high, period) for part in (early, late))
        burst = envelope * torch.lerp(first, later, across)
        audio[:, low:high] = audio[:, low:high] + gain[i].float()[:, None] * burst
    return audio


_NOISY = ("time_s", "centre_hz", "width_octaves", "low_hz", "high_hz", "cutoff_start_hz", "cutoff_end_hz", "seed")


def _noise_periods(c: dict[str, Tensor], rate: int) -> tuple[Tensor, Tensor]:
    """A period of the noise of each event behind its first and its later low-pass, `(n_events, period)`."""
    period = noise_period(rate)
    hz = torch.arange(period // 2 + 1, dtype=torch.float64) * (rate / period)
    octave = torch.log2(hz.clamp(min=1e-9)).float()
    centre, width = torch.log2(c["centre_hz"]).float()[:, None], c["width_octaves"].float()[:, None]
    inner = torch.ones_like(octave)
    inner[0] = inner[-1] = 0.0
    # Held where it is inaudible: numbers too small for float32 to be normal take a hundred times as long.
    shape = torch.exp((-0.5 * ((octave - centre) / width).square()).clamp(min=-40.0)) * inner
    power = (2 / period * shape.square().sum(1, keepdim=True)).clamp(min=1e-12)
    inside = ((hz >= c["low_hz"][:, None]) & (hz <= c["high_hz"][:, None])).float()
    level = shape * inside / power.sqrt()
    turn = torch.remainder(-hz * c["time_s"][:, None], 1.0).float() * (2 * math.pi)
    white_ = torch.stack([_white_spectrum(int(seed), period) for seed in c["seed"]])
    spectrum = white_ * torch.polar(level, turn)
    square = hz.square().float()
    early, late = (
        torch.fft.irfft(spectrum * (1 / (1 + square / c[name].float().square()[:, None])), period)
        for name in ("cutoff_start_hz", "cutoff_end_hz")
    )
    return early, late


def _periodic(wave: Tensor, low: int, high: int, period: int) -> Tensor:
    """Samples low … high − 1 of a wave that repeats."""
    first = low % period
    n_periods = -(-(first + high - low) // period)
    return (wave.repeat(n_periods) if n_periods > 1 else wave)[first : first + high - low]
