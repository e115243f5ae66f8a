"""New sounds from learned events: their neighbours, what lies between two, vectors by chance, other times."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motes.edit.tables import numbers_of
from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.kinds.vector.decoder import Decoder
from motes.kinds.vector.decoding import current, require_known
from motes.kinds.vector.table import NUMBERS, Vector
from motes.library.batch import Progress
from motes.library.plan import Job
from motes.library.work import _store, load_scene
from motes.scene.scene import Scene
from motes.units import require_finite

if TYPE_CHECKING:
    from motes.events.model import Model

MOST = 100_000
LONGEST_S = 24 * 3600.0
WAYS = ("nearest", "between", "random", "shuffle_times", "redraw")


class Neighbours(NamedTuple):
    """Events of a scene by their numbers, the nearest first, and how far they are: 1 is about as far as two drawn at
    random differ in one number.
    """

    event: Ints
    distance: Array


def nearest(scene: Scene, event: int, count: int = 8, among: Mask | None = None) -> Neighbours:
    """The vectors most like the one with this number, which is not among them, by the root mean square of the
    differences of the sixteen numbers over their deviations.

    `among` `(n_events,)` picks whom to look among. Vectors of other models cannot be compared and are left out.
    """
    i, first = _vector(scene, event), numbers_of(scene, "vector").start
    vectors = scene.vector
    deviation = _deviation(_decoder(scene, int(vectors.model[i])))
    apart = (vectors.numbers - vectors.numbers[i]) / deviation
    distance: Array = np.sqrt(np.mean(apart**2, axis=1))
    others = (vectors.model == vectors.model[i]) & (np.arange(len(vectors)) != i)
    if among is not None:
        others &= among[numbers_of(scene, "vector")]
    order = np.argsort(np.where(others, distance, np.inf), kind="stable")[: min(_count("count", count), others.sum())]
    return Neighbours(order + first, distance[order])


def between(scene: Scene, one: int, other: int, steps: int = 5) -> Scene:
    """The vector with one number, as many as `steps` between it and another, and that: one after the other, as far
    apart as the longer of both is long.
    """
    ends = np.array([_vector(scene, one), _vector(scene, other)])
    pair = scene.vector.take(ends)
    if pair.model[0] != pair.model[1]:
        raise ParameterError(f"events {one} and {other} are of two models: nothing lies between them")
    along = np.linspace(0, 1, _count("steps", steps, 0) + 2)
    spacing_s = float(2.0 ** pair.log2_length_s.max())
    if spacing_s * len(along) > LONGEST_S:
        raise ParameterError(f"{len(along)} events of {spacing_s:g} s are longer than a day")
    numbers = pair.numbers[0] + along[:, None] * (pair.numbers[1] - pair.numbers[0])
    rows = pair.take(np.where(along < 1, 0, 1)).with_numbers(numbers)
    gain = pair.gain_db[0] + along[:, None] * (pair.gain_db[1] - pair.gain_db[0])
    rows = rows.replace(gain_db=gain, time_s=spacing_s * np.arange(len(along)), group_id=None)
    ringing_s = float(2.0 ** rows.log2_t60_s[-1])
    n_samples = math.ceil((spacing_s * len(along) + min(ringing_s, 10.0)) * scene.sample_rate_hz)
    return _alone(scene, rows).replace(n_samples=n_samples)


def random_vectors(scene: Scene, n: int, seed: int = 0, times_s: Sequence[float] | None = None) -> Scene:
    """A scene as long as this, of vectors drawn from what its model thinks usual, at random times or at these, over
    and over.
    """
    random = np.random.default_rng(seed)
    model, decoder = _usual_model(scene)
    n = _count("random", n)
    if times_s is None:
        if not scene.n_samples:
            raise ParameterError("a scene of no length has no random times: say them")
        at = random.uniform(0, scene.duration_s, n)
    else:
        at = np.array([_time(scene, value) for value in times_s])
        if not len(at):
            raise ParameterError("times names no time")
        at = np.resize(at, n)
    numbers: dict[str, Any] = dict(zip(NUMBERS, _drawn(decoder, n, random).T, strict=True))
    drawn = Vector(at, **numbers, gain_db=np.zeros((n, scene.n_channels)))
    return scene.with_tables(
        [type(table).empty(scene.n_channels) for table in scene.tables if table.KIND != "vector"] + [drawn],
        models=(model,),
        rooms=(),
        instruments=(),
    )


def shuffled_times(scene: Scene, seed: int = 0, mask: Mask | None = None) -> Scene:
    """The scene with its vectors, or those in a mask of all events, at random times."""
    chosen = _chosen(scene, mask)
    time_s = np.random.default_rng(seed).uniform(0, scene.duration_s, len(chosen))
    return scene.with_tables([scene.vector.replace(time_s=np.where(chosen, time_s, scene.vector.time_s))])


def redrawn(scene: Scene, seed: int = 0, mask: Mask | None = None) -> Scene:
    """The scene with other vectors, of what the model thinks usual, at the times of its own, or of those in a mask of
    all events.
    """
    random, chosen, vectors = np.random.default_rng(seed), _chosen(scene, mask), scene.vector
    numbers = vectors.numbers
    for model in np.unique(vectors.model[chosen]).tolist():
        these = chosen & (vectors.model == model)
        numbers[these] = _drawn(_decoder(scene, model), int(these.sum()), random)
    return scene.with_tables([vectors.with_numbers(numbers)])


def _chosen(scene: Scene, mask: Mask | None) -> Mask:
    """Which of the vectors are in a mask of all events; ParameterError where there are none."""
    chosen = np.ones(len(scene.vector), np.bool_) if mask is None else mask[numbers_of(scene, "vector")]
    if not chosen.any():
        raise ParameterError("no vector is chosen" if len(scene.vector) else "the scene holds no vectors")
    return chosen


def _drawn(decoder: Decoder, n: int, random: np.random.Generator) -> Array:
    """Numbers from a prior, `(n, 16)`, within the ranges of their columns."""
    prior = decoder.prior
    numbers = random.multivariate_normal(prior.mean, prior.covariance, n, method="cholesky")
    ranges = {param.name: (param.low, param.high) for param in Vector.PARAMS}
    low, high = np.array([ranges[name] for name in NUMBERS]).T
    return np.asarray(np.clip(numbers, low, high))


def _deviation(decoder: Decoder) -> Array:
    return np.asarray(np.sqrt(np.maximum(np.diag(decoder.prior.covariance), 1e-12)))


def _decoder(scene: Scene, model: int) -> Decoder:
    return require_known(scene.models[model])


def _usual_model(scene: Scene) -> tuple[Model, Decoder]:
    """The model of most vectors, without any the current one."""
    model = scene.models[int(np.argmax(np.bincount(scene.vector.model)))] if len(scene.vector) else current()
    return model, require_known(model)


def _vector(scene: Scene, event: int) -> int:
    """Where the event with a number among all stands among the vectors; ParameterError where it is none."""
    there = numbers_of(scene, "vector")
    if not len(scene.vector):
        raise ParameterError("the scene holds no vectors")
    if not there.start <= event < there.stop:
        raise ParameterError(f"event {event} is no vector: those are {there.start} … {there.stop - 1}")
    return event - int(there.start)


def _alone(scene: Scene, vectors: Vector) -> Scene:
    """A scene of these vectors and nothing else."""
    tables = [vectors if table.KIND == "vector" else type(table).empty(scene.n_channels) for table in scene.tables]
    return scene.with_tables(tables)


def _count(name: str, value: int, least: int = 1) -> int:
    if not isinstance(value, int | np.integer) or not least <= value <= MOST:
        raise ParameterError(f"{name} must be a whole number from {least} to {MOST}, not {value!r}")
    return int(value)


def _time(scene: Scene, value: float) -> float:
    at = require_finite("times", value)
    if not 0 <= at <= scene.duration_s:
        raise ParameterError(
            f"times must lie in the scene, 0 … {scene.duration_s:g} s, not {at:g}: were these samples?"
        )
    return at


@dataclass(frozen=True)
class Remix:
    """.mote file with vectors to audio or to another .mote file, in one of WAYS; as `motes.remix`."""

    nearest: int | None = None
    count: int = 8
    between: Sequence[int] | None = None
    steps: int = 5
    random: int | None = None
    times: Sequence[float] | None = None
    seed: int = 0
    shuffle_times: bool = False
    redraw: bool = False
    select: Any = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        chosen = [name for name in WAYS if getattr(self, name) is not None and getattr(self, name) is not False]
        if len(chosen) != 1:
            both = f"{' and '.join(chosen)} were both given" if chosen else "none was given"
            raise ParameterError(f"one of {', '.join(WAYS)} at a time: {both}")
        if self.between is not None and len(self.between) != 2:
            raise ParameterError(f"between takes two events, as in 3,8, not {len(self.between)}")
        if self.times is not None and self.random is None:
            raise ParameterError("times are those of random vectors: say how many")

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Remix one file."""
        from motes.audio import write_audio
        from motes.synth.render import render_blocks

        start = time.perf_counter()
        made, n_clipped = self.apply(load_scene(job.source)), 0
        job.make_folder()
        if job.output == "-" or os.fspath(job.output).lower().endswith(".mote"):
            _store(made, job.output, self.overwrite)
        else:
            n_clipped = write_audio(
                job.output,
                render_blocks(made),
                made.sample_rate_hz,
                made.n_channels,
                overwrite=self.overwrite,
                n_samples=made.n_samples,
            )
        report = {"source": job.source, "output": job.output, "seconds": made.duration_s, "n_events": made.n_events}
        return report | {"n_clipped": n_clipped, "elapsed_s": time.perf_counter() - start}

    def apply(self, scene: Scene) -> Scene:
        """The scene that is made of one."""
        mask = None if self.select is None else scene.select(self.select).mask
        if self.nearest is not None:
            found = nearest(scene, self.nearest, self.count, mask)
            return scene.select([self.nearest, *found.event.tolist()]).only()
        if self.between is not None:
            return between(scene, int(self.between[0]), int(self.between[1]), self.steps)
        if self.random is not None:
            return random_vectors(scene, self.random, self.seed, self.times)
        return (shuffled_times if self.shuffle_times else redrawn)(scene, self.seed, mask)
