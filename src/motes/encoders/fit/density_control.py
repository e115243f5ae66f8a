"""Density control: where events are begun, given up, and begun anew (the idea of Kerbl et al., 3D Gaussian splatting,
2023, for sounds).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motes.encoders.fit.initialisation import noise_atoms, pursuit_atoms, random_atoms, windows_for
from motes.encoders.fit.objective import Objective
from motes.encoders.fit.options import FitOptions
from motes.encoders.fit.residual_peaks import residual_peaks
from motes.encoders.fit.state import State
from motes.kinds.parameterisation import Atoms, Extent, Parameterisation


@dataclass(frozen=True)
class DensityThresholds:
    """When events are given up, and for what; all chosen by hand on the recordings of benchmarks/bench_splats.py.

    Parameters
    ----------
    silent
        Largest magnitude of a segment in which no event is begun.
    least_samples
        Length of a segment in which no event is begun.
    dead
        Part of all energy below which an event is given up: nobody would miss it.
    exchanged
        Part of the events that a round may exchange for stronger ones.
    fewest_for_exchange
        Events from which on any are exchanged.
    gain
        By how many times the energy of what is missing has to exceed that of the event that is given up for it.
    noise
        Part of the events that are noise, where that is asked for.
    missing
        Part of the recording's energy that an event has to bring where those of notes were given.
    until
        Part of the fit in which events are exchanged; then they settle.
    prune_every
        Steps between rounds of pruning, where there is a weight of sparsity.
    pruned
        Part of the events that a round of pruning tries to do without.
    fewest_pruned
        Events that a round of pruning tries to do without at least.
    duplicate_time
        Distance of duplicates in time, in widths of the stronger one.
    duplicate_phase
        Distance of duplicates in frequency, in radians over that width.
    duplicate_length
        Distance of the logarithms of duplicates' widths.
    peak_windows
        Which of the windows of pursuit spectrograms are compared with: those that tell apart both time and frequency.
    """

    silent: float = 1e-6
    least_samples: int = 64
    dead: float = 1e-6
    exchanged: float = 0.03
    fewest_for_exchange: int = 8
    gain: float = 2.0
    noise: float = 1 / 8
    missing: float = 0.05
    until: float = 0.6
    prune_every: int = 25
    pruned: float = 1 / 8
    fewest_pruned: int = 2
    duplicate_time: float = 0.25
    duplicate_phase: float = 0.25
    duplicate_length: float = 0.25
    peak_windows: tuple[int, int] = (1, 4)


class DensityControl:
    """Density control in two hooks: `initialise` before the first step, `after_step` after each."""

    def __init__(
        self, options: FitOptions, thresholds: DensityThresholds | None = None, *, begins: bool = True
    ) -> None:
        """Without `begins`, where events are given, as those of notes, none are begun beside them unless much is
        missing.
        """
        self.options, self.thresholds = options, thresholds or DensityThresholds()
        self.begins = begins

    def initialise(self, objective: Objective, carried: Tensor, n_events: int, first_sample: int) -> State:
        """The state of `n_events` at most: those carried over from the segment before, and atoms of what they leave."""
        parameterisation, anchor = objective.parameterisation, carried[:n_events] if self.begins else carried
        n_new = n_events - len(anchor) if self.begins else 0
        if n_new > 0 and self._is_audible(objective.reference):
            with torch.no_grad():
                columns = parameterisation.columns(parameterisation.at_rest(len(anchor)), anchor)
                rest = (objective.reference - objective.render(columns)).numpy()
            n_noise = int(n_new * self.thresholds.noise) if self.options.noise else 0
            atoms = self._first_atoms(rest, parameterisation.sample_rate_hz, n_new - n_noise, first_sample)
            new = parameterisation.of_atoms(atoms)
            if n_noise:
                new = torch.cat([new, self._first_noise(parameterisation, rest, new, n_noise)])
            anchor = torch.cat([anchor, new])
        return State.at(parameterisation.at_rest(len(anchor)), anchor)

    def after_step(self, objective: Objective, state: State, done: float, n_events: int) -> State:
        """The state with events pruned, where sparsity costs, or else exchanged, every now and then; `n_events` were
        asked for, `done` is the part of the fit that is over.
        """
        options, limits = self.options, self.thresholds
        if options.sparsity:
            return self.prune(objective, state) if state.iteration % limits.prune_every == 0 else state
        if options.control_every and state.iteration % options.control_every == 0 and done < limits.until:
            return self.exchange(objective, state, n_events)
        return state

    def _is_audible(self, reference: Tensor) -> bool:
        return (
            reference.shape[1] >= self.thresholds.least_samples
            and float(reference.abs().max()) > self.thresholds.silent
        )

    def _first_noise(
        self, parameterisation: Parameterisation, audio: NDArray[np.float32], others: Tensor, n: int
    ) -> Tensor:
        """Anchors of noise for what these other new events leave."""
        with torch.no_grad():
            columns = parameterisation.columns(parameterisation.at_rest(len(others)), others)
            rest = audio - parameterisation.render(columns, audio.shape[1]).numpy()
        return parameterisation.of_noise(noise_atoms(rest.astype(np.float64), parameterisation.sample_rate_hz, n))

    def _first_atoms(self, audio: NDArray[np.float32], sample_rate_hz: int, n: int, first_sample: int) -> Atoms:
        if self.options.init == "pursuit":
            return pursuit_atoms(audio, sample_rate_hz, n)
        random = np.random.default_rng([self.options.seed, first_sample])
        return random_atoms(audio.astype(np.float64), sample_rate_hz, n, random)

    @torch.no_grad()
    def prune(self, objective: Objective, state: State) -> State:
        """The state without those of the weakest events that cost more by sparsity than they are worth to the loss."""
        limits, parameterisation = self.thresholds, objective.parameterisation
        energy = parameterisation.energy(parameterisation.columns(state.theta, state.anchor))
        kept = torch.ones(len(energy), dtype=torch.bool)
        loss = float(objective.value(state.theta, state.anchor))
        n_tried = max(limits.fewest_pruned, int(limits.pruned * len(energy)))
        for i in torch.argsort(energy, stable=True)[:n_tried].tolist():
            kept[i] = False
            without = float(objective.value(state.theta[kept], state.anchor[kept]))
            if without < loss:
                loss = without
            else:
                kept[i] = True
        return state if bool(kept.all()) else state.with_events(torch.nonzero(kept)[:, 0], state.anchor[:0])

    @torch.no_grad()
    def exchange(self, objective: Objective, state: State, n_events: int) -> State:
        """The state without events nobody would miss, the weaker of duplicates, and of the weakest those that others
        are worth more than.

        In their place, up to `n_events` in all, come new ones where most is missing. Within another's reach one takes
        over its timbre: that is split.
        """
        parameterisation = objective.parameterisation
        columns = parameterisation.columns(state.theta, state.anchor)
        energy = parameterisation.energy(columns).numpy()
        noise = parameterisation.is_noise(columns).numpy()
        energy = np.where(noise, np.inf, energy)  # noise is exchanged for nothing, and nothing's duplicate
        alive = energy > self.thresholds.dead * energy[~noise].sum()
        if self.begins:  # splats of one note begin together, at one pitch, and share its partials out
            alive &= ~self._duplicates(parameterisation.extent(columns), energy, noise)
        alive, atoms = self._exchanged(objective, columns, energy, alive, n_events)
        if len(atoms.time_s) == 0 and alive.all():
            return state
        anchor = parameterisation.with_timbre(parameterisation.of_atoms(atoms), columns)
        return state.with_events(torch.from_numpy(np.flatnonzero(alive)), anchor)

    def _exchanged(
        self,
        objective: Objective,
        columns: dict[str, Tensor],
        energy: NDArray[np.float64],
        alive: NDArray[np.bool_],
        n_events: int,
    ) -> tuple[NDArray[np.bool_], Atoms]:
        """Those of the events `alive` that stay, and the atoms that take the others' places."""
        limits, rate = self.thresholds, objective.parameterisation.sample_rate_hz
        may_exchange = self.begins and n_events >= limits.fewest_for_exchange
        spare = max(1, round(limits.exchanged * n_events)) if may_exchange else 0
        free = n_events - int(alive.sum())
        windows = windows_for(rate)[slice(*limits.peak_windows)]
        atoms = residual_peaks(objective.reference, objective.render(columns), rate, free + spare, windows)
        worth = atoms.energy(rate)
        if not self.begins:
            least = limits.missing * float(objective.reference.double().square().sum())
            atoms = atoms.first(int(np.sum(worth >= least)))
            worth = worth[: len(atoms.time_s)]
        used, stays = min(free, len(worth)), alive.copy()
        for i in np.flatnonzero(alive)[np.argsort(energy[alive], kind="stable")][:spare]:
            if used < len(worth) and worth[used] > limits.gain * energy[i]:
                stays[i], used = False, used + 1
        return stays, atoms.first(used)

    def _duplicates(self, extent: Extent, energy: NDArray[np.float64], noise: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Events that a stronger one at the same time and frequency, of nearly the same length, makes superfluous."""
        limits, (time, hz, width) = self.thresholds, extent
        duplicate = np.zeros(len(hz), np.bool_)
        for i in np.argsort(-energy, kind="stable"):
            if duplicate[i] or noise[i]:
                continue
            near = np.abs(time - time[i]) < limits.duplicate_time * width[i]
            near &= np.abs(hz - hz[i]) * 2 * np.pi * width[i] < limits.duplicate_phase
            near &= np.abs(np.log(width / width[i])) < limits.duplicate_length
            duplicate |= near & (energy < energy[i])
        return duplicate
