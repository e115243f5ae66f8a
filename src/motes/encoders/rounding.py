"""How coarsely the events of a scene may be rounded: the quantiser follows the target."""

from __future__ import annotations

import numpy as np

from motes.audio import Source
from motes.codec.quantise import amplitude_of, quantise, to_integers  # noqa: F401
from motes.scene.scene import GaborQuantiser, Scene
from motes.synth.render import render_blocks
from motes.units import db_to_power

ROUNDING_MARGIN_DB = 1.0
"""Pursuit goes this much further than a target asks, and rounding spends what it gains: measured to cost the fewest bits."""
NOISE_TO_RESIDUAL = 0.25
"""Without a target, rounding may add a quarter of the residual's energy: 1 dB."""
STEPS_PER_DOUBLING, N_PHASES = 2, 8
FINEST_KNEE = -160


def round_events(scene: Scene, source: Source, energy: float, residual_energy: float, snr_db: float | None) -> Scene:
    """`scene` rounded as coarsely as keeps its decoded signal-to-noise ratio at `snr_db`; without one, as adds a quarter to the residual's energy."""
    allowed = residual_energy * NOISE_TO_RESIDUAL if snr_db is None else energy * db_to_power(-snr_db) - residual_energy
    knee = _coarsest_knee(scene, allowed)
    while True:
        rounded = quantise(scene, GaborQuantiser(STEPS_PER_DOUBLING, N_PHASES, knee))
        if snr_db is None or knee == FINEST_KNEE or energy == 0.0 or _decoded_residual(rounded, source) <= energy * db_to_power(-snr_db):
            return rounded
        knee -= 1


def _coarsest_knee(scene: Scene, allowed_energy: float) -> int:
    """The largest knee whose rounding errors add up to no more than this energy."""
    low, high = FINEST_KNEE, 8
    while low < high:
        middle = (low + high + 1) // 2
        if rounding_energy(scene, GaborQuantiser(STEPS_PER_DOUBLING, N_PHASES, middle)) <= allowed_energy:
            low = middle
        else:
            high = middle - 1
    return low


def rounding_energy(scene: Scene, quantiser: GaborQuantiser) -> float:
    """Energy of the difference that rounding makes, were all events orthogonal: Σ |Δ(a e^{iφ})|² · 3W/16."""
    rounded = quantise(scene, quantiser)
    before = scene.gabor.amplitude * np.exp(1j * scene.gabor.phase_rad)
    after = rounded.gabor.amplitude * np.exp(1j * rounded.gabor.phase_rad)
    energy = np.abs(before - after) ** 2 * (3 / 16 * scene.sample_rate_hz * scene.gabor.window_s)[:, None]
    return float(energy.sum())


def _decoded_residual(scene: Scene, source: Source) -> float:
    """Energy of source − render, exactly."""
    total, first = 0.0, 0
    blocks = render_blocks(scene)
    rendered = np.empty((scene.n_channels, 0), np.float32)
    for block in source.blocks():
        while rendered.shape[1] < block.shape[1]:
            rendered = np.concatenate([rendered, next(blocks)], axis=1)
        total += float(np.sum(np.square(block - rendered[:, : block.shape[1]], dtype=np.float64)))
        rendered = rendered[:, block.shape[1] :]
        first += block.shape[1]
    return total
