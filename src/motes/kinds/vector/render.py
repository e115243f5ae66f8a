"""Vectors to audio: decoded once, then as splats."""

from __future__ import annotations

import warnings

from motes.errors import MotesWarning
from motes.events.event_table import Array
from motes.kinds.renderer import EventRenderer, SceneContext
from motes.kinds.splat.render import SplatRenderer
from motes.kinds.vector.decoding import decoded, missing
from motes.kinds.vector.table import Vector


class VectorRenderer(EventRenderer):
    """What the decoders make of them; MotesWarning names the models that are missing, whose vectors are silent."""

    def __init__(self, events: Vector, context: SceneContext) -> None:
        if line := missing(events, context.models):
            warnings.warn(line, MotesWarning, stacklevel=2)
        splats, _ = decoded(events, context.models)
        self._splats = SplatRenderer(splats, context) if len(splats) else None

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        if self._splats is not None:
            self._splats.add(audio, first, n_samples)


RENDERER = VectorRenderer
