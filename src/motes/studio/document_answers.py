"""What answers about the recording and the history of a document hold; see `answers`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

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
