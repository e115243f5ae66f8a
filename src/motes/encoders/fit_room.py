"""How a fit chooses its room.

First it is tried dry, then with all candidates in a weighted mixture, both from the same start and for as many steps. Unless the mixture is better, that
was it and the fit goes on dry. Else the mixture is annealed until one room is left, in which the second half of the fit is spent.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from motes.data import impulse_responses
from motes.encoders.roomed import Mixture, RoomedUnknowns
from motes.errors import MotesWarning
from motes.scene.room import Room

if TYPE_CHECKING:
    from motes.encoders.descent import Descent, State

TRYING_DRY, TRYING_ROOMS, MIXING, SETTLED, DRY = range(5)
"""Stages of the choice; the last two are its ends."""
TRIAL = 0.1
"""Part of the fit for which it is tried dry."""
ONE_LEFT = 0.5
"""Part of the fit after which one room is left."""
BETTER = 0.02
"""Part by which a room has to lower the loss, or it is not worth it."""
COLDEST = 0.05
"""Temperature of the mixture in the end; it begins with 1."""
PACE = 5.0
"""How far the weights' logits move in a step, relative to the events' coordinates."""
MOST_ROOMS = 8
"""Candidates in a mixture."""
MOMENTS = (0.9, 0.98)


def candidates(name: str) -> tuple[Room, ...]:
    """The rooms to choose from: one by its name, all for `auto`, with a MotesWarning where these are synthetic or there are none."""
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
        warnings.warn(f"there is no impulse response in {folder} (IMPULSE_RESPONSE_PATH): the fit is dry", MotesWarning, stacklevel=2)
    return found


class Choice:
    """The choice among `rooms` for the events of `unknowns`; `state` says how far it has come."""

    def __init__(self, rooms: tuple[Room, ...], unknowns: RoomedUnknowns, *, is_open: bool) -> None:
        self.rooms, self.unknowns = rooms, unknowns
        self.decided: int | None = None if is_open else 0
        """Position of the room that was chosen, −1 for none."""
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
        state.stage = TRYING_DRY if self.decided is None else (DRY if self.decided < 0 else SETTLED)
        if state.stage == SETTLED:
            state.candidates, state.mixing = torch.tensor([self.decided]), torch.zeros(4, 1, dtype=torch.float64)

    def resume(self, state: State) -> None:
        """Know again what was chosen before a fit was stopped."""
        if state.stage in (SETTLED, DRY):
            self.decided = _chosen(state) if state.stage == SETTLED else -1

    def is_trying(self, state: State) -> bool:
        """Whether the events have to stay those of the start, so that the trials compare."""
        return state.stage in (TRYING_DRY, TRYING_ROOMS)

    def is_over(self, state: State) -> bool:
        """Whether the choice is made."""
        return state.stage in (SETTLED, DRY)

    def advance(self, descent: Descent, state: State, done: float) -> None:
        """The next stage, when the fit has come so far (`done` 0 … 1) or a trial has had its steps."""
        if state.stage == TRYING_DRY and done >= TRIAL and state.iteration:
            state.tried, state.dry, state.aside = state.iteration, state.best, state.best_theta.clone()
            state.candidates = self._screened(descent, state)
            state.mixing = torch.zeros(4, len(state.candidates), dtype=torch.float64)
            state.stage = TRYING_ROOMS
            _afresh(state, torch.zeros_like(state.theta))
        elif state.stage == TRYING_ROOMS and state.iteration >= 2 * state.tried:
            if state.best < state.dry * (1 - BETTER):
                state.stage = MIXING
            else:
                _give_up(state)
        elif state.stage == MIXING and done >= ONE_LEFT:
            state.stage, state.best, state.marked, state.marked_at = SETTLED, float("inf"), float("inf"), state.iteration

    def tune(self, state: State, done: float) -> Tensor | None:
        """Make the room heard that belongs to the state; the logits of its weights, where they are still moved."""
        if state.stage in (TRYING_DRY, DRY):
            self._hear(None)
            return None
        if state.stage == SETTLED:
            self._hear(torch.tensor([_chosen(state)]))
            return None
        logits = state.mixing[0].detach().requires_grad_()
        part = min(1.0, max(0.0, (done - TRIAL) / (ONE_LEFT - TRIAL)))
        self._hear(state.candidates, torch.softmax(logits / COLDEST**part, 0).float())
        return logits

    def move(self, state: State, slope: Tensor, rate: float) -> None:
        """A step of the weights (Adam)."""
        if not bool(torch.isfinite(slope).all()):
            return
        logits, first, second, age = state.mixing
        first, second, age = MOMENTS[0] * first + (1 - MOMENTS[0]) * slope, MOMENTS[1] * second + (1 - MOMENTS[1]) * slope.square(), age + 1
        step = first / (1 - MOMENTS[0] ** age) / ((second / (1 - MOMENTS[1] ** age)).sqrt() + 1e-12)
        state.mixing = torch.stack([logits - PACE * rate * step, first, second, age])

    def close(self, state: State) -> State:
        """The state as it is kept when a stretch ends, wherever the choice was: with the strongest room of a mixture, or dry before a verdict."""
        state = replace(state)
        if not len(state.theta) and not self.is_over(state):
            return state  # nothing was heard: the choice is the next stretch's
        if state.stage == TRYING_ROOMS:
            _give_up(state)
        state.stage = {MIXING: SETTLED, TRYING_DRY: DRY}.get(state.stage, state.stage)
        self.decided = _chosen(state) if state.stage == SETTLED else -1
        self.tune(state, 1.0)
        return state

    def heard(self, state: State) -> Room | None:
        """The strongest room, if any is heard."""
        return None if state.stage in (TRYING_DRY, DRY) else self.rooms[_chosen(state)]

    def words(self, state: State) -> str:
        """What is going on, in short."""
        if state.stage == SETTLED:
            return f"room {self.rooms[_chosen(state)].name}"
        return {TRYING_DRY: "tried without a room", DRY: "no room"}.get(state.stage, f"mixture of {len(state.candidates)} rooms")

    @torch.no_grad()
    def _screened(self, descent: Descent, state: State) -> Tensor:
        """The candidates of the mixture: those in which the dry events are nearest to the recording at some wetness."""
        if len(self.rooms) <= MOST_ROOMS:
            return torch.arange(len(self.rooms))
        found = []
        for number in range(len(self.rooms)):
            self._hear(torch.tensor([number]))
            found.append(float(descent.value(state.aside, state.anchor)))
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


def _afresh(state: State, theta: Tensor) -> None:
    """From these coordinates, with the optimiser at rest and no best yet."""
    state.theta, state.best_theta, state.best_anchor = theta, theta.clone(), state.anchor.clone()
    state.first, state.second, state.age = torch.zeros_like(theta), torch.zeros_like(theta), torch.zeros(len(theta), dtype=torch.float64)
    state.best, state.marked, state.marked_at = float("inf"), float("inf"), state.iteration


def _give_up(state: State) -> None:
    """Go on where the dry trial had come to."""
    state.stage = DRY
    _afresh(state, state.aside.clone())
    state.best = state.dry
