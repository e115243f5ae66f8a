"""Choosing events: by a condition, a function, their numbers or a piece of time. A Selection's edits return the whole
scene.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.arguments import checked
from motes.edit import assign, gains, joining, operations
from motes.edit.condition import Expression
from motes.edit.note_columns import WORDS, columns_of, event_columns, known_notes, note_of_groups
from motes.edit.similar import Widening
from motes.edit.slicing import slice_seconds, within
from motes.edit.tables import column, onset_s
from motes.errors import ParameterError
from motes.events.columns import stored_params
from motes.events.event_table import EventTable, Mask
from motes.events.groups import Groups
from motes.events.room import Room
from motes.units import SILENCE_DB

if TYPE_CHECKING:
    from motes.scene.scene import Scene

# What can be asked of events beside the parameters of their kind.
_MORE = ("id", "start_s", "end_s", "level_db")


@dataclass(frozen=True, eq=False)
class Selection(Widening):
    """Some events of a scene. Edits return the whole scene with just these events changed; `only` and `drop` split it.

    `mask` is `(n_events,)`, over the events of all kinds in the scene's order. Selections of one scene combine with
    `&`, `|` and `~`.
    """

    scene: Scene
    mask: Mask
    # Whether edits take along what of detail belongs to these events (`motes.edit.detail.shares`).
    with_detail: bool = True

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask))

    def __repr__(self) -> str:
        return f"<motes.Selection {len(self)} of {self.scene.n_events} events>"

    def __and__(self, other: Selection) -> Selection:
        return replace(self, mask=self.mask & _mask_of(other, self.scene))

    def __or__(self, other: Selection) -> Selection:
        return replace(self, mask=self.mask | _mask_of(other, self.scene))

    def __invert__(self) -> Selection:
        return replace(self, mask=~self.mask)

    @property
    def onset_s(self) -> float:
        """When the first of them begins to sound."""
        return onset_s(self)

    def only(self) -> Scene:
        """The scene with nothing but these events."""
        return operations.only(self).scene

    def drop(self) -> Scene:
        """The scene without these events."""
        return operations.drop(self).scene

    @checked
    def move(self, by_s: float) -> Scene:
        """These events later by `by_s` seconds, or earlier if it is negative; ParameterError if one would end
        before 0.
        """
        return operations.move(self, by_s).scene

    @checked
    def transpose(self, semitones: float, *, keep_formants: bool = False) -> Scene:
        """These events higher by `semitones` (lower if negative); they keep their times and windows, and partials
        their inner phases. `keep_formants` moves partials under the envelope that their note had.
        """
        return operations.transpose(self, semitones, keep_formants).scene

    @checked
    def stretch(self, factor: float) -> Scene:
        """These events `factor` times as long, about their first onset: times and windows grow, frequencies and
        amplitudes stay.
        """
        return operations.stretch(self, factor).scene

    @checked
    def gain(self, db: float) -> Scene:
        """These events louder by `db` (quieter if negative)."""
        return operations.gain(self, db).scene

    @checked
    def fade(self, in_s: float | None = None, out_s: float | None = None) -> Scene:
        """These events fading in for `in_s` seconds from their first onset on, and out for `out_s` until their end."""
        return gains.fade(self, in_s, out_s).scene

    @checked
    def envelope(self, points: Any) -> Scene:
        """These events louder by a gain in dB that runs straight between `points`, pairs (time in s, dB)."""
        return gains.envelope(self, points).scene

    @checked
    def pan(self, position: float) -> Scene:
        """These events further left (down to −1) or right (up to 1) in stereo, with equal power."""
        return gains.pan(self, position).scene

    @checked
    def width(self, factor: float) -> Scene:
        """These events `factor` (0 … 2) times as wide in stereo; 0 is mono."""
        return gains.width(self, factor).scene

    def mute(self) -> Scene:
        """These events with amplitude 0: they keep their place in the table until the scene is saved."""
        return operations.mute(self).scene

    def solo(self) -> Scene:
        """All other events with amplitude 0."""
        return operations.solo(self).scene

    @checked
    def duplicate(self, at_s: float) -> Scene:
        """A second copy of these events, whose first onset is at `at_s`."""
        return joining.duplicate(self, at_s).scene

    def reverse(self) -> Scene:
        """These events backwards, mirrored about the middle of their first and last centre."""
        return operations.reverse(self).scene

    @checked
    def room(self, room: Room | int | None, wetness: float = 0.3) -> Scene:
        """These events sent to a room (`motes.room(…)`, or one of the scene's by its id), `wetness` 0 … 1 of each; None
        takes them out of theirs.

        The scene grows, if need be, until the room is no longer heard (−60 dB).
        """
        return operations.into_room(self, room, wetness).scene

    def set(self, **values: Any) -> Scene:
        """These events with parameters at exact values: a number, one for each channel, or all values of a ragged
        field; see `motes.edit.assign`.
        """
        return assign.assign(self, values).scene

    @checked
    def group(self, role: str = "own", parent: int = 0) -> Scene:
        """These events in a new group: a "note", a "voice" or your "own", within the group `parent`."""
        return assign.grouped(self, role, parent).scene

    def ungroup(self) -> Scene:
        """These events out of their groups, in those that these are in."""
        return assign.ungrouped(self).scene

    @checked
    def filter(self, low_hz: float | None = None, high_hz: float | None = None) -> Scene:
        """The scene without those of these events whose frequency is below `low_hz` or above `high_hz`."""
        return operations.filter(self, low_hz, high_hz).scene


class EventView:
    """The columns of a table as attributes for a function to compare, each `(n_events,)`; of several channels the
    loudest counts. `lacked` becomes true when one is asked for that this kind lacks, and that is then NaN.
    """

    def __init__(self, columns: dict[str, Any], n_events: int) -> None:
        self._columns, self._n_events, self.lacked = columns, n_events, False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._columns:
            near = difflib.get_close_matches(name, self._columns, 1)
            hint = f"did you mean {near[0]}?" if near else f"they have: {', '.join(self._columns)}"
            raise ParameterError(f"events have no column {name!r}, {hint}")
        if (values := self._columns[name]) is not None:
            return values
        self.lacked = True
        return np.full(self._n_events, np.nan)


def choose(
    scene: Scene,
    what: Any = None,
    start_s: float | None = None,
    end_s: float | None = None,
    group: Any = None,
    note: Any = None,
    with_noise: bool = False,
    with_detail: bool = True,
) -> Selection:
    """The events of `scene` that `what` names, of those whose centre lies in start_s ≤ time_s < end_s and that are in
    `group` or a group within it.

    `what` is a condition (`"frequency_hz > 200 and time_s < 3"`), a function of the table's columns that returns a
    mask, event numbers, a mask of all events or of those of one kind (where no other kind has as many), a slice of
    seconds, another Selection of the scene, or None for all. `group` is an id, several, or Groups; `note` a number or
    several. Where notes are asked for, the selection is one of the scene with their atoms and `with_detail` detail
    divided, and `with_noise` noise too. Raises ParameterError where that makes no sense.
    """
    expression = parse(what) if isinstance(what, str) else None
    of_notes = expression is not None and not expression.names.isdisjoint(WORDS)
    if with_noise and note is None and not of_notes:
        raise ParameterError("with_noise gives notes their part of the noise: select notes, as in note == 12")
    if note is not None:
        scene = _with_notes(scene, np.atleast_1d(note).tolist(), with_noise, with_detail)
    if expression is not None and of_notes:
        scene = _with_notes(scene, _asked_for(scene, expression, with_noise), with_noise, with_detail)
    if isinstance(what, slice):
        mask = within(scene, *slice_seconds(what))
    elif what is None:
        mask = np.ones(scene.n_events, np.bool_)
    elif isinstance(what, Selection):
        mask = _mask_of(what, scene)
    elif isinstance(what, str):
        mask = _by_text(scene, what)
    elif callable(what):
        mask = _by_function(scene, what)
    else:
        mask = _by_ids(scene, what)
    if start_s is not None or end_s is not None:
        mask = mask & within(scene, start_s, end_s)
    if group is not None:
        ids = scene.groups.within(group.id if isinstance(group, Groups) else group)
        mask = mask & np.isin(column(scene, "group_id"), ids)
    if note is not None:
        mask = mask & np.isin(note_of_groups(scene.groups, column(scene, "group_id")), np.atleast_1d(note))
    return Selection(scene, mask, with_detail)


def _with_notes(scene: Scene, ids: list[int], with_noise: bool, with_detail: bool = False) -> Scene:
    """The scene in which these notes have events of their own."""
    if any(isinstance(number, bool) or number != int(number) for number in ids):
        raise ParameterError(f"notes are named by their numbers, whole ones, not by {ids!r}")
    from motes.notes.splitting import split

    return split(scene, ids, with_noise, with_detail)


def _asked_for(scene: Scene, expression: Expression, with_noise: bool) -> list[int]:
    """The notes that a condition can be true of: where it asks of events too, those that have such."""
    notes = known_notes(scene)
    if not len(notes):
        raise ParameterError(
            "the scene has no notes to ask for: find them first, by `motes notes`, motes.notes(scene) or *Find notes*"
        )
    columns = columns_of(scene, notes)
    if expression.names <= set(WORDS):
        return [int(number) for number in notes.id[expression.evaluate(columns, len(notes))]]
    divided = _with_notes(scene, notes.id.tolist(), with_noise)
    chosen = column(divided, "group_id")[_by_kind(divided, expression.evaluate)]
    return [int(number) for number in np.unique(note_of_groups(scene.groups, chosen)) if number]


def column_names() -> list[str]:
    """What conditions can ask for: `kind`, the parameters of every kind, and what follows from them."""
    names = ["kind", *(param.name for kind in kinds.KINDS for param in stored_params(kind.table)), *_MORE]
    return list(dict.fromkeys([*names, *(name for kind in kinds.KINDS for name in kind.table.FOUND), *WORDS]))


def parse(condition: str) -> Expression:
    """A condition on events, ready to evaluate; ParameterError where it makes no sense."""
    return Expression(condition, column_names(), {"kind": [kind.name for kind in kinds.KINDS]})


def columns(table: EventTable, first_id: int = 0) -> dict[str, Any]:
    """All columns by name, 1-D; None where this kind has none. Events are numbered from `first_id`."""
    values: dict[str, Any] = dict.fromkeys(column_names())
    values |= {"kind": table.KIND, "id": np.arange(first_id, first_id + len(table), dtype=np.float64)}
    channel = _loudest(table)
    for param in stored_params(type(table)):
        held = table.column(param.name)
        values[param.name] = held[np.arange(len(table)), channel] if param.per_channel else held
        if param.name == table.LEVEL and param.unit == "dB":
            values["level_db"] = np.maximum(values[param.name], SILENCE_DB)
        elif param.name == table.LEVEL:
            values["level_db"] = 20 * np.log10(np.maximum(values[param.name], 10 ** (SILENCE_DB / 20)))
    return values | {"start_s": table.start_s, "end_s": table.end_s}


def _loudest(table: EventTable) -> NDArray[np.intp]:
    """The channel in which each event is loudest, `(n_events,)`."""
    level = table.column(table.LEVEL) if table.LEVEL else None
    if level is None or level.ndim == 1 or level.shape[1] == 1 or not len(table):
        return np.zeros(len(table), np.intp)
    return np.argmax(level, axis=1)


def _by_text(scene: Scene, text: str) -> Mask:
    return _by_kind(scene, parse(text).evaluate)


def _by_function(scene: Scene, function: Callable[[Any], Any]) -> Mask:
    def ask(values: dict[str, Any], n_events: int) -> Mask:
        view = EventView(values, n_events)
        mask = np.asarray(function(view))
        if view.lacked:
            return np.zeros(n_events, np.bool_)
        if mask.dtype != np.bool_ or mask.shape not in ((), (n_events,)):
            raise ParameterError(
                f"the function must return True or False for each of {n_events} events, not {mask.dtype} of shape "
                f"{mask.shape}"
            )
        return np.array(np.broadcast_to(mask, n_events))

    return _by_kind(scene, ask)


def _by_kind(scene: Scene, ask: Callable[[dict[str, Any], int], Mask]) -> Mask:
    masks, first_id = [], 0
    for table in scene.tables:
        masks.append(ask(_Columns(table, first_id, scene), len(table)))
        first_id += len(table)
    return np.concatenate(masks)


class _Columns(dict[str, Any]):
    """The columns of a table, of which some are found only when they are asked for."""

    def __init__(self, table: EventTable, first_id: int, scene: Scene) -> None:
        super().__init__(columns(table, first_id))
        self._table, self._scene = table, scene
        self._of_notes: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        if name in WORDS:
            if self._of_notes is None:
                self._of_notes = event_columns(self._scene, self._table.column("group_id"))
            return self._of_notes[name]
        return self._table.found(name, self._scene) if name in self._table.FOUND else super().__getitem__(name)


def _by_ids(scene: Scene, what: Iterable[int] | int | NDArray[Any]) -> Mask:
    n_events = scene.n_events
    try:
        ids = np.asarray(what if np.ndim(what) or not isinstance(what, Iterable) else list(what))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ParameterError(
            f"select by a condition, a function, event numbers or a mask, not by {type(what).__name__}"
        ) from None
    if ids.dtype == np.bool_:
        return np.array(ids) if ids.shape == (n_events,) else _of_one_kind(scene, ids)
    if ids.size and not np.issubdtype(ids.dtype, np.integer):
        raise ParameterError(f"select by a condition, a function, event numbers or a mask, not by {ids.dtype} values")
    ids = np.atleast_1d(ids).astype(np.int64)
    wrong = (ids < 0) | (ids >= n_events)
    if wrong.any():
        raise ParameterError(
            f"there is no event {ids[wrong].reshape(-1)[0]}: they are numbered 0 … {n_events - 1}"
            if n_events
            else "there are no events"
        )
    mask = np.zeros(n_events, np.bool_)
    mask[ids] = True
    return mask


def _of_one_kind(scene: Scene, mask: Mask) -> Mask:
    """A mask over the table of one kind as one over all events."""
    held = [table for table in scene.tables if len(table)]
    fitting = [table.KIND for table in held if mask.shape == (len(table),)]
    if len(fitting) != 1:
        counts = ", ".join(f"{len(table)} {table.KIND}" for table in held)
        which = f"as many as {' and '.join(fitting)}: which?" if fitting else "neither all nor those of one kind"
        raise ParameterError(
            f"the mask has the shape {mask.shape}, the scene {scene.n_events} events, {counts}: {which}"
        )
    return np.concatenate(
        [mask if fitting[0] == table.KIND else np.zeros(len(table), np.bool_) for table in scene.tables]
    )


def _mask_of(selection: Selection, scene: Scene) -> Mask:
    if selection.scene is not scene:
        raise ParameterError("the selection belongs to another scene: an edit returns a new one, select in that")
    return selection.mask
