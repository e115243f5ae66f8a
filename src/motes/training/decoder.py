"""Training of the vectors' decoder, and of the encoder that goes with it, on notes that sound alone.

What a decoder would sound like is not rendered but foreseen: the amplitude of each partial over time follows from the
splats' parameters, and is compared with the note's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from motes.data.note_analysis import BAND_HZ, N_BANDS, N_CELLS, N_PARTIALS
from motes.kinds.vector.decoder import HIGHEST_KNOWN_HZ
from motes.kinds.vector.structure import N_OUTPUTS, N_SINGLE, NOISE_SHAPES, SHAPE, Structure, structure
from motes.units import NEPERS_60_DB

# Standard deviation of the noise that learned numbers are seen through, and what a dB of difference costs.
LATENT_NOISE, LEVELS = 0.1, 0.01
# Places in a cell, and in the window that it is seen through, at which envelopes are taken.
N_NODES = 5
_PLACE = (torch.arange(N_NODES) + 0.5) / N_NODES - 0.5
_u = np.linspace(-0.5, 0.5, 4001)
_cdf = np.cumsum(1 + np.cos(2 * np.pi * _u))
_HANN = torch.tensor(np.interp((np.arange(N_NODES) + 0.5) / N_NODES, _cdf / _cdf[-1], _u), dtype=torch.float32)
_GRID_HZ = torch.tensor(np.geomspace(20, 22050, 97), dtype=torch.float32)


class Activation(nn.Module):
    """x/2 · (1 + x/(1 + |x|))."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1.0 + x / (1.0 + x.abs()))


