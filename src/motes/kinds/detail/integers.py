"""Detail events as whole numbers, and back: where their values are rounded."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Ints
from motes.events.sends import send_columns, sends_of
from motes.kinds.detail.grid import places
from motes.kinds.detail.table import HIGHEST_HZ, LONGEST_S, Detail

# Units of time per sample, and of the other columns.
TIME_UNITS = 64
GAIN_UNITS = 1 << 16
BAND_UNITS = 16
RATIO_UNITS = 1 << 20
WHOLE = (
    "n_frames",
    "frame_samples",
    "n_blocks",
    "n_bands",
    "rise",
    "fall",
    "backward",
    "group_id",
    "mask_frames",
    "mask_bands",
)

Columns = dict[str, NDArray[Any]]


def to_integers(events: Detail, sample_rate_hz: int) -> Columns:
    """The columns of events as int64, by name, but for its fields of several values."""
    unit = sample_rate_hz * TIME_UNITS
    low = _round(events.low_hz * BAND_UNITS)
    begin = _round(events.from_s * unit)
    ratio = {name: _round(events.column(name) * RATIO_UNITS) for name in ("frequency_ratio", "time_ratio")}
    return {
        "time_s": _round(events.time_s * unit),
        "gain": _round(events.gain * GAIN_UNITS),
        "low_hz": low,
        "high_hz": np.maximum(_round(events.high_hz * BAND_UNITS), low + 1),
        "from_s": begin,
        "until_s": np.maximum(_round(events.until_s * unit), begin + 1),
        **{name: np.clip(column, 1049, 1000 * RATIO_UNITS) for name, column in ratio.items()},
        **{name: events.column(name).copy() for name in WHOLE},
    }


def from_integers(columns: Columns, sample_rate_hz: int) -> Columns:
    """The inverse: the columns of a Detail table."""
    unit = sample_rate_hz * TIME_UNITS
    made: Columns = {name: columns[name] for name in WHOLE}
    made |= {name: np.minimum(columns[name] / unit, LONGEST_S) for name in ("from_s", "until_s")}
    made |= {name: columns[name] / RATIO_UNITS for name in ("frequency_ratio", "time_ratio")}
    made |= {name: np.minimum(columns[name] / BAND_UNITS, HIGHEST_HZ) for name in ("low_hz", "high_hz")}
    made["time_s"], made["gain"] = columns["time_s"] / unit, columns["gain"] / GAIN_UNITS
    made["duration_s"] = columns["n_frames"] * columns["frame_samples"] / sample_rate_hz * made["time_ratio"]
    return made


def rounded(events: Detail, sample_rate_hz: int, quantiser: object = None) -> Detail:
    """The events as a file holds them, without those that are silent; the table itself where nothing changes."""
    key = "rounded", sample_rate_hz
    if events.known(key) is not None:
        return events
    columns = from_integers(to_integers(events, sample_rate_hz), sample_rate_hz)
    fields = {name: events.column(name) for name in Detail.RAGGED}
    made = _without_silence(Detail(**columns, **fields, **send_columns(sends_of(events))), sample_rate_hz)
    found = events if made.equals(events) else made
    found.once(key, lambda: True)
    return found


def _without_silence(events: Detail, sample_rate_hz: int) -> Detail:
    """Frames and bands in which nothing is coded as files hold them, and without events of these alone."""
    steps, sizes, mid_side, n_blocks = events.steps.copy(), [], events.mid_side.copy(), events.n_blocks.copy()
    audible = np.zeros(len(events), np.bool_)
    for i, (first, last) in enumerate(pairwise(events.block_start)):
        of_event = slice(events.step_start[i], events.step_start[i + 1])
        values = events.coefficients[events.coefficient_start[i] : events.coefficient_start[i + 1]]
        audible[i] = bool(values.any()) and events.gain[i] > 0 and _lets_through(events.mask_of(i))
        cut = _cut(events.sizes[first:last], values, int(events.frame_samples[i]))
        sizes.append(cut)
        n_blocks[i] = len(cut)
        shape = (int(events.n_frames[i]), int(events.n_bands[i]))
        place = places(cut, int(events.frame_samples[i]), shape[1], sample_rate_hz)
        coded = coded_bands(values, place, shape)
        steps[of_event] = held(steps[of_event].reshape(*shape, -1), coded).reshape(-1, events.n_channels)
        mid_side[of_event][~coded.any(axis=2).reshape(-1)] = 0
    joined = np.concatenate(sizes) if sizes else events.sizes
    made = events.replace(steps=steps, mid_side=mid_side, sizes=joined, n_blocks=n_blocks)
    return made if audible.all() else made.take(audible)


def _lets_through(mask: NDArray[np.int8] | None) -> bool:
    return mask is None or bool(mask.any())


def _cut(sizes: NDArray[np.int64], values: NDArray[np.int16], frame: int) -> NDArray[np.int64]:
    """The blocks, of which frames without a coefficient have one."""
    silent = np.all(values.reshape(-1, frame * values.shape[1]) == 0, axis=1)
    if not silent.any():
        return sizes
    frame_of = (np.cumsum(sizes) - sizes) // frame
    parts = [[frame] if silent[k] else sizes[frame_of == k].tolist() for k in range(len(silent))]
    return np.array([size for part in parts for size in part], np.int64)


def coded_bands(values: NDArray[np.int16], place: Ints, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Where there is a coefficient, `(n_frames, n_bands, n_channels)`; `place` is the cell of each coefficient."""
    n_cells, n_channels = shape[0] * shape[1], values.shape[1]
    counts = [np.bincount(place, values[:, c] != 0, n_cells) for c in range(n_channels)]
    return np.asarray(np.stack(counts, axis=-1).reshape(*shape, n_channels) > 0)


def held(steps: NDArray[np.int16], coded: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Steps `(n_frames, n_bands, n_channels)`, where nothing is coded as they are predicted: those of the frame
    before, in the first frame of the band below, and in its lowest band of the middle of all.
    """
    found = steps.copy()
    for band in range(found.shape[1]):
        below = found[0, band - 1] if band else base_of(steps, coded)
        found[0, band] = np.where(coded[0, band], found[0, band], below)
    for k in range(1, len(found)):
        found[k] = np.where(coded[k], found[k], found[k - 1])
    return found


def base_of(steps: NDArray[np.integer[Any]], coded: NDArray[np.bool_]) -> int:
    """The middle of the steps of what is coded; 0 where nothing is."""
    used = np.sort(steps[coded])
    return int(used[len(used) // 2]) if len(used) else 0


def _round(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
