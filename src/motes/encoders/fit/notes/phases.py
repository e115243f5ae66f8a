"""Phases of given splats, read off the recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motes.kinds.splat.table import Splat, burst

Reals = NDArray[np.float64]

# A partial's phase is read over so many widths of its burst to either side, and so long of its decay.
WIDTHS, RINGING_S = 2.0, 0.15


def aligned(events: Splat, audio: Reals, sample_rate_hz: int) -> Splat:
    """Splats whose strongest partials have the phases that `audio`, `(n_channels, n_samples)`, has there: those that go
    on from each other then do so without a break.
    """
    if not len(events):
        return events
    phase = np.array(events.phase_rad)
    for i in range(len(events)):
        channel = int(np.argmax(events.gain_db[i]))
        found = _phase(events, i, audio[channel], sample_rate_hz)
        phase[i] = phase[i] if found is None else found
    return events.replace(phase_rad=phase)


def _phase(events: Splat, i: int, audio: Reals, rate: int) -> float | None:
    """The phase of event i that its strongest partial asks for; None where the recording is silent or over."""
    hz, amplitude, decay = events.partials(i)
    k = int(np.argmax(amplitude * (hz < rate / 2)))
    time, width = float(events.time_s[i]), float(events.width_s[i])
    first = max(0, round((time - WIDTHS * width) * rate))
    last = min(len(audio), round((time + WIDTHS * width + min(RINGING_S, 3 / float(decay[k]))) * rate))
    if last <= first:
        return None
    since = np.arange(first, last) / rate - time
    envelope = burst(events, i, since) + (since > 0) * np.exp(-decay[k] * np.maximum(since, 0))
    bent = since + 0.5 * float(events.glide_per_s[i]) * since**2
    product = np.sum(audio[first:last] * envelope * np.exp(-2j * np.pi * hz[k] * bent))
    return float(np.angle(product)) / (k + 1) if product else None
