"""State of a fit, which can be stopped in it and go on exactly. States are never changed: a step gives a new one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import IntEnum

import torch
from torch import Tensor

from motes.encoders.fit.adam import AdamState


def _nothing() -> Tensor:
    return torch.zeros(0, dtype=torch.float64)


class Stage(IntEnum):
    """Stages of the choice of a room (`motes.encoders.fit.room_selection`); the last two are its ends."""

    DRY_TRIAL = 0
    ROOM_TRIAL = 1
    IN_ROOM = 2
    DRY = 3

    @property
    def is_end(self) -> bool:
        """Whether the choice is made."""
        return self in (Stage.IN_ROOM, Stage.DRY)


@dataclass(frozen=True)
class Best:
    """Events with the lowest loss seen, and that loss."""

    theta: Tensor = field(default_factory=_nothing)
    anchor: Tensor = field(default_factory=_nothing)
    loss: float = math.inf


@dataclass(frozen=True)
class RoomTrial:
    """Progress of the choice of a room: its stage, and what the trials have come to."""

    stage: Stage = Stage.DRY_TRIAL
    # The anchors that both trials begin at.
    start: Tensor = field(default_factory=_nothing)
    # Steps of the dry trial, and what it came to.
    n_dry_steps: int = 0
    dry: Best = field(default_factory=Best)
    # Rooms in the mixture, logits of their weights, and Adam's moments of those.
    candidates: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    logits: Tensor = field(default_factory=_nothing)
    adam: AdamState = field(default_factory=lambda: AdamState.at_rest(_nothing()))

    def among(self, candidates: Tensor, stage: Stage) -> RoomTrial:
        """The trial with these rooms in the mixture, at equal weights."""
        logits = torch.zeros(len(candidates), dtype=torch.float64)
        return replace(self, stage=stage, candidates=candidates, logits=logits, adam=AdamState.at_rest(logits))

    @property
    def strongest(self) -> int:
        """Number of the room with the largest weight."""
        return int(self.candidates[torch.argmax(self.logits)])


@dataclass(frozen=True)
class State:
    """Events in motion: coordinates and anchors, Adam's moments of the coordinates, and the best so far."""

    theta: Tensor
    anchor: Tensor
    adam: AdamState
    best: Best
    room: RoomTrial = field(default_factory=RoomTrial)
    iteration: int = 0
    # The last loss that was an improvement, and the step it was seen at.
    improved_loss: float = math.inf
    improved_at: int = 0
    elapsed_s: float = 0.0

    @classmethod
    def at(cls, theta: Tensor, anchor: Tensor) -> State:
        """The state before the first step."""
        return cls(theta, anchor, AdamState.at_rest(theta), Best(theta, anchor))

    def moved_to(self, best: Best) -> State:
        """The state at other events, with Adam at rest; what was the best so far stays."""
        return replace(self, theta=best.theta, anchor=best.anchor, adam=AdamState.at_rest(best.theta))

    def begun_anew(self, best: Best) -> State:
        """The state at other events, which are the best so far, with Adam at rest and all patience."""
        return replace(self.moved_to(best), best=best, improved_loss=math.inf, improved_at=self.iteration)

    def with_events(self, kept: Tensor, anchor: Tensor) -> State:
        """Only the events at `kept`, and new ones at these anchors."""
        new = State.at(torch.zeros(len(anchor), self.theta.shape[1], dtype=torch.float64), anchor)

        def joined(old: Tensor, added: Tensor) -> Tensor:
            return torch.cat([old[kept], added])

        adam = AdamState(
            joined(self.adam.m, new.adam.m), joined(self.adam.v, new.adam.v), joined(self.adam.age, new.adam.age)
        )
        return replace(self, theta=joined(self.theta, new.theta), anchor=joined(self.anchor, anchor), adam=adam)
