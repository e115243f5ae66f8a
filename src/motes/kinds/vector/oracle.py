"""Vectors by their definition: the splats that they are decoded to, by theirs."""

from __future__ import annotations

from motes.events.event_table import Array
from motes.kinds.renderer import SceneContext
from motes.kinds.splat.oracle import render_splat_oracle
from motes.kinds.vector.decoding import decoded
from motes.kinds.vector.table import Vector


def render(events: Vector, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    splats, _ = decoded(events, context.models)
    return render_splat_oracle(splats, context.sample_rate_hz, context.n_samples, context.n_channels)
