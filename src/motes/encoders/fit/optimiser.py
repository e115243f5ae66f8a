"""Gradient descent on the events of one stretch (Adam; Kingma & Ba 2015), and the state it can be stopped in and go
on from exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from motes.encoders.fit.parameterisation import Unknowns
from motes.encoders.fit.room_selection import Choice
from motes.losses import loss_named

MOMENTS = (0.9, 0.98)
# What the learning rate has come down to in the end.
LAST = 0.02
# One in so many events may be pruned at once.
TRIED = 8
# Part by which the loss has to fall to count as improvement.
BETTER = 1e-3

Distance = Callable[[Tensor], Tensor]


@dataclass
class State:
    """Events in motion: coordinates and anchors, Adam's moments and age of each event, and the best so far."""

    theta: Tensor
    anchor: Tensor
    first: Tensor
    second: Tensor
    age: Tensor
    best_theta: Tensor
    best_anchor: Tensor
    iteration: int = 0
    best: float = math.inf
    # The best loss that was an improvement, and the step it was seen at.
    marked: float = math.inf
    marked_at: int = 0
    elapsed_s: float = 0.0
    # Of the choice of a room, see `motes.encoders.fit.room_selection`; the anchors it began with, the steps of the dry
    # trial, and what that came to.
    stage: int = 0
    tried: int = 0
    dry: float = math.inf
    start: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.float64))
    dry_theta: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.float64))
    dry_anchor: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.float64))
    candidates: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    # Logits of the candidates' weights, Adam's moments of them and their age.
    mixing: Tensor = field(default_factory=lambda: torch.zeros(4, 0, dtype=torch.float64))

    @classmethod
    def of(cls, anchor: Tensor, n_coordinates: int) -> State:
        """At the anchors."""
        still = torch.zeros(len(anchor), n_coordinates, dtype=torch.float64)
        return cls(
            still,
            anchor,
            still.clone(),
            still.clone(),
            torch.zeros(len(anchor), dtype=torch.float64),
            still.clone(),
            anchor.clone(),
        )

    def with_events(self, kept: Tensor, anchor: Tensor) -> State:
        """Only the events at `kept`, and new ones at these anchors."""
        new = State.of(anchor, self.theta.shape[1])
        names = ("theta", "anchor", "first", "second", "age")
        changes: dict[str, Any] = {name: torch.cat([getattr(self, name)[kept], getattr(new, name)]) for name in names}
        return replace(self, **changes)


