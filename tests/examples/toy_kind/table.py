"""The beep: a tone that begins and ends at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.events.event_table import Array, EventTable, Ints, Mask, Param


@dataclass(frozen=True, eq=False)
class Beep(EventTable):
    """`amplitude · cos(2π·frequency·τ)` for 0 ≤ τ = t − time_s < duration; amplitudes are `(n_events, n_channels)`."""

    time_s: Array
    duration_s: Array
    frequency_hz: Array
    amplitude: Array
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "beep"
    LEVEL: ClassVar[str] = "amplitude"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "frequency_hz")
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when it begins"),
        Param("duration_s", "s", 0.0, 1e4, "how long it lasts"),
        Param("frequency_hz", "Hz", 0.0, 1e6, "frequency"),
        Param("amplitude", "", 0.0, 1e6, "peak, full scale = 1", per_channel=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    @classmethod
    def empty(cls, n_channels: int) -> Beep:
        """No events."""
        none = np.empty(0)
        return cls(none, none, none, np.empty((0, n_channels)))

    @property
    def start_s(self) -> Array:
        """When each begins."""
        return self.time_s

    @property
    def end_s(self) -> Array:
        """When each ends."""
        return self.time_s + self.duration_s

    def moved(self, by_s: Array) -> Beep:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Beep:
        """At the mirrored times."""
        return self.replace(time_s=np.where(mask, twice_s - self.end_s, self.time_s))

    def transposed(self, ratio: Array) -> Beep:
        """Higher."""
        return self.replace(frequency_hz=self.frequency_hz * ratio)

    def stretched(self, factor: Array, about_s: float) -> Beep:
        """Longer."""
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)),
            duration_s=self.duration_s * factor,
        )

    def amplified(self, factor: Array) -> Beep:
        """Louder."""
        return self.replace(amplitude=self.amplitude * factor[:, None])

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Beep, Mask]:
        """Each is in it or not."""
        kept = ~mask | (self.frequency_hz >= low_hz) & (self.frequency_hz <= high_hz)
        return self.take(kept), kept
