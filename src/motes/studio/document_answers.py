"""What answers about notes, recording and history of a document hold; see `answers`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

# `dividing`: which parts of atoms are whose is being found; what is asked of notes meanwhile waits for it.
NotesWork = Literal["none", "finding", "dividing", "ready"]


class NotesState(TypedDict):
    """How many notes a document has, what is being done about them, and why that failed. `change` counts what has been
    told, so that what arrives late is known as older.
    """

    change: int
    n: int
    work: NotesWork
    fraction: float
    error: str | None


class NoteAnswer(TypedDict):
    """A note; without pitch `f0_hz`, `pitch` and `cents` are null and `name` is empty. `part` is 0 for none, and
    `n_events` counts those of its own, which it has once it has been edited.
    """

    note: int
    onset_s: float
    end_s: float
    f0_hz: float | None
    pitch: float | None
    name: str
    cents: float | None
    gain_db: float
    sureness: float
    part: int
    program: int
    muted: bool
    n_events: int


class NotesAnswer(TypedDict):
    """The notes of a revision, by their numbers."""

    revision: int
    notes: list[NoteAnswer]


class CurveAnswer(TypedDict):
    """How the fundamental of a note runs: times, s, and frequencies, Hz."""

    note: int
    time_s: list[float]
    f0_hz: list[float]


class CurvesAnswer(TypedDict):
    """The pitch curves of notes, those asked for that there was time to find, and how many there were not."""

    revision: int
    curves: list[CurveAnswer]
    n_left: int


class NotePartialAnswer(TypedDict):
    """A partial of a note; `harmonic` is the nearest multiple of its pitch, null where it has none."""

    number: int
    start_s: float
    end_s: float
    frequency_hz: float
    cents: float
    level_db: float
    n_atoms: int
    harmonic: int | None


class NoteEventsAnswer(TypedDict):
    """The strongest events of a note, or the parts of atoms that are its own, in order of time."""

    n: int
    time_s: list[float]
    duration_s: list[float]
    frequency_hz: list[float | None]
    level_db: list[float]


class NoteDetailAnswer(TypedDict):
    """What a note consists of."""

    note: int
    partials: list[NotePartialAnswer]
    events: NoteEventsAnswer


# How a recording was found to be that of a scene.
Match = Literal["content", "name", "length", "chosen"]


class OriginalAnswer(TypedDict):
    """The recording beside a scene: found by its content or by its name, or chosen."""

    name: str
    duration_s: float
    match: Match


class CandidateAnswer(TypedDict):
    """A recording that may be that of a scene."""

    path: str
    match: Match


class StepAnswer(TypedDict):
    """A state of the history: the edit that led to it, "" for the first, and when, in Unix seconds."""

    revision: int
    label: str
    made_at: float
    saved: bool


class HistoryAnswer(TypedDict):
    """All states that undo and redo lead to, in their order, and the one in force."""

    revision: int
    steps: list[StepAnswer]


class MapSortAnswer(TypedDict):
    """All items of a sort in a map, by their places in it: parameters (name, unit, meaning), and a row for each."""

    items: list[int]
    params: list[tuple[str, str, str]]
    values: list[list[float]]


class MapAnswer(TypedDict):
    """The strongest items of a revision, of `n_items` in all, as columns: where each is in time, frequency, level and
    the plane, which note it is of (empty without notes), and its events as ranges (empty for notes). `edges` are what
    0 and 1 of both axes of the plane are by the `method`, and `along` parameters that rise or fall along them, with r.
    """

    method: str
    methods: list[str]
    n_items: int
    edges: list[tuple[float, float]]
    along: list[list[tuple[str, float]]]
    sort: list[str]
    start: list[float]
    end: list[float]
    low: list[float]
    high: list[float]
    level_db: list[float]
    note: list[int]
    x: list[float]
    y: list[float]
    ranges: list[list[int]]
    sorts: dict[str, MapSortAnswer]
