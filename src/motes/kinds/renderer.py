"""What renders the events of one kind, any stretch of them."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import EventTable
from motes.events.instrument import Instrument
from motes.events.model import Model

Audio = NDArray[np.float64]


class SceneContext(Protocol):
    """What a scene tells the renderers of its kinds beside their events."""

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""

    @property
    def n_samples(self) -> int:
        """Length of the scene."""

    @property
    def n_channels(self) -> int:
        """Channels of its audio."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What strikes play."""

    @property
    def models(self) -> tuple[Model, ...]:
        """What vectors are decoded by, and the dictionaries of learned waveforms."""


class EventRenderer:
    """Renders events that are `prepared`; what it makes of them first serves all stretches."""

    # Whether events share what they are rendered with, so that the last bits of one may change with another far away.
    SHARES: ClassVar[bool] = True

    def __init__(self, events: Any, context: SceneContext) -> None:
        """For events of a kind's table in a scene."""

    @staticmethod
    def prepared(events: EventTable, sample_rate_hz: int) -> EventTable:
        """The events as they are rendered, before any is taken out: others in place of those that depend on others."""
        return events

    def add(self, audio: Audio, first: int, n_samples: int) -> None:
        """Add samples `first` … `first` + `n_samples` − 1 to audio `(n_channels, ≥ n_samples + 16)`, of which what
        lies past the end is scratch.
        """
        raise NotImplementedError
