"""Detail: what atoms leave of a recording, as coefficients of a lapped transform that are as coarse as the ear allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from motes.audio import Source
    from motes.encoders.detail.analysis import Analysis
    from motes.scene.scene import Scene

__all__ = ["analyse_detail"]


def analyse_detail(scene: Scene, source: Source) -> Analysis:
    """What a scene leaves of its recording, ready to be quantised as finely as there is room for."""
    from motes.encoders.detail.analysis import analyse

    return analyse(scene, source)
