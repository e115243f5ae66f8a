"""Overfitting as the encoder: events of a kind that can be rendered differentiably, fitted to a recording by gradient
descent.

The loss is taken on the mix. Longer recordings are fitted stretch by stretch: the events in the first part of a stretch
are then done and sound on into the next, those in its overlap are carried into the next one's beginning.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes import kinds
from motes.audio import ArraySource, Source
from motes.errors import MissingExtraError, ParameterError
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.version import __version__

try:
    import torch
except ImportError as error:
    raise MissingExtraError("fitting events by gradients", "learn") from error

from motes.encoders.fit.checkpoint import Kept, restore, store
from motes.encoders.fit.density_control import UNTIL, drawn, exchanged, pursued
from motes.encoders.fit.optimiser import Descent, State
from motes.encoders.fit.options import FitOptions, SplatOptions
from motes.encoders.fit.parameterisation import Unknowns, unknowns_of
from motes.encoders.fit.reverberation import RoomedUnknowns
from motes.encoders.fit.room_selection import Choice, candidates
from motes.encoders.progress import Progress
from motes.encoders.texture import TextureOptions, add_texture
from motes.events.event_table import EventTable
from motes.events.room import Room, is_sent
from motes.synth.render import Renderer

# Of a stretch, what it goes on into the next.
OVERLAP = 0.25
LEAST_SAMPLES = 64
PRUNED_EVERY = 25
# Steps between checkpoints.
KEPT_EVERY = 100
# Steps between scenes that are shown.
SHOWN_EVERY = 20

Audio = NDArray[np.float32]


def encode(
    audio: ArrayLike | Source,
    options: FitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    watch: Callable[[Scene, Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: at most `options.events` events of the options' kind, rounded as a file stores them.

    `watch` is shown the scene as it stands every SHOWN_EVERY steps. Ctrl-C, the time limit and the other ends keep the
    best so far; the scene's `metadata.stop_reason` is `iterations_reached`, `stalled`, `time_limit`, `cancelled` or
    `nothing_audible_left`. Raises ParameterError for options or audio that make no sense, MissingExtraError without
    PyTorch.
    """
    options = options or SplatOptions()
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    fit = _Fit(source, options, progress, watch)
    scene = fit.run()
    scene = _quantised(scene)
    return (
        add_texture(scene, source, TextureOptions(kbps=options.texture_kbps, least_lacking=0.0))
        if options.texture
        else scene
    )


def _quantised(scene: Scene) -> Scene:
    from motes.codec import quantise

    return quantise(scene)


@dataclass(frozen=True)
class _Stretch:
    """Samples first … last − 1; events before `done` are kept when it is fitted."""

    first: int
    done: int
    last: int


def stretches(n_samples: int, sample_rate_hz: int, seconds: float) -> list[_Stretch]:
    """What is fitted at once: `seconds` long and a part of that further, so that each overlaps the next."""
    step = max(LEAST_SAMPLES, round(seconds * sample_rate_hz))
    if n_samples <= step * (1 + OVERLAP):
        return [_Stretch(0, n_samples, n_samples)]
    firsts = range(0, n_samples - round(OVERLAP * step), step)
    return [
        _Stretch(f, n_samples if f == firsts[-1] else f + step, min(n_samples, f + round(step * (1 + OVERLAP))))
        for f in firsts
    ]


