"""The states of a document, one after the other: scenes are never changed, so that each is kept as it was, the
oldest of many on disk.
"""

from __future__ import annotations

import os
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from motes.edit.selection import Selection
from motes.errors import MotesError
from motes.events.event_table import Mask
from motes.scene.scene import Scene
from motes.studio.document.memory import held_bytes
from motes.studio.document.ranges import mask_of_ranges, ranges_of
from motes.studio.document.snapshot import marks_of, pack, unpack
from motes.studio.document_answers import HistoryAnswer, StepAnswer
from motes.studio.errors import Conflict, NotFound

IN_MEMORY_BYTES = 128 << 20
# What a stored state is told under.
STEP = "step"


class Revision:
    """One state. `muted` `(n_events,)` are silent but there; `label` is the edit that led here, `before` and
    `after` what it was done to, and `notes_before` and `notes_after` the notes, where it was done to such as wholes.
    Edits of one `gesture` are one step.
    """

    def __init__(
        self,
        number: int,
        scene: Scene | None,
        muted: Mask,
        label: str = "",
        before: Mask | None = None,
        after: Mask | None = None,
    ) -> None:
        self.number, self.muted, self.label, self.before, self.after = number, muted, label, before, after
        self.notes_before: list[int] = []
        self.notes_after: list[int] = []
        self.gesture: str | None = None
        # When it came to be, in Unix seconds.
        self.made_at = time.time()
        self._scene = scene
        self._path: Path | None = None
        # The scene goes to disk while other threads ask for it.
        self._lock, self._disk = threading.Lock(), threading.Lock()

    @classmethod
    def from_disk(cls, number: int, path: Path) -> Revision:
        """A state that was stored; FormatError or OSError where it cannot be read."""
        with path.open("rb") as handle:
            muted, about = marks_of(handle)
        found = cls(number, None, muted)
        found._path = path
        found.tell(about.get(STEP, {}))
        return found

    def about(self) -> dict[str, Any]:
        """How it came to be, in plain values."""
        masks = [None if mask is None else [len(mask), *ranges_of(mask)] for mask in (self.before, self.after)]
        notes = [self.notes_before, self.notes_after]
        return {"label": self.label, "made_at": self.made_at, "masks": masks, "notes": notes}

    def tell(self, about: dict[str, Any]) -> None:
        """Take in how it came to be, as `about` has it."""
        masks = [None if one is None else mask_of_ranges(one[1:], one[0]) for one in about.get("masks", [None, None])]
        self.before, self.after = masks
        self.label, self.made_at = str(about.get("label", "")), float(about.get("made_at", 0.0))
        self.notes_before, self.notes_after = about.get("notes", [[], []])

    @property
    def scene(self) -> Scene:
        """The scene, from disk if it is there."""
        with self._lock:
            if self._scene is None:
                assert self._path is not None
                with self._path.open("rb") as handle:
                    self._scene = unpack(handle)[0]
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
        """Whether it is stored."""
        return self._path is not None

    def store(self, folder: Path) -> None:
        """Keep the scene on disk too."""
        with self._disk:
            if self._path is None:
                path = folder / f"{self.number}.revision"
                with path.with_suffix(".part").open("wb") as handle:
                    pack(handle, self.scene, self.muted, {STEP: self.about()})
                os.replace(path.with_suffix(".part"), path)
                self._path = path

    def is_stored_as(self, path: Path) -> None:
        """A file that holds this state lies there."""
        with self._disk:
            self._path = path

    def put_away(self, folder: Path) -> None:
        """Keep the scene on disk only, until it is asked for."""
        self.store(folder)
        with self._lock:
            self._scene = None
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
        self.folder = folder
        first = Revision(0, scene, np.zeros(scene.n_events, np.bool_) if muted is None else muted)
        self._all, self._latest = {0: first}, 0
        self._done, self._undone = [first], list[Revision]()
        self._most = in_memory_bytes

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

    def made(
        self, scene: Scene, muted: Mask, label: str, before: Mask | None = None, after: Mask | None = None
    ) -> Revision:
        """A state with a number of its own, which is not in the history yet."""
        self._latest += 1
        return Revision(self._latest, scene, muted, label, before, after)

    def add(self, made: Revision) -> Revision:
        """The state, after the one in force from now on; in its place where one gesture led to both."""
        now = self.current
        self._keep(made)
        if made.gesture is not None and made.gesture == now.gesture and len(self._done) > 1:
            made.before, made.notes_before = now.before, now.notes_before
            self._done[-1] = made
        else:
            self._done.append(made)
        self._undone.clear()
        self.put_away()
        return made

    def exchange(self, scene: Scene, muted: Mask) -> Revision:
        """A new state in place of that in force, which sounds alike: no step to undo."""
        now = self.current
        made = self.made(scene, muted, now.label)
        made.notes_before, made.notes_after = now.notes_before, now.notes_after
        self._keep(made)
        self._done[-1] = made
        self.put_away()
        return made

    def _keep(self, made: Revision) -> None:
        self._all[made.number] = made

    def steps(self) -> list[Revision]:
        """All states that undo and redo lead to, in their order."""
        return [*self._done, *reversed(self._undone)]

    def go_to(self, number: int) -> Revision:
        """The state that is left by going to another of the steps; NotFound where it is none of them."""
        left, numbers = self.current, [step.number for step in self.steps()]
        if number not in numbers:
            raise NotFound(f"revision {number} is no step of the history: it has been left by another edit")
        while self.current.number != number:
            if numbers.index(number) < len(self._done):
                self.undo()
            else:
                self.redo()
        return left

    def about(self) -> dict[str, Any]:
        """Which states there are, in plain values."""
        return {"done": [one.number for one in self._done], "undone": [one.number for one in self._undone]}

    def resume(self, about: dict[str, Any]) -> None:
        """Take in the steps that lie in the folder before and after the state in force, as far as they can be read."""
        now, done, undone = self.current, about.get("done", []), about.get("undone", [])
        if not done or self.folder is None:
            return
        before, after = _readable(done[-2::-1], self.folder), _readable(undone[::-1], self.folder)
        now.number = int(done[-1])
        self._latest = max(map(int, [*done, *undone]))
        self._done, self._undone = [*reversed(before), now], [*reversed(after)]
        self._all = {one.number: one for one in (*self._done, *self._undone)}

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

    def to_json(self, saved: int | None) -> HistoryAnswer:
        """The steps as in answers of the API; one of them may be saved."""
        steps: list[StepAnswer] = [
            {"revision": one.number, "label": one.label, "made_at": one.made_at, "saved": one.number == saved}
            for one in self.steps()
        ]
        return {"revision": self.current.number, "steps": steps}

    def put_away(self, writes: bool = False) -> None:
        """Put away the oldest states until the others fit into memory; what is in force and the latest two stay.

        An edit does not wait until a state is written, unless they are more than twice too many.
        """
        if self.folder is None:
            return
        held = [revision for revision in self._all.values() if revision.is_in_memory]
        for revision in held[:-2]:
            n_bytes = held_bytes([one for one in held if one.is_in_memory])
            if n_bytes <= self._most:
                return
            if revision is not self.current and (revision.is_on_disk or writes or n_bytes > 2 * self._most):
                revision.put_away(self.folder)


def _readable(numbers: list[int], folder: Path) -> list[Revision]:
    """The states of these numbers, up to the first that cannot be read."""
    found: list[Revision] = []
    for number in numbers:
        try:
            found.append(Revision.from_disk(int(number), folder / f"{int(number)}.revision"))
        except (OSError, MotesError, TypeError, ValueError, KeyError):
            break
    return found
