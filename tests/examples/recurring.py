"""Recordings in which few sounds recur, each at whole samples and with gains of its own."""

import numpy as np

RATE, LENGTH = 8000, 256
Floats = np.ndarray


def sounds() -> Floats:
    """Three bursts of noise that die away, of energy 1, `(3, LENGTH)`: sinusoids tell them badly."""
    random, since = np.random.default_rng(11), np.arange(LENGTH)
    made = random.normal(size=(3, LENGTH)) * np.exp(-since / (LENGTH / 5)) * np.minimum(1, since / 4)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def recording(seed: int, seconds: float = 4.0, n_channels: int = 1, tone: float = 0.02) -> Floats:
    """Such sounds one after another by chance, over a tone, `(n_channels, n)` float32."""
    random, n = np.random.default_rng(seed), round(seconds * RATE)
    audio = np.zeros((n_channels, n + LENGTH))
    for place in np.sort(random.integers(0, n - LENGTH, round(6 * seconds))):
        gain = random.uniform(0.5, 1.5) * random.choice([-1, 1]) * random.uniform(0.3, 1, n_channels)
        audio[:, place : place + LENGTH] += gain[:, None] * sounds()[random.integers(3)]
    return (audio[:, :n] + tone * np.sin(2 * np.pi * 440 / RATE * np.arange(n))).astype(np.float32)
