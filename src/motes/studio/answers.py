"""What answers hold, as OpenAPI describes it and as the types of the page, which are generated from that, have it."""

from __future__ import annotations

from typing import (
    Any,
    Literal,
    NotRequired,  # pydantic wants this one before Python 3.12
)

from typing_extensions import TypedDict

from motes.kinds.kind import Shape
from motes.studio.document_answers import NotesState, OriginalAnswer

Track = Literal["original", "reconstruction", "residual"]
FileType = Literal["folder", "scene", "recording"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
OptionType = Literal["number", "integer", "boolean", "choice", "integers", "text"]
Value = int | float | list[int | float]


class ParamAnswer(TypedDict):
    """A parameter of a kind of event."""

    name: str
    unit: str
    low: int | float
    high: int | float
    default: int | float | None
    whole: bool
    per_channel: bool
    meaning: str
    editable: bool
    measured: bool


class ColourAnswer(TypedDict):
    """A colour on light and on dark pages, `#rrggbb`."""

    light: str
    dark: str


class KindAnswer(TypedDict):
    """A kind of event: its names, how it is drawn (`motes.kinds.kind.Look`), and its parameters."""

    kind: str
    label: str
    plural: str
    colour: ColourAnswer
    shape: Shape
    lane: str
    ring_t60s: float
    has_partials: bool
    params: list[ParamAnswer]
    ragged: list[str]
    aux: tuple[str, str]
    more: list[str]


class OptionAnswer(TypedDict):
    """An option of an encoder."""

    name: str
    title: str
    type: OptionType
    default: bool | int | float | str | list[int] | None
    nullable: bool
    low: int | float | None
    high: int | float | None
    exclusive_low: bool
    choices: list[int | str] | None
    target: bool
    doc: str


class EncoderAnswer(TypedDict):
    """An encoder and its options."""

    encoder: str
    title: str
    options: list[OptionAnswer]


class RoomHeld(TypedDict):
    """A room of a scene, with the id that events name."""

    id: int
    name: str
    missing: bool


class RoomAnswer(TypedDict):
    """A room that events can be sent to."""

    name: str
    rt60_s: float | None
    duration_s: float
    n_channels: int | None
    sample_rate_hz: int | None
    synthetic: bool


class MetadataAnswer(TypedDict):
    """How a scene was made."""

    encoder: str
    options: dict[str, Any]
    stop_reason: str
    source_digest: str
    version: str


class MarkerAnswer(TypedDict):
    """A place in time with a name, or a region up to `end_s`."""

    start_s: float
    end_s: float | None
    name: str


class DocumentAnswer(TypedDict):
    """An open document; `n_bytes` are those of its file as it was opened or saved last, and `lanes` the numbers in use
    of each kind whose events lie on lanes.
    """

    id: str
    name: str
    path: str | None
    n_bytes: int | None
    revision: int
    saved_revision: int | None
    dirty: bool
    undo: str | None
    redo: str | None
    n_events: int
    counts: dict[str, int]
    lanes: dict[str, list[int]]
    n_muted: int
    sample_rate_hz: int
    n_samples: int
    n_channels: int
    duration_s: float
    top_hz: float
    original: OriginalAnswer | None
    tracks: list[Track]
    groups: int
    notes: NotesState
    instruments: int
    rooms: list[RoomHeld]
    unheard: str
    metadata: MetadataAnswer
    markers: list[MarkerAnswer]
    group_names: dict[str, str]
    finest_level: int
    coarsest_level: int


class DrawnAnswer(TypedDict):
    """Which picture of a fit as it stands there is, its length and height."""

    number: int
    duration_s: float
    top_hz: float


class JobAnswer(TypedDict):
    """A recording on its way to a scene; `iteration` and `loss` are those of fits."""

    id: str
    name: str
    encoder: str
    options: dict[str, Any]
    state: JobState
    fraction: float
    n_events: int
    iteration: int | None
    loss: float | None
    drawn: DrawnAnswer | None
    elapsed_s: float
    remaining_s: float | None
    document: str | None
    error: str | None
    stop_reason: str


class RecoveredAnswer(TypedDict):
    """Unsaved work of a studio that ended."""

    id: str
    name: str
    path: str | None
    saved_at: float
    n_events: int
    duration_s: float


class LimitsAnswer(TypedDict):
    """How much can be sent."""

    upload_bytes: int
    upload_s: float
    decoded_samples: int


class EditParameterAnswer(TypedDict):
    """One value that an edit takes."""

    name: str
    type: Literal["number", "integer", "boolean", "choice", "room", "values", "points"]
    unit: str
    low: float | None
    high: float | None
    required: bool
    default: float | int | str | bool | None
    doc: str


class EditAnswer(TypedDict):
    """What can be asked of events: an edit, its words and what it takes."""

    op: str
    label: str
    doc: str
    parameters: list[EditParameterAnswer]


class StudioAnswer(TypedDict):
    """All a page needs to start."""

    version: str
    folder: str
    can_upload: bool
    limits: LimitsAnswer
    kinds: list[KindAnswer]
    encoders: list[EncoderAnswer]
    edits: list[EditAnswer]
    note_edits: list[str]
    roles: list[str]
    select_columns: list[str]
    documents: list[DocumentAnswer]
    jobs: list[JobAnswer]
    recovered: list[RecoveredAnswer]
    opened: str | None
    opened_job: str | None


class EntryAnswer(TypedDict):
    """A folder, scene or recording."""

    name: str
    path: str
    type: FileType
    n_bytes: int
    modified: float


class FolderAnswer(TypedDict):
    """What is in a folder."""

    path: str
    parent: str | None
    entries: list[EntryAnswer]


class UploadAnswer(TypedDict):
    """A file that has arrived."""

    upload: str
    name: str
    n_bytes: int
    type: FileType
    duration_s: float


class EventAnswer(TypedDict):
    """One event with all its parameters."""

    id: int
    kind: str
    start_s: float
    end_s: float
    low_hz: float
    high_hz: float
    level_db: float
    group_id: int
    muted: bool
    params: dict[str, Value]
    ragged: dict[str, list[Any]]


class SelectedAnswer(TypedDict):
    """What a selection is, in `revision`; `notes` are those that are meant as wholes, and `rooms` ids, 0 for none."""

    revision: int
    n: int
    ranges: list[int]
    notes: list[int]
    start_s: float | None
    end_s: float | None
    low_hz: float | None
    high_hz: float | None
    kinds: dict[str, int]
    n_muted: int
    groups: list[int]
    rooms: list[int]
    wetness: tuple[float, float] | None


class TableAnswer(TypedDict):
    """A piece of the table of events; null where a kind lacks a column."""

    n: int
    offset: int
    position: int | None
    ids: list[int]
    kinds: list[str]
    muted: list[bool]
    columns: dict[str, list[int | float | str | None]]


class GroupAnswer(TypedDict):
    """A group of events; without edges where it holds none itself."""

    id: int
    parent: int
    role: str
    n_events: int
    start_s: float | None
    end_s: float | None


class ChangedAnswer(TypedDict):
    """The stretch outside which an edit changed nothing that sounds."""

    start_s: float
    end_s: float


class EditedEvents(TypedDict):
    """The events and notes that an edit was done to, as they are now."""

    n: int
    ranges: list[int]
    notes: list[int]


class EditedAnswer(TypedDict):
    """What an edit led to."""

    revision: int
    label: str
    changed: ChangedAnswer | None
    selection: EditedEvents
    document: DocumentAnswer


class LevelAnswer(TypedDict):
    """How loud a track is, and the gain that makes it as loud as the reference."""

    loudness_lufs: float
    rms_db: float
    peak_db: float
    gain: float


class TrackLevels(TypedDict):
    """The tracks that there are."""

    original: NotRequired[LevelAnswer]
    reconstruction: NotRequired[LevelAnswer]
    residual: NotRequired[LevelAnswer]


class LevelsAnswer(TypedDict):
    """How loud the tracks are."""

    reference: Track
    tracks: TrackLevels


class SoundAnswer(TypedDict):
    """A selection as a sound of its own, from sample `first` of the timeline on."""

    sound: str
    start_s: float
    end_s: float
    n_samples: int
    first: int
    url_wav: str
    url_f32: str
