"""Edits as requests name them, by the functions that the command line and Python use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from motes.edit.detail.shares import mask_after, share_of, with_share
from motes.edit.edits import EDITS, Breakpoints, Edit
from motes.edit.joining import joined
from motes.edit.operations import move
from motes.edit.selection import Selection
from motes.edit.tables import by_kind, column, kept, onset_s
from motes.errors import ParameterError
from motes.events.deformation import LIMITS, Deformation
from motes.events.event_table import Mask
from motes.events.groups import Groups
from motes.events.room import Room
from motes.library.live.overdub import overdubbed
from motes.report.items import items_of
from motes.report.remix import Chance, remixed
from motes.scene.rooms import without_unused
from motes.scene.scene import Scene
from motes.studio.answers import EditAnswer, EditParameterAnswer
from motes.studio.document.history import Revision
from motes.studio.rooms import find_room, tails_end_s

_BY_REQUEST = {edit.request: edit for edit in EDITS if edit.request}
# What the types of parameters are called.
_TYPES: dict[Any, Any] = {float: "number", int: "integer", Room: "room", Mapping: "values", Breakpoints: "points"}
_TYPES[bool] = "boolean"
# These leave events where they stand.
_OF_GROUPS = ("group", "ungroup")


def described() -> list[EditAnswer]:
    """Every edit that can be asked for, with its words and parameters, for a page."""
    return [
        {
            "op": str(edit.request),
            "label": str(edit.request).capitalize(),
            "doc": edit.doc,
            "parameters": _parameters(edit),
        }
        for edit in _BY_REQUEST.values()
    ]


def _parameters(edit: Edit) -> list[EditParameterAnswer]:
    return [
        {
            "name": parameter.name,
            "type": _TYPES.get(parameter.type, "choice"),
            "unit": parameter.unit,
            "low": parameter.range[0],
            "high": parameter.range[1],
            "required": parameter.default is ...,
            "default": None if parameter.default is ... else parameter.default,
            "doc": parameter.doc,
        }
        for parameter in edit.parameters
    ]


class EditResult(NamedTuple):
    """The edited scene, what of it is muted, which events were edited, and what to call it."""

    scene: Scene
    muted: Mask
    mask: Mask
    label: str


def apply(
    revision: Revision, mask: Mask, bodies: list[Any], clip: Callable[[str, int], Selection], name: str = ""
) -> EditResult:
    """The revision with the events in `mask` edited, by one edit after the other; `clip` gives what is pasted, and
    `name` says what is edited, by default so many events.
    """
    done = _in_turn(EditResult(revision.scene, revision.muted, mask, ""), bodies, clip)
    name = _counted(done.mask) if bodies[0].op in ("paste", "play") else name or _counted(mask)
    return done._replace(label=f"{done.label} {name}")


def further(done: EditResult, bodies: list[Any]) -> EditResult:
    """What an edit has led to with what it has left edited further, in the same step."""
    return _in_turn(done, bodies, lambda *_: Selection(done.scene, done.mask))


def _in_turn(done: EditResult, bodies: list[Any], clip: Callable[[str, int], Selection]) -> EditResult:
    for body in bodies:
        made = _applied(done, body, clip)
        done = made._replace(label=" and ".join(filter(None, (done.label, made.label))))
    return done


def _applied(now: EditResult, body: Any, clip: Callable[[str, int], Selection]) -> EditResult:
    scene, muted, mask = now.scene, now.muted, now.mask
    if body.op in ("mute", "unmute", "solo"):
        return _muted(scene, muted, mask, body.op)
    if body.op == "paste":
        return _pasted(scene, muted, clip(body.document, body.revision), body.at_s)
    if body.op == "play":
        return _played(scene, muted, body.strikes)
    if body.op == "chance":
        return _by_chance(scene, muted, mask, body)
    edit, values = _BY_REQUEST[body.op], body.model_dump(exclude={"op"})
    label = edit.history_label(values)
    if "room" in values:
        values["room"] = find_room(scene, values["room"])
    selection = Selection(scene, mask, with_detail=edit.name not in (*_OF_GROUPS, "set"))
    if (divided := share_of(selection)) is not None:  # events are numbered anew, so what is muted has to follow
        muted = mask_after(scene, divided, muted, with_shares=False)
        selection = with_share(selection)
    found = _change(edit, selection, values)
    return EditResult(found.scene, _muted_after(edit, selection, values, found, muted), found.mask, label)


def _change(edit: Edit, selection: Selection, values: dict[str, Any]) -> Selection:
    assert edit.change is not None  # only edits of whole scenes lack it, and requests have none of these
    return edit.change(selection, **values)


def _muted_after(edit: Edit, selection: Selection, values: dict[str, Any], found: Selection, muted: Mask) -> Mask:
    """Which events are muted after an edit that `found` is the outcome of: in a second run each carries its number
    in place of its group.
    """
    if not muted.any():
        return np.zeros(found.scene.n_events, np.bool_)
    if edit.name in _OF_GROUPS:
        return muted
    if edit.name == "set":
        values = {"values": {name: value for name, value in values["values"].items() if name != "group_id"}}
    scene = selection.scene
    numbers = np.arange(1, scene.n_events + 1)
    tables = [table.replace(group_id=part) for table, part in zip(scene.tables, by_kind(scene, numbers), strict=True)]
    marked = scene.with_tables(tables, groups=Groups.partials(numbers))
    numbers = column(_change(edit, Selection(marked, selection.mask), values).scene, "group_id")
    return np.asarray(muted[(numbers - 1) % scene.n_events])  # copies have numbers above all others


def _muted(scene: Scene, muted: Mask, mask: Mask, op: str) -> EditResult:
    after = muted | mask if op == "mute" else muted & ~mask if op == "unmute" else ~mask
    return EditResult(scene, after, mask, op)


def _pasted(scene: Scene, muted: Mask, clip: Selection, at_s: float) -> EditResult:
    copy = kept(clip, clip.mask)
    copy = move(copy, -onset_s(copy)) if len(copy) else copy
    end_s = min(tails_end_s(copy.scene, copy.mask), clip.scene.duration_s)
    other = without_unused(copy.scene).replace(n_samples=max(0, math.ceil(end_s * copy.scene.sample_rate_hz - 1e-6)))
    found = joined(scene, other, at_s, resample=True)
    after = np.zeros(found.scene.n_events, np.bool_)
    after[~found.mask] = muted
    return EditResult(found.scene, after, found.mask, "paste")


def _played(scene: Scene, muted: Mask, strikes: list[Any]) -> EditResult:
    times, amplitudes = (
        np.array([getattr(strike, name) for strike in strikes], np.float64) for name in ("time_s", "amplitude")
    )
    control = np.array([strike.control for strike in strikes], np.int64)
    unknown = sorted({name for strike in strikes for name in strike.deformation} - LIMITS.keys())
    if unknown:
        raise ParameterError(f"{unknown[0]} is no deformation: those are {', '.join(LIMITS)}")
    found = overdubbed(scene, times, control, amplitudes, [Deformation(**strike.deformation) for strike in strikes])
    after = np.zeros(found.scene.n_events, np.bool_)
    after[~found.mask] = muted
    return EditResult(found.scene, after, found.mask, "play")


def _by_chance(scene: Scene, muted: Mask, mask: Mask, body: Any) -> EditResult:
    chance = Chance(body.events, body.times, body.strength, body.seed)
    made = remixed(items_of(scene, "own"), chance, mask, other=muted)
    what = " and ".join(name for name in ("events", "times") if getattr(chance, name))
    label = f"random {what}, seed {chance.seed}, {100 * chance.strength:.3g} %, of"
    return EditResult(made.selection.scene, made.other, made.selection.mask, label)


def _counted(mask: Mask) -> str:
    n = int(np.count_nonzero(mask))
    return f"{n:,} event{'' if n == 1 else 's'}"
