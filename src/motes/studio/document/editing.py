"""Edits as requests name them, by the functions that the command line and Python use."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from motes.edit import assign
from motes.edit import operations as edit
from motes.edit.selection import Selection
from motes.events.event_table import Mask
from motes.events.groups import Groups
from motes.scene.rooms import without_unused
from motes.scene.scene import Scene
from motes.studio.document.history import Revision
from motes.studio.http import schemas as bodies
from motes.studio.rooms import room_asked, tails_end_s


class Done(NamedTuple):
    """The edited scene, what of it is muted, which events were edited, and what to call it."""

    scene: Scene
    muted: Mask
    mask: Mask
    label: str


def apply(revision: Revision, mask: Mask, body: Any, clip: Callable[[str, int], Selection]) -> Done:
    """The revision with the events in `mask` edited; `clip` gives what is pasted."""
    scene, muted = revision.scene, revision.muted
    if isinstance(body, bodies.Plain) and body.op in ("mute", "unmute", "solo"):
        return _muted(scene, muted, mask, body.op)
    if isinstance(body, bodies.Paste):
        return _pasted(scene, muted, clip(body.document, body.revision), body.at_s)
    if isinstance(body, bodies.Plain) and body.op in ("delete", "keep"):
        keep = mask if body.op == "keep" else ~mask
        kept = edit.kept(Selection(scene, mask), keep)
        return Done(
            kept.scene, muted[keep], kept.mask, _named("delete", mask) if body.op == "delete" else _named("keep", mask)
        )
    selection = Selection(scene, mask)
    make, label = _edits(body)
    found = make(selection)
    if not muted.any():
        return Done(found.scene, np.zeros(found.scene.n_events, np.bool_), found.mask, _named(label, mask))
    if label in ("group", "ungroup"):
        return Done(found.scene, muted, found.mask, _named(label, mask))
    if isinstance(body, bodies.Set):
        body = bodies.Set(op="set", values={name: value for name, value in body.values.items() if name != "group_id"})
        make = _edits(body)[0]
    return Done(found.scene, _muted_after(selection, make, muted), found.mask, _named(label, mask))


def _edits(body: Any) -> tuple[Callable[[Selection], Selection], str]:
    """What is done to a selection, and its name."""
    match body:
        case bodies.Move():
            return lambda chosen: edit.move(chosen, body.by_s), "move"
        case bodies.Transpose():
            return lambda chosen: edit.transpose(chosen, body.semitones), "transpose"
        case bodies.Stretch():
            return lambda chosen: edit.stretch(chosen, body.factor), "stretch"
        case bodies.Gain():
            return lambda chosen: edit.gain(chosen, body.db), "gain"
        case bodies.Band():
            return lambda chosen: edit.filter(chosen, body.low_hz, body.high_hz), "filter"
        case bodies.Duplicate():
            return lambda chosen: edit.duplicate(chosen, body.at_s), "duplicate"
        case bodies.Group():
            return lambda chosen: assign.grouped(chosen, body.role, body.parent), "group"
        case bodies.InRoom():
            return lambda chosen: edit.into_room(
                chosen, room_asked(chosen.scene, body.room), body.wetness
            ), "send to a room" if body.room else "take out"
        case bodies.Set():
            return lambda chosen: assign.assign(chosen, body.values), f"set {', '.join(body.values)}"
    return (edit.reverse, "reverse") if body.op == "reverse" else (assign.ungrouped, "ungroup")


def _muted_after(selection: Selection, make: Callable[[Selection], Selection], muted: Mask) -> Mask:
    """Which events are muted after an edit: each carries its number through it in place of its group."""
    scene = selection.scene
    numbers = np.arange(1, scene.n_events + 1)
    tables = [
        table.replace(group_id=part)
        for (table, _), part in zip(edit.parts(scene, muted), assign.split(scene, numbers), strict=True)
    ]
    marked = scene.with_tables(tables, groups=Groups.partials(numbers))
    found = make(Selection(marked, selection.mask)).scene
    return np.asarray(
        muted[(edit.column(found, "group_id") - 1) % scene.n_events]
    )  # copies have numbers above all others


def _muted(scene: Scene, muted: Mask, mask: Mask, op: str) -> Done:
    after = muted | mask if op == "mute" else muted & ~mask if op == "unmute" else ~mask
    return Done(scene, after, mask, _named(op, mask))


def _pasted(scene: Scene, muted: Mask, clip: Selection, at_s: float) -> Done:
    copy = edit.kept(clip, clip.mask)
    copy = edit.move(copy, -edit.onset_s(copy)) if len(copy) else copy
    heard_s = min(tails_end_s(copy.scene, copy.mask), clip.scene.duration_s)
    other = without_unused(copy.scene).replace(n_samples=max(0, math.ceil(heard_s * copy.scene.sample_rate_hz - 1e-6)))
    found = edit.joined(scene, other, at_s, resample=True)
    after = np.zeros(found.scene.n_events, np.bool_)
    after[~found.mask] = muted
    return Done(found.scene, after, found.mask, _named("paste", found.mask))


def _named(what: str, mask: Mask) -> str:
    n = int(np.count_nonzero(mask))
    return f"{what} {n:,} event{'' if n == 1 else 's'}"
