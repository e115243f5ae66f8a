"""What every kind of event shares: described parameters, a read-only table of columns, and what each edit does to
it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.frozen import Frozen, Shared, fixed, handed_over
from motes.units import SILENCE_DB

if TYPE_CHECKING:
    from motes.events.instrument import Instrument
    from motes.events.model import Model

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Param:
    """One column of a kind of event: its name (with the unit in it), range and meaning."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str
    per_channel: bool = False
    # What a column that is not given is filled with; None where it must be given.
    default: float | None = None
    # Whole numbers: an int64 column.
    whole: bool = False
    # Whether tables, exports and conditions show it; others serve edits.
    public: bool = True


MAX_ROOMS = 4095
# Whether events stand in order is looked at in parts of so many, since an hour has millions.
EVENTS_AT_ONCE = 1 << 16
# What every kind has beside its own parameters: where its events are sent (`motes.events.room`).
SENDS = (
    Param(
        "room_id", "", 0, MAX_ROOMS, "the room of the scene it is sent to, from 1, 0 for none", default=0, whole=True
    ),
    Param("wetness", "", 0.0, 1.0, "which part of it goes into the room, the rest is heard dry", default=0.0),
)


class Columns(Frozen):
    """What a table knows of its columns beside their values."""

    __slots__ = ("defaults",)
    # The columns that hold nothing but their default, where there are events; they take no memory.
    defaults: frozenset[str]


