"""All edits, a record each. The command line, `motes.edit`, requests to the studio, its page and docs/edit.md
follow from this table.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from motes.edit import assign, gains, joining, operations, slicing
from motes.edit.gains import MAX_WIDTH
from motes.edit.operations import MAX_FACTOR, MAX_GAIN_DB, MAX_SEMITONES, WETNESS
from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.events.room import Room
from motes.scene.scene import Scene

Range = tuple[float | None, float | None]
# The type of a parameter that takes several notes, by their numbers.
NoteNumbers = list[int]
# Of one that takes an envelope: times in s, each with a gain in dB.
Breakpoints = list[tuple[float, float]]


@dataclass(frozen=True)
class Parameter:
    """A parameter of an edit: its name in Python and in requests, its flag (of `motes.edit` and the command line), and
    what it takes.
    """

    name: str
    flag: str
    type: Any
    doc: str
    unit: str = ""
    range: Range = (None, None)
    # `...` where it must be given.
    default: Any = ...
    # Of what only says how to do an edit: what it says, `{}` standing for the edit's first flag.
    says: str = ""


@dataclass(frozen=True)
class Edit:
    """An edit: its name, the function on a Selection, and the parameters that this takes by their names.

    Without that function it is one of whole scenes, and that, like one that comes `first`, is done before events are
    chosen. Without a `request` the studio lacks it; the command line and `motes.edit` lack what has no flags.
    """

    name: str
    change: Callable[..., Selection] | None
    parameters: tuple[Parameter, ...] = ()
    # What it does, by default what its first parameter does.
    doc: str = ""
    # Where whole scenes are edited otherwise than all of their events.
    whole: Callable[..., Scene] | None = None
    # Its name in requests, None for its own.
    request: str | None = None
    # The edit that would leave nothing together with this one.
    excludes: str = ""
    # What a history calls it, by its parameters; its name in requests where there is nothing to add.
    past: Callable[[Mapping[str, Any]], str] | None = None
    has_flags: bool = True
    # Whether it is of what it names itself, whatever is chosen.
    first: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "doc", self.doc or self.parameters[0].doc)
        object.__setattr__(self, "request", self.name if self.request is None else self.request)

    @property
    def flags(self) -> tuple[Parameter, ...]:
        """What `motes.edit` and the command line ask for it by: its parameters, or a switch of its name."""
        if not self.has_flags:
            return ()
        return self.parameters or (Parameter(self.name, self.name, bool, self.doc, default=False),)

    def history_label(self, values: Mapping[str, Any]) -> str:
        """What a history calls it."""
        return self.past(values) if self.past is not None else str(self.request)


def _cut(scene: Scene, seconds: Any, with_overhang: bool = False) -> Scene:
    start_s, end_s = seconds if isinstance(seconds, tuple) else slicing.slice_seconds(seconds)
    return slicing.cut(scene, start_s, end_s, with_overhang)


def _split_note(selection: Selection, note: int, at_s: float) -> Selection:
    from motes.notes.changing import split_note

    return split_note(selection.scene, note, at_s)


def _merge_notes(selection: Selection, notes: NoteNumbers) -> Selection:
    from motes.notes.changing import merge_notes

    return merge_notes(selection.scene, notes)


def _add_note(selection: Selection, **values: Any) -> Selection:
    from motes.notes.changing import add_note

    return add_note(selection.scene, **values)


_HOW, _FROM_0 = "how to {}", (0.0, None)
_AT = "Where the joined file starts, in seconds; without it, at the end."
_JOIN = (
    Parameter("other", "join", Scene, "Another .mote file to add."),
    Parameter("at_s", "at", float, _AT, "s", _FROM_0, None, _HOW),
    Parameter("resample", "resample", bool, "Join files of another sample rate too.", default=False, says=_HOW),
)
_OVERHANG = "Slices keep events centred outside that sound inside."
_SLICE = (
    Parameter("seconds", "slice", slice, "Keep a stretch in seconds, START:END; either may be left out.", "s", _FROM_0),
    Parameter("with_overhang", "with_overhang", bool, _OVERHANG, default=False, says=_HOW),
)
_BAND = (
    Parameter("low_hz", "low_hz", float, "Remove what is lower.", "Hz", _FROM_0, None),
    Parameter("high_hz", "high_hz", float, "Remove what is higher.", "Hz", _FROM_0, None),
)
_GAIN = Parameter("db", "gain_db", float, "Louder by so many dB; -6 is quieter.", "dB", (-MAX_GAIN_DB, MAX_GAIN_DB))
_HIGHER = "Higher by so many semitones; -3 is lower."
_TRANSPOSE = Parameter("semitones", "transpose", float, _HIGHER, "semitones", (-MAX_SEMITONES, MAX_SEMITONES))
_UNDER = "Partials move under the envelope that their note had before edits: formants stay where they were."
_FORMANTS = Parameter("keep_formants", "keep_formants", bool, _UNDER, default=False, says=_HOW)
_LONGER = "So many times as long, at the same pitch."
_STRETCH = Parameter("factor", "stretch", float, _LONGER, "", (1 / MAX_FACTOR, MAX_FACTOR))
_MOVE = Parameter("by_s", "move", float, "Later by so many seconds; -0.5 is earlier.", "s")
_FADE = (
    Parameter("in_s", "fade_in", float, "Fade in for so many seconds from the first onset on.", "s", _FROM_0, None),
    Parameter("out_s", "fade_out", float, "Fade out for so many seconds until the last end.", "s", _FROM_0, None),
)
_POINTS = "Louder by a gain that runs straight in dB between points, TIME:DB,TIME:DB, in seconds of the scene."
_ENVELOPE = Parameter("points", "envelope", Breakpoints, _POINTS)
_SIDE = "To the left, down to -1, or to the right, up to 1; equal power."
_PAN = Parameter("position", "pan", float, _SIDE, "", (-1.0, 1.0))
_WIDE = "So many times as wide in stereo: 0 is mono."
_WIDTH = Parameter("factor", "width", float, _WIDE, "", (0.0, MAX_WIDTH))
_COPY = Parameter("at_s", "duplicate_at", float, "A second copy, starting here, in seconds.", "s", _FROM_0)
_IN = (
    "Put into a room: one that `motes rooms` lists, synthetic:1.2 for a reverberation time of 1.2 s, or `none` to take "
    "out."
)
_WET = "How much of each sound goes into the room, 0 … 1; 0.3 if not given."
_ROOM = (
    Parameter("room", "room", Room, _IN),
    Parameter("wetness", "wetness", float, _WET, "", (0.0, 1.0), WETNESS, "how wet {} is"),
)
_EMBED = (
    "Pack the rooms' responses into the file, 16 bits in FLAC; without it the file names them, and readers need them "
    "too. Mind their licence."
)
_GROUP = (
    Parameter("role", "", Literal["own", "note", "voice"], "Put into a new group of this role.", default="own"),
    Parameter("parent", "", int, "The group that it is in, 0 for none.", "", _FROM_0, 0),
)
_SPLIT = (
    Parameter("note", "split_note", int, "Two notes of one: its number.", "", _FROM_0),
    Parameter(
        "at_s", "split_at", float, "When the second of them begins, in seconds.", "s", _FROM_0, says="when to {}"
    ),
)
_MERGE = (Parameter("notes", "merge_notes", NoteNumbers, "One note of several: their numbers, as in 3,4."),)
_ADD = (
    Parameter("pitch", "add_note", str, "Another note like one: its pitch, such as A4, or `none` for that one's."),
    Parameter("like", "like", int, "The number of the note that it is like.", "", _FROM_0, says=_HOW),
    Parameter("onset_s", "note_onset", float, "When it begins, in seconds.", "s", _FROM_0, says=_HOW),
    Parameter("end_s", "note_end", float, "When it ends; as long as that one if not given.", "s", _FROM_0, None, _HOW),
    Parameter("gain_db", "note_gain_db", float, "Louder by so many dB.", "dB", (-MAX_GAIN_DB, MAX_GAIN_DB), 0.0, _HOW),
)
_SET = Parameter(
    "values", "", Mapping, "Set parameters, by name: a number, one for each channel, or all of a ragged field."
)

# In the order in which several are done.
EDITS: tuple[Edit, ...] = (
    Edit("join", None, _JOIN, whole=joining.join, request=""),
    Edit("slice", None, _SLICE, whole=_cut, request=""),
    Edit("split_note", _split_note, _SPLIT, "A note as two.", request="", first=True),
    Edit("merge_notes", _merge_notes, _MERGE, "Notes as one.", request="", first=True),
    Edit("add_note", _add_note, _ADD, "Another note like one.", request="", first=True),
    Edit("only", operations.only, doc="Remove everything else.", request="keep"),
    Edit("drop", operations.drop, doc="Remove what is selected.", request="delete", excludes="only"),
    Edit("mute", operations.mute, doc="Silence what is selected."),
    Edit("solo", operations.solo, doc="Silence everything else.", excludes="mute"),
    Edit("filter", operations.filter, _BAND, "Remove what lies outside a band."),
    Edit("gain", operations.gain, (_GAIN,)),
    Edit("fade", gains.fade, _FADE, "Fade in and out."),
    Edit("envelope", gains.envelope, (_ENVELOPE,)),
    Edit("pan", gains.pan, (_PAN,)),
    Edit("width", gains.width, (_WIDTH,)),
    Edit("transpose", operations.transpose, (_TRANSPOSE, _FORMANTS)),
    Edit("stretch", operations.stretch, (_STRETCH,), whole=operations.stretch_scene),
    Edit("reverse", operations.reverse, doc="Backwards.", whole=operations.reverse_scene),
    Edit("move", operations.move, (_MOVE,)),
    Edit("duplicate", joining.duplicate, (_COPY,)),
    Edit("room", operations.into_room, _ROOM, past=lambda values: "send to a room" if values["room"] else "take out"),
    Edit("embed_rooms", operations.embed, doc=_EMBED, request=""),
    Edit("group", assign.grouped, _GROUP, has_flags=False),
    Edit("ungroup", assign.ungrouped, doc="Out of their groups, into those that these are in.", has_flags=False),
    Edit("set", assign.assign, (_SET,), past=lambda values: f"set {', '.join(values['values'])}", has_flags=False),
)
FLAGS: dict[str, Parameter] = {parameter.flag: parameter for edit in EDITS for parameter in edit.flags}


class Edited(NamedTuple):
    """An edited scene, how many events were selected, and of how many."""

    scene: Scene
    n_selected: int
    n_events: int


def edited(
    scene: Scene, select: Any, edits: Mapping[str, Any], with_noise: bool = False, with_detail: bool = True
) -> Edited:
    """The scene with edits, by their FLAGS, of the events that `select` chooses, None for the whole scene; notes that
    it chooses have their part of the noise if `with_noise`, and all events theirs of detail unless not `with_detail`.
    """
    todo = steps(edits)
    for edit, values in todo:
        if edit.change is None and edit.whole is not None:
            scene = edit.whole(scene, **values)
        elif edit.first and edit.change is not None:
            scene = edit.change(scene.select(), **values).scene
    selection = scene.select(select, with_noise=with_noise, with_detail=with_detail)
    n_selected = len(selection)
    for edit, values in todo:
        if edit.change is None or edit.first:
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
        missing = [part for part in edit.parameters if part.default is ... and part.says and part not in given]
        if missing:
            flags = " and ".join(spelled(part.flag) for part in missing)
            raise ParameterError(f"{spelled(edit.flags[0].flag)} takes {flags} too: {missing[0].doc}")
        if edit.excludes in todo:
            raise ParameterError(f"{spelled(edit.excludes)} and {spelled(edit.name)} together leave nothing")
        todo[edit.name] = edit, {parameter.name: edits[parameter.flag] for parameter in given if edit.parameters}
    return list(todo.values())
