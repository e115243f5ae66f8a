"""By how much softer texture sounds beneath detail, as whole numbers and as bits."""

from __future__ import annotations

import numpy as np

from motes.coding.integers import EVEN, padded
from motes.coding.range_coder import DECODING, N_STATE, code_adaptive, finish, start
from motes.errors import FormatError
from motes.events.event_table import Array, Ints
from motes.kernels._jit import jit
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture

STEP_DB = 3.0
# What stands for silence; lower numbers are so many steps softer.
SILENCE = 10
SAME = 3 * (SILENCE + 1) * SILENCE  # whether a frame is as the one before, by whether that was: 2
N_SLOTS = SAME + 2


def steps_of(events: Texture) -> Ints | None:
    """Steps by frame, band and channel, as `level_db`; None where no event lies beneath anything."""
    if events.at_default("beneath_db"):
        return None
    return np.clip(np.rint(events.beneath_db / -STEP_DB), 0, SILENCE).astype(np.int64)


def beneath_db(steps: Ints) -> Array:
    """The inverse."""
    return np.where(steps < SILENCE, steps * -STEP_DB, LOWEST_LEVEL_DB)


@jit
def code_beneath(decoding, buffer, slots, steps, first_row, n_frames, n_bands):  # type: ignore[no-untyped-def]
    """Steps `(n_rows, n_channels)` of events whose rows begin at `first_row`, to `buffer` or back; returns the number of
    bytes when encoding.
    """
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    for i in range(len(n_frames)):
        was_same = np.int64(1)
        for k in range(n_frames[i]):
            at = first_row[i] + k * n_bands[i]
            same = np.int64(1)
            for band in range(n_bands[i]):
                for channel in range(steps.shape[1]):
                    before = steps[at + band - n_bands[i], channel] if k else np.int64(0)
                    if steps[at + band, channel] != before:
                        same = np.int64(0)
            same = was_same = code_adaptive(rc, buffer, slots, np.int64(SAME) + was_same, same)
            for channel in range(steps.shape[1]):
                change = np.int64(0)
                for band in range(n_bands[i]):
                    before = steps[at + band - n_bands[i], channel] if k else np.int64(0)
                    value = before
                    if same == 0:
                        context = (before * 3 + min(max(change, -1), 1) + 1) * SILENCE
                        value = np.int64(0)
                        while value < SILENCE:
                            more = np.int64(1) if steps[at + band, channel] > value else np.int64(0)
                            if code_adaptive(rc, buffer, slots, context + value, more) == 0:
                                break
                            value += 1
                        change = value - before
                    steps[at + band, channel] = value
    return finish(rc, buffer) if rc[DECODING] == 0 else np.int64(0)


def pack(steps: Ints, n_frames: Ints, n_bands: Ints) -> bytes:
    """The steps of some events, `(n_rows, n_channels)`, as bytes."""
    buffer = np.zeros(64 + 4 * steps.size, np.uint8)
    n = code_beneath(0, buffer, np.full(N_SLOTS, EVEN), steps.copy(), *_layout(n_frames, n_bands))
    return buffer[:n].tobytes()


def unpack(data: bytes, n_frames: Ints, n_bands: Ints, n_channels: int, name: str) -> Ints:
    """The inverse; FormatError where no event lies beneath anything."""
    steps = np.zeros((int(np.sum(n_frames * n_bands)), n_channels), np.int64)
    code_beneath(1, padded(data), np.full(N_SLOTS, EVEN), steps, *_layout(n_frames, n_bands))
    if not steps.any():
        raise FormatError(f"{name}: no event lies beneath any detail")
    return steps


def _layout(n_frames: Ints, n_bands: Ints) -> tuple[Ints, Ints, Ints]:
    counts = n_frames * n_bands
    return np.cumsum(counts) - counts, np.ascontiguousarray(n_frames), np.ascontiguousarray(n_bands)