@dataclass(frozen=True, eq=False)
class EventTable(Columns):
    """Events of one kind as a structure of arrays; every column is a float64 (or, of whole numbers, int64) array that
    cannot be written to.

    Every kind has the columns `time_s` and `group_id`, and by keyword `room_id` and `wetness`, which this class adds to
    its `PARAMS`.

    Columns are `(n_events,)`, those marked `per_channel` `(n_events, n_channels)`. Raises ParameterError where lengths
    differ or a value is not finite or out of its range.
    """

    room_id: Ints = field(default=None, kw_only=True)  # type: ignore[arg-type]  # filled with 0
    wetness: Array = field(default=None, kw_only=True)  # type: ignore[arg-type]  # filled with 0

    KIND: ClassVar[str]
    PARAMS: ClassVar[tuple[Param, ...]]
    # The columns by which events stand in a scene, the first before the second.
    ORDER: ClassVar[tuple[str, ...]] = ("time_s",)

    # Fields beside the columns, of which each event has several values.
    RAGGED: ClassVar[tuple[str, ...]] = ()
    # Parameters that count the values of such fields, and change with these.
    COUNTS: ClassVar[tuple[str, ...]] = ()
    # The column that says how strong each event is, as an amplitude or in dB; "" where no one column does.
    LEVEL: ClassVar[str] = ""
    # What conditions can ask for beside the columns, and is found only then, from the whole scene.
    FOUND: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        if "PARAMS" in cls.__dict__:
            cls.PARAMS = (*cls.PARAMS, *(param for param in SENDS if param not in cls.PARAMS))

    def ragged(self, name: str) -> list[Array]:
        """The values of such a field, event by event, each `(n_values,)`."""
        raise NotImplementedError

    def ragged_start(self, name: str) -> Any:
        """The first row of each event in such a field, and one past the last, `(n_events + 1,)`; None where a kind does
        not say, whose tables are made anew as a whole.
        """
        return None

    @classmethod
    def of_ragged(cls, columns: dict[str, Any], values: dict[str, Array]) -> Self:
        """The table of these columns, with the values of each such field one event after the other, `(n_values,)`."""
        return cls(**columns)

    # What a kind tells of its events, and what the edits of `motes.edit.operations` do to them: `by_s`, `ratio` and
    # `factor` are `(n_events,)`, and 0, 1 and 1 for events that stay as they are.

    @classmethod
    def empty(cls, n_channels: int) -> Self:
        """No events."""
        raise NotImplementedError

    @property
    def placed_s(self) -> Array:
        """The time by which each is in a stretch or outside it."""
        return np.asarray(self.column("time_s"))

    @property
    def start_s(self) -> Array:
        """When each begins to sound."""
        raise NotImplementedError

    @property
    def end_s(self) -> Array:
        """When each has ended."""
        raise NotImplementedError

    def moved(self, by_s: Array) -> Self:
        """Later."""
        raise NotImplementedError

    def mirrored(self, mask: Mask, twice_s: float) -> Self:
        """Those in `mask` backwards, about `twice_s`/2."""
        raise NotImplementedError

    def transposed(self, ratio: Array) -> Self:
        """At `ratio` times the frequency."""
        raise NotImplementedError

    def stretched(self, factor: Array, about_s: float) -> Self:
        """`factor` times as long, about a moment."""
        raise NotImplementedError

    def amplified(self, factor: Array) -> Self:
        """At `factor` times the amplitude, which may be 0."""
        raise NotImplementedError

    def enveloped(self, mask: Mask, gain_at: Callable[[Array], Array]) -> Self:
        """Those in `mask` at as many times the amplitude as `gain_at` their times."""
        return self.amplified(np.where(mask, gain_at(self.column("time_s")), 1.0))

    def mixed(self, mask: Mask, matrix: Array, sample_rate_hz: int) -> Self:
        """Those in `mask` with their two channels mixed, `(2, 2)`: of kinds whose channels differ in gain alone, and
        are in phase; what comes out negative is silent.
        """
        held_db = self.column(self.LEVEL)
        gains = np.where(held_db > SILENCE_DB, 10 ** (held_db / 20), 0.0) @ matrix.T
        made_db = np.maximum(20 * np.log10(np.maximum(gains, 1e-30)), SILENCE_DB)
        return self.replace(**{self.LEVEL: np.where(mask[:, None], made_db, held_db)})

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Self, Mask]:
        """Those in `mask` without what lies outside a band of frequencies, and which of all events are left."""
        raise NotImplementedError

    def check_sources(self, instruments: Sequence[Instrument], models: Sequence[Model] = ()) -> None:
        """ParameterError where what the events are played on is not among a scene's instruments and models."""

    def only(self, kept: Mask) -> Self:
        """Those in `kept`, no longer depending on the others."""
        return self.take(kept)

    def cut(self, at_s: float, shortest_s: float) -> Self:
        """Those that can be, cut in two at a moment, where both parts are longer than `shortest_s`."""
        return self

    def assigned(self, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Self:
        """With these columns, that differ in the events in `mask`, and these values of their ragged fields."""
        return self.replace(**columns)

    def with_partials(self, sample_rate_hz: int, of: Mask | None = None) -> Self:
        """Knowing the partials that edits of frequency and length follow, at least those of the events in `of`."""
        return self

    def with_instruments(self, number: Ints) -> Self:
        """Played on other instruments of the scene: `number[i]` for i."""
        return self

    def with_models(self, number: Ints) -> Self:
        """Decoded by other models of the scene: `number[i]` for i."""
        return self

    def found(self, name: str, scene: Any) -> NDArray[Any]:
        """One of FOUND of these events of a scene."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        n_events: int | None = None
        defaults = set()
        for param in self.PARAMS:
            given, column = getattr(self, param.name), None
            if given is not None or param.default is None:
                column = self._checked(param, given, n_events)
                n_events = len(column)
            if column is None or _is_default(column, param):
                shape = (n_events or 0, self.n_channels or 1) if param.per_channel else (n_events or 0,)
                column = _constant(param, shape if column is None else column.shape)
                defaults.add(param.name)
            column.flags.writeable = False
            object.__setattr__(self, param.name, column)
        object.__setattr__(self, "defaults", frozenset(defaults) if n_events else frozenset())

    def _checked(self, param: Param, given: Any, n_events: int | None) -> NDArray[Any]:
        """The values given for a column, as an array of its type, in the right number and range."""
        column = fixed(given, np.int64 if param.whole else np.float64)
        if column.ndim != 1 + param.per_channel:
            raise ParameterError(
                f"{self.KIND}.{param.name} must have {1 + param.per_channel} dimensions, not shape {column.shape}"
            )
        if n_events is not None and len(column) != n_events:
            raise ParameterError(
                f"{self.KIND}.{param.name} has {len(column)} events, {self.PARAMS[0].name} has {n_events}"
            )
        self._check_range(param, column)
        return column

    def _check_range(self, param: Param, column: NDArray[Any]) -> None:
        if column.size == 0:
            return
        low, high = column.min(), column.max()  # NaN and infinities propagate into these two
        if not (param.low <= low and high <= param.high):
            bad = np.flatnonzero(~((column >= param.low) & (column <= param.high)))[0]
            value = column.reshape(-1)[bad]
            raise ParameterError(
                f"{self.KIND}.{param.name} must lie in {param.low:g} … {param.high:g} {param.unit}, not {value:g} "
                f"(event {bad})"
            )

    def __len__(self) -> int:
        return len(getattr(self, self.PARAMS[0].name))

    def column(self, name: str) -> NDArray[Any]:
        """The column of this name."""
        values: NDArray[Any] = getattr(self, name)
        return values

    @property
    def n_channels(self) -> int | None:
        """Channels of the columns that have them; None for a kind without such columns."""
        return next((getattr(self, param.name).shape[1] for param in self.PARAMS if param.per_channel), None)

    def order(self) -> NDArray[np.intp] | None:
        """The order in which a scene holds these events; None where that is how they stand."""
        return canonical_order(*(getattr(self, name) for name in self.ORDER))

    def with_more(self, *others: Self) -> Self:
        """These events, then those."""
        tables = (self, *others)
        names = [f.name for f in fields(self) if not all(table.at_default(f.name) for table in tables)]
        joined = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
        return type(self)(**handed_over(joined))

    def joined(self, other: Self) -> Self:
        """These events, then those of another scene."""
        return self.with_more(other)

    def replace(self, **columns: Any) -> Self:
        """A table of these events with some columns exchanged; None puts a column back to its default."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.defaults}
        return type(self)(**{**kept, **columns})

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """The events at `index` (positions, a mask or a slice), in that order."""
        kept = {f.name: getattr(self, f.name)[index] for f in fields(self) if f.name not in self.defaults}
        return type(self)(**handed_over(kept))

    def spliced(self, low: int, high: int, part: Self, without: frozenset[str] = frozenset()) -> Self:
        """These events with those of `part` in place of the ones from `low` to `high`; both were checked, and what
        stays as it is, is shared. Columns `without` values get their default. Of kinds that know `ragged_start`.
        """
        made, n_events = type(self).__new__(type(self)), len(self) - (high - low) + len(part)
        defaults = without | (self.defaults & part.defaults if len(part) else self.defaults)
        for param in self.PARAMS:
            mine, new = getattr(self, param.name), getattr(part, param.name)
            shape = (n_events, *mine.shape[1:])
            if param.name in defaults:
                column = _constant(param, shape)
            elif len(new) == high - low and np.array_equal(mine[low:high], new):
                column = mine
            elif self.at_default(param.name):
                column = np.full(shape, param.default, mine.dtype)
                column[low : low + len(new)] = new
            else:
                column = np.concatenate([mine[:low], new, mine[high:]])
            column.flags.writeable = False
            object.__setattr__(made, param.name, column)
        for name in self.RAGGED:
            (first, last), mine, new = self.ragged_start(name)[[low, high]], getattr(self, name), getattr(part, name)
            rows = mine
            if len(new) != last - first or not np.array_equal(mine[first:last], new):
                rows = np.concatenate([mine[:first], new, mine[last:]])
                rows.flags.writeable = False
            object.__setattr__(made, name, rows)
        object.__setattr__(made, "defaults", defaults if n_events else frozenset())
        return made.sharing(self, low, len(self) - high)

    def sharing(self, older: Self, n_first: int, n_last: int) -> Self:
        """This table, which is known to begin and end as an older one does."""
        self.once("shared", lambda: Shared(weakref.ref(older), n_first, n_last))
        return self

    def at_default(self, name: str) -> bool:
        """Whether a column holds nothing but its default, known without looking at it."""
        return name in self.defaults

    def equals(self, other: Self) -> bool:
        """Whether every column holds the same bits."""
        return len(self) == len(other) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        )


