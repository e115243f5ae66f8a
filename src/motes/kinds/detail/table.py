"""The detail event: a stretch of sound as the quantised coefficients of a lapped transform, for what is too dense for
atoms and too audible for noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.kinds.detail.grid import LONGEST_FRAME, SHORTEST_FRAME, is_tree

HIGHEST_HZ, LONGEST_S = 1e6, 1e4
LARGEST, LARGEST_STEP = 32767, 400
# Steps of quantisation for a factor of two in amplitude.
STEPS_PER_DOUBLING = 4
# Samples over which an event that was cut fades.
CUT_FADE = 128
# By how much one with a band of its own rings longer at either end, and what a vocoder adds before it stretches.
BAND_TAIL_S = 0.0464
# What a mask leaves of a band, in parts of the whole; how much longer it rings: a window, at low rates 64 samples.
MASK_UNITS = 16
MASK_TAIL_S, MASK_TAIL_SAMPLES = 0.0657, 64
MOST_MASK_FRAMES, MOST_MASK_BANDS = 4096, 256


@dataclass(frozen=True, eq=False)
class Detail(EventTable):
    """`n_frames` frames of `frame_samples` samples each, from `time_s` on, `duration_s` long in all.

    The blocks that frames are cut into have the `sizes` `(Σ n_blocks,)` in samples. `coefficients`,
    `(Σ n_frames · frame_samples, n_channels)`, are whole numbers of steps, block after block; a step is
    2^(steps / STEPS_PER_DOUBLING), `steps` `(Σ n_frames · n_bands, n_channels)`. Where `mid_side`
    `(Σ n_frames · n_bands,)` is 1 the two channels are (left + right)/√2 and (left − right)/√2.

    `rise` and `fall` samples, around its two ends, are fades into the event before and after it. An event with a
    `mask`, `(Σ mask_frames · mask_bands,)`, is a part of what its coefficients make: so many sixteenths in each of
    `mask_frames` equal stretches of time and `mask_bands` bands, equal on the ERB-rate scale. What edits did stands
    in further columns: they act on the audio that the coefficients make, in the order of
    docs/format.md, and never change these.
    """

    time_s: Array
    duration_s: Array
    n_frames: Ints
    frame_samples: Ints
    n_blocks: Ints
    n_bands: Ints
    sizes: NDArray[np.int64]
    steps: NDArray[np.int16]
    mid_side: NDArray[np.int8]
    coefficients: NDArray[np.int16]
    rise: Ints = None  # type: ignore[assignment]  # filled with 0
    fall: Ints = None  # type: ignore[assignment]  # filled with 0
    gain: Array = None  # type: ignore[assignment]  # filled with 1
    low_hz: Array = None  # type: ignore[assignment]  # filled with 0
    high_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    from_s: Array = None  # type: ignore[assignment]  # filled with 0
    until_s: Array = None  # type: ignore[assignment]  # filled with LONGEST_S
    backward: Ints = None  # type: ignore[assignment]  # filled with 0
    frequency_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    time_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0
    mask_frames: Ints = None  # type: ignore[assignment]  # filled with 0
    mask_bands: Ints = None  # type: ignore[assignment]  # filled with 0
    mask: NDArray[np.int8] = None  # type: ignore[assignment]  # filled with none

    KIND: ClassVar[str] = "detail"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "low_hz", "from_s")
    RAGGED: ClassVar[tuple[str, ...]] = ("sizes", "steps", "mid_side", "coefficients", "mask")
    COUNTS: ClassVar[tuple[str, ...]] = (
        "n_frames",
        "frame_samples",
        "n_blocks",
        "n_bands",
        "mask_frames",
        "mask_bands",
    )
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when it begins"),
        Param("duration_s", "s", 0.0, LONGEST_S, "how long it lasts"),
        Param("n_frames", "", 1, 1024, "number of frames", whole=True),
        Param("frame_samples", "samples", SHORTEST_FRAME, LONGEST_FRAME, "length of a frame, a power of 2", whole=True),
        Param("n_blocks", "", 1, 2**14, "number of blocks", whole=True),
        Param("n_bands", "", 1, 64, "number of bands with a step each", whole=True),
        Param("rise", "samples", 0, LONGEST_FRAME, "length of the fade around its start", default=0, whole=True),
        Param("fall", "samples", 0, LONGEST_FRAME, "length of the fade around its end", default=0, whole=True),
        Param("gain", "", 0.0, 1e6, "factor of its amplitude", default=1.0),
        Param("low_hz", "Hz", 0.0, HIGHEST_HZ, "lower edge of what is left of it", default=0.0),
        Param("high_hz", "Hz", 0.0, HIGHEST_HZ, "upper edge of what is left of it", default=HIGHEST_HZ),
        Param("from_s", "s", 0.0, LONGEST_S, "how far into it the part begins that is left of it", default=0.0),
        Param("until_s", "s", 0.0, LONGEST_S, "how far into it that part ends", default=LONGEST_S),
        Param("backward", "", 0, 1, "1 where it is played backward", default=0, whole=True),
        Param("frequency_ratio", "", 1e-3, 1e3, "by which it is transposed", default=1.0),
        Param("time_ratio", "", 1e-3, 1e3, "by which it is stretched", default=1.0),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
        Param("mask_frames", "", 0, MOST_MASK_FRAMES, "frames of its mask, 0 for none", default=0, whole=True),
        Param("mask_bands", "", 0, MOST_MASK_BANDS, "bands of its mask, 0 for none", default=0, whole=True),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("frame_samples", "rise", "fall"):
            values = self.column(name)
            if np.any(values & (values - 1)) or np.any(values == 1):
                raise ParameterError(f"detail.{name} must be powers of 2{', or 0' * (name != 'frame_samples')}")
        if np.any(self.low_hz >= self.high_hz) or np.any(self.from_s >= self.until_s):
            raise ParameterError("detail.low_hz and from_s must be below high_hz and until_s")
        n_steps = int(np.sum(self.n_frames * self.n_bands))
        self._child("sizes", np.int64, (int(np.sum(self.n_blocks)),), 1, LONGEST_FRAME)
        self._child("mid_side", np.int8, (n_steps,), 0, 1)
        steps = self._child("steps", np.int16, (n_steps, -1), -LARGEST_STEP, LARGEST_STEP)
        shape = (int(np.sum(self.n_frames * self.frame_samples)), steps.shape[1])
        self._child("coefficients", np.int16, shape, -LARGEST, LARGEST)
        if getattr(self, "mask") is None:  # noqa: B009 (the type says that it is there)
            object.__setattr__(self, "mask", np.empty(0, np.int8))
        self._child("mask", np.int8, (int(np.sum(self.mask_frames * self.mask_bands)),), 0, MASK_UNITS)
        if steps.shape[1] != 2 and np.any(self.mid_side):
            raise ParameterError("detail.mid_side is of two channels alone")
        for i, (first, last) in enumerate(pairwise(self.block_start)):
            if not is_tree(sizes := self.sizes[first:last], int(self.frame_samples[i])) or int(sizes.sum()) != int(
                self.n_frames[i] * self.frame_samples[i]
            ):
                raise ParameterError(f"detail.sizes must cut each frame into halves of halves (event {i})")
            if self.rise[i] > sizes[0] or self.fall[i] > sizes[-1]:
                raise ParameterError(f"detail.rise and fall must not be longer than the blocks there (event {i})")

    def _child(self, name: str, dtype: type, shape: tuple[int, ...], low: int, high: int) -> NDArray[Any]:
        given = np.asarray(getattr(self, name))
        if given.ndim != len(shape) or any(n not in (-1, m) for n, m in zip(shape, given.shape, strict=True)):
            raise ParameterError(f"detail.{name} must have the shape {shape}, not {given.shape}")
        if given.size and not (low <= given.min() and given.max() <= high):
            raise ParameterError(f"detail.{name} must lie in {low} … {high}")
        if given.dtype.kind == "f" and np.any(given != np.rint(given)):
            raise ParameterError(f"detail.{name} must be whole numbers")
        rows = given if given.dtype == dtype and not given.flags.writeable else np.array(given, dtype, order="C")
        rows.flags.writeable = False
        object.__setattr__(self, name, rows)
        return rows

    @classmethod
    def empty(cls, n_channels: int) -> Detail:
        """No events."""
        none, whole = np.empty(0), np.empty(0, np.int64)
        steps, values = np.empty((0, n_channels), np.int16), np.empty((0, n_channels), np.int16)
        return cls(none, none, whole, whole, whole, whole, whole, steps, np.empty(0, np.int8), values)

    @property
    def n_channels(self) -> int:
        """Of the audio it renders."""
        return int(self.coefficients.shape[1])

    @property
    def block_start(self) -> Ints:
        """First row of each event in `sizes`, and one past the last: `(n_events + 1,)`."""
        return _starts(self.n_blocks)

    @property
    def step_start(self) -> Ints:
        """First row of each event in `steps` and `mid_side`, and one past the last: `(n_events + 1,)`."""
        return _starts(self.n_frames * self.n_bands)

    @property
    def coefficient_start(self) -> Ints:
        """First row of each event in `coefficients`, and one past the last: `(n_events + 1,)`."""
        return _starts(self.n_frames * self.frame_samples)

    @property
    def mask_start(self) -> Ints:
        """First row of each event in `mask`, and one past the last: `(n_events + 1,)`."""
        return _starts(self.mask_frames * self.mask_bands)

    def mask_of(self, i: int) -> NDArray[np.int8] | None:
        """The mask of event i, `(mask_frames, mask_bands)` in sixteenths; None where it is whole."""
        start = self.mask_start
        found = self.mask[start[i] : start[i + 1]]
        return found.reshape(int(self.mask_frames[i]), -1) if len(found) else None

    @property
    def sample_s(self) -> Array:
        """How long a sample of each lasts once it is stretched."""
        return np.asarray(self.duration_s / (self.n_frames * self.frame_samples))

    @property
    def placed_s(self) -> Array:
        """When what is left of it begins."""
        return np.asarray(self.time_s + self._part()[0])

    @property
    def start_s(self) -> Array:
        """When each begins to fade in."""
        return np.asarray(self.time_s + self._part()[0] - self._margin(self.rise))

    @property
    def end_s(self) -> Array:
        """When each has faded out."""
        return np.asarray(self.time_s + self._part()[1] + self._margin(self.fall))

    def _part(self) -> tuple[Array, Array]:
        """Where the part that is left begins and ends, after `time_s`."""
        first = self.from_s * self.time_ratio
        last = np.minimum(self.until_s * self.time_ratio, self.duration_s)
        reversed_first, reversed_last = self.duration_s - last, self.duration_s - first
        turned = self.backward == 1
        return np.where(turned, reversed_first, first), np.where(turned, reversed_last, last)

    def _margin(self, fade: Ints) -> Array:
        """How far an event may sound beyond either end."""
        has_band = (self.low_hz > 0) | (self.high_hz < HIGHEST_HZ)
        is_vocoded = (self.frequency_ratio != 1) | (self.time_ratio != 1)
        either = np.maximum(self.rise, self.fall)  # the one at the end stands first in what is played backward
        fade_s = np.where(self.backward == 1, either, fade) / 2 * self.sample_s
        tail_s = BAND_TAIL_S * (has_band + np.where(is_vocoded, self.time_ratio, 0.0))
        window_s = np.maximum(MASK_TAIL_S * self.time_ratio, MASK_TAIL_SAMPLES * self.sample_s)
        tail_s = tail_s + np.where(self.mask_frames > 0, window_s, 0.0)
        # A sample for what is rounded; fades of cuts take as many samples however long the event is made.
        return np.asarray(fade_s + tail_s + (CUT_FADE / 2 + 2) * self.sample_s / np.minimum(self.time_ratio, 1.0))

    def ragged(self, name: str) -> list[Array]:
        """The values of such a field event by event, of all channels together."""
        start = rows_of(self, name)
        return [self.column(name)[first:last].reshape(-1) for first, last in pairwise(start)]

    @classmethod
    def of_ragged(cls, columns: dict[str, Any], values: dict[str, Array]) -> Detail:
        """Events, of as many channels as `coefficients` has for each."""
        n_rows = int(np.sum(np.asarray(columns["n_frames"], np.int64) * np.asarray(columns["frame_samples"], np.int64)))
        given: dict[str, Any] = {name: np.asarray(value) for name, value in values.items()}
        if n_rows < 1 or not len(given["coefficients"]) or len(given["coefficients"]) % n_rows:
            raise ParameterError(
                f"{len(given['coefficients'])} coefficients are not n_frames · frame_samples · channels"
            )
        n_channels = len(given["coefficients"]) // n_rows
        if len(given["steps"]) % n_channels:
            raise ParameterError(f"{len(given['steps'])} steps are not n_frames · n_bands · channels")
        for name in ("steps", "coefficients"):
            given[name] = given[name].reshape(-1, n_channels)
        return cls(**given, **columns)

    def moved(self, by_s: Array) -> Detail:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Detail:
        """Backward: the same samples in the opposite order."""
        return self.replace(
            time_s=np.where(mask, twice_s - self.time_s - self.duration_s, self.time_s),
            backward=np.where(mask, 1 - self.backward, self.backward),
        )

    def transposed(self, ratio: Array) -> Detail:
        """At `ratio` times the frequency, by a phase vocoder."""
        return self.replace(frequency_ratio=self.frequency_ratio * ratio, **self._band(ratio))

    def _band(self, ratio: Array) -> dict[str, Array]:
        high = np.where(self.high_hz < HIGHEST_HZ, np.minimum(self.high_hz * ratio, HIGHEST_HZ), HIGHEST_HZ)
        return {"low_hz": np.minimum(self.low_hz * ratio, HIGHEST_HZ - 1), "high_hz": high}

    def stretched(self, factor: Array, about_s: float) -> Detail:
        """`factor` times as long, by a phase vocoder."""
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)),
            duration_s=self.duration_s * factor,
            time_ratio=self.time_ratio * factor,
        )

    def amplified(self, factor: Array) -> Detail:
        """All of it alike."""
        return self.replace(gain=self.gain * factor)

    def enveloped(self, mask: Mask, gain_at: Callable[[Array], Array]) -> Detail:
        """The greatest gain there is in it exactly, and by how much frames are below that in whole steps."""
        from motes.kinds.detail.mixing import enveloped

        return enveloped(self, mask, gain_at)

    def mixed(self, mask: Mask, matrix: Array, sample_rate_hz: int) -> Detail:
        """Channels mixed, and rounded to half the finer of their steps."""
        from motes.kinds.detail.mixing import mixed

        return mixed(self, mask, matrix, sample_rate_hz)

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Detail, Mask]:
        """Without what lies outside a band; events with none left are dropped."""
        low, high = np.maximum(self.low_hz, low_hz), np.minimum(self.high_hz, high_hz)
        kept = ~mask | (low < high)
        made = self.take(kept)
        chosen = mask[kept]
        return made.replace(
            low_hz=np.where(chosen, low[kept], made.low_hz), high_hz=np.where(chosen, high[kept], made.high_hz)
        ), kept

    def cut(self, at_s: float, shortest_s: float) -> Detail:
        """What sounds across a moment as two events of the same coefficients, each with its part of them."""
        first, last = self._part()
        across = (self.time_s + first + shortest_s < at_s) & (self.time_s + last - shortest_s > at_s)
        if not across.any():
            return self
        cut = self.take(across)
        inside = np.where(cut.backward == 1, cut.time_s + cut.duration_s - at_s, at_s - cut.time_s) / cut.time_ratio
        return self.take(~across).with_more(cut.replace(until_s=inside), cut.replace(from_s=inside))

    def assigned(self, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Detail:
        """With these columns and values; those that count its values stay as they are."""
        from motes.kinds.detail.reshape import reshaped

        return reshaped(self, mask, columns, ragged)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """The events at `index` (positions, a mask or a slice), in that order."""
        names = [param.name for param in self.PARAMS if param.name not in self.defaults]
        columns: dict[str, Any] = {name: getattr(self, name)[index] for name in names}
        chosen = np.arange(len(self))[index]
        steps = _rows(self.step_start, chosen)
        return type(self)(
            sizes=self.sizes[_rows(self.block_start, chosen)],
            steps=self.steps[steps],
            mid_side=self.mid_side[steps],
            coefficients=self.coefficients[_rows(self.coefficient_start, chosen)],
            mask=self.mask[_rows(self.mask_start, chosen)],
            **columns,
        )


def rows_of(events: Detail, name: str) -> Ints:
    """Which rows of a field of several values are whose: the first of each event, and one past the last."""
    starts = {"sizes": events.block_start, "coefficients": events.coefficient_start, "mask": events.mask_start}
    return starts.get(name, events.step_start)


def _starts(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _rows(start: Ints, chosen: Ints) -> Ints:
    if len(chosen) == 0:
        return np.empty(0, np.int64)
    return np.concatenate([np.arange(start[i], start[i + 1]) for i in chosen])
