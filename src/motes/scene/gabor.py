"""The gabor event: a windowed sinusoid, the atom of matching pursuit (Gabor 1946; Mallat & Zhang 1993)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from motes.scene.kinds import Array, EventTable, Ints, Param

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Gabor(EventTable):
    """Hann-windowed sinusoids, `amplitude · ½(1 + cos 2πu/window) · cos(2π·frequency·u + phase)` with u = t − time_s, |u| < window/2.

    `group_id`, `partial_hz` and `partial_rad` may be left out: they say to which partial an atom belongs (`motes.scene.partials`). The last two are
    what edits hand on to later edits; files do not hold them.

    `amplitude` and `phase_rad` are `(n_events, n_channels)`: the peak of the sinusoid, full scale = 1, and its phase at the window's centre.
    """

    time_s: Array
    window_s: Array
    frequency_hz: Array
    amplitude: Array
    phase_rad: Array
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0
    partial_hz: Array = None  # type: ignore[assignment]  # filled with 0
    partial_rad: Array = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "gabor"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "centre of the window"),
        Param("window_s", "s", 1e-6, 1e4, "length of the Hann window from zero to zero"),
        Param("frequency_hz", "Hz", 0.0, 1e6, "frequency of the sinusoid"),
        Param("amplitude", "", 0.0, 1e6, "peak of the sinusoid at the centre, full scale = 1", per_channel=True),
        Param("phase_rad", "rad", -1e6, 1e6, "phase of the cosine at the centre", per_channel=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
        Param("partial_hz", "Hz", 0.0, 1e6, "frequency of its partial at the centre as edits know it, 0 where not yet estimated", default=0.0),
        Param("partial_rad", "rad", -1e12, 1e12, "phase its partial has run through since its first atom, as edits know it", default=0.0),
    )

    @classmethod
    def empty(cls, n_channels: int) -> Gabor:
        """No events."""
        none, per_channel = np.empty(0), np.empty((0, n_channels))
        return cls(none, none, none, per_channel, per_channel)

    def to_pandas(self) -> pandas.DataFrame:
        """The stored columns as a data frame, those of several channels with the channel's number in their names; needs `motes[export]`."""
        from motes.scene.table import to_pandas

        return to_pandas(self)

    @property
    def start_s(self) -> Array:
        """When each window begins."""
        return self.time_s - self.window_s / 2

    @property
    def end_s(self) -> Array:
        """When each window ends."""
        return self.time_s + self.window_s / 2


def canonical_order(time_s: Array, frequency_hz: Array, window_s: Array) -> NDArray[np.intp] | None:
    """The order by time, then frequency, then window; None where that is how they stand."""
    order = np.arange(len(time_s)) if np.all(time_s[1:] >= time_s[:-1]) else np.argsort(time_s, kind="stable")
    time, frequency, window = time_s[order], frequency_hz[order], window_s[order]
    same = time[1:] == time[:-1]
    lower = (frequency[1:] < frequency[:-1]) | (frequency[1:] == frequency[:-1]) & (window[1:] < window[:-1])
    if np.any(same & lower):  # sort again what stands at the same time as a neighbour
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        order[tied] = order[tied[np.lexsort((window[tied], frequency[tied], time[tied]))]]
    elif np.all(order[1:] > order[:-1]):
        return None
    return order


def render_gabor_oracle(events: Gabor, sample_rate_hz: int, n_samples: int, n_channels: int) -> Array:
    """Sum of the events by their definition, `(n_channels, n_samples)` float64: slow, and what faster renderers are tested against.

    Events above half the sample rate are silent.
    """
    audio = np.zeros((n_channels, n_samples))
    for i in np.flatnonzero(events.frequency_hz <= sample_rate_hz / 2):
        centre, half = events.time_s[i] * sample_rate_hz, events.window_s[i] * sample_rate_hz / 2
        first, last = max(0, int(np.ceil(centre - half))), min(n_samples - 1, int(np.floor(centre + half)))
        if last < first:
            continue
        u = np.arange(first, last + 1) - centre
        window = 0.5 + 0.5 * np.cos(np.pi * u / half)
        angle = 2 * np.pi * events.frequency_hz[i] / sample_rate_hz * u
        for channel in range(n_channels):
            audio[channel, first : last + 1] += events.amplitude[i, channel] * window * np.cos(angle + events.phase_rad[i, channel])
    return audio
