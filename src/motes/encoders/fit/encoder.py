"""Overfitting as the encoder: events of a kind that can be rendered differentiably, fitted to a recording by gradient
descent.

The loss is taken on the mix. Longer recordings are fitted segment by segment: the events in the first part of a segment
are then done and sound on into the next, those in its overlap are carried into the next one's beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

from motes.encoders.fit.checkpoint import Checkpoint, restore, store
from motes.encoders.fit.density_control import DensityControl
from motes.encoders.fit.gain_refit import refit_gains
from motes.encoders.fit.notes.note_list import notes_for
from motes.encoders.fit.notes.phases import aligned
from motes.encoders.fit.notes.splats import splats_of_notes
from motes.encoders.fit.objective import Objective
from motes.encoders.fit.optimiser import Optimiser
from motes.encoders.fit.options import FitOptions, SplatOptions
from motes.encoders.fit.parameterisation import parameterisation_of
from motes.encoders.fit.reverberation import ReverberantParameterisation
from motes.encoders.fit.room_selection import RoomSelection, candidates
from motes.encoders.fit.segments import Audio, Segment, samples_of, segments
from motes.encoders.fit.state import State
from motes.encoders.progress import Progress
from motes.encoders.texture import TextureOptions, add_texture
from motes.encoders.time_limit import TimeLimit, TimeUp, reason_of
from motes.encoders.workload import Workload
from motes.events.event_table import EventTable
from motes.events.groups import ROLES, Groups
from motes.events.room import Room, is_sent
from motes.kinds.parameterisation import Atoms, Features, Parameterisation
from motes.synth.render import Renderer

# Steps between checkpoints.
STORED_EVERY = 100
# Steps between scenes that are shown.
SHOWN_EVERY = 20

# The part of a band's power that may be lacking before noise fills it (benchmarks/RESULTS.md).
LACKING_FROM = 0.45
# Learning rate of splats that are fitted on, by default.
FITTED_ON_RATE = 0.04

Watch = Callable[[Scene, Progress], None]


def encode(
    audio: ArrayLike | Source,
    options: FitOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    watch: Watch | None = None,
    begun_s: float | None = None,
    notes: Iterable[Any] | None = None,
) -> Scene:
    """The scene of a recording: at most `options.events` events of the options' kind, rounded as a file stores them.

    `watch` is shown the scene as it stands every SHOWN_EVERY steps. Ctrl-C, the time limit, which counts from
    `begun_s`, and the other ends keep the best so far; the scene's `metadata.stop_reason` is `iterations_reached`,
    `stalled`, `time_limit`, `cancelled` or `nothing_audible_left`. Raises ParameterError for options or audio that make
    no sense, MissingExtraError without PyTorch.
    """
    options = options or SplatOptions()
    limit = TimeLimit(options.time_limit_s, begun_s)
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    features = Features(gamma=options.envelope == "gamma")
    parameterisation = parameterisation_of(options.KIND, source.sample_rate_hz, source.n_channels, features)
    begins_with_notes = isinstance(options, SplatOptions) and options.init == "notes"
    given = _given_notes(source, options, notes) if begins_with_notes else None
    work = Workload(options.stages(source.n_samples, source.n_channels, source.sample_rate_hz), progress)
    for stage in ("loading", "guess"):  # what had to be imported is here by now
        work.begin(stage, reports=stage == "guess")
    scene = _quantised(_Fit(source, options, parameterisation, limit, work, watch, given).run())
    if not options.texture:
        return scene
    return add_texture(
        scene, source, TextureOptions(kbps=options.texture_kbps, least_lacking=0.0, lacking_from=LACKING_FROM)
    )


def fit_on(
    scene: Scene,
    audio: ArrayLike | Source,
    steps: int,
    options: SplatOptions | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    begun_s: float | None = None,
) -> Scene:
    """The scene with its splats fitted on to a recording of the same length by so many steps, rounded as a file stores
    it; see `motes.encoders.fit.fit_on`.
    """
    options = replace(options or SplatOptions(learning_rate=FITTED_ON_RATE), iterations=steps, control_every=0)
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, scene.sample_rate_hz)  # type: ignore[assignment]
    mine, theirs = ((x.sample_rate_hz, x.n_samples, x.n_channels) for x in (scene, source))
    if mine != theirs:
        raise ParameterError(f"scene and recording differ in sample rate, samples or channels: {mine} and {theirs}")
    moved = (scene.splat.backward == 0) & (scene.splat.room_id == 0)
    beside = scene.replace(splat=scene.splat.take(~moved))
    given = aligned(scene.splat.take(moved), _whole(source), source.sample_rate_hz)
    parameterisation = parameterisation_of("splat", source.sample_rate_hz, source.n_channels)
    limit = TimeLimit(options.time_limit_s, begun_s)
    work = Workload(options.stages(source.n_samples, source.n_channels, source.sample_rate_hz), progress)
    fit = _Fit(source, replace(options, room="none"), parameterisation, limit, work, None, given)
    fit.beside = Renderer(beside)
    return _quantised(scene.replace(splat=beside.splat.with_more(fit.run().splat)))


def _whole(source: Source) -> NDArray[np.float64]:
    """All samples of a recording, `(n_channels, n_samples)`."""
    return np.concatenate([np.zeros((source.n_channels, 0)), *source.blocks()], axis=1)


def _given_notes(source: Source, options: FitOptions, notes: Iterable[Any] | None) -> EventTable:
    """Splats of the notes that a fit begins with."""
    found = notes_for(source, getattr(options, "labels", None), notes)
    return splats_of_notes(_whole(source), source.sample_rate_hz, found, options.events)[0]


def _quantised(scene: Scene) -> Scene:
    from motes.codec import quantise

    return quantise(scene)


class _Fit:
    """One recording being fitted: events that are done, and what fits the next segment's."""

    def __init__(
        self,
        source: Source,
        options: FitOptions,
        parameterisation: Parameterisation,
        limit: TimeLimit,
        work: Workload,
        watch: Watch | None,
        given: EventTable | None = None,
    ) -> None:
        """`given` are events to begin with, in place of a first guess."""
        self.given = given
        # What else sounds all the time, and is not fitted.
        self.beside: Renderer | None = None
        self.source, self.options, self.rate = source, options, source.sample_rate_hz
        self.limit, self.work, self.watch = limit, work, watch
        self.parameterisation = parameterisation
        self.rooms: RoomSelection | None = None
        if rooms := candidates(options.room):
            self.parameterisation = reverberant = ReverberantParameterisation(parameterisation)
            self.rooms = RoomSelection(rooms, reverberant, is_open=options.room == "auto")
        self.density = DensityControl(options, begins=given is None)
        self.done: EventTable = parameterisation.KIND.empty(source.n_channels)
        self.parts = segments(source.n_samples, self.rate, options.stretch_s)
        self.stopped: str = StopReason.NOTHING_AUDIBLE_LEFT

    def run(self) -> Scene:
        """The scene of all segments, fitted one after the other."""
        checkpoint = self._restored()
        with self.limit.interrupting():
            try:
                self._fit_segments(checkpoint)
            except KeyboardInterrupt as interrupt:  # between segments: those that are done stay
                self.stopped = reason_of(interrupt)
        return self._scene(self.done)

    def _fit_segments(self, checkpoint: Checkpoint | None) -> None:
        """Fit one segment after the other, until the time is up."""
        first, state = (checkpoint.segment, checkpoint.state) if checkpoint is not None else (0, None)
        carried = self.parameterisation.of_atoms(Atoms.none(self.source.n_channels))
        for number, audio in enumerate(samples_of(self.source, self.parts)):
            if number < first:
                continue
            try:
                state, reason = self._fit_segment(number, audio, state, carried)
            except TimeUp:  # before its first step: what the last one carried over sounds on in it
                state, reason = self._at_rest(carried), StopReason.TIME_LIMIT
            is_last = reason == StopReason.CANCELLED or self.limit.is_over
            carried, state = self._finish(self.parts[number], state, is_last), None
            self.stopped = reason if reason != StopReason.NOTHING_AUDIBLE_LEFT or number == 0 else self.stopped
            if is_last:
                break

    def _fit_segment(self, number: int, audio: Audio, state: State | None, carried: torch.Tensor) -> tuple[State, str]:
        """The state of a segment when it is fitted, from a state or from the first guess, and why that ended."""
        begun_s = self.limit.clock() - (state.elapsed_s if state is not None else 0.0)
        objective = self._objective(self.parts[number], audio)
        state = self._initial(objective, self.parts[number], carried) if state is None else state
        state, reason = self._descend(objective, state, number, begun_s)
        self._store(number, state, reason)
        return (state if self.rooms is None else self.rooms.close(state)), reason

    def _at_rest(self, anchor: torch.Tensor) -> State:
        return State.at(self.parameterisation.at_rest(len(anchor)), anchor)

    def _restored(self) -> Checkpoint | None:
        checkpoint = restore(self.options, self.source, self.parameterisation.KIND)
        if checkpoint is None:
            return None
        if self.rooms is not None:
            if checkpoint.rooms != self.rooms.digest():
                raise ParameterError(
                    f"{self.options.checkpoint}: the rooms of IMPULSE_RESPONSE_PATH are not those that this fit "
                    "began with"
                )
            self.rooms.resume(checkpoint.state)
        self.done = checkpoint.done
        self.limit.begun_s -= checkpoint.elapsed_s
        return checkpoint

    def _objective(self, segment: Segment, audio: Audio) -> Objective:
        """The objective of a segment, in which the events of earlier ones still sound."""
        background = Renderer(self._scene(self.done)).samples(segment.first, segment.last)
        if self.beside is not None:
            background = background + self.beside.samples(segment.first, segment.last)
        if self.rooms is not None:
            self.rooms.enter(segment.n_samples)
        return Objective(
            self.parameterisation,
            torch.from_numpy(audio),
            torch.from_numpy(background),
            self.options.weighted_losses(),
            self.options.sparsity,
        )

    def _initial(self, objective: Objective, segment: Segment, carried: torch.Tensor) -> State:
        """The first guess, with as many events as are the segment's share."""
        left, n_left = self.options.events - len(self.done), self.source.n_samples - segment.first
        n_events = min(left, math.ceil(left * segment.n_samples / max(1, n_left)))
        if self.given is not None:
            carried = torch.cat([carried, self._given_in(segment)])
        state = self.density.initialise(objective, carried, n_events, segment.first)
        return state if self.rooms is None else self.rooms.initialise(state)

    def _given_in(self, segment: Segment) -> torch.Tensor:
        """Anchors of the given events that begin in a segment, and not yet in the one before."""
        assert self.given is not None
        number = self.parts.index(segment)
        first = -np.inf if number == 0 else self.parts[number - 1].last / self.rate
        last = np.inf if segment is self.parts[-1] else segment.last / self.rate
        time_s = self.given.column("time_s")
        here = self.given.take((time_s >= first) & (time_s < last))
        here = here.moved(np.full(len(here), -segment.first / self.rate))
        columns = {p.name: torch.from_numpy(np.array(here.column(p.name))) for p in here.PARAMS}
        return self.parameterisation.anchored(columns)

    def _descend(self, objective: Objective, state: State, number: int, begun_s: float) -> tuple[State, str]:
        """The state after steps until something ends them, and what that was; the segment was begun at `begun_s`."""
        if not len(state.theta):
            return state, StopReason.NOTHING_AUDIBLE_LEFT
        n_events = len(state.theta)
        limit_s = self._time_limit_s(begun_s, number)
        optimiser = Optimiser(objective, self.options.learning_rate, self.rooms)
        if number == 0:
            self.work.begin("steps", reports=False)
        try:
            while True:
                now = replace(state, elapsed_s=self.limit.clock() - begun_s)
                done = self._part_done(now, limit_s)
                if reason := self._reason_to_stop(now, done):
                    return optimiser.finished(now), reason
                now, loss = self._stepped(optimiser, now, done, n_events)
                self._report(now, loss, self._part_of_all(number, done), number)
                state = now
        except KeyboardInterrupt as interrupt:
            return state, reason_of(interrupt)  # what a step had begun is not part of it

    def _time_limit_s(self, begun_s: float, number: int) -> float | None:
        """Seconds that a segment may take: what is left of the limit, divided by the segments that are left."""
        if self.limit.limit_s is None:
            return None
        return (self.limit.limit_s - (begun_s - self.limit.begun_s)) / (len(self.parts) - number)

    def _part_of_all(self, number: int, done: float) -> float:
        """The part of the work on all segments when so much of one is done: a step takes as long as the segment is."""
        samples = [part.n_samples for part in self.parts]
        return (sum(samples[:number]) + done * samples[number]) / max(1, sum(samples))

    def _part_done(self, state: State, limit_s: float | None) -> float:
        by_time = 0.0 if limit_s is None else state.elapsed_s / max(1e-9, limit_s)
        return max(state.iteration / max(1, self.options.iterations), by_time)

    def _reason_to_stop(self, state: State, done: float) -> str | None:
        options = self.options
        if state.iteration >= options.iterations:
            return StopReason.ITERATIONS_REACHED
        if done >= 1:
            return StopReason.TIME_LIMIT
        is_settled = self.rooms is None or state.room.stage.is_end
        if options.patience and state.iteration - state.improved_at >= options.patience and is_settled:
            return StopReason.STALLED
        return None

    def _stepped(self, optimiser: Optimiser, state: State, done: float, n_events: int) -> tuple[State, float]:
        """The state after a step of the descent and what goes with it, and the loss before it."""
        objective, options = optimiser.objective, self.options
        if self.rooms is not None:
            state = self.rooms.before_step(objective, state, done)
        state, loss = optimiser.step(state, done)
        if options.refit_every and state.iteration % options.refit_every == 0:
            state = refit_gains(objective, state)
        return self.density.after_step(objective, state, done, n_events), loss

    def _report(self, state: State, loss: float, fraction: float, number: int) -> None:
        """Show how far the fit has come, and store it, every now and then."""
        room = self.rooms.words(state) if self.rooms is not None else ""
        self.work.advance(fraction)
        n_events = len(self.done) + len(state.theta)
        now = self.work.shown(Progress(fraction, n_events, iteration=state.iteration, loss=loss, room=room))
        if self.work.progress is not None:
            self.work.progress(now)
        if state.iteration % SHOWN_EVERY == 0 and self.watch is not None:
            best = self._table(self._best_columns(state), self.parts[number])
            self.watch(self._scene(best, self.rooms.room_of(state) if self.rooms is not None else None), now)
        if state.iteration % STORED_EVERY == 0:
            self._store(number, state, "")

    def _store(self, number: int, state: State, reason: str) -> None:
        rooms = self.rooms.digest() if self.rooms is not None else ""
        store(self.options, self.source, Checkpoint(number, state, self.done, reason, self.limit.elapsed_s, rooms))

    @torch.no_grad()
    def _best_columns(self, state: State) -> dict[str, torch.Tensor]:
        return self.parameterisation.columns(state.best.theta, state.best.anchor)

    def _table(self, columns: dict[str, torch.Tensor], segment: Segment) -> EventTable:
        """The events that are done, and these of a segment."""
        table = self.parameterisation.table(columns, segment.first / self.rate)
        return self.done.with_more(table) if len(self.done) else table

    def _finish(self, segment: Segment, state: State, is_last: bool) -> torch.Tensor:
        """Anchors of the events that the next segment begins with; those of the first part, of the last segment all,
        are done.
        """
        columns = self._best_columns(state)
        later = columns["time_s"] * self.rate + segment.first >= segment.done
        if is_last or segment.done >= self.source.n_samples:
            later = torch.zeros_like(later)
        self.done = self._table({name: value[~later] for name, value in columns.items()}, segment)
        carried = {name: value[later] for name, value in columns.items()}
        carried["time_s"] = carried["time_s"] - (segment.done - segment.first) / self.rate
        return self.parameterisation.anchored(carried)

    def _scene(self, table: EventTable, room: Room | None = None) -> Scene:
        """A scene of these events, in the room that was chosen, if not in another."""
        if room is None and self.rooms is not None:
            room = self.rooms.room
        room = room if room is not None and is_sent(table) else None
        chosen = {
            name: value
            for name, value in asdict(self.options).items()
            if value is not None and name not in ("checkpoint", "resume", "labels")
        }
        if self.options.room == "auto":
            chosen["room"] = f"auto: {room.name if room is not None else 'none'}"
        metadata = Metadata(
            encoder=table.KIND,
            options=chosen,
            stop_reason=self.stopped,
            source_digest=self.source.digest(),
            version=__version__,
        )
        parts: dict[str, Any] = {table.KIND: table, "rooms": (room,) if room is not None else ()}
        size = self.rate, self.source.n_samples, self.source.n_channels
        return Scene(*size, metadata=metadata, groups=_groups(table), **parts)


def _groups(table: EventTable) -> Groups:
    """A note for each group that events are in."""
    ids = np.unique(table.column("group_id"))
    ids = ids[ids > 0]
    return Groups(ids, np.zeros_like(ids), np.full_like(ids, ROLES.index("note")))
