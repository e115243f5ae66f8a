"""Beeps by their definition."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.kinds.renderer import SceneContext
from toy_kind.table import Beep


def render(events: Beep, context: SceneContext) -> Array:
    """All of a scene, `(n_channels, n_samples)`."""
    since = np.arange(context.n_samples) / context.sample_rate_hz - events.time_s[:, None]
    inside = (since >= 0) & (since < events.duration_s[:, None])
    return events.amplitude.T @ (inside * np.cos(2 * np.pi * events.frequency_hz[:, None] * since))
