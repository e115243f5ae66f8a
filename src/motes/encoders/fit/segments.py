"""Segments of a recording that are fitted at once, and their samples as a source passes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source

# Of a segment, what it goes on into the next; the option `stretch_s` says so.
OVERLAP = 0.25
# No segment is shorter than this.
LEAST_SAMPLES = 64

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Segment:
    """Samples first … last − 1; events before `done` are kept when it is fitted."""

    first: int
    done: int
    last: int

    @property
    def n_samples(self) -> int:
        """Samples in it."""
        return self.last - self.first


def segments(n_samples: int, sample_rate_hz: int, seconds: float) -> list[Segment]:
    """The segments of a recording: `seconds` long and a part of that further, so that each overlaps the next."""
    step = max(LEAST_SAMPLES, round(seconds * sample_rate_hz))
    if n_samples <= step * (1 + OVERLAP):
        return [Segment(0, n_samples, n_samples)]
    firsts = range(0, n_samples - round(OVERLAP * step), step)
    return [
        Segment(f, n_samples if f == firsts[-1] else f + step, min(n_samples, f + round(step * (1 + OVERLAP))))
        for f in firsts
    ]


def samples_of(source: Source, parts: list[Segment]) -> Iterator[Audio]:
    """The samples of each segment in turn, `(n_channels, n)` float32."""
    held, begins, blocks = np.zeros((source.n_channels, 0), np.float32), 0, source.blocks()
    for part in parts:
        while begins + held.shape[1] < part.last:
            held = np.concatenate([held, next(blocks)], axis=1)
        held, begins = held[:, part.first - begins :], part.first
        yield np.ascontiguousarray(held[:, : part.n_samples], np.float32)
