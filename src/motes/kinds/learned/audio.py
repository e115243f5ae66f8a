"""The sound of one learned event: a waveform, played at another speed, in a band, backwards, between two samples.

Speed, band and place are one step: a multiplication of its spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array
from motes.events.model import Model
from motes.kinds.learned.table import BAND_SPREAD_S, Learned
from motes.settings import check_limit
from motes.units import HIGHEST_HZ

# A place this near to a whole sample is one.
WHOLE = 1e-5
# Zeros around a waveform whose spectrum is changed.
_MARGIN = 64
# How wide the edges of a band are.
_EDGE_HZ = 60.0
# No setting is read for so few samples.
_FEW = 1 << 20


class Plan(NamedTuple):
    """What is done to a waveform: `n_padded` samples, zeros included, become `n_made`; the first of the waveform then
    lies at `lead`.
    """

    n_zeros: int
    n_padded: int
    n_made: int
    lead: float
    # Of the sound's first sample in the scene, and what it is beyond that.
    start: int
    shift: float
    is_plain: bool


def plan(events: Learned, i: int, model: Model, sample_rate_hz: int) -> Plan:
    """How event i is made; ParameterError where it would be longer than the settings allow."""
    speed = float(events.frequency_ratio[i]) * model.sample_rate_hz / sample_rate_hz
    at, backward = float(events.time_s[i]) * sample_rate_hz, events.backward[i] == 1
    in_band = events.low_hz[i] > 0 or events.high_hz[i] < HIGHEST_HZ
    n = model.n_samples
    if speed == 1 and not in_band and abs(at - round(at)) <= WHOLE:
        return Plan(0, n, n, 0.0, round(at) - (n - 1 if backward else 0), 0.0, True)
    n_zeros = max(_MARGIN, int(np.ceil(BAND_SPREAD_S * model.sample_rate_hz)) if in_band else 0)
    n_padded = n + 2 * n_zeros
    n_made = max(1, round(n_padded / speed))
    if n_made > _FEW:
        check_limit("motes_max_detail_samples", n_made, f"a learned event is played over {n_made} samples")
    lead = n_zeros * n_made / n_padded
    place = at - (n_made - 1 - lead if backward else lead)
    start = int(np.floor(place))
    return Plan(n_zeros, n_padded, n_made, lead, start, place - start, False)


def gains(events: Learned, i: int, hz: Array) -> Array:
    """What the band of event i leaves of these frequencies, 0 … 1."""
    low, high = float(events.low_hz[i]), float(events.high_hz[i])
    above = rise(hz, low) if low > 0 else np.ones_like(hz)
    return above - (rise(hz, high) if high < HIGHEST_HZ else 0.0)


def rise(hz: Array, edge_hz: float) -> Array:
    """From 0 below an edge to 1 above it."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip((hz - edge_hz) / _EDGE_HZ + 0.5, 0, 1)))


def sound_of(events: Learned, i: int, waveform: Array, how: Plan, sample_rate_hz: int) -> Array:
    """Samples of event i at amplitude 1 from `how.start` on, `(n_made,)`."""
    backward = events.backward[i] == 1
    if how.is_plain:
        return waveform[::-1] if backward else waveform
    spectrum = np.fft.rfft(np.pad(waveform, how.n_zeros))
    kept = np.arange(-(-min(how.n_padded, how.n_made) // 2))
    changed = spectrum[: len(kept)] * gains(events, i, kept * (sample_rate_hz / how.n_made))
    if backward:  # about the first sample, which so becomes the last
        changed = np.conj(changed) * np.exp(2j * np.pi / how.n_made * kept)
    moved = changed * np.exp(-2j * np.pi * how.shift / how.n_made * kept)
    return np.asarray(np.fft.irfft(moved, how.n_made) * (how.n_made / how.n_padded))


def missing(events: Learned, models: Sequence[Model]) -> str:
    """One line on the events whose dictionary the scene only names; "" where there are none such."""
    lacking = [k for k, model in enumerate(models) if model.waveforms is None and np.any(events.model == k)]
    if not lacking:
        return ""
    n = int(np.isin(events.model, lacking).sum())
    names = ", ".join(f"{models[k].id} ({models[k].digest[:12]})" for k in lacking)
    return (
        f"the waveforms of the dictionar{'ies' if len(lacking) > 1 else 'y'} {names} are not in the file: {n} "
        f"event{'s' * (n != 1)} cannot be heard until --dictionary names it, but stay in the scene"
    )
