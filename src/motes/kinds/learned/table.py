"""The learned event: a waveform of a dictionary, at some moment and so strong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.events.instrument import Instrument
from motes.events.model import MAX_MODELS, MAX_WAVEFORMS, Model
from motes.units import HIGHEST_HZ

LOWEST_RATIO, HIGHEST_RATIO = 1 / 64, 64.0
# How far a sound of which a band alone is heard reaches beyond its ends.
BAND_SPREAD_S = 0.05


@dataclass(frozen=True, eq=False)
class Learned(EventTable):
    """Waveforms of the dictionaries among a scene's models: the first sample of each sounds at `time_s`, those after it
    later, or earlier where `backward` is 1; `amplitude` is that of its highest sample in each channel, turned over
    where `inverted` is 1.

    `frequency_ratio` is how many times as fast it is played, so that it is that much higher and shorter; `length_s` is
    how long it lasts as it is in the dictionary, and `low_hz` … `high_hz` the band of it that is heard.
    """

    time_s: Array
    waveform: Ints
    amplitude: Array
    length_s: Array
    model: Ints = None  # type: ignore[assignment]  # filled with 0
    inverted: Ints = None  # type: ignore[assignment]  # filled with 0
    frequency_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    low_hz: Array = None  # type: ignore[assignment]  # filled with 0
    high_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    backward: Ints = None  # type: ignore[assignment]  # filled with 0
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "learned"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "waveform")
    LEVEL: ClassVar[str] = "amplitude"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when its first sample sounds"),
        Param("waveform", "", 0, MAX_WAVEFORMS - 1, "which waveform of its dictionary", whole=True),
        Param("amplitude", "", 0.0, 1e6, "of its highest sample, full scale = 1", per_channel=True),
        Param("length_s", "s", 0.0, 1e2, "how long the waveform lasts as it is in the dictionary"),
        Param("model", "", 0, MAX_MODELS - 1, "which of the models of the scene is its dictionary", default=0, whole=True),
        Param("inverted", "", 0, 1, "1 where it is turned over", per_channel=True, default=0, whole=True),
        Param(
            "frequency_ratio", "", LOWEST_RATIO, HIGHEST_RATIO, "how many times as fast it is played", default=1.0
        ),
        Param("low_hz", "Hz", 0.0, HIGHEST_HZ, "what lies lower is left out", default=0.0),
        Param("high_hz", "Hz", 0.0, HIGHEST_HZ, "what lies higher is left out", default=HIGHEST_HZ),
        Param("backward", "", 0, 1, "1 where it sounds backwards", default=0, whole=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    @classmethod
    def empty(cls, n_channels: int) -> Learned:
        """No events."""
        none = np.empty(0)
        return cls(none, none.astype(np.int64), np.empty((0, n_channels)), none)

    @property
    def signed(self) -> Array:
        """What each channel's waveform is multiplied by, `(n_events, n_channels)`."""
        return self.amplitude * (1 - 2 * self.inverted)

    @property
    def start_s(self) -> Array:
        """When each begins to sound."""
        return self.time_s - np.where(self.backward == 1, self._sounding_s(), 0.0) - self._spread_s()

    @property
    def end_s(self) -> Array:
        """When each has ended."""
        return self.time_s + np.where(self.backward == 1, 0.0, self._sounding_s()) + self._spread_s()

    def _sounding_s(self) -> Array:
        return np.asarray(self.length_s / self.frequency_ratio)

    def _spread_s(self) -> Array:
        return np.where((self.low_hz > 0) | (self.high_hz < HIGHEST_HZ), BAND_SPREAD_S, 0.0)

    def moved(self, by_s: Array) -> Learned:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Learned:
        """Backward, about `twice_s`/2."""
        return self.replace(
            time_s=np.where(mask, twice_s - self.time_s, self.time_s),
            backward=np.where(mask, 1 - self.backward, self.backward),
        )

    def transposed(self, ratio: Array) -> Learned:
        """Played faster or slower, so that what is higher is shorter."""
        whole = (self.high_hz >= HIGHEST_HZ) | (ratio == 1)
        return self.replace(
            frequency_ratio=np.clip(self.frequency_ratio * ratio, LOWEST_RATIO, HIGHEST_RATIO),
            low_hz=np.minimum(self.low_hz * ratio, HIGHEST_HZ),
            high_hz=np.where(whole, self.high_hz, np.minimum(self.high_hz * ratio, HIGHEST_HZ)),
        )

    def stretched(self, factor: Array, about_s: float) -> Learned:
        """Further apart; each waveform is as long as before."""
        return self.replace(time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)))

    def amplified(self, factor: Array) -> Learned:
        """Stronger."""
        return self.replace(amplitude=self.amplitude * factor[:, None])

    def mixed(self, mask: Mask, matrix: Array, sample_rate_hz: int) -> Learned:
        """With the two channels mixed, where one is turned over too."""
        made = np.where(mask[:, None], self.signed @ matrix.T, self.signed)
        return self.replace(amplitude=np.abs(made), inverted=(made < 0).astype(np.int64))

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Learned, Mask]:
        """Only what of them lies in the band."""
        low = np.where(mask, np.maximum(self.low_hz, low_hz), self.low_hz)
        high = np.where(mask, np.minimum(self.high_hz, min(high_hz, HIGHEST_HZ)), self.high_hz)
        kept = low <= high
        return self.replace(low_hz=np.minimum(low, high), high_hz=high).take(kept), kept

    def check_sources(self, instruments: Sequence[Instrument], models: Sequence[Model] = ()) -> None:
        """ParameterError unless the scene names the dictionaries of all, and those that it holds have the waveforms."""
        if not len(self):
            return
        if self.model.max() >= len(models):
            i = int(np.argmax(self.model >= len(models)))
            raise ParameterError(
                f"learned event {i} is of dictionary {self.model[i]}, the scene has {len(models)}: models=(…)"
            )
        for number, model in enumerate(models):
            mine = np.flatnonzero(self.model == number)
            lacking = mine[~model.plays(self.waveform[mine], self.length_s[mine])]
            if len(lacking):
                i = lacking[0]
                raise ParameterError(
                    f"learned event {i} plays waveform {self.waveform[i]} of {self.length_s[i]:g} s: dictionary "
                    f"{model.id} holds no such"
                )

    def with_models(self, number: Ints) -> Learned:
        """Of other dictionaries of the scene: `number[i]` for i."""
        return self.replace(model=number[self.model]) if len(self) else self