@lru_cache(maxsize=64)
def none_of(empty: Callable[[int], EventTable], n_channels: int) -> EventTable:
    """No events of a kind, by its `empty`, one for all: a scene has such a table for nearly every kind."""
    return empty(n_channels)


def _constant(param: Param, shape: tuple[int, ...]) -> NDArray[Any]:
    """A column at its default: it takes no memory, as it takes none in a file."""
    one = np.asarray(param.default, np.int64 if param.whole else np.float64)
    one.flags.writeable = False
    return np.ndarray(shape, one.dtype, one, strides=(0,) * len(shape))  # as `broadcast_to`, five times as fast


def _is_default(column: NDArray[Any], param: Param) -> bool:
    """Whether a column holds nothing but its default."""
    if param.default is None:
        return False
    return column.size == 0 or bool(column.flat[0] == param.default and np.all(column == param.default))


def canonical_order(*columns: Array) -> NDArray[np.intp] | None:
    """The order by the first column, then the second …; None where that is how the events stand."""
    if _in_order(columns):
        return None
    first = columns[0]
    order = np.arange(len(first)) if np.all(first[1:] >= first[:-1]) else np.argsort(first, kind="stable")
    sorted_columns = [column[order] for column in columns]
    same, lower = np.ones(max(len(first) - 1, 0), np.bool_), np.zeros(max(len(first) - 1, 0), np.bool_)
    for column in sorted_columns:
        lower |= same & (column[1:] < column[:-1])
        same &= column[1:] == column[:-1]
    if np.any(lower):  # sort again what stands at the same time as a neighbour
        together = sorted_columns[0][1:] == sorted_columns[0][:-1]
        tied = np.flatnonzero(np.append(together, False) | np.append(False, together))
        order[tied] = order[tied[np.lexsort([column[tied] for column in sorted_columns[::-1]])]]
    return order


def _in_order(columns: tuple[Array, ...]) -> bool:
    """Whether events stand in order by the first column, then the second …"""
    for start in range(0, len(columns[0]) - 1, EVENTS_AT_ONCE):
        parts = [column[start : start + EVENTS_AT_ONCE + 1] for column in columns]
        same = np.ones(len(parts[0]) - 1, np.bool_)
        for part in parts:
            if np.any(same & (part[1:] < part[:-1])):
                return False
            same &= part[1:] == part[:-1]
    return True
