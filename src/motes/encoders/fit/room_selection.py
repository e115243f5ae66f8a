"""How a fit chooses its room.

A quarter of the steps are taken dry; then, from the same start, as many with all candidates in a weighted mixture,
annealed until one room is left. The fit goes on from the better of the two: the room has to be better by a margin, or
it is dropped.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from motes.data import impulse_responses
from motes.encoders.fit.reverberation import Mixture, RoomedUnknowns
from motes.errors import MotesWarning
from motes.events.room import Room

if TYPE_CHECKING:
    from motes.encoders.fit.optimiser import Descent, State

# Stages of the choice; the last two are its ends.
TRYING_DRY, MIXING, SETTLED, DRY = range(4)
# Part of the fit for which it is tried dry; for as many steps it is tried in rooms.
TRIAL = 0.25
# Part of the trial in rooms after which one room is left.
ONE_LEFT = 0.8
# Part by which a room has to lower the loss, or it is not worth it.
BETTER = 0.02
# Temperature of the mixture in the end; it begins with 1.
COLDEST = 0.05
# How far the weights' logits move in a step, relative to the events' coordinates.
PACE = 5.0
# Candidates in a mixture.
MOST_ROOMS = 8
MOMENTS = (0.9, 0.98)


def candidates(name: str) -> tuple[Room, ...]:
    """The rooms to choose from: one by its name, all for `auto`, with a MotesWarning where these are synthetic or
    there are none.
    """
    if name == "none":
        return ()
    if name != "auto":
        return (impulse_responses.room(name),)
    folder, found = impulse_responses.folder_in_force(), tuple(impulse_responses.rooms())
    if folder is None:
        times = ", ".join(f"{room.rt60_s:g}" for room in found)
        text = f"IMPULSE_RESPONSE_PATH is not set: the fit chooses among synthetic rooms whose RT60 is {times} s"
        warnings.warn(text, MotesWarning, stacklevel=2)
    elif not found:
        warnings.warn(
            f"there is no impulse response in {folder} (IMPULSE_RESPONSE_PATH): the fit is dry",
            MotesWarning,
            stacklevel=2,
        )
    return found


class Choice:
    """The choice among `rooms` for the events of `unknowns`; `state` says how far it has come."""

    def __init__(self, rooms: tuple[Room, ...], unknowns: RoomedUnknowns, *, is_open: bool) -> None:
        self.rooms, self.unknowns = rooms, unknowns
        # Position of the room that was chosen, −1 for none.
        self.decided: int | None = None if is_open else 0
        self._n_samples = 0
        self._made: tuple[tuple[int, tuple[int, ...]], Mixture] | None = None

    @property
    def room(self) -> Room | None:
        """What was chosen."""
        return self.rooms[self.decided] if self.decided is not None and self.decided >= 0 else None

    def digest(self) -> str:
        """Of the candidates: a fit can only go on with the same ones."""
        return hashlib.sha256("\n".join(f"{room.name} {room.digest}" for room in self.rooms).encode()).hexdigest()

    def enter(self, n_samples: int) -> None:
        """A stretch of so many samples begins; rooms that were chosen before are heard."""
        self._n_samples = n_samples
        self._hear(None if self.decided is None or self.decided < 0 else torch.tensor([self.decided]))

    def begin(self, state: State) -> None:
        """The stage in which a new stretch begins."""
        state.start = state.anchor.clone()
        state.stage = TRYING_DRY if self.decided is None else (DRY if self.decided < 0 else SETTLED)
        if state.stage == SETTLED:
            state.candidates, state.mixing = torch.tensor([self.decided]), torch.zeros(4, 1, dtype=torch.float64)

    def resume(self, state: State) -> None:
        """Know again what was chosen before a fit was stopped."""
        if state.stage in (SETTLED, DRY):
            self.decided = _chosen(state) if state.stage == SETTLED else -1

    def is_over(self, state: State) -> bool:
        """Whether the choice is made."""
        return state.stage in (SETTLED, DRY)

    def advance(self, descent: Descent, state: State, done: float) -> None:
        """The next stage, when the fit has come so far (`done` 0 … 1) or a trial has had its steps."""
        if state.stage == TRYING_DRY and done >= TRIAL and state.iteration:
            state.tried, state.dry, state.dry_theta, state.dry_anchor = (
                state.iteration,
                state.best,
                state.best_theta.clone(),
                state.best_anchor.clone(),
            )
            state.candidates = self._screened(descent, state)
            state.mixing = torch.zeros(4, len(state.candidates), dtype=torch.float64)
            state.stage = MIXING
            _begin_anew(state, torch.zeros(len(state.start), state.theta.shape[1], dtype=torch.float64), state.start)
        elif state.stage == MIXING and len(state.candidates) > 1 and self._part(state) >= ONE_LEFT:
            state.candidates, state.mixing = torch.tensor([_chosen(state)]), torch.zeros(4, 1, dtype=torch.float64)
            state.best = math.inf
        elif state.stage == MIXING and self._part(state) >= 1:
            if state.best < state.dry * (1 - BETTER):
                state.stage = SETTLED
            else:
                _give_up(state)

    def _part(self, state: State) -> float:
        """Of the trial in rooms that is over."""
        return (state.iteration - state.tried) / state.tried

    def tune(self, state: State) -> Tensor | None:
        """Make the room heard that belongs to the state; the logits of its weights, where they are still moved."""
        if state.stage in (TRYING_DRY, DRY):
            self._hear(None)
            return None
        if state.stage == SETTLED:
            self._hear(torch.tensor([_chosen(state)]))
            return None
        logits = state.mixing[0].detach().requires_grad_()
        if len(logits) == 1:
            self._hear(state.candidates)
            return None
        self._hear(state.candidates, torch.softmax(logits / COLDEST ** (self._part(state) / ONE_LEFT), 0).float())
        return logits

    def move(self, state: State, slope: Tensor, rate: float) -> None:
        """A step of the weights (Adam)."""
        if not bool(torch.isfinite(slope).all()):
            return
        logits, first, second, age = state.mixing
        first, second, age = (
            MOMENTS[0] * first + (1 - MOMENTS[0]) * slope,
            MOMENTS[1] * second + (1 - MOMENTS[1]) * slope.square(),
            age + 1,
        )
        step = first / (1 - MOMENTS[0] ** age) / ((second / (1 - MOMENTS[1] ** age)).sqrt() + 1e-12)
        state.mixing = torch.stack([logits - PACE * rate * step, first, second, age])

    def close(self, state: State) -> State:
        """The state as it is kept when a stretch ends, wherever the choice was: dry where it was not made."""
        state = replace(state)
        if not len(state.theta) and not self.is_over(state):
            return state  # nothing was heard: the choice is the next stretch's
        if state.stage == MIXING:
            _give_up(state)
        state.stage = DRY if state.stage == TRYING_DRY else state.stage
        self.decided = _chosen(state) if state.stage == SETTLED else -1
        self.tune(state)
        return state

    def heard(self, state: State) -> Room | None:
        """The strongest room, if any is heard."""
        return None if state.stage in (TRYING_DRY, DRY) else self.rooms[_chosen(state)]

    def words(self, state: State) -> str:
        """What is going on, in short."""
        if state.stage in (TRYING_DRY, DRY):
            return "no room" if state.stage == DRY else "tried without a room"
        if len(state.candidates) > 1:
            return f"tried in a mixture of {len(state.candidates)} rooms"
        return ("room " if state.stage == SETTLED else "tried in ") + self.rooms[_chosen(state)].name

    @torch.no_grad()
    def _screened(self, descent: Descent, state: State) -> Tensor:
        """The candidates of the mixture: those in which the dry events are nearest to the recording at some wetness."""
        if len(self.rooms) <= MOST_ROOMS:
            return torch.arange(len(self.rooms))
        found = []
        for number in range(len(self.rooms)):
            self._hear(torch.tensor([number]))
            found.append(float(descent.value(state.dry_theta, state.dry_anchor)))
        return torch.sort(torch.argsort(torch.tensor(found), stable=True)[:MOST_ROOMS]).values

    def _hear(self, which: Tensor | None, weights: Tensor | None = None) -> None:
        if which is None:
            self.unknowns.spectrum = None
            return
        key = (self._n_samples, tuple(which.tolist()))
        if self._made is None or self._made[0] != key:
            rooms = [self.rooms[i] for i in key[1]]
            self._made = key, Mixture(rooms, self.unknowns.rate, self.unknowns.n_channels, self._n_samples)
        self.unknowns.mixture = self._made[1]
        self.unknowns.spectrum = self.unknowns.mixture.spectrum(torch.ones(1) if weights is None else weights)


def _chosen(state: State) -> int:
    return int(state.candidates[torch.argmax(state.mixing[0])])


def _begin_anew(state: State, theta: Tensor, anchor: Tensor) -> None:
    """From these coordinates, with the optimiser at rest and no best yet."""
    still = torch.zeros_like(theta)
    state.theta, state.anchor, state.best_theta, state.best_anchor = theta, anchor, theta.clone(), anchor.clone()
    state.first, state.second, state.age = still, still.clone(), torch.zeros(len(theta), dtype=torch.float64)
    state.best, state.marked, state.marked_at = math.inf, math.inf, state.iteration


def _give_up(state: State) -> None:
    """Go on where the dry trial had come to."""
    state.stage = DRY
    _begin_anew(state, state.dry_theta.clone(), state.dry_anchor.clone())
    state.best = state.dry
