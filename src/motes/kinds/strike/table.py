"""The strike event: energy injected into an instrument, the moment at which a control is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.events.instrument import Instrument

HIGHEST_HZ = 1e6


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


def in_samples(time_s: Array | float, sample_rate_hz: int) -> Array:
    """Times in samples, to 1/4096: what differs by less than that (0.1 + 0.2 s and 0.3 s) begins at the same sample."""
    return np.asarray(np.rint(np.asarray(time_s) * (4096.0 * sample_rate_hz)) / 4096.0)


def check_strikes(strikes: Strike, instruments: Sequence[Instrument], sample_rate_hz: int, n_channels: int) -> None:
    """ParameterError unless the instruments suit the scene, and the strikes them."""
    for number, instrument in enumerate(instruments):
        if (instrument.sample_rate_hz, instrument.n_channels) != (sample_rate_hz, n_channels):
            theirs = f"{instrument.n_channels} channels at {instrument.sample_rate_hz} Hz"
            raise ParameterError(f"instrument {number} has {theirs}, the scene {n_channels} at {sample_rate_hz} Hz")
    if not len(strikes):
        return
    lacking = np.flatnonzero(strikes.instrument_id >= len(instruments))
    if len(lacking):
        raise ParameterError(
            f"strike {lacking[0]} plays instrument {strikes.instrument_id[lacking[0]]}, the scene has "
            f"{len(instruments)}"
        )
    n_controls = np.array([instrument.n_controls for instrument in instruments])[strikes.instrument_id]
    lacking = np.flatnonzero(strikes.control >= n_controls)
    if len(lacking):
        raise ParameterError(
            f"strike {lacking[0]} plays control {strikes.control[lacking[0]]}, its instrument has "
            f"{n_controls[lacking[0]]}"
        )


def together(ours: tuple[Instrument, ...], theirs: tuple[Instrument, ...]) -> tuple[tuple[Instrument, ...], Ints]:
    """All instruments, equal ones once, and what number each of `theirs` has among them."""
    all_of_them, number = list(ours), np.zeros(len(theirs), np.int64)
    for i, instrument in enumerate(theirs):
        same = [k for k, known in enumerate(all_of_them) if known.equals(instrument)]
        number[i] = same[0] if same else len(all_of_them)
        if not same:
            all_of_them.append(instrument)
    return tuple(all_of_them), number


def render_strike_oracle(
    strikes: Strike, instruments: Sequence[Instrument], sample_rate_hz: int, n_samples: int, n_channels: int
) -> Array:
    """Sum of the strikes by the closed form of their impulse responses, `(n_channels, n_samples)` float64: what
    renderers are tested against.
    """
    audio = np.zeros((n_channels, n_samples))
    for i in range(len(strikes)):
        instrument = instruments[strikes.instrument_id[i]]
        ratio, at = float(strikes.frequency_ratio[i]), float(in_samples(strikes.time_s[i], sample_rate_hz))
        first = int(np.ceil(at))
        heard = instrument.within(float(strikes.low_hz[i]) / ratio, float(strikes.high_hz[i]) / ratio)
        turn = float(strikes.turn_s[i]) * sample_rate_hz
        sound = heard.impulse_response(int(strikes.control[i]), max(0, n_samples - first), ratio, first - at, turn)
        audio[:, max(0, first) :] += strikes.amplitude[i] * sound[:, max(0, -first) :]
    return audio
