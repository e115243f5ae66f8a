"""Noise divided among notes: a note has the same noise at lower levels, and what it has is taken away from the rest.

The levels of a note are those of the noise less whole steps, as a file has them, so that note and rest sum to the noise
whatever its bands are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import known_notes, note_of_groups
from motes.events.event_table import Array, Ints
from motes.events.note_table import NoteTable
from motes.kinds.texture.table import HOP_S, LOWEST_LEVEL_DB, Texture, clock_part
from motes.notes.division import AFTER_S, BEFORE_S, Division
from motes.scene.scene import Scene

# Of the parts of a note, so that a file holds few different levels: their steps, the least, and how many of the
# shortest frames have one, as packets of noise cut them.
STEP_DB, LEAST, TILE = 2.0, 0.03, 8
# A part of each band of frames at these times and frequencies: `(n_times,)`, `(n_frequencies,)` to `(n_times,
# n_frequencies)`.
Part = Callable[[Array, Array], Array]


def divided_noise(scene: Scene, division: Division, ids: Ints) -> Texture:
    """The texture events of a scene, in which the notes `ids` have theirs."""
    texture, notes = scene.texture, known_notes(scene)
    free = np.flatnonzero((note_of_groups(scene.groups, texture.group_id) == 0) & (texture.subtracted == 0))
    more = []
    for number in ids.tolist():
        row = notes.only(notes.id == number)
        part = _part_of(row, notes, division)
        for i in free:
            event = texture.take(slice(i, i + 1))
            if event.start_s[0] <= row.end_s[0] + AFTER_S and event.end_s[0] >= row.onset_s[0]:
                more += list(_pair(event, number, float(row.onset_s[0]), part))
    made = texture.with_more(*more)
    order = made.order()
    return made if order is None else made.take(order)


def _part_of(row: NoteTable, notes: NoteTable, division: Division) -> Part:
    """Which part of noise is a note's; a hit has what notes with a pitch leave, until the next one."""
    number = int(row.id[0])
    if not np.isnan(row.f0_hz[0]):
        bands = division.bands.get(number)
        return _nothing if bands is None else bands.at
    hits = notes.only(np.isnan(notes.f0_hz))
    order = np.lexsort((hits.gain_db, hits.onset_s))
    ids, onset_s = hits.id[order], hits.onset_s[order]

    def left(time_s: Array, frequency_hz: Array) -> Array:
        at = np.searchsorted(onset_s, time_s + BEFORE_S, side="right") - 1
        mine = (at >= 0) & (ids[at.clip(0)] == number) & (time_s - onset_s[at.clip(0)] <= AFTER_S)
        share = np.tile(mine[:, None].astype(np.float64), (1, len(frequency_hz)))
        if mine.any():
            for bands in division.bands.values():
                share[mine] -= bands.at(time_s[mine], frequency_hz)
        return share.clip(0)

    return left


def _nothing(time_s: Array, frequency_hz: Array) -> Array:
    return np.zeros((len(time_s), len(frequency_hz)))


def _pair(event: Texture, number: int, onset_s: float, part: Part) -> Iterator[Texture]:
    """Of a table of one event, what is the note's and the same taken away from the rest; nothing where it has none."""
    frame_s, into_s, n_frames = float(event.frame_s[0]), float(event.into_s[0]), int(event.n_frames[0])
    edges = event.band_edges_hz(0)
    since_s = (np.arange(n_frames) + 0.5) * frame_s - into_s
    time_s = event.time_s[0] + (event.duration_s[0] - since_s if event.backward[0] else since_s)
    tile = TILE if frame_s < 1.5 * HOP_S else 1
    share = part(time_s, (edges[1:] + edges[:-1]) / 2)
    starts = np.arange(0, n_frames, tile)
    share = np.repeat(np.add.reduceat(share, starts, axis=0), tile, axis=0)[:n_frames]
    share /= np.minimum(tile, n_frames - np.arange(n_frames) // tile * tile)[:, None]
    share[time_s < onset_s - BEFORE_S] = 0.0
    mine = _lowered(event, share)
    sounding = np.flatnonzero(np.any(mine.levels(0) > LOWEST_LEVEL_DB, axis=(1, 2)))
    if not len(sounding):
        return
    first, last = sounding[0] // tile * tile, min(n_frames, (sounding[-1] // tile + 1) * tile)
    skipped = max(0.0, first * frame_s - into_s)
    duration = min(float(event.duration_s[0]), last * frame_s - into_s) - skipped
    if duration <= 0:
        return
    own = clock_part(mine, skipped, duration)
    yield own.replace(group_id=np.full(1, number))
    yield own.replace(subtracted=np.ones(1, np.int64))


def _lowered(event: Texture, share: NDArray[np.float64]) -> Texture:
    """A table of one event whose bands are times `share` `(n_frames, n_bands)`, in whole steps."""
    db = STEP_DB * np.rint(20 * np.log10(np.maximum(share, LEAST / 10)) / STEP_DB)
    levels = event.levels(0)
    lower = np.maximum(levels + np.where(share >= LEAST, db, -np.inf)[:, :, None], LOWEST_LEVEL_DB)
    silent = (levels <= LOWEST_LEVEL_DB) | (lower <= LOWEST_LEVEL_DB)
    return event.replace(level_db=np.where(silent, LOWEST_LEVEL_DB, lower).reshape(-1, event.n_channels))
