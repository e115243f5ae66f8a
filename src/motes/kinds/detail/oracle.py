"""Detail by its definition: every coefficient a cosine under the window of its block."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kinds.detail.audio import audio_of, delayed
from motes.kinds.detail.table import Detail
from motes.kinds.renderer import SceneContext


def render(events: Detail, scene: SceneContext) -> Array:
    """The audio of events, `(n_channels, n_samples)`."""
    audio = np.zeros((scene.n_channels, scene.n_samples))
    for i in range(len(events)):
        made, lead = audio_of(events, i, scene.sample_rate_hz, by_definition)
        place = events.time_s[i] * scene.sample_rate_hz - lead
        first = round(place)
        made = delayed(np.pad(made, ((0, 0), (32, 32))), place - first)
        for at, sample in enumerate(made.T, first - 32):
            if 0 <= at < scene.n_samples:
                audio[:, at] += sample
    return audio


def by_definition(coefficients: Array, sizes: Ints, rise: int = 0, fall: int = 0) -> Array:
    """As `transform.inverse`: Σ c[k] · √(2/N) · w(n) · cos(π/N · (n + ½)(k + ½)), n from the start of each block."""
    before, after = rise // 2, fall // 2
    audio = np.zeros((len(coefficients), before + coefficients.shape[1] + after))
    start = 0
    for number, size in enumerate(sizes.tolist()):
        left = rise if number == 0 else min(size, int(sizes[number - 1]))
        right = fall if number == len(sizes) - 1 else min(size, int(sizes[number + 1]))
        n = np.arange(-(left // 2), size + right // 2)
        waves = np.cos(np.pi / size * np.outer(n + 0.5, np.arange(size) + 0.5)) * np.sqrt(2 / size)
        made = coefficients[:, start : start + size] @ waves.T * _window(n, size, left // 2, right // 2)
        audio[:, before + start + n[0] : before + start + n[-1] + 1] += made
        start += size
    return audio


def _window(n: Ints, size: int, left: int, right: int) -> Array:
    """A quarter of a sine up and one down, 1 between them."""
    window = np.ones(len(n))
    if left:
        window *= np.sin(np.pi / 4 * (1 + np.clip((n + 0.5) / left, -1, 1)))
    if right:
        window *= np.sin(np.pi / 4 * (1 + np.clip((size - n - 0.5) / right, -1, 1)))
    return window
