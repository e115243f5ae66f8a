"""The base of frozen dataclasses: what is derived from one once is kept with it, and no copy takes it along."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import fields
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Made = TypeVar("Made")


class Shared(NamedTuple):
    """How many of its first and of its last rows a table has in common with an older one, in all that sounds."""

    table: weakref.ref[Any]
    n_first: int
    n_last: int


class Origin(NamedTuple):
    """What a table was before edits, and which row each event was there, `(n_events,)`; None where all stand alike."""

    table: Any
    rows: Any


class Derived:
    """What has been derived from an object, and for each such thing the lock of whoever derives it: some take long."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.making: dict[Hashable, threading.RLock] = {}
        self.values: dict[Hashable, Any] = {}


class Frozen:
    """Copies and unpickled objects are made by the constructor from the fields: it checks them and makes their arrays
    read-only again, and nothing derived comes along.
    """

    __slots__ = ("_derived",)
    _derived: Derived

    def __new__(cls, *_: Any, **__: Any) -> Self:
        made = super().__new__(cls)
        object.__setattr__(made, "_derived", Derived())
        return made

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gave when it was first asked for under this key; a second thread that asks for it meanwhile
        waits.
        """
        derived = self._derived
        with derived.lock:
            making = derived.making.setdefault(key, threading.RLock())
        with making:
            if key not in derived.values:
                derived.values[key] = make()
            found: Made = derived.values[key]
            return found

    def known(self, key: Hashable) -> Any:
        """What was derived under this key, or None."""
        return self._derived.values.get(key)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_of, (type(self), {f.name: getattr(self, f.name) for f in fields(self)})  # type: ignore[arg-type]


def _made_of(cls: type[Any], values: dict[str, Any]) -> Any:
    return cls(**values)


def fixed(given: Any, dtype: type) -> NDArray[Any]:
    """A column's values: as they are where nobody can write to them, so that tables before and after an edit share
    what it leaves, or a copy.
    """
    if (
        isinstance(given, np.ndarray)
        and given.dtype == dtype
        and not given.flags.writeable
        and given.flags.c_contiguous
        and given.base is None
    ):
        return given
    return np.array(given, dtype=dtype, order="C")


def handed_over(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Columns that nobody else holds, so that a table takes them without copying; views are copied all the same."""
    for column in columns.values():
        column.flags.writeable = False
    return columns
