"""Where the events of a scene stand in a picture of time and frequency, whatever their kind: by what each table
tells of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, EventTable, Ints
from motes.kinds.splat.table import N_PARTIALS, OCTAVE_DB, Splat
from motes.kinds.texture.table import erb_rate
from motes.report.items import bands
from motes.scene.scene import Scene
from motes.studio.kinds import N_MORE, look_of
from motes.units import SILENCE_DB

# Partials of a splat weaker than this, beside the strongest, count for nothing where it stands.
_HEARD = 0.05


@dataclass(frozen=True, eq=False)
class Geometry:
    """Columns `(n_events,)` over all events of a scene in its order; `low_hz` and `high_hz` are equal for what has
    one frequency.
    """

    start_s: Array
    end_s: Array
    low_hz: Array
    high_hz: Array
    level_db: Array
    group_id: Ints
    # The place of each event's kind in `motes.scene.scene.KINDS`.
    kind: NDArray[np.uint8]
    # `(n_events, 2)`, what `Look.aux` names.
    aux: Array
    # `(n_events, N_MORE)`, what `Look.more` names; `(0, N_MORE)` where no kind has any.
    more: Array

    @cached_property
    def middle_s(self) -> Array:
        """Half-way from start to end."""
        return (self.start_s + self.end_s) / 2

    @cached_property
    def middle_erb(self) -> Array:
        """Half-way from the lower to the upper edge, on the ERB-rate scale."""
        return (erb_rate(self.low_hz) + erb_rate(self.high_hz)) / 2

    @cached_property
    def by_start(self) -> NDArray[np.intp]:
        """Events in order of their starts."""
        return np.argsort(self.start_s, kind="stable")

    @cached_property
    def _starts(self) -> Array:
        return self.start_s[self.by_start]

    @cached_property
    def _latest_end(self) -> Array:
        """The latest end of each event and all that start before it: ascending."""
        return np.maximum.accumulate(self.end_s[self.by_start]) if len(self.start_s) else self.end_s

    def sounding(self, start_s: float, end_s: float) -> NDArray[np.intp]:
        """Events that sound somewhere in start_s … end_s."""
        first = int(np.searchsorted(self._latest_end, start_s, side="right"))
        last = int(np.searchsorted(self._starts, end_s, side="left"))
        found = self.by_start[first:last]
        return found[self.end_s[found] > start_s]


def geometry_of(scene: Scene) -> Geometry:
    """The geometry of a scene."""
    nyquist = scene.sample_rate_hz / 2
    parts = []
    for place, table in enumerate(scene.tables):
        n = len(table)
        further = np.zeros((n, N_MORE))
        low, high = bands(table)
        if isinstance(table, Splat) and n:
            low, high, n_heard = splat_bands(table, nyquist)
            further = np.stack([table.time_s - table.start_s, n_heard, table.noise, table.backward], axis=1)
        kind = np.full(n, place, np.uint8)
        low, high = np.minimum(low, nyquist), np.minimum(high, nyquist)
        parts.append(
            (
                table.start_s,
                table.end_s,
                low,
                high,
                level_db(table),
                table.column("group_id"),
                kind,
                aux(table),
                further,
            )
        )
    start, end, low, high, level, group, kind, spare, more = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Geometry(start, end, low, high, level, group, kind, spare, more if len(scene.splat) else more[:0])


def splat_bands(splats: Splat, nyquist: float) -> tuple[Array, Array, Array]:
    """From the lowest to the highest frequency that is heard of each splat, partials or the noise of its burst, and
    how many partials there are.
    """
    k = np.arange(1, N_PARTIALS + 1, dtype=np.float64)
    b = splats.inharmonicity[:, None]
    frequency = splats.f0_hz[:, None] * k * np.sqrt((1 + b * k**2) / (1 + b))
    octaves = np.log2(frequency / splats.centre_hz[:, None]) / splats.width_octaves[:, None]
    loudness = k ** (-splats.rolloff_db[:, None] / OCTAVE_DB) * np.exp(-0.5 * octaves**2)
    cutoff = np.maximum(splats.cutoff_start_hz, splats.cutoff_end_hz)[:, None]
    loudness = loudness / (1 + (frequency / cutoff) ** 2)
    inside = (
        (k <= splats.n_partials[:, None])
        & (frequency >= splats.low_hz[:, None])
        & (frequency <= np.minimum(splats.high_hz, nyquist)[:, None])
    )
    loudness = np.where(inside & (splats.noise < 1)[:, None], loudness, 0.0)
    heard = (loudness > _HEARD * loudness.max(axis=1, keepdims=True)) & (loudness > 0)
    low, high = np.where(heard, frequency, np.inf).min(axis=1), np.where(heard, frequency, 0.0).max(axis=1)
    noisy = (splats.noise > 0) | ~heard.any(axis=1)
    reach = 2.0 ** np.minimum(splats.width_octaves, 20.0)
    burst = np.clip([splats.centre_hz / reach, splats.centre_hz * reach], splats.low_hz, splats.high_hz)
    low, high = np.where(noisy, np.minimum(low, burst[0]), low), np.where(noisy, np.maximum(high, burst[1]), high)
    return low, high, np.where(heard.any(axis=1), np.where(heard, k, 0).max(axis=1), 0.0)


def level_db(table: EventTable) -> Array:
    """The level of each event, dB re full scale: of the loudest channel, and of noise the mean."""
    names = {param.name for param in table.PARAMS}
    if "amplitude" in names:
        amplitude = table.column("amplitude")
        peak = amplitude if amplitude.ndim == 1 else amplitude.max(axis=1, initial=0.0)
        return np.asarray(20 * np.log10(np.maximum(peak, 10 ** (SILENCE_DB / 20))))
    if "gain_db" in names:
        gain = table.column("gain_db")
        return np.asarray(gain if gain.ndim == 1 else gain.max(axis=1))
    if table.KIND == "texture" and len(table):
        return _mean_level_db(table)
    return np.zeros(len(table))


def _mean_level_db(table: EventTable) -> Array:
    """The power of all bands of noise, meant over its frames, of the loudest channel."""
    start = table.level_start[:-1]  # type: ignore[attr-defined]
    power = np.add.reduceat(10 ** (table.column("level_db") / 10), start, axis=0) / table.column("n_frames")[:, None]
    return np.asarray(10 * np.log10(np.maximum(power.max(axis=1), 10 ** (SILENCE_DB / 10))))


def aux(table: EventTable) -> Array:
    """The two spare columns of a kind."""
    names = look_of(table.KIND).aux
    held = {param.name for param in table.PARAMS}
    columns = [np.asarray(table.column(name), np.float64) if name in held else np.zeros(len(table)) for name in names]
    return np.stack([column if column.ndim == 1 else column[:, 0] for column in columns], axis=1)
