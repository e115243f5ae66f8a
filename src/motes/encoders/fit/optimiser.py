"""Gradient descent on the events of one segment (Adam)."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from motes.encoders.fit.objective import Objective
from motes.encoders.fit.room_selection import RoomSelection
from motes.encoders.fit.state import Best, State

# What the learning rate has come down to in the end, along half a cosine; chosen by hand.
LAST_RATE = 0.02
# Part by which the loss has to fall to count as improvement; the option `patience` says so.
IMPROVEMENT = 1e-3


class Optimiser:
    """Steps towards a lower loss of the events, and of the weights of rooms while these are being chosen from."""

    def __init__(self, objective: Objective, learning_rate: float, rooms: RoomSelection | None = None) -> None:
        self.objective, self.rooms = objective, rooms
        self._learning_rate, self._paces = learning_rate, objective.parameterisation.paces()

    def step(self, state: State, done: float) -> tuple[State, float]:
        """The state one step further, and the loss before it; `done` is the part of the fit that is over.

        Events whose slope is not finite stay where they are; a loss that is not finite leads back to the best.
        """
        if not bool(torch.isfinite(state.theta).all()):
            state = state.moved_to(state.best)
        theta = state.theta.detach().requires_grad_()
        logits = self.rooms.use(state) if self.rooms is not None else None
        total = self.objective.value(theta, state.anchor)
        loss = float(total.detach())
        if math.isfinite(loss) and loss < state.best.loss:
            state = replace(state, best=Best(state.theta, state.anchor, loss))
        if not math.isfinite(loss):
            state = state.moved_to(state.best)
        elif len(state.theta):
            rate = self._rate(done)
            slope, *others = torch.autograd.grad(total, [theta] if logits is None else [theta, logits])
            state = self._moved(state, slope, rate)
            if self.rooms is not None and others:
                state = self.rooms.stepped(state, others[0], rate)
        if not state.best.loss > state.improved_loss * (1 - IMPROVEMENT):
            state = replace(state, improved_loss=state.best.loss, improved_at=state.iteration)
        return replace(state, iteration=state.iteration + 1), loss

    def _rate(self, done: float) -> float:
        return self._learning_rate * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def _moved(self, state: State, slope: torch.Tensor, rate: float) -> State:
        finite = torch.isfinite(slope).all(1)
        adam = state.adam.updated(torch.where(finite[:, None], slope, torch.zeros_like(slope)))
        return replace(state, theta=state.theta - rate * self._paces * adam.mean() / adam.spread(), adam=adam)

    @torch.no_grad()
    def finished(self, state: State) -> State:
        """The state after its last step, which may have been the best."""
        if self.rooms is not None:
            self.rooms.use(state)
        loss = float(self.objective.value(state.theta, state.anchor))
        return replace(state, best=Best(state.theta, state.anchor, loss)) if loss < state.best.loss else state
