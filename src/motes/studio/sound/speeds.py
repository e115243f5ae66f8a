"""A scene played slower or faster at the pitch it has: made longer or shorter as an edit would, and rendered."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

from motes.edit.operations import stretch
from motes.edit.selection import choose
from motes.scene.scene import Scene
from motes.synth.render import Renderer

# So many are kept, each ready to be rendered from.
_KEPT = 2


class Speeds:
    """The latest states of a document and speeds at which they were played."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, float], Renderer] = OrderedDict()
        self._lock = threading.Lock()

    def renderer(self, number: int, audible: Scene, speed: float) -> Renderer:
        """What renders state `number`, which sounds as `audible`, at `speed` (2: twice as fast)."""
        with self._lock:
            found = self._kept.pop((number, speed), None)
            if found is None:
                found = Renderer(stretch(choose(audible), 1 / speed, about_s=0.0).scene)
            self._kept[number, speed] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found


def n_samples_at(n_samples: int, speed: float) -> int:
    """How many samples a sound of `n_samples` has at a speed."""
    return math.ceil(n_samples / speed)
