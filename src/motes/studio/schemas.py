"""What requests hold, as the page and OpenAPI see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from motes import kinds
from motes.edit import edits
from motes.encoders import ENCODERS
from motes.events.room import Room

Finite = Annotated[float, Field(allow_inf_nan=False)]
# Checked where it is used, which says more of what is wrong than a schema does.
NotNegative = Annotated[float, Field(allow_inf_nan=False, json_schema_extra={"minimum": 0})]
Number = Annotated[int, Field(ge=0, le=2**53)]
_MOST_IDS = 10_000_000


class Body(BaseModel):
    """A request's body: unknown fields are a mistake."""

    model_config = ConfigDict(extra="forbid")


def _one_of(*names: str) -> ConfigDict:
    """The settings of a body of whose fields with these names exactly one is given."""

    def describe(schema: dict[str, Any]) -> None:
        for name in names:
            schema["properties"][name] = {"type": "string"}
        schema["oneOf"] = [{"required": [name]} for name in names]

    return ConfigDict(extra="forbid", json_schema_extra=describe)


def _pattern(names: Iterable[str]) -> dict[str, Any]:
    """What a schema says of a name that is one of these: not an enumeration, so that the page knows none of them."""
    return {"pattern": f"^({'|'.join(map(re.escape, names))})$"}


class Box(Body):
    """A stretch of time and frequency."""

    start_s: Finite
    end_s: Finite
    low_hz: Finite
    high_hz: Finite


class EventFilter(Body):
    """Which events: all fields that are given must hold; without any, all events."""

    ranges: Annotated[list[Number], Field(max_length=_MOST_IDS)] | None = Field(
        default=None, description="first, end, first, end, …"
    )
    ids: Annotated[list[Number], Field(max_length=_MOST_IDS)] | None = Field(
        default=None, description="numbers of events"
    )
    expression: Annotated[str, Field(max_length=10_000)] | None = Field(
        default=None, description="as for `motes edit --select`"
    )
    notes: Annotated[list[Number], Field(max_length=100_000)] | None = Field(
        default=None, description="numbers of notes: what these consist of, parts of shared atoms too"
    )
    group: Number | None = Field(default=None, description="in this group or one within it")
    groups: Annotated[list[Number], Field(max_length=100_000)] | None = None
    kind: Annotated[str, Field(json_schema_extra=_pattern(kind.name for kind in kinds.KINDS))] | None = None
    start_s: NotNegative | None = Field(default=None, description="whose time is not before")
    end_s: NotNegative | None = Field(default=None, description="whose time is before")
    box: Box | None = Field(default=None, description="that touch the box")
    lasso: Annotated[list[tuple[Finite, Finite]], Field(min_length=3, max_length=10_000)] | None = Field(
        default=None, description="[s, Hz], …"
    )
    muted: bool | None = None
    widen: Literal["similar", "harmonics", "in_time", "partials", "notes"] | None = Field(
        default=None, description="and what belongs to those for which all this holds, as docs/edit.md says"
    )
    invert: bool = False


class OpenBody(Body):
    """A scene, a recording or unsaved work to open: one of the three."""

    model_config = _one_of("path", "upload", "recovered")

    path: str | None = None
    upload: str | None = None
    recovered: str | None = None


class SourceBody(Body):
    """A file, in the folder or uploaded: one of the two."""

    model_config = _one_of("path", "upload")

    path: str | None = None
    upload: str | None = None


class FolderBody(Body):
    """A folder to make, in one that is there."""

    path: Annotated[str, Field(min_length=1, max_length=4000)]


class SaveBody(Body):
    """Where to; without a path, where the document came from."""

    path: Annotated[str, Field(json_schema_extra={"pattern": r"\.[mM][oO][tT][eE]$"})] | None = None
    overwrite: bool = False
    muted: Literal["leave_out", "keep"] = Field(
        default="leave_out", description="what becomes of muted events: kept ones sound where the file is decoded"
    )


class JobBody(Body):
    """What to encode, and how."""

    model_config = _one_of("path", "upload", "document")

    path: str | None = None
    upload: str | None = None
    document: str | None = None
    encoder: Annotated[str, Field(json_schema_extra=_pattern(encoder.name for encoder in ENCODERS))] = "pursuit"
    options: dict[str, Any] = Field(default_factory=dict)


class TableBody(Body):
    """A piece of the table of events."""

    what: EventFilter | None = None
    order_by: str = Field(default="time_s", alias="sort")
    descending: bool = False
    offset: Number = 0
    limit: Annotated[int, Field(ge=0, le=2000)] = 200
    columns: list[str] | None = None
    find: Number | None = None


class SoundBody(Body):
    """Which events to render alone."""

    what: EventFilter


