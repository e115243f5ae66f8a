"""The strike event: energy injected into an instrument, the moment at which a control is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.units import HIGHEST_HZ


@dataclass(frozen=True, eq=False)
class Strike(EventTable):
    """Strikes of controls of a scene's instruments: from `time_s` on each sounds like `amplitude` times its control's
    impulse response.

    `low_hz` and `high_hz` bound the modes it excites, `frequency_ratio` moves them. `since_s` is 0 for a strike that
    begins a sound of its own; one that carries on or corrects what already resonates tells how long ago that began, so
    that transposing and stretching keep the two in phase: `turn_s` is what they add, a turn of each mode by as much as
    it turns in that time.
    """

    time_s: Array
    control: Ints
    amplitude: Array
    ring_s: Array
    instrument_id: Ints = None  # type: ignore[assignment]  # filled with 0
    frequency_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    since_s: Array = None  # type: ignore[assignment]  # filled with 0
    turn_s: Array = None  # type: ignore[assignment]  # filled with 0
    low_hz: Array = None  # type: ignore[assignment]  # filled with 0
    high_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "strike"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "instrument_id", "control", "frequency_ratio")
    LEVEL: ClassVar[str] = "amplitude"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when the energy enters"),
        Param("control", "", 0, 2**16, "which control of the instrument is played", whole=True),
        Param("amplitude", "", 0.0, 1e6, "how strongly, 1 for the control as it is"),
        Param("ring_s", "s", 0.0, 1e5, "how long it is heard: until it has fallen by 100 dB"),
        Param("instrument_id", "", 0, 2**16, "which of the scene's instruments", default=0, whole=True),
        Param("frequency_ratio", "", 1e-3, 1e3, "by which the frequencies of the modes are multiplied", default=1.0),
        Param("since_s", "s", 0.0, 1e6, "how long ago what it carries on began, 0 for a sound of its own", default=0.0),
        Param("turn_s", "s", -1e6, 1e6, "time by which its modes are turned on when they are struck", default=0.0),
        Param("low_hz", "Hz", 0.0, HIGHEST_HZ, "modes that sound lower are left out", default=0.0),
        Param("high_hz", "Hz", 0.0, HIGHEST_HZ, "modes that sound higher are left out", default=HIGHEST_HZ),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    @classmethod
    def empty(cls, n_channels: int) -> Strike:
        """No events."""
        none = np.empty(0)
        return cls(none, none.astype(np.int64), none, none)

    @property
    def start_s(self) -> Array:
        """When the energy enters."""
        return self.time_s

    @property
    def end_s(self) -> Array:
        """When it is no longer heard."""
        return self.time_s + self.ring_s

    def moved(self, by_s: Array) -> Strike:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Strike:
        """At the mirrored times; what resonates still rings forwards."""
        return self.replace(time_s=np.where(mask, twice_s - self.time_s, self.time_s))

    def transposed(self, ratio: Array) -> Strike:
        """The modes at `ratio` times their frequencies, as long as before."""
        after = self.frequency_ratio * ratio
        turn = np.where(
            ratio == 1,
            self.turn_s,
            (self.frequency_ratio * self.turn_s + (after - self.frequency_ratio) * self.since_s) / after,
        )
        return self.replace(
            frequency_ratio=after,
            turn_s=turn,
            low_hz=np.minimum(self.low_hz * ratio, HIGHEST_HZ),
            high_hz=np.where(self.high_hz < HIGHEST_HZ, np.minimum(self.high_hz * ratio, HIGHEST_HZ), HIGHEST_HZ),
        )

    def stretched(self, factor: Array, about_s: float) -> Strike:
        """The strikes further apart; the resonance stays as it is."""
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)),
            turn_s=self.turn_s + (factor - 1) * self.since_s,
            since_s=self.since_s * factor,
        )

    def amplified(self, factor: Array) -> Strike:
        """Stronger."""
        return self.replace(amplitude=self.amplitude * factor)

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Strike, Mask]:
        """Only their modes that lie in the band."""
        low = np.where(mask, np.maximum(self.low_hz, low_hz), self.low_hz)
        high = np.where(mask, np.minimum(self.high_hz, min(high_hz, HIGHEST_HZ)), self.high_hz)
        kept = low <= high
        return self.replace(low_hz=np.minimum(low, high), high_hz=high).take(kept), kept

    def with_instruments(self, number: Ints) -> Strike:
        """Played on other instruments of the scene: `number[i]` for i."""
        return self.replace(instrument_id=number[self.instrument_id])

    def check_sources(self, instruments: Sequence[Instrument], models: Sequence[Model] = ()) -> None:
        """ParameterError unless the scene has the instruments, and these the controls, that the strikes play."""
        if not len(self):
            return
        lacking = np.flatnonzero(self.instrument_id >= len(instruments))
        if len(lacking):
            raise ParameterError(
                f"strike {lacking[0]} plays instrument {self.instrument_id[lacking[0]]}, the scene has "
                f"{len(instruments)}"
            )
        n_controls = np.array([instrument.n_controls for instrument in instruments])[self.instrument_id]
        lacking = np.flatnonzero(self.control >= n_controls)
        if len(lacking):
            raise ParameterError(
                f"strike {lacking[0]} plays control {self.control[lacking[0]]}, its instrument has "
                f"{n_controls[lacking[0]]}"
            )


def in_samples(time_s: Array | float, sample_rate_hz: int) -> Array:
    """Times in samples, to 1/4096: what differs by less than that (0.1 + 0.2 s and 0.3 s) begins at the same sample."""
    return np.asarray(np.rint(np.asarray(time_s) * (4096.0 * sample_rate_hz)) / 4096.0)
