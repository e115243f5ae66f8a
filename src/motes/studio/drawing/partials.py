"""Partials as lines to draw: through the atoms that sound as one. docs/studio-api.md has the bytes."""

from __future__ import annotations

import struct

import numpy as np

from motes.edit.tables import numbers_of
from motes.kinds.gabor.edited import partial_frequencies, partial_numbers
from motes.scene.scene import Scene
from motes.studio.drawing.geometry import Geometry

_HEADER = struct.Struct("<4s3Id2I")


def partial_lines(scene: Scene, geometry: Geometry, start_s: float, end_s: float, limit: int, revision: int) -> bytes:
    """The strongest lines that sound in a stretch."""
    number, here = np.zeros(scene.n_events, np.int64), numbers_of(scene, "gabor")
    number[here] = partial_numbers(scene.gabor, scene.sample_rate_hz)
    # As the line runs there: an atom's own frequency is off it, the more the shorter it is.
    hz = partial_frequencies(scene.gabor, scene.sample_rate_hz)
    n_lines = int(number.max(initial=0))
    atoms = np.flatnonzero(number)
    line = number[atoms]
    first, last = np.full(n_lines + 1, np.inf), np.full(n_lines + 1, -np.inf)
    np.minimum.at(first, line, geometry.start_s[atoms])
    np.maximum.at(last, line, geometry.end_s[atoms])
    window_s = scene.gabor.window_s[atoms - here.start]
    energy = np.bincount(line, 10 ** (geometry.level_db[atoms] / 10) * window_s, n_lines + 1)
    there = np.flatnonzero((first < end_s) & (last > start_s))
    n_all = len(there)
    there = np.sort(there[np.argsort(-energy[there], kind="stable")[:limit]])
    kept = atoms[np.isin(line, there)]
    kept = kept[np.lexsort((geometry.middle_s[kept], number[kept]))]
    offsets = np.searchsorted(number[kept], there, side="left")
    head = _HEADER.pack(b"MTP1", len(there), len(kept), n_all, start_s, _HEADER.size, revision)
    columns = [
        np.append(offsets, len(kept)).astype("<u4"),
        there.astype("<u4"),
        kept.astype("<u4"),
        (geometry.middle_s[kept] - start_s).astype("<f4"),
        hz[kept - here.start].astype("<f4"),
        geometry.level_db[kept].astype("<f4"),
    ]
    return b"".join([head, *(column.tobytes() for column in columns)])
