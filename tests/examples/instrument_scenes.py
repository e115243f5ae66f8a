"""Scenes of instruments, made by numbers."""

from __future__ import annotations

import numpy as np

from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene


def instrument_scene(
    n_modes: int = 12, n_channels: int = 1, sample_rate_hz: int = 16000, n_taps: int = 20, seed: int = 0
) -> Scene:
    """Two seconds of eight strikes of four controls: harmonics of 220, 330 and 440 Hz, and one of all modes."""
    rng = np.random.default_rng(seed)
    of_control = np.arange(n_modes) % 3
    hz = np.array([220.0, 330.0, 440.0])[of_control] * (1 + np.arange(n_modes) // 3)
    hz = np.where(hz < 0.45 * sample_rate_hz, hz, rng.uniform(200, 0.45 * sample_rate_hz, n_modes))
    weights = np.zeros((4, n_modes), complex)
    weights[of_control, np.arange(n_modes)] = 0.1 * np.exp(1j * rng.uniform(-3, 3, n_modes)) / (hz / 220)
    weights[3] = 0.02 * np.exp(1j * rng.uniform(-3, 3, n_modes))
    mixing = np.ones((1, n_modes)) if n_channels == 1 else np.exp(1j * rng.normal(size=(n_channels, n_modes)))
    direct = 0.05 * rng.normal(size=(n_channels, n_taps))
    pad = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0], [0.5, 0.4]])
    t60_s = rng.uniform(0.3, 1.5, n_modes)
    order = np.argsort(hz)
    model = Instrument(
        sample_rate_hz, hz[order], t60_s, weights[:, order], mixing, direct, np.array([1.0, 0.5, 0.2, 0.0]), pad
    )
    control = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    strikes = Strike(0.05 + 0.2 * np.arange(8), control, np.linspace(0.5, 1, 8), np.ones(8))
    return Scene(sample_rate_hz, 2 * sample_rate_hz, n_channels, strike=strikes, instruments=(model,))
