"""Selections as sounds of their own."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from motes.edit.selection import Selection
from motes.edit.tables import column
from motes.events.event_table import Mask
from motes.scene.scene import Scene
from motes.studio.errors import NotFound
from motes.studio.rooms import tails_end_s

_MOST_KEPT = 64
_KEPT_BYTES = 64 << 20


@dataclass(frozen=True)
class Solo:
    """A selection as a sound of its own: samples from `first` of the timeline on."""

    id: str
    scene: Scene
    first: int
    n_samples: int

    @cached_property
    def n_bytes(self) -> int:
        """What its events take, as far as it is theirs."""
        arrays = (getattr(table, one.name) for table in self.scene.tables for one in fields(table))
        return sum(array.nbytes for array in arrays if any(array.strides))


class Solos:
    """The latest of them, by their ids."""

    def __init__(self) -> None:
        self._kept: dict[str, Solo] = {}
        # Requests make sounds in several threads: no two of them drop the same one.
        self._lock = threading.Lock()

    def __getitem__(self, identity: str) -> Solo:
        if (found := self._kept.get(identity)) is None:
            raise NotFound(f"there is no sound {identity[:40]}: only the latest are kept")
        return found

    def add(self, scene: Scene, mask: Mask) -> Solo:
        """These events of a scene as a sound, from the first onset until the last has died away."""
        rate = scene.sample_rate_hz
        start_s = float(column(scene, "start_s")[mask].min()) if mask.any() else 0.0
        end_s = tails_end_s(scene, mask)
        first = min(max(0, int(np.floor(start_s * rate))), scene.n_samples)
        last = min(max(first, int(np.ceil(end_s * rate)) + 1), scene.n_samples)
        made = Solo(f"s{secrets.token_hex(6)}", Selection(scene, mask).only(), first, last - first)
        with self._lock:
            self._kept[made.id] = made
            while len(self._kept) > 1 and (
                len(self._kept) > _MOST_KEPT or sum(one.n_bytes for one in self._kept.values()) > _KEPT_BYTES
            ):
                del self._kept[next(iter(self._kept))]
        return made