def perceptron(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with activations between."""
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        layers += ([Activation()] if i else []) + [nn.Linear(n_in, n_out)]
    return nn.Sequential(*layers)


class Autoencoder(nn.Module):
    """Features ▶ nine numbers; sixteen numbers ▶ outputs of the heads."""

    feature_mean: Tensor
    feature_deviation: Tensor
    number_mean: Tensor
    number_deviation: Tensor

    def __init__(self, statistics: dict[str, Tensor], hidden: int = 256, hidden_encoder: int = 128) -> None:
        super().__init__()
        for name, value in statistics.items():
            self.register_buffer(name, value)
        self.encoder = perceptron(len(statistics["feature_mean"]), hidden_encoder, 9)
        self.norm = nn.BatchNorm1d(9, affine=False, momentum=0.02)
        self.decoder = perceptron(16, hidden, hidden, N_OUTPUTS)
        last = self.decoder[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.mul_(0.3)
            last.bias.zero_()

    def timbre(self, features: Tensor) -> Tensor:
        return self.norm(self.encoder(((features - self.feature_mean) / self.feature_deviation).clip(-6, 6)))

    def forward(self, numbers: Tensor) -> Structure:
        """The parameters of the splats of sixteen numbers, `(n, 16)`."""
        normal = ((numbers - self.number_mean) / self.number_deviation).clip(-6, 6)
        return structure(numbers, self.decoder(normal), torch)


def gamma(since: Tensor, scale: Tensor, shape: float) -> Tensor:
    """A gamma burst, 1 at its peak, at times since its onset."""
    u = (since / ((shape - 1) * scale)).clip(1e-6, 60.0)
    return torch.where(since > 0, torch.exp((shape - 1) * (torch.log(u) + 1 - u)), torch.zeros(()))


def ringing(since: Tensor, theta: Tensor, t60: Tensor) -> Tensor:
    """The envelope of a partial that a gamma burst of shape 2 drives, at times since its onset; as `Splat` has it."""
    d, rate = NEPERS_60_DB / t60, 1 / theta
    t = since.clip(min=0.0)
    x = ((rate - d) * t).clip(max=60.0)
    inner = torch.exp(-d * t) * (1 - torch.exp(-x) * (1 + x)) * (since > 0)
    return (d + 1 / (math.sqrt(4 * math.pi) * theta)) * (math.e / theta) / (rate - d) ** 2 * inner


def nodes(edges_s: Tensor, window_s: Tensor) -> Tensor:
    """Times at which envelopes are taken, `(n, 1, N_CELLS · N_NODES)`."""
    centre, width = 0.5 * (edges_s[:, 1:] + edges_s[:, :-1]), edges_s[:, 1:] - edges_s[:, :-1]
    at = centre[:, :, None] + _PLACE * width[:, :, None] + _HANN * window_s[:, None, None]
    return at.reshape(len(at), 1, -1)


def amplitudes(made: Structure, edges_s: Tensor, window_s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """RMS amplitudes over cells of the partials, `(n, N_PARTIALS, N_CELLS)`, and of the bands' noise, `(n, N_BANDS,
    N_CELLS)`; the partials' frequencies in Hz, `(n, N_PARTIALS)`.
    """
    t = nodes(edges_s, window_s)
    groups = _in_cells(_envelopes(made, t))
    k = torch.arange(N_SINGLE + 1, N_PARTIALS + 1)
    high_hz = made.f0_hz * k * torch.sqrt((1 + made.inharmonicity * k**2) / (1 + made.inharmonicity))
    octaves = torch.log2(high_hz)[:, None] - torch.log2(made.high[0])[:, :, None]
    spectrum = torch.exp(-0.5 * (octaves / made.high[1][:, :, None]) ** 2)
    high = torch.einsum("nhk,nht->nkt", spectrum, groups[:, N_SINGLE:])
    hz = torch.cat([made.f0_hz * made.ratio, high_hz], dim=1)
    partials = torch.cat([groups[:, :N_SINGLE], high], dim=1) * (hz < HIGHEST_KNOWN_HZ)[:, :, None]
    return partials, torch.sqrt(_noise_power(made, t[:, 0]) + 1e-16), hz


def _rms(db: Tensor) -> Tensor:
    """Of a sinusoid of this level, `(n, n_groups, 1)`."""
    return torch.exp((db - 3.0103) * (math.log(10) / 20))[:, :, None]


def _in_cells(values: Tensor) -> Tensor:
    """Means over the places of each cell."""
    return values.reshape(*values.shape[:-1], N_CELLS, N_NODES).mean(-1)


def _envelopes(made: Structure, t: Tensor) -> Tensor:
    """RMS of the groups at these times, `(n, N_GROUPS, n_times)`."""

    def ring(part: tuple[Tensor, ...]) -> Tensor:
        delay, theta, t60, gain = part
        return _rms(gain) * ringing(t - delay[:, :, None], theta[:, :, None], t60[:, :, None])

    depth, pace, phase = (part[:, :, None] for part in made.swell)
    slow_peak = made.slow[0][:, :, None] + made.slow[1][:, :, None]
    swell = 1 + depth * torch.cos(2 * math.pi * pace * (t - slow_peak) + phase)
    envelope = ring(made.fast) + ring(made.slow) * swell
    at, sigma, gain = made.middle
    envelope = envelope + _rms(gain) * torch.exp(-0.5 * ((t - at[:, :, None]) / sigma[:, :, None]) ** 2)
    at, theta, gain = made.end
    return envelope + _rms(gain) * gamma(at[:, :, None] - t, theta[:, :, None], SHAPE)


def _noise_power(made: Structure, t: Tensor) -> Tensor:
    """Of the bands, `(n, N_BANDS, N_CELLS)`."""
    gain, centre, octaves, at, sigma = made.noise
    power = torch.zeros(len(t), N_BANDS, N_CELLS)
    for i, shape in enumerate(NOISE_SHAPES):
        since = t - at[i]
        if shape == 0:
            burst = torch.exp(-0.5 * (since / sigma[i]) ** 2)
        else:
            scale = sigma[i] / shape**0.5
            burst = gamma(since + scale * (shape - 1), scale, shape)
        course = _rms(gain[:, i : i + 1])[:, :, 0] * _in_cells(burst)
        power = power + _shares(centre[:, i : i + 1], octaves[:, i : i + 1])[:, :, None] * course[:, None] ** 2
    return power


def _shares(centre_hz: Tensor, width: Tensor) -> Tensor:
    """Shares of the bands in a noise's power, `(n, N_BANDS)`."""
    density = torch.exp(-((torch.log2(_GRID_HZ / centre_hz) / width) ** 2)) * _GRID_HZ + 1e-9
    total = torch.cat([torch.zeros(len(density), 1), torch.cumsum(density, dim=1)], dim=1)
    place = [int(torch.searchsorted(_GRID_HZ, float(hz))) for hz in BAND_HZ]
    edges = total[:, place]
    return (edges[:, 1:] - edges[:, :-1]) / total[:, -1:]


def errors(made: Structure, note: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Of each note, `(n,)`: what its spectral convergence will be about, and the mean difference of levels in dB."""
    partials, bands, hz = amplitudes(made, note["edges_s"], note["window_s"])
    weight = (note["edges_s"][:, 1:] - note["edges_s"][:, :-1])[:, None]
    true, noise = note["partials"], note["bands"]
    apart = (hz - note["hz"]) / 21.5
    alike = torch.exp(-0.3 * apart.clip(-8, 8) ** 2)[:, :, None]
    wrong = (partials - true) ** 2 + 2 * (1 - alike) * partials * true
    wrong_noise = (bands - noise) ** 2
    power = (weight * true**2).sum((1, 2)) + (weight * noise**2).sum((1, 2))
    convergence = ((weight * wrong).sum((1, 2)) + (weight * wrong_noise).sum((1, 2))) / power
    top = (true**2).sum(1).amax(1) + (noise**2).sum(1).amax(1)
    floor = (1e-4 * top)[:, None, None]
    spread = weight**0.5 / (weight**0.5).sum(2, keepdim=True)

    def differing(a: Tensor, b: Tensor) -> Tensor:
        return (spread * (torch.log10((a**2 + floor) / (b**2 + floor)) * 10).abs()).sum(2).mean(1)

    levels = 0.5 * (differing(partials, true) + differing(bands, noise))
    return torch.sqrt(convergence + 1e-5), levels


def fit(
    model: Autoencoder,
    notes: dict[str, Tensor],
    n_steps: int,
    batch: int,
    rate: float,
    seed: int = 0,
    report: Callable[[str], object] = print,
) -> None:
    """Train encoder and decoder together by Adam with a cosine; the learned numbers are seen through noise, so that
    sounds that are alike have numbers that are alike.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, n_steps, pct_start=0.05)
    n, mean = len(notes["named"]), [0.0, 0.0]
    for step in range(n_steps):
        chosen = torch.randint(n, (batch,), generator=generator)
        part = {name: value[chosen] for name, value in notes.items()}
        timbre = model.timbre(part["features"])
        timbre = timbre + LATENT_NOISE * torch.randn(timbre.shape, generator=generator)
        convergence, levels = errors(model(torch.cat([part["named"], timbre], dim=1)), part)
        loss = convergence.mean() + LEVELS * levels.mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean = [0.98 * m + 0.02 * float(v.detach().mean()) for m, v in zip(mean, (convergence, levels), strict=True)]
        if step % 500 == 499:
            report(f"{step + 1} convergence {mean[0]:.4f} levels {mean[1]:.2f} dB")


def statistics(notes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Means and deviations by which inputs are normalised."""
    named = notes["named"]
    return {
        "feature_mean": notes["features"].mean(0),
        "feature_deviation": notes["features"].std(0) + 0.05,
        "number_mean": torch.cat([named.mean(0), torch.zeros(9)]),
        "number_deviation": torch.cat([named.std(0).clip(1e-3), torch.ones(9)]),
    }


def weights_of(model: Autoencoder, notes: dict[str, Tensor]) -> dict[str, Any]:
    """What `motes.kinds.vector.weights` reads, float32 by name: learned numbers have mean 0 and deviation 1 over these
    notes, and the prior is theirs.
    """
    model.eval()
    with torch.no_grad():
        learned = model.timbre(notes["features"])
        mean, deviation = learned.mean(0), learned.std(0)
        out = {name: getattr(model, name).clone() for name in statistics(notes)}
        for name, network in (("encoder", model.encoder), ("decoder", model.decoder)):
            layers = [layer for layer in network if isinstance(layer, nn.Linear)]
            for i, layer in enumerate(layers):
                out[f"{name}.{i}.weight"], out[f"{name}.{i}.bias"] = layer.weight.T.clone(), layer.bias.clone()
        last = f"encoder.{len([layer for layer in model.encoder if isinstance(layer, nn.Linear)]) - 1}"
        average, variance = model.norm.running_mean, model.norm.running_var
        assert average is not None
        assert variance is not None
        scale = torch.sqrt(variance + model.norm.eps)
        out[f"{last}.weight"] /= scale * deviation
        out[f"{last}.bias"] = ((out[f"{last}.bias"] - average) / scale - mean) / deviation
        out["number_mean"][7:], out["number_deviation"][7:] = -mean / deviation, 1 / deviation
        numbers = torch.cat([notes["named"], (learned - mean) / deviation], dim=1)
        out["prior_mean"], out["prior_covariance"] = numbers.mean(0), torch.cov(numbers.T)
    return {name: np.ascontiguousarray(value.numpy(), np.float32) for name, value in out.items()}
