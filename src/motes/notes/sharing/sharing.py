"""Stub: each atom near a harmonic of a sounding note is that note's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SHARING_VERSION = 1


@dataclass(frozen=True)
class SoundingNotes:
    onset_s: Any
    end_s: Any
    f0_hz: Any
    part: Any
    program: Any


@dataclass(frozen=True)
class Shares:
    note: Any
    event: Any
    re: Any
    im: Any


def shares_of(scene: Any, notes: SoundingNotes, progress: Any = None) -> Shares:
    g = scene.gabor
    best, owner = np.full(len(g), 0.04), np.full(len(g), -1)
    for i in range(len(notes.onset_s)):
        if np.isnan(notes.f0_hz[i]):
            continue
        k = np.maximum(np.rint(g.frequency_hz / notes.f0_hz[i]), 1)
        d = np.abs(g.frequency_hz / notes.f0_hz[i] - k) / k + 0.0 * k
        ok = (g.end_s > notes.onset_s[i]) & (g.time_s < notes.end_s[i] + 0.2) & (d < best) & (k < 40)
        best[ok], owner[ok] = d[ok], i
    event = np.flatnonzero(owner >= 0)
    two = len(event) // 2
    re = np.ones(len(event))
    re[:two] = 0.7
    im = np.zeros(len(event))
    im[:two] = 0.2
    return Shares(owner[event].astype(np.int32), event.astype(np.int32), re, im)
