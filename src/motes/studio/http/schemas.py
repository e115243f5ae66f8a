"""What requests hold and answers tell, as the page and OpenAPI see it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False)]
Number = Annotated[int, Field(ge=0, le=2**53)]
_MOST_IDS = 10_000_000


class Body(BaseModel):
    """A request's body: unknown fields are a mistake."""

    model_config = ConfigDict(extra="forbid")


class Box(Body):
    """A stretch of time and frequency."""

    start_s: Finite
    end_s: Finite
    low_hz: Finite
    high_hz: Finite


class What(Body):
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
    group: Number | None = Field(default=None, description="in this group or one within it")
    groups: Annotated[list[Number], Field(max_length=100_000)] | None = None
    kind: str | None = None
    start_s: Finite | None = Field(default=None, description="whose time is not before")
    end_s: Finite | None = Field(default=None, description="whose time is before")
    box: Box | None = Field(default=None, description="that touch the box")
    lasso: Annotated[list[tuple[Finite, Finite]], Field(min_length=3, max_length=10_000)] | None = Field(
        default=None, description="[s, Hz], …"
    )
    muted: bool | None = None
    invert: bool = False


class OpenBody(Body):
    """One of them."""

    path: str | None = None
    upload: str | None = None
    recovered: str | None = None


class SourceBody(Body):
    """One of them."""

    path: str | None = None
    upload: str | None = None


class SaveBody(Body):
    """Where to; without a path, where the document came from."""

    path: str | None = None
    overwrite: bool = False


class JobBody(Body):
    """What to encode, and how."""

    path: str | None = None
    upload: str | None = None
    document: str | None = None
    encoder: str = "pursuit"
    options: dict[str, Any] = Field(default_factory=dict)


class TableBody(Body):
    """A piece of the table of events."""

    what: What | None = None
    sort: str = "time_s"
    descending: bool = False
    offset: Number = 0
    limit: Annotated[int, Field(ge=0, le=2000)] = 200
    columns: list[str] | None = None
    find: Number | None = None


class SoundBody(Body):
    """Which events to hear alone."""

    what: What


class Move(Body):
    """Later by seconds."""

    op: Literal["move"]
    by_s: Finite


class Transpose(Body):
    """Higher."""

    op: Literal["transpose"]
    semitones: Finite


class Stretch(Body):
    """Longer, about the first onset."""

    op: Literal["stretch"]
    factor: Finite


class Gain(Body):
    """Louder."""

    op: Literal["gain"]
    db: Finite


class Band(Body):
    """Without what lies outside a band."""

    op: Literal["filter"]
    low_hz: Finite | None = None
    high_hz: Finite | None = None


class Plain(Body):
    """What needs no numbers."""

    op: Literal["reverse", "delete", "keep", "mute", "unmute", "solo", "ungroup"]


class Duplicate(Body):
    """A copy whose first onset is there."""

    op: Literal["duplicate"]
    at_s: Finite


class Paste(Body):
    """Events of a document, this one or another; `what` names them there."""

    op: Literal["paste"]
    document: str
    revision: Number
    at_s: Finite


class Group(Body):
    """Into a new group."""

    op: Literal["group"]
    role: Literal["own", "note", "voice"] = "own"
    parent: Number = 0


class InRoom(Body):
    """Into a room: one of `GET /api/rooms` by its name, one of the scene's by its id, or out of theirs."""

    op: Literal["room"]
    room: Annotated[str, Field(min_length=1, max_length=255)] | Number | None
    wetness: Annotated[float, Field(ge=0, le=1, description="which part of each event goes into the room")] = 0.3


class Set(Body):
    """Parameters to exact values."""

    op: Literal["set"]
    values: dict[str, Finite | list[Finite]]


Edit = Annotated[
    Move | Transpose | Stretch | Gain | Band | Plain | Duplicate | Paste | Group | InRoom | Set,
    Field(discriminator="op"),
]


class EditBody(Body):
    """An edit of the revision in force."""

    revision: Number
    what: What = Field(default_factory=What)
    edit: Edit
