"""A kind of event as one record: its table, the type of its packets, and its other modules by name, imported when they
are called.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from motes.events.event_table import EventTable


@dataclass(frozen=True)
class Kind:
    """One kind of event; `letter` is the type of its packets in a file."""

    table: type[EventTable]
    letter: bytes

    @property
    def name(self) -> str:
        """Its name, which is that of its field in a scene and of its folder."""
        return self.table.KIND

    def module(self, name: str) -> ModuleType:
        """One of its modules, such as `packet` or `render`; torch and numba are loaded by those that need them."""
        return importlib.import_module(f"{self.table.__module__.rpartition('.')[0]}.{name}")
