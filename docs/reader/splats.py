"""The columns of a packet of splats in plain Python, for reading and as the oracle of the compiled ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

from range_coder import Coder, Decoder, Encoder

# Mean (None: values are coded as they are), bits, and whether 0 has a bit of its own.
COLUMNS: dict[str, tuple[int | None, int, bool]] = {
    "width_s": (218, 5, False),
    "t60_s": (110, 4, False),
    "octave": (8, 1, False),
    "centre_hz": (184, 4, False),
    "width_octaves": (64, 4, False),
    "shape": (49, 5, True),
    "rolloff_db": (36, 4, True),
    "damping_slope": (3, 2, True),
    "n_partials": (31, 1, True),
    "cutoff_start_hz": (52, 4, True),
    "cutoff_end_hz": (0, 4, True),
    "crossfade_s": (0, 3, True),
    "tremolo": (0, 3, True),
    "modulation_hz": (10, 6, True),
    "noise": (20, 4, True),
    "seed": (None, 6, True),
    "low_hz": (None, 11, True),
    "high_hz": (None, 15, True),
    "backward": (None, 0, True),
    "group_id": (None, 3, True),
    "inharmonicity": (4, 4, True),
    "time_s": (None, 6, False),
    "glide_per_s": (0, 5, True),
    "vibrato_cents": (0, 6, True),
    "gain_db": (697, 6, True),
    "other_gain_db": (4096, 3, True),
}


def first_slots(bits: int) -> list[int]:
    """The 66 slots that a column begins with."""
    more = [min(max(0.5 + 0.45 * math.tanh(0.8 * (bits - place - 0.5)), 0.03), 0.97) for place in range(64)]
    return [round(p * (1 << 22)) << 10 | 2 for p in (*more, 0.75, 0.25)]


class Columns:
    """Both directions: each method is handed the values to encode (a decoder ignores them) and returns the values
    coded.
    """

    def __init__(self, data: bytes | None) -> None:
        self.coder: Coder = Encoder([], []) if data is None else Decoder(data, [], [])

    def column(self, name: str, values: Sequence[int]) -> list[int]:
        """The values of one of COLUMNS."""
        mean, bits, optional = COLUMNS[name]
        self.coder.slots = first_slots(bits)
        centre, count, before, made = (mean or 0) << 8, 0, 1, []
        for value in values:
            if optional:
                before = self.coder.adaptive(65 - before, int(value == 0))
                if before:
                    made.append(0)
                    continue
            if mean is None:
                made.append(self.coder.number(0, value))
                continue
            predicted = (centre + 128) >> 8
            value = predicted + self.coder.signed(0, value - predicted)
            made.append(value)
            cut = min(max(value, -(1 << 30)), 1 << 30)
            centre += ((cut << 8) - centre) * (131072 // (2 * count + 3)) >> 16
            count = min(count + 1, 30)
        return made

    def evenly(self, bits: Sequence[int], values: Sequence[int]) -> list[int]:
        """Values below 2^bits, all equally likely, 16 bits at a time from the highest."""
        made = []
        for left, value in zip(bits, values, strict=True):
            number = 0
            while left > 0:
                n = min(left, 16)
                left -= n
                number = number << n | self.coder.uniform(1 << n, value >> left & ((1 << n) - 1))
            made.append(number)
        return made
