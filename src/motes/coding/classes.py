"""Classes of whole numbers, as coarse as contexts need them: 0 1 2 3, then two for each doubling."""

from __future__ import annotations

import numpy as np


def _class_of(value: int) -> int:
    k = value.bit_length() - 1
    return value if value < 4 else 2 * k + (value >> (k - 1) & 1)


# Class of a small whole number, at most 15.
COARSE = np.array([min(_class_of(v), 15) for v in range(256)], np.int64)
# Coarse position of a frequency in 1/2048 cycles per sample: two zones per octave.
ZONE = np.array([min(_class_of(max(f, 1)), 31) for f in range(1025)], np.int64)
# The same of numbers to 1023, all of them.
CLASSES = np.array([_class_of(v) for v in range(1024)], np.int64)
