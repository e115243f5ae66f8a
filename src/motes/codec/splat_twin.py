"""The coding of a packet's splats once more in plain Python, for reading and as the oracle of the compiled one: the
same bytes, slowly.
"""

from __future__ import annotations

from collections.abc import Sequence

from motes.codec.twin import Coder, Decoder, Encoder
from motes.coding.range_coder import RECIPROCAL


class Columns:
    """Both directions: each method is handed the values to encode (a decoder ignores them) and returns the values
    coded.
    """

    def __init__(self, data: bytes | None) -> None:
        self.coder: Coder = Encoder([], []) if data is None else Decoder(data, [], [])

    def column(self, slots: Sequence[int], mean: int | None, optional: bool, values: Sequence[int]) -> list[int]:
        """Of one column that begins with these slots; `mean` is None for what is coded as it is."""
        self.coder.slots = list(slots)
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
            value -= predicted
            code = self.coder.number(0, 2 * value if value >= 0 else -2 * value - 1)
            value = predicted + (code >> 1 if code % 2 == 0 else -(code >> 1) - 1)
            made.append(value)
            cut = min(max(value, -(1 << 30)), 1 << 30)
            centre += ((cut << 8) - centre) * int(RECIPROCAL[count]) >> 16
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