class Descent:
    """The loss of a stretch as a function of its events, and steps towards less of it."""

    def __init__(
        self,
        unknowns: Unknowns,
        reference: Tensor,
        background: Tensor,
        losses: tuple[tuple[str, float], ...],
        learning_rate: float,
        sparsity: float,
        choice: Choice | None = None,
    ) -> None:
        """`reference`, and what else sounds there beside the events, `(n_channels, n_samples)` float32; `choice` of
        a room, if there is one.
        """
        self.unknowns, self.reference, self.background, self.choice = unknowns, reference, background, choice
        self._losses = tuple((loss_named(name), weight) for name, weight in losses)
        self._rate, self._sparsity, self._paces = learning_rate, sparsity, unknowns.paces
        self._rms = max(1e-6, float(reference.square().sum().sqrt()))

    def render(self, columns: dict[str, Tensor]) -> Tensor:
        """The mix, `(n_channels, n_samples)`."""
        return self.background + self.unknowns.render(columns, self.reference.shape[1])

    def distance(self, estimate: Tensor) -> Tensor:
        """All losses, weighted."""
        total = torch.zeros((), dtype=torch.float32)
        for loss, weight in self._losses:
            total = total + weight * loss(estimate[None], self.reference[None], self.unknowns.rate)[0]
        return total

    def value(self, theta: Tensor, anchor: Tensor) -> Tensor:
        """What is lowered."""
        columns = self.unknowns.columns(theta, anchor)
        mix = self.render(columns)
        if not bool(torch.isfinite(mix.detach()).all()):
            return torch.full((), math.nan)
        total = self.distance(mix)
        if self._sparsity:
            total = total + self._sparsity * (self.unknowns.energy(columns) + 1e-12).sqrt().sum().float() / self._rms
        return total

    def step(self, state: State, progress: float) -> float:
        """One step further; the loss before it. Events whose slope is not finite stay where they are."""
        if not bool(torch.isfinite(state.theta).all()):
            self._return_to_best(state)
        theta = state.theta.detach().requires_grad_()
        weights = self.choice.tune(state) if self.choice is not None else None
        total = self.value(theta, state.anchor)
        value = float(total.detach())
        if math.isfinite(value) and value < state.best:
            state.best, state.best_theta, state.best_anchor = value, state.theta.clone(), state.anchor.clone()
        if not math.isfinite(value):
            self._return_to_best(state)
        elif len(state.theta):
            rate = self._rate * (LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
            slope, *others = torch.autograd.grad(total, [theta] if weights is None else [theta, weights])
            self._adam(state, slope, rate)
            if self.choice is not None and others:
                self.choice.move(state, others[0], rate)
        if not state.best > state.marked * (1 - BETTER):
            state.marked, state.marked_at = state.best, state.iteration
        state.iteration += 1
        return value

    def _adam(self, state: State, slope: Tensor, rate: float) -> None:
        moving = torch.isfinite(slope).all(1)
        slope = torch.where(moving[:, None], slope, torch.zeros_like(slope))
        state.age = state.age + 1
        state.first = MOMENTS[0] * state.first + (1 - MOMENTS[0]) * slope
        state.second = MOMENTS[1] * state.second + (1 - MOMENTS[1]) * slope.square()
        first, second = (
            moment / (1 - decay ** state.age[:, None])
            for moment, decay in zip((state.first, state.second), MOMENTS, strict=True)
        )
        state.theta = state.theta - rate * self._paces * first / (second.sqrt() + 1e-12)

    def _return_to_best(self, state: State) -> None:
        again = State.of(state.best_anchor, state.best_theta.shape[1])
        state.theta, state.anchor = state.best_theta.clone(), state.best_anchor.clone()
        state.first, state.second, state.age = again.first, again.second, again.age

    @torch.no_grad()
    def prune(self, state: State) -> State:
        """Without those of the weakest events that cost more by sparsity than they are worth to the loss."""
        energy = self.unknowns.energy(self.unknowns.columns(state.theta, state.anchor))
        kept = torch.ones(len(energy), dtype=torch.bool)
        value = float(self.value(state.theta, state.anchor))
        for i in torch.argsort(energy, stable=True)[: max(2, len(energy) // TRIED)].tolist():
            kept[i] = False
            without = float(self.value(state.theta[kept], state.anchor[kept]))
            if without < value:
                value = without
            else:
                kept[i] = True
        return state if bool(kept.all()) else state.with_events(torch.nonzero(kept)[:, 0], state.anchor[:0])

    @torch.no_grad()
    def refit(self, state: State) -> bool:
        """All gains anew by least squares, at the phases that the mix has: each bin's target is its magnitude there, at
        the mix's phase.

        With the phases held, the distance bounds that of the magnitudes from above and touches it (the argument of
        Griffin & Lim 1984), so a lower one lowers both. Taken only where the loss falls too.
        """
        columns = self.unknowns.columns(state.theta, state.anchor)
        n_events, n_samples = len(state.theta), self.reference.shape[1]
        if n_events == 0:
            return False
        before = float(self.value(state.theta, state.anchor))
        alone = [
            self.unknowns.render({name: value[i : i + 1] for name, value in columns.items()}, n_samples)
            for i in range(n_events)
        ]
        mix = self.background + torch.stack(alone).sum(0)
        spectrum, others = _spectrum(mix), _spectrum(self.background)
        target = _spectrum(self.reference).abs() * torch.exp(1j * spectrum.angle()) - others
        parts = torch.stack([torch.view_as_real(_spectrum(sound)).reshape(-1) for sound in alone])
        matrix = (parts @ parts.T).double()
        hit = (parts @ torch.view_as_real(target).reshape(-1)).double()
        ridge = 1e-3 * matrix.diagonal().mean()
        gain = torch.linalg.solve(matrix + ridge * torch.eye(n_events), hit + ridge).clamp(0.25, 2.0)
        theta = state.theta.clone()
        for field_at in self._gain_columns():
            theta[:, field_at] += gain.log()
        after = float(self.value(theta, state.anchor))
        if not after < before:
            return False
        state.theta = theta
        return True

    def _gain_columns(self) -> range:
        at = 0
        for coordinate in self.unknowns.FIELDS:
            width = self.unknowns.n_channels if coordinate.per_channel else 1
            if coordinate.name == "gain":
                return range(at, at + width)
            at += width
        raise AssertionError("no gain")


def _spectrum(audio: Tensor) -> Tensor:
    """Spectrogram of 1024 samples, hop 512, of all channels."""
    return torch.stft(audio, 1024, 512, window=torch.hann_window(1024), pad_mode="constant", return_complex=True)
