"""Selection of the room of a fit.

A quarter of the steps are taken dry; then, from the same start, as many with all candidates in a weighted mixture,
annealed until one room is left. The fit goes on from the better of the two: the room has to be better by a margin, or
it is dropped.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from motes.data import impulse_responses
from motes.encoders.fit.objective import Objective
from motes.encoders.fit.reverberation import Mixture, ReverberantParameterisation
from motes.encoders.fit.state import Best, Stage, State
from motes.errors import MotesWarning
from motes.events.room import Room


@dataclass(frozen=True)
class RoomThresholds:
    """Thresholds by which a room is chosen and found to be worth it; all chosen by hand.

    Parameters
    ----------
    trial
        Part of the fit for which it is tried dry; for as many steps it is tried in rooms.
    one_left
        Part of the trial in rooms after which one room is left.
    better
        Part by which a room has to lower the loss, or it is not worth it.
    coldest
        Temperature of the mixture in the end; it begins with 1.
    pace
        How far the weights' logits move in a step, relative to the events' coordinates.
    most_rooms
        Candidates in a mixture.
    """

    trial: float = 0.25
    one_left: float = 0.8
    better: float = 0.02
    coldest: float = 0.05
    pace: float = 5.0
    most_rooms: int = 8


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
        text = f"there is no impulse response in {folder} (IMPULSE_RESPONSE_PATH): the fit is dry"
        warnings.warn(text, MotesWarning, stacklevel=2)
    return found


class RoomSelection:
    """The choice among `rooms` for the events of a parameterisation; a state says how far it has come."""

    def __init__(
        self,
        rooms: tuple[Room, ...],
        parameterisation: ReverberantParameterisation,
        *,
        is_open: bool,
        thresholds: RoomThresholds | None = None,
    ) -> None:
        self.rooms, self.parameterisation = rooms, parameterisation
        self.thresholds = thresholds or RoomThresholds()
        # Number of the room that was chosen, −1 for none.
        self.decided: int | None = None if is_open else 0
        self._n_samples = 0
        self._mixture: tuple[tuple[int, tuple[int, ...]], Mixture] | None = None

    @property
    def room(self) -> Room | None:
        """The room that was chosen, if one was."""
        return self.rooms[self.decided] if self.decided is not None and self.decided >= 0 else None

    def digest(self) -> str:
        """A digest of the candidates: a fit can only go on with them."""
        return hashlib.sha256("\n".join(f"{room.name} {room.digest}" for room in self.rooms).encode()).hexdigest()

    def enter(self, n_samples: int) -> None:
        """Begin a segment of so many samples, in the room that was chosen before."""
        self._n_samples = n_samples
        self._use_rooms(None if self.decided is None or self.decided < 0 else torch.tensor([self.decided]))

    def initialise(self, state: State) -> State:
        """The state at the beginning of a segment."""
        trial = replace(state.room, start=state.anchor)
        if self.decided is None:
            trial = replace(trial, stage=Stage.DRY_TRIAL)
        elif self.decided < 0:
            trial = replace(trial, stage=Stage.DRY)
        else:
            trial = trial.among(torch.tensor([self.decided]), Stage.IN_ROOM)
        return replace(state, room=trial)

    def resume(self, state: State) -> None:
        """Take up what was chosen before a fit was stopped."""
        if state.room.stage.is_end:
            self.decided = state.room.strongest if state.room.stage == Stage.IN_ROOM else -1

    def before_step(self, objective: Objective, state: State, done: float) -> State:
        """The state in its next stage, when the fit has come so far (`done` 0 … 1) or a trial has had its steps."""
        trial, limits = state.room, self.thresholds
        if trial.stage == Stage.DRY_TRIAL and done >= limits.trial and state.iteration:
            return self._to_room_trial(objective, state)
        if trial.stage == Stage.ROOM_TRIAL and len(trial.candidates) > 1 and _part(state) >= limits.one_left:
            return self._to_one_room(state)
        if trial.stage == Stage.ROOM_TRIAL and _part(state) >= 1:
            better = state.best.loss < trial.dry.loss * (1 - limits.better)
            return self._to_chosen_room(state) if better else self._to_dry(state)
        return state

    def _to_room_trial(self, objective: Objective, state: State) -> State:
        """The state at the beginning of the trial in rooms, which starts where the dry one did."""
        trial = replace(state.room, n_dry_steps=state.iteration, dry=state.best)
        trial = trial.among(self._screened(objective, trial.dry), Stage.ROOM_TRIAL)
        start = Best(self.parameterisation.at_rest(len(trial.start)), trial.start)
        return replace(state.begun_anew(start), room=trial)

    def _to_one_room(self, state: State) -> State:
        """The state with the strongest room of its mixture alone, whose loss is not known yet."""
        trial = state.room.among(torch.tensor([state.room.strongest]), Stage.ROOM_TRIAL)
        return replace(state, room=trial, best=replace(state.best, loss=math.inf))

    def _to_chosen_room(self, state: State) -> State:
        """The state in the room of the trial, which is worth it."""
        return replace(state, room=replace(state.room, stage=Stage.IN_ROOM))

    def _to_dry(self, state: State) -> State:
        """The state that the dry trial had come to: no room is worth it."""
        return replace(state.begun_anew(state.room.dry), room=replace(state.room, stage=Stage.DRY))

    def use(self, state: State) -> Tensor | None:
        """The logits of the weights of rooms, where they are still moved; puts the state's room in force."""
        trial, limits = state.room, self.thresholds
        if trial.stage in (Stage.DRY_TRIAL, Stage.DRY):
            self._use_rooms(None)
            return None
        if trial.stage == Stage.IN_ROOM:
            self._use_rooms(torch.tensor([trial.strongest]))
            return None
        if len(trial.logits) == 1:
            self._use_rooms(trial.candidates)
            return None
        logits = trial.logits.detach().requires_grad_()
        temperature = limits.coldest ** (_part(state) / limits.one_left)
        self._use_rooms(trial.candidates, torch.softmax(logits / temperature, 0).float())
        return logits

    def stepped(self, state: State, slope: Tensor, learning_rate: float) -> State:
        """The state after a step of the weights (Adam)."""
        if not bool(torch.isfinite(slope).all()):
            return state
        adam = state.room.adam.updated(slope)
        logits = state.room.logits - self.thresholds.pace * learning_rate * (adam.mean() / adam.spread())
        return replace(state, room=replace(state.room, logits=logits, adam=adam))

    def close(self, state: State) -> State:
        """The state as it is kept when a segment ends, wherever the choice was: dry where it was not made."""
        if not len(state.theta) and not state.room.stage.is_end:
            return state  # the segment is silent: the choice is the next one's
        if state.room.stage == Stage.ROOM_TRIAL:
            state = self._to_dry(state)
        if state.room.stage == Stage.DRY_TRIAL:
            state = replace(state, room=replace(state.room, stage=Stage.DRY))
        self.resume(state)
        self.use(state)
        return state

    def room_of(self, state: State) -> Room | None:
        """The strongest room of a state that is not dry."""
        return None if state.room.stage in (Stage.DRY_TRIAL, Stage.DRY) else self.rooms[state.room.strongest]

    def words(self, state: State) -> str:
        """The stage and its room in words, for progress."""
        room = self.room_of(state)
        if room is None:
            return "no room" if state.room.stage == Stage.DRY else "tried without a room"
        if len(state.room.candidates) > 1:
            return f"tried in a mixture of {len(state.room.candidates)} rooms"
        return ("room " if state.room.stage == Stage.IN_ROOM else "tried in ") + room.name

    @torch.no_grad()
    def _screened(self, objective: Objective, dry: Best) -> Tensor:
        """The candidates of the mixture: those in which the dry events are nearest to the recording at some wetness."""
        if len(self.rooms) <= self.thresholds.most_rooms:
            return torch.arange(len(self.rooms))
        losses = []
        for number in range(len(self.rooms)):
            self._use_rooms(torch.tensor([number]))
            losses.append(float(objective.value(dry.theta, dry.anchor)))
        nearest = torch.argsort(torch.tensor(losses), stable=True)[: self.thresholds.most_rooms]
        return torch.sort(nearest).values

    def _use_rooms(self, numbers: Tensor | None, weights: Tensor | None = None) -> None:
        if numbers is None:
            self.parameterisation.spectrum = None
            return
        key = (self._n_samples, tuple(numbers.tolist()))
        if self._mixture is None or self._mixture[0] != key:
            rooms = [self.rooms[i] for i in key[1]]
            rate, n_channels = self.parameterisation.sample_rate_hz, self.parameterisation.n_channels
            self._mixture = key, Mixture(rooms, rate, n_channels, self._n_samples)
        mixture = self._mixture[1]
        self.parameterisation.mixture = mixture
        self.parameterisation.spectrum = mixture.spectrum(torch.ones(1) if weights is None else weights)


def _part(state: State) -> float:
    """Part of the trial in rooms that is over, 0 … 1."""
    return (state.iteration - state.room.n_dry_steps) / state.room.n_dry_steps