class _Fit:
    """One recording being fitted."""

    def __init__(
        self,
        source: Source,
        options: FitOptions,
        progress: Callable[[Progress], None] | None,
        watch: Callable[[Scene, Progress], None] | None,
    ) -> None:
        self.source, self.options, self.rate = source, options, source.sample_rate_hz
        self.unknowns: Unknowns = unknowns_of(
            options.KIND, self.rate, source.n_channels, gamma=options.envelope == "gamma", with_noise=options.noise
        )
        self.choice: Choice | None = None
        if rooms := candidates(options.room):
            roomed = RoomedUnknowns(self.unknowns)
            self.unknowns, self.choice = roomed, Choice(rooms, roomed, is_open=options.room == "auto")
        self.progress, self.watch = progress, watch
        self.table: EventTable = kinds.named(options.KIND).table.empty(source.n_channels)
        self.parts = stretches(source.n_samples, self.rate, options.stretch_s)
        self.begun = time.monotonic()
        self.stopped: str = StopReason.NOTHING_AUDIBLE_LEFT

    def run(self) -> Scene:
        """All stretches, one after the other."""
        held = self._restored()
        number, carried = 0, None
        state: State | None = None
        if held is not None:
            number, state, self.table = held.stretch, held.state, held.done
            self.begun -= held.elapsed_s
        for stretch, audio in _windows(self.source, self.parts):
            if number > self.parts.index(stretch):
                continue
            number = self.parts.index(stretch)
            descent, state = self._prepared(stretch, audio, carried, state)
            reason = self._descend(descent, state, number)
            self._keep(number, state, reason)
            carried = self._finished(stretch, state if self.choice is None else self.choice.close(state))
            state = None
            self.stopped = (
                reason if reason != StopReason.NOTHING_AUDIBLE_LEFT or stretch is self.parts[0] else self.stopped
            )
            if reason == StopReason.CANCELLED:
                break
        return self._scene(self.table)

    def _restored(self) -> Kept | None:
        held = restore(self.options, self.source, self.unknowns.KIND)
        if held is not None and self.choice is not None:
            if held.rooms != self.choice.digest():
                raise ParameterError(
                    f"{self.options.checkpoint}: the rooms of IMPULSE_RESPONSE_PATH are not those that this fit "
                    "began "
                    "with"
                )
            self.choice.resume(held.state)
        return held

    def _prepared(
        self, stretch: _Stretch, audio: Audio, carried: torch.Tensor | None, state: State | None
    ) -> tuple[Descent, State]:
        background = self._background(stretch)
        options = self.options
        descent = Descent(
            self.unknowns,
            torch.from_numpy(audio),
            torch.from_numpy(background),
            options.weighted_losses(),
            options.learning_rate,
            options.sparsity,
            self.choice,
        )
        if self.choice is not None:
            self.choice.enter(stretch.last - stretch.first)
        return descent, state if state is not None else self._start(descent, stretch, carried)

    def _background(self, stretch: _Stretch) -> Audio:
        """What the events of earlier stretches still sound like."""
        return Renderer(self._scene(self.table)).samples(stretch.first, stretch.last)

    def _budget(self, stretch: _Stretch) -> int:
        left = self.options.events - len(self.table)
        span = self.source.n_samples - stretch.first
        return min(left, math.ceil(left * (stretch.last - stretch.first) / max(1, span)))

    def _start(self, descent: Descent, stretch: _Stretch, carried: torch.Tensor | None) -> State:
        """The first guess: what was carried, and atoms of what that leaves."""
        unknowns, options = self.unknowns, self.options
        nothing = unknowns.of_atoms(_no_atoms(unknowns.n_channels))
        anchor = nothing if carried is None else carried[: self._budget(stretch)]
        n_new = self._budget(stretch) - len(anchor)
        with torch.no_grad():
            rest = (
                descent.reference
                - descent.render(
                    unknowns.columns(torch.zeros(len(anchor), len(unknowns.paces), dtype=torch.float64), anchor)
                )
            ).numpy()
        if n_new > 0 and rest.shape[1] >= LEAST_SAMPLES and np.abs(descent.reference.numpy()).max() > 1e-6:
            random = np.random.default_rng([options.seed, stretch.first])
            atoms = (
                pursued(rest, self.rate, n_new)
                if options.init == "pursuit"
                else drawn(rest.astype(np.float64), self.rate, n_new, random)
            )
            anchor = torch.cat([anchor, unknowns.of_atoms(atoms)])
        state = State.of(anchor, len(unknowns.paces))
        if self.choice is not None:
            self.choice.begin(state)
        return state

    def _descend(self, descent: Descent, state: State, number: int) -> str:
        """Steps until something ends them; says what."""
        options, begun = self.options, time.monotonic() - state.elapsed_s
        if not len(state.theta):
            return StopReason.NOTHING_AUDIBLE_LEFT
        limit = (
            None
            if options.time_limit_s is None
            else (options.time_limit_s - (begun - self.begun)) / (len(self.parts) - number)
        )
        budget = len(state.theta)
        reason, before = None, replace(state)
        try:
            while reason is None:
                before = replace(state)
                state.elapsed_s = time.monotonic() - begun
                done = max(
                    state.iteration / max(1, options.iterations),
                    0.0 if limit is None else state.elapsed_s / max(1e-9, limit),
                )
                if state.iteration >= options.iterations:
                    reason = StopReason.ITERATIONS_REACHED
                elif done >= 1:
                    reason = StopReason.TIME_LIMIT
                elif (
                    options.patience
                    and state.iteration - state.marked_at >= options.patience
                    and (not self.choice or self.choice.is_over(state))
                ):
                    reason = StopReason.STALLED
                else:
                    if self.choice is not None:
                        self.choice.advance(descent, state, done)
                    value = descent.step(state, done)
                    self._control(descent, state, done, budget)
                    self._tell(state, value, (number + done) / len(self.parts), number)
        except KeyboardInterrupt:
            for held in fields(State):  # what a step had begun is undone
                setattr(state, held.name, getattr(before, held.name))
            return StopReason.CANCELLED
        if self.choice is not None:
            self.choice.tune(state)
        with torch.no_grad():
            last = float(descent.value(state.theta, state.anchor))
        if last < state.best:
            state.best, state.best_theta, state.best_anchor = last, state.theta.clone(), state.anchor.clone()
        return reason

    def _control(self, descent: Descent, state: State, done: float, budget: int) -> None:
        """Every now and then gains are refitted, and events exchanged or pruned."""
        options = self.options
        if options.refit_every and state.iteration % options.refit_every == 0:
            descent.refit(state)
        new = state
        if options.sparsity and state.iteration % PRUNED_EVERY == 0:
            new = descent.prune(state)
        elif (
            options.control_every
            and state.iteration % options.control_every == 0
            and done < UNTIL
            and not options.sparsity
        ):
            new = exchanged(descent, state, budget)
        for name in ("theta", "anchor", "first", "second", "age"):
            setattr(state, name, getattr(new, name))

    def _tell(self, state: State, value: float, fraction: float, number: int) -> None:
        words = self.choice.words(state) if self.choice is not None else ""
        now = Progress(
            min(1.0, fraction), len(self.table) + len(state.theta), iteration=state.iteration, loss=value, room=words
        )
        if self.progress is not None:
            self.progress(now)
        if state.iteration % SHOWN_EVERY == 0 and self.watch is not None:
            self.watch(
                self._scene(
                    self._now(state, self.parts[number]), self.choice.heard(state) if self.choice is not None else None
                ),
                now,
            )
        if state.iteration % KEPT_EVERY == 0:
            self._keep(number, state, "")

    def _keep(self, number: int, state: State, reason: str) -> None:
        store(
            self.options,
            self.source,
            Kept(
                number,
                state,
                self.table,
                reason,
                time.monotonic() - self.begun,
                self.choice.digest() if self.choice is not None else "",
            ),
        )

    def _now(self, state: State, stretch: _Stretch) -> EventTable:
        """Done events and the best of those in motion."""
        with torch.no_grad():
            columns = self.unknowns.columns(state.best_theta, state.best_anchor)
        table = self.unknowns.table(columns, stretch.first / self.rate)
        return self.table.with_more(table) if len(self.table) else table

    def _finished(self, stretch: _Stretch, state: State) -> torch.Tensor:
        """Keep the events of the first part; the others, as anchors for the next stretch."""
        with torch.no_grad():
            columns = self.unknowns.columns(state.best_theta, state.best_anchor)
            later = columns["time_s"] * self.rate + stretch.first >= stretch.done
            if stretch.done >= self.source.n_samples:
                later = torch.zeros_like(later)
            kept = self.unknowns.table(
                {name: value[~later] for name, value in columns.items()}, stretch.first / self.rate
            )
            self.table = self.table.with_more(kept) if len(self.table) else kept
            carried = {name: value[later] for name, value in columns.items()}
            carried["time_s"] = carried["time_s"] - (stretch.done - stretch.first) / self.rate
            return self.unknowns.anchored(carried)

    def _scene(self, table: EventTable, room: Room | None = None) -> Scene:
        """A scene of these events, in the room that was chosen, if not in another."""
        if room is None and self.choice is not None:
            room = self.choice.room
        chosen = {
            name: value
            for name, value in asdict(self.options).items()
            if value is not None and name not in ("checkpoint", "resume")
        }
        metadata = Metadata(
            encoder=table.KIND,
            options=chosen,
            stop_reason=self.stopped,
            source_digest=self.source.digest(),
            version=__version__,
        )
        if self.options.room == "auto":
            chosen["room"] = f"auto: {room.name if room is not None and is_sent(table) else 'none'}"
        parts: dict[str, Any] = {table.KIND: table, "rooms": (room,) if room is not None and is_sent(table) else ()}
        return Scene(self.rate, self.source.n_samples, self.source.n_channels, metadata=metadata, **parts)


def _no_atoms(n_channels: int) -> Any:
    from motes.encoders.fit.parameterisation import Atoms

    none, per_channel = np.zeros(0), np.zeros((0, n_channels))
    return Atoms(none, none, none, per_channel, per_channel)


def _windows(source: Source, parts: list[_Stretch]) -> Any:
    """The samples of each stretch, `(n_channels, n)` float32, as the source passes by."""
    held, begins, blocks = np.zeros((source.n_channels, 0), np.float32), 0, source.blocks()
    for stretch in parts:
        while begins + held.shape[1] < stretch.last:
            held = np.concatenate([held, next(blocks)], axis=1)
        held, begins = held[:, stretch.first - begins :], stretch.first
        yield stretch, np.ascontiguousarray(held[:, : stretch.last - stretch.first], np.float32)
