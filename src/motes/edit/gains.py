"""Gain over time and between channels: fades at the ends of a selection, envelopes through breakpoints, pan and width.

An atom takes the gain at its centre, a frame of texture or detail that at its middle, a splat, vector or strike that at
its `time_s`. docs/edit.md tells how near that is to the sound times the envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.edit.detail.shares import takes_detail
from motes.edit.tables import audible_end_s, changed, numbers_of, onset_s
from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.units import SILENCE_DB, require_finite

if TYPE_CHECKING:
    from motes.edit.selection import Selection

MOST_POINTS = 10_000
MAX_ENVELOPE_DB = 200.0
MAX_WIDTH = 2.0


@takes_detail
def fade(selection: Selection, in_s: float | None = None, out_s: float | None = None) -> Selection:
    """Fading in for `in_s` from the first onset on, and out for `out_s` until the last end. The amplitude follows a
    quarter of a sine, so that the power of a fade-in and a fade-out over each other adds up to 1.
    """
    lengths = [_length_s(name, value) for name, value in (("in_s", in_s), ("out_s", out_s))]
    first_s, last_s = onset_s(selection), audible_end_s(selection)

    def gain_at(times: Array) -> Array:
        gain = np.ones(len(times))
        for length_s, since_s in zip(lengths, (times - first_s, last_s - times), strict=True):
            if length_s > 0:
                gain = gain * np.sin(np.pi / 2 * np.clip(since_s / length_s, 0.0, 1.0))
        return gain

    return _enveloped(selection, gain_at)


def _length_s(name: str, value: float | None) -> float:
    seconds = 0.0 if value is None else require_finite(name, value)
    if seconds < 0:
        raise ParameterError(f"a fade lasts 0 s or longer, not {seconds:g}")
    return seconds


@takes_detail
def envelope(selection: Selection, points: Any) -> Selection:
    """Louder by a gain in dB that runs straight between `points`, pairs of a time in s and a gain in dB, and stays as
    it is before the first and after the last; at −200 dB it is silence.
    """
    times, gains_db = _points(points)

    def gain_at(at_s: Array) -> Array:
        db = np.interp(at_s, times, gains_db)
        return np.where(db <= SILENCE_DB, 0.0, 10.0 ** (db / 20))

    return _enveloped(selection, gain_at)


def read_points(text: str) -> list[tuple[float, float]]:
    """Breakpoints as the command line writes them, `0:-12,1.5:0`: seconds, a colon, dB, with commas between."""
    try:
        pairs = [part.split(":") for part in text.split(",")]
        return [(float(time_s), float(db)) for time_s, db in pairs]
    except ValueError:
        raise ParameterError(
            f"an envelope is times in s with gains in dB, as in 0:-12,1.5:0, not {text[:40]!r}"
        ) from None


def _points(points: Any) -> tuple[Array, Array]:
    """Times that rise, and gains in dB."""
    try:
        pairs = np.array(list(points) if isinstance(points, Iterable) else points, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"an envelope is pairs of a time in s and a gain in dB, not {points!r:.60}") from None
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not 1 <= len(pairs) <= MOST_POINTS or not np.isfinite(pairs).all():
        raise ParameterError(f"an envelope is 1 … {MOST_POINTS} pairs of a time in s and a gain in dB")
    times, gains_db = pairs.T
    if np.any(np.diff(times) <= 0):
        at = int(np.flatnonzero(np.diff(times) <= 0)[0])
        raise ParameterError(f"the times of an envelope rise: {times[at]:g} s is followed by {times[at + 1]:g} s")
    if gains_db.min() < SILENCE_DB or gains_db.max() > MAX_ENVELOPE_DB:
        worst = gains_db[np.argmax(np.abs(gains_db))]
        raise ParameterError(f"the gain must lie in {SILENCE_DB:g} … {MAX_ENVELOPE_DB:g} dB, not {worst:g}")
    return times, gains_db


def _enveloped(selection: Selection, gain_at: Callable[[Array], Array]) -> Selection:
    return changed(selection, lambda events, mask: events.enveloped(mask, gain_at))


@takes_detail
def pan(selection: Selection, position: float) -> Selection:
    """Moved towards the left (down to −1) or the right (up to 1), by the equal-power law for two channels of the Web
    Audio API's StereoPannerNode: the channel that is left behind goes over to the other as cos² and sin² of its power.
    """
    position = require_finite("position", position)
    if not -1 <= position <= 1:
        raise ParameterError(f"the position must lie in −1 (left) … 1 (right), not {position:g}: was this per cent?")
    stays, goes = np.cos(abs(position) * np.pi / 2), np.sin(abs(position) * np.pi / 2)
    matrix = [[stays, 0.0], [goes, 1.0]] if position > 0 else [[1.0, goes], [0.0, stays]]
    return _mixed(selection, np.array(matrix))


@takes_detail
def width(selection: Selection, factor: float) -> Selection:
    """`factor` times as wide: the difference of the channels times that, their mean as it was. 0 is mono."""
    factor = require_finite("factor", factor)
    if not 0 <= factor <= MAX_WIDTH:
        raise ParameterError(f"the width must lie in 0 (mono) … {MAX_WIDTH:g}, not {factor:g}: was this per cent?")
    same, other = (1 + factor) / 2, (1 - factor) / 2
    return _mixed(selection, np.array([[same, other], [other, same]]))


def _mixed(selection: Selection, matrix: Array) -> Selection:
    scene = selection.scene
    if scene.n_channels != 2:
        raise ParameterError(f"pan and width are of two channels, and the scene has {scene.n_channels}")
    if np.array_equal(matrix, np.eye(2)):
        return selection
    instruments, number = _instruments(scene, selection.mask[numbers_of(scene, "strike")], matrix)

    def mix(events: EventTable, mask: Mask) -> EventTable:
        if isinstance(events, Strike):
            return events.replace(instrument_id=np.where(mask, number[events.instrument_id], events.instrument_id))
        return events.mixed(mask, matrix, scene.sample_rate_hz)

    return changed(selection, mix, instruments=instruments)


def _instruments(scene: Scene, mask: Mask, matrix: Array) -> tuple[tuple[Instrument, ...], Ints]:
    """The instruments, with those that the strikes in `mask` play mixed, since strikes have no channels; and which of
    them these strikes play, by the number of each.
    """
    instruments, number = list(scene.instruments), np.arange(len(scene.instruments))
    played = scene.strike.instrument_id
    for one in np.unique(played[mask]).tolist():
        made = instruments[one].mixed(matrix)
        if mask[played == one].all():
            instruments[one] = made
        else:
            number[one] = len(instruments)
            instruments.append(made)
    return tuple(instruments), number
