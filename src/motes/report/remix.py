"""Remixes that show what a scene has learned of a sound: other events at the same times, and the same events at other
times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motes.edit.note_changes import Change, followed
from motes.edit.selection import Selection
from motes.edit.tables import parts, rebuilt
from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask
from motes.events.note_table import LATEST_S, NoteTable
from motes.report.items import Items


@dataclass(frozen=True)
class Chance:
    """What is drawn of items, the same for each seed: of `events` pitch, length and strength, of `times` when they
    begin. At a `strength` of 1 that is what they become, at 0.1 they go a tenth of the way. ParameterError where that
    makes no sense.
    """

    events: bool = False
    times: bool = False
    strength: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.events or self.times):
            raise ParameterError("nothing is drawn: say events, times or both")
        if not 0 < self.strength <= 1:
            raise ParameterError(f"strength must lie above 0 and up to 1, not {self.strength:g}: was this per cent?")


class _Change(NamedTuple):
    """What becomes of each item, `(n_items,)`: ratio of frequency, factor of length about its start, gain, and by how
    many seconds it is later.
    """

    ratio: Array
    factor: Array
    gain: Array
    by_s: Array


class Remix(NamedTuple):
    """The drawn events, selected in their scene, and where another mask over events `(n_events,)` is in it."""

    selection: Selection
    other: Mask


def remixed(items: Items, chance: Chance, mask: Mask | None = None, other: Mask | None = None) -> Remix:
    """The scene with its items, or of these the events in `mask` `(n_events,)`, changed by chance; notes follow where
    all of their events are in it.

    Logarithms of pitch, length and strength are drawn from a normal distribution with the mean and covariance they
    have among all of the scene's items of that kind, and kept within the range that occurs. Times are as likely as each
    other, as long as an item ends before the scene does.
    """
    mask = np.ones(items.scene.n_events, np.bool_) if mask is None else mask
    before, change, tables, first = Selection(items.scene, mask), _drawn(items, chance), [], 0
    for table, mine in parts(items.scene, mask):
        number = items.number[first : first + len(table)]
        first += len(table)
        tables.append(_changed(items, change, table, mine, number) if mine.any() else table)
    made = followed(before, rebuilt(before, tables, mask), _notes_after(items, change))
    return Remix(made, np.zeros_like(mask) if other is None else rebuilt(before, tables, other).mask)


def _changed(items: Items, change: _Change, table: EventTable, mine: Mask, number: Ints) -> EventTable:
    ratio, factor, gain = (np.where(mine, values[number], 1.0) for values in change[:3])
    by_s = np.where(mine, (1 - factor) * items.start_s[number] + change.by_s[number], 0.0)
    if np.any(ratio != 1) or np.any(factor != 1) or np.any(gain != 1):
        known = table.with_partials(items.scene.sample_rate_hz, mine)
        table = known.transposed(ratio).stretched(factor, 0.0).amplified(gain)
    return table.moved(by_s)


def _drawn(items: Items, chance: Chance) -> _Change:
    n_items = len(items)
    change = _Change(np.ones(n_items), np.ones(n_items), np.ones(n_items), np.zeros(n_items))
    kinds = np.array(items.sorts, "<U16")
    random = np.random.default_rng(chance.seed)
    for kind in dict.fromkeys(items.sorts) if chance.events else ():
        mine = np.flatnonzero((kinds == kind) & (items.strength > 0))
        if len(mine) > 1:
            for values, logs in zip(change[:3], _logs(items, mine, random).T, strict=True):
                values[mine] = np.exp(chance.strength * logs)
    if chance.times:
        slack_s = np.maximum(items.scene.duration_s - (items.end_s - items.start_s) * change.factor, 0.0)
        at_s = np.random.default_rng(chance.seed).random(n_items) * slack_s
        change.by_s[:] = chance.strength * (at_s - items.start_s)
    return change


def _logs(items: Items, mine: Ints, random: np.random.Generator) -> Array:
    """Logarithms of the ratio of frequency, factor of length and gain of each of these items, `(n, 3)`."""
    seconds = np.maximum(items.end_s[mine] - items.start_s[mine], 1e-6)
    pitch = np.log(np.maximum(np.sqrt(np.maximum(items.low_hz[mine], 1.0) * np.maximum(items.high_hz[mine], 1.0)), 1.0))
    strength = np.log(items.strength[mine] / seconds) / 2
    now = np.stack([pitch, np.log(seconds), strength], axis=1)
    middle, spread, vectors = now.mean(axis=0), *np.linalg.eigh(np.cov(now.T))
    drawn = middle + random.standard_normal(now.shape) * np.sqrt(np.maximum(spread, 0)) @ vectors.T
    return np.asarray(np.clip(drawn, now.min(axis=0), now.max(axis=0)) - now)


def _notes_after(items: Items, change: _Change) -> Change:
    """What becomes of notes that are items."""
    item_of = {int(note): item for item, note in enumerate(items.notes.tolist()) if note}

    def after(notes: NoteTable) -> NoteTable:
        there = np.array([int(note) in item_of for note in notes.id], np.bool_)
        at = np.array([item_of.get(int(note), 0) for note in notes.id], np.int64)
        ratio, factor, gain = (np.where(there, values[at], 1.0) for values in change[:3])
        start_s, by_s = items.start_s[at], np.where(there, change.by_s[at], 0.0)
        onset_s, end_s = (
            np.clip(start_s + factor * (times - start_s) + by_s, -LATEST_S, LATEST_S)
            for times in (notes.onset_s, notes.end_s)
        )
        return notes.replace(
            onset_s=onset_s,
            end_s=end_s,
            f0_hz=np.clip(notes.f0_hz * ratio, 1.0, 1e5),
            gain_db=np.clip(notes.gain_db + 20 * np.log10(gain), -400, 400),
        )

    return after
