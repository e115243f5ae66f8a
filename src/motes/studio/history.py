"""The states of a document, one after the other: scenes are never changed, so that each is kept as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from motes.scene.kinds import Mask
from motes.scene.scene import Scene
from motes.scene.select import Selection
from motes.studio.errors import Absent, Conflict


@dataclass(frozen=True, eq=False)
class Revision:
    """One state. `muted` `(n_events,)` are silent but there; `label` is the edit that led here, `before` and `after` what it was done to."""

    number: int
    scene: Scene
    muted: Mask
    label: str = ""
    before: Mask | None = field(default=None, repr=False)
    after: Mask | None = field(default=None, repr=False)

    @cached_property
    def heard(self) -> Scene:
        """The scene as it sounds."""
        return Selection(self.scene, self.muted).mute() if self.muted.any() else self.scene

    @cached_property
    def written(self) -> Scene:
        """The scene as it is saved: without what is muted."""
        return Selection(self.scene, self.muted).drop() if self.muted.any() else self.scene


class History:
    """All states that were, each with a number of its own; undo and redo without limit."""

    def __init__(self, scene: Scene, muted: Mask | None = None) -> None:
        first = Revision(0, scene, np.zeros(scene.n_events, np.bool_) if muted is None else muted)
        self._all = {0: first}
        self._done, self._undone = [first], list[Revision]()

    @property
    def current(self) -> Revision:
        """The state in force."""
        return self._done[-1]

    def __getitem__(self, number: int) -> Revision:
        if (found := self._all.get(number)) is None:
            raise Absent(f"there is no revision {number}: the latest is {max(self._all)}")
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
        return made

    def undo(self) -> Revision:
        """Back to the state before; returns the one that was left."""
        if len(self._done) < 2:
            raise Conflict("there is nothing to undo")
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def redo(self) -> Revision:
        """Forward again; returns the state that was left."""
        if not self._undone:
            raise Conflict("there is nothing to redo")
        left = self.current
        self._done.append(self._undone.pop())
        return left
