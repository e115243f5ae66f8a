"""Detail: what atoms leave of a recording, as coefficients of a lapped transform, as coarse as the ear allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from motes.audio import Source
    from motes.encoders.threads import Mapped
    from motes.kinds.detail.table import Detail
    from motes.scene.scene import Scene

__all__ = ["Analysis", "analyse_detail"]


class Analysis(Protocol):
    """What is left of a recording, cut into blocks."""

    def quantised(self, offset: float) -> Detail:
        """The events with steps `offset` nepers above what masking tells."""

    def n_bytes(self, events: Detail) -> int:
        """What the payloads of their packets take."""


def analyse_detail(scene: Scene, source: Source, offset: float = -2.0, mapped: Mapped = map) -> Analysis:
    """What a scene leaves of its recording, in blocks that suit steps `offset` nepers above what masking tells;
    `mapped`, which is like `map`, may share the work out among threads.
    """
    from motes.encoders.detail.analysis import analyse

    return analyse(scene, source, offset, mapped)
