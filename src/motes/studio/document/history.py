"""The states of a document, one after the other: scenes are never changed, so that each is kept as it was, the
oldest of many on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from motes.edit.selection import Selection
from motes.events.event_table import Mask
from motes.scene.scene import Scene
from motes.studio.document.snapshot import pack, unpack
from motes.studio.errors import Conflict, NotFound

IN_MEMORY_BYTES = 512 << 20


class Revision:
    """One state. `muted` `(n_events,)` are silent but there; `label` is the edit that led here, `before` and
    `after` what it was done to, and `notes_before` and `notes_after` the notes, where it was done to such as wholes.
    """

    def __init__(
        self,
        number: int,
        scene: Scene,
        muted: Mask,
        label: str = "",
        before: Mask | None = None,
        after: Mask | None = None,
    ) -> None:
        self.number, self.muted, self.label, self.before, self.after = number, muted, label, before, after
        self.notes_before: list[int] = []
        self.notes_after: list[int] = []
        self._scene: Scene | None = scene
        self._path: Path | None = None
        # The scene goes to disk while other threads ask for it.
        self._lock = threading.Lock()

    @property
    def scene(self) -> Scene:
        """The scene, from disk if it is there."""
        with self._lock:
            if self._scene is None:
                assert self._path is not None
                self._scene = unpack(self._path.read_bytes())[0]
            return self._scene

    @cached_property
    def audible(self) -> Scene:
        """The scene as it sounds."""
        return Selection(self.scene, self.muted).mute() if self.muted.any() else self.scene

    @cached_property
    def without_muted(self) -> Scene:
        """The scene without what is muted: what is saved."""
        return Selection(self.scene, self.muted).drop() if self.muted.any() else self.scene

    @property
    def is_in_memory(self) -> bool:
        """Whether it takes memory."""
        return self._scene is not None

    @property
    def is_on_disk(self) -> bool:
        """Whether it has been put away before."""
        return self._path is not None

    def put_away(self, folder: Path) -> None:
        """Keep the scene on disk until it is asked for."""
        path = self._path or folder / f"{self.number}.revision"
        if self._path is None:
            path.write_bytes(pack(self.scene, self.muted, {}))
        with self._lock:
            self._path, self._scene = path, None
        for name in ("audible", "without_muted"):
            self.__dict__.pop(name, None)


class History:
    """All states that were, each with a number of its own; undo and redo without limit.

    States beyond `in_memory_bytes` are put away in `folder`, those first that have been in memory for longest.
    """

    def __init__(
        self,
        scene: Scene,
        muted: Mask | None = None,
        folder: Path | None = None,
        in_memory_bytes: int = IN_MEMORY_BYTES,
    ) -> None:
        first = Revision(0, scene, np.zeros(scene.n_events, np.bool_) if muted is None else muted)
        self._all = {0: first}
        self._done, self._undone = [first], list[Revision]()
        self._folder, self._most = folder, in_memory_bytes
        self._sizes: dict[int, int] = {}
        self._n_bytes = 0

    @property
    def current(self) -> Revision:
        """The state in force."""
        return self._done[-1]

    def __getitem__(self, number: int) -> Revision:
        if (found := self._all.get(number)) is None:
            raise NotFound(f"there is no revision {number}: the latest is {max(self._all)}")
        return found

    @property
    def undo_label(self) -> str | None:
        """The edit that undo takes back."""
        return self._done[-1].label if len(self._done) > 1 else None

    @property
    def redo_label(self) -> str | None:
        """The edit that redo does again."""
        return self._undone[-1].label if self._undone else None

    def add(self, scene: Scene, muted: Mask, label: str, before: Mask, after: Mask) -> Revision:
        """A new state after the one in force."""
        made = Revision(len(self._all), scene, muted, label, before, after)
        self._all[made.number] = made
        self._done.append(made)
        self._undone.clear()
        self._sizes[made.number] = _own_bytes(scene, self._done[-2].scene)
        self._n_bytes += self._sizes[made.number]
        self.put_away()
        return made

    def exchange(self, scene: Scene, muted: Mask) -> Revision:
        """A new state in place of that in force, which sounds alike: no step to undo."""
        now = self.current
        made = Revision(len(self._all), scene, muted, now.label)
        made.notes_before, made.notes_after = now.notes_before, now.notes_after
        self._all[made.number] = made
        self._done[-1] = made
        self._sizes[made.number] = _own_bytes(scene, now.scene)
        self._n_bytes += self._sizes[made.number]
        self.put_away()
        return made

    def undo(self) -> Revision:
        """The state that is left by going back to the one before."""
        if len(self._done) < 2:
            raise Conflict("there is nothing to undo")
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> Revision:
        """The state that is left by going forward again."""
        if not self._undone:
            raise Conflict("there is nothing to redo")
        left = self.current
        self._done.append(self._undone.pop())
        return left

    def put_away(self) -> None:
        """Put away the oldest states until the others fit into memory; what is in force and the latest two stay."""
        if self._folder is None:
            return
        for revision in list(self._all.values())[:-2]:
            if revision is self.current or not revision.is_in_memory:
                continue
            if revision.is_on_disk:  # it was asked for again
                revision.put_away(self._folder)
            elif self._n_bytes > self._most:
                revision.put_away(self._folder)
                self._n_bytes -= self._sizes.pop(revision.number, 0)


def _own_bytes(scene: Scene, before: Scene) -> int:
    """What a scene takes beside what it shares with the one before."""
    known = {id(array) for array in _arrays(before)}
    return sum(array.nbytes for array in _arrays(scene) if id(array) not in known and any(array.strides))


def _arrays(scene: Scene) -> Iterator[np.ndarray[Any, Any]]:
    for table in scene.tables:
        for field in fields(table):
            yield getattr(table, field.name)
