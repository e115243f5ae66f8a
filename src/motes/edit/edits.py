"""All edits, a record each. The command line, `motes.edit.apply`, requests to the studio, its page and docs/edit.md
follow from this table.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from motes.edit import assign, joining, operations, slicing, tables
from motes.edit.operations import MAX_FACTOR, MAX_GAIN_DB, MAX_SEMITONES, WETNESS
from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.events.room import Room
from motes.scene.scene import Scene


@dataclass(frozen=True)
class Parameter:
    """A parameter of an edit: its name in Python and in requests, what it takes, and what it does."""

    name: str
    type: Any
    doc: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    # `...` where it must be given.
    default: Any = field(default=..., kw_only=True)
    # What `apply` and the command line call it, by default its name.
    flag: str = field(default="", kw_only=True)
    # Of what only says how to do an edit: what it says, `{}` standing for the edit's first flag.
    says: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flag", self.flag or self.name)


@dataclass(frozen=True)
class Edit:
    """An edit: its name, what it does, and the function on a Selection, with the parameters by their names.

    Without that function it is one of whole scenes, done before events are chosen. Without a `request` the studio has
    it not, and without `flags` neither the command line nor `apply`.
    """

    name: str
    doc: str
    change: Callable[..., Selection] | None
    parameters: tuple[Parameter, ...] = ()
    # Where whole scenes are edited otherwise than all of their events.
    whole: Callable[..., Scene] | None = field(default=None, kw_only=True)
    # Its name in requests, by default its own; "" for none.
    request: str = field(default="=", kw_only=True)
    # Its word on a button, by default its name.
    label: str = field(default="", kw_only=True)
    # What a history calls it, by its parameters; its name in requests where there is nothing to add.
    past: Callable[[Mapping[str, Any]], str] | None = field(default=None, kw_only=True)
    has_flags: bool = field(default=True, kw_only=True)
    # The edit that would leave nothing together with this one.
    excludes: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "request", self.name if self.request == "=" else self.request)
        object.__setattr__(self, "label", self.label or self.name.capitalize())

    @property
    def flags(self) -> tuple[Parameter, ...]:
        """What `apply` and the command line ask for it by: its parameters, or a switch of its name."""
        if not self.has_flags:
            return ()
        return self.parameters or (Parameter(self.name, bool, self.doc, default=False),)

    def history_label(self, values: Mapping[str, Any]) -> str:
        """What a history calls it."""
        return self.past(values) if self.past is not None else self.request


def _cut(scene: Scene, seconds: Any, with_overhang: bool = False) -> Scene:
    start_s, end_s = seconds if isinstance(seconds, tuple) else slicing.slice_seconds(seconds)
    return slicing.cut(scene, start_s, end_s, with_overhang)


# In the order in which several are done.
EDITS: tuple[Edit, ...] = (
    Edit(
        "join",
        "Add another scene.",
        None,
        (
            Parameter("other", Scene, "Another .mote file to add.", flag="join"),
            Parameter(
                "at_s",
                float,
                "Where the joined file starts, in seconds; without it, at the end.",
                "s",
                0,
                default=None,
                flag="at",
                says="how to {}",
            ),
            Parameter("resample", bool, "Join files of another sample rate too.", default=False, says="how to {}"),
        ),
        whole=joining.join,
        request="",
    ),
    Edit(
        "slice",
        "Keep a piece of time.",
        None,
        (
            Parameter(
                "seconds", slice, "Keep a stretch in seconds, START:END; either may be left out.", "s", 0, flag="slice"
            ),
            Parameter(
                "with_overhang",
                bool,
                "Slices keep events centred outside that sound inside.",
                default=False,
                says="how to {}",
            ),
        ),
        whole=_cut,
        request="",
    ),
    Edit(
        "only",
        "Remove everything else.",
        lambda chosen: tables.kept(chosen, chosen.mask),
        request="keep",
        label="Keep only",
    ),
    Edit(
        "drop",
        "Remove what is selected.",
        lambda chosen: tables.kept(chosen, ~chosen.mask),
        request="delete",
        label="Delete",
        excludes="only",
    ),
    Edit("mute", "Silence what is selected.", operations.mute),
    Edit("solo", "Silence everything else.", operations.solo, excludes="mute"),
    Edit(
        "filter",
        "Remove what lies outside a band.",
        operations.filter,
        (
            Parameter("low_hz", float, "Remove what is lower.", "Hz", 0, default=None),
            Parameter("high_hz", float, "Remove what is higher.", "Hz", 0, default=None),
        ),
        label="Band",
    ),
    Edit(
        "gain",
        "Make louder.",
        operations.gain,
        (
            Parameter(
                "db", float, "Louder by so many dB; -6 is quieter.", "dB", -MAX_GAIN_DB, MAX_GAIN_DB, flag="gain_db"
            ),
        ),
    ),
    Edit(
        "transpose",
        "Make higher, as long as before.",
        operations.transpose,
        (
            Parameter(
                "semitones",
                float,
                "Higher by so many semitones; -3 is lower.",
                "semitones",
                -MAX_SEMITONES,
                MAX_SEMITONES,
                flag="transpose",
            ),
        ),
    ),
    Edit(
        "stretch",
        "Make longer, at the same pitch.",
        operations.stretch,
        (
            Parameter(
                "factor",
                float,
                "So many times as long, at the same pitch.",
                "",
                1 / MAX_FACTOR,
                MAX_FACTOR,
                flag="stretch",
            ),
        ),
        whole=operations.stretch_scene,
    ),
    Edit("reverse", "Backwards.", operations.reverse, whole=operations.reverse_scene),
    Edit(
        "move",
        "Make later.",
        operations.move,
        (Parameter("by_s", float, "Later by so many seconds; -0.5 is earlier.", "s", flag="move"),),
    ),
    Edit(
        "duplicate",
        "Add a copy, of which the first onset is there.",
        joining.duplicate,
        (Parameter("at_s", float, "A second copy, starting here, in seconds.", "s", 0, flag="duplicate_at"),),
    ),
    Edit(
        "room",
        "Put into a room, or take out.",
        operations.into_room,
        (
            Parameter(
                "room",
                Room,
                "Put into a room: one that `motes rooms` lists, synthetic:1.2 for a reverberation time of 1.2 s, or "
                "`none` to take out.",
            ),
            Parameter(
                "wetness",
                float,
                "How much of each sound goes into the room, 0 … 1; 0.3 if not given.",
                "",
                0,
                1,
                default=WETNESS,
                says="how wet {} is",
            ),
        ),
        past=lambda values: "send to a room" if values["room"] else "take out",
    ),
    Edit(
        "embed_rooms",
        "Pack the rooms' responses into the file, 16 bits in FLAC; without it the file names them, and readers need "
        "them too. Mind their licence.",
        lambda chosen: replace(chosen, scene=operations.embed_rooms(chosen.scene)),
        request="",
    ),
    Edit(
        "group",
        "Put into a new group.",
        assign.grouped,
        (
            Parameter("role", Literal["own", "note", "voice"], "What the group is.", default="own"),
            Parameter("parent", int, "The group that it is in, 0 for none.", "", 0, default=0),
        ),
        has_flags=False,
    ),
    Edit("ungroup", "Take out of their groups, into those that these are in.", assign.ungrouped, has_flags=False),
    Edit(
        "set",
        "Set parameters to exact values.",
        assign.assign,
        (Parameter("values", Mapping, "A number, one for each channel, or all of a ragged field, by name."),),
        past=lambda values: f"set {', '.join(values['values'])}",
        has_flags=False,
    ),
)
FLAGS: dict[str, Parameter] = {parameter.flag: parameter for edit in EDITS for parameter in edit.flags}


class Edited(NamedTuple):
    """An edited scene, how many events were selected, and of how many."""

    scene: Scene
    n_selected: int
    n_events: int


def edited(scene: Scene, select: Any, edits: Mapping[str, Any]) -> Edited:
    """The scene with edits, by their FLAGS, of the events that `select` chooses; None for the whole scene."""
    todo = steps(edits)
    for edit, values in todo:
        if edit.change is None and edit.whole is not None:
            scene = edit.whole(scene, **values)
    selection = scene.select(select)
    n_selected = len(selection)
    for edit, values in todo:
        if edit.change is None:
            continue
        if select is not None:
            selection = edit.change(selection, **values)
        elif edit.whole is not None:
            selection = edit.whole(selection.scene, **values).select()
        else:
            selection = edit.change(selection, **values).scene.select()
    return Edited(selection.scene, n_selected, scene.n_events)


def steps(edits: Mapping[str, Any], spelled: Callable[[str], str] = str) -> list[tuple[Edit, dict[str, Any]]]:
    """The edits that are asked for by their FLAGS (None and False ask for nothing), in the order of EDITS, with their
    parameters by name.

    ParameterError, which has flags as they are `spelled`, where they are not known or make no sense together.
    """
    for flag in edits:
        if flag not in FLAGS:
            near = difflib.get_close_matches(flag, FLAGS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(FLAGS)}"
            raise ParameterError(f"there is no edit {flag!r}, {hint}")
    asked = {flag for flag, value in edits.items() if value is not None and value is not False}
    todo: dict[str, tuple[Edit, dict[str, Any]]] = {}
    for edit in EDITS:
        given = [parameter for parameter in edit.flags if parameter.flag in asked]
        if not given:
            continue
        if all(parameter.says for parameter in given):
            says = given[0].says.format(spelled(edit.flags[0].flag))
            raise ParameterError(f"{spelled(given[0].flag)} says {says}, which is missing")
        if edit.excludes in todo:
            raise ParameterError(f"{spelled(edit.excludes)} and {spelled(edit.name)} together leave nothing")
        todo[edit.name] = edit, {parameter.name: edits[parameter.flag] for parameter in given if edit.parameters}
    return list(todo.values())
