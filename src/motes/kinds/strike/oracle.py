"""Strikes by the closed form of their impulse responses: what faster renderers are tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motes.events.event_table import Array
from motes.events.instrument import Instrument
from motes.kinds.renderer import SceneContext
from motes.kinds.strike.table import Strike, in_samples


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
        in_band = instrument.within(float(strikes.low_hz[i]) / ratio, float(strikes.high_hz[i]) / ratio)
        turn = float(strikes.turn_s[i]) * sample_rate_hz
        sound = in_band.impulse_response(int(strikes.control[i]), max(0, n_samples - first), ratio, first - at, turn)
        audio[:, max(0, first) :] += strikes.amplitude[i] * sound[:, max(0, -first) :]
    return audio


def render(events: Strike, context: SceneContext) -> Array:
    """The events as all of a scene, `(n_channels, n_samples)` float64."""
    return render_strike_oracle(
        events, list(context.instruments), context.sample_rate_hz, context.n_samples, context.n_channels
    )