class Paste(Body):
    """Events of a document, this one or another; `what` names them there."""

    op: Literal["paste"]
    document: str
    revision: Number
    at_s: Finite


class Struck(Body):
    """One strike of an instrument, and how it was deformed."""

    time_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    control: Number
    amplitude: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    deformation: dict[str, Finite] = Field(default_factory=dict, description="as of `motes.events.deformation`")


class Play(Body):
    """What was played on the scene's first instrument, as strikes of it."""

    op: Literal["play"]
    strikes: Annotated[list[Struck], Field(min_length=1, max_length=100_000)]


class ChanceBody(Body):
    """Pitch, length and strength of events by chance, their times, or both; of all events but noise where a request
    names none.
    """

    op: Literal["chance"]
    events: bool = Field(default=False, description="whether pitch, length and strength are drawn")
    times: bool = Field(default=False, description="whether times are")
    strength: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        default=1.0, description="how far towards what is drawn"
    )
    seed: Number = 0
    of: Number | None = Field(
        default=None, description="the revision that is drawn from, and whose events are named: to draw again"
    )


class SplitNote(Body):
    """One note as two, at a time."""

    op: Literal["split_note"]
    note: Number
    at_s: Finite


class MergeNotes(Body):
    """Several notes as one."""

    op: Literal["merge_notes"]
    notes: Annotated[list[Number], Field(min_length=2, max_length=1000)]


class AddNote(Body):
    """A note like another, at another pitch and time."""

    op: Literal["add_note"]
    like: Number
    pitch: Finite | None = Field(default=None, description="MIDI number, 69 for 440 Hz; null for that of `like`")
    onset_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Unmute(Body):
    """No longer silent."""

    op: Literal["unmute"]


# What requests hold for a type of parameter, where it is not itself.
_TYPES: dict[Any, Any] = {
    float: Finite,
    int: Number,
    Room: Annotated[str, Field(min_length=1, max_length=255)] | Number | None,
    Mapping: dict[str, Finite | list[Finite]],
    edits.Breakpoints: Annotated[list[tuple[Finite, Finite]], Field(min_length=1, max_length=10_000)],
}


def _body(edit: edits.Edit) -> type[Body]:
    """A request for an edit."""
    fields: dict[str, Any] = {"op": Literal[edit.request]}
    for parameter in edit.parameters:
        taken = _TYPES.get(parameter.type, parameter.type)
        bounds = dict(zip(("minimum", "maximum"), parameter.range, strict=True))
        about = Field(
            parameter.default,
            description=parameter.doc,
            json_schema_extra={name: value for name, value in bounds.items() if value is not None},
        )
        fields[parameter.name] = (taken | None if parameter.default is None else taken, about)
    return create_model(f"{str(edit.request).capitalize()}Edit", __base__=Body, __doc__=edit.doc, **fields)


if TYPE_CHECKING:
    Edit = Any
    FurtherEdit = Any
else:
    _OF_EVENTS = (*(_body(edit) for edit in edits.EDITS if edit.request), Unmute)
    _BODIES = (*_OF_EVENTS, Paste, Play, ChanceBody, SplitNote, MergeNotes, AddNote)
    Edit = Annotated[Union[_BODIES], Field(discriminator="op")]  # noqa: UP007 (of a tuple)
    # What can be done to the events that another edit leaves.
    FurtherEdit = Annotated[Union[_OF_EVENTS], Field(discriminator="op")]  # noqa: UP007


class EditBody(Body):
    """An edit of the revision in force."""

    revision: Number
    what: EventFilter = Field(default_factory=EventFilter)
    edit: Edit
    then: list[FurtherEdit] = Field(
        default_factory=list, max_length=8, description="further edits of what the first one leaves, in the same step"
    )
    gesture: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="edits of one gesture that follow each other are one step"
    )


class MarkerBody(Body):
    """A place in time with a name, or a region up to `end_s`."""

    start_s: Finite
    end_s: Finite | None = None
    name: Annotated[str, Field(max_length=100)] = ""


class NamesBody(Body):
    """All markers of a document, names of groups, or both; what is not given stays, and an empty name takes one
    away.
    """

    revision: Number
    markers: Annotated[list[MarkerBody], Field(max_length=500)] | None = None
    group_names: dict[Annotated[str, Field(pattern=r"^\d{1,13}$")], Annotated[str, Field(max_length=100)]] | None = None


class StepBody(Body):
    """A step of the history to go to."""

    revision: Number


class FindNotesBody(Body):
    """Which notes to look for: none that are less sure."""

    sureness: Annotated[float, Field(ge=0.03, le=0.99, allow_inf_nan=False)] | None = None
