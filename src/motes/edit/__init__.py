"""Editing scenes: choosing events, and what can be done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motes.scene.scene import Scene


def apply(scene: Scene, select: Any = None, **edits: Any) -> Scene:
    """The scene with these edits of the events that `select` chooses, or of all: `apply(scene, "time_s < 3",
    transpose=-3, gain_db=6)`.

    They are done in the order of `motes.edit.edits.EDITS`, whatever the order they are given in. `select` is what
    `scene.select` takes. ParameterError where an edit is not known, or makes no sense.
    """
    from motes.edit.edits import edited

    return edited(scene, select, edits).scene
