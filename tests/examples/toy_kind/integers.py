"""Beeps rounded to single precision."""

from __future__ import annotations

import numpy as np

from motes.events.sends import send_columns, sends_of
from toy_kind.table import Beep

NAMES = ("time_s", "duration_s", "frequency_hz", "amplitude")


def rounded(events: Beep, sample_rate_hz: int, quantiser: object) -> Beep:
    """Beeps as a file holds them."""
    if not len(events):
        return events
    columns = {name: events.column(name).astype(np.float32).astype(np.float64) for name in NAMES}
    return Beep(**columns, group_id=events.group_id, **send_columns(sends_of(events)))
