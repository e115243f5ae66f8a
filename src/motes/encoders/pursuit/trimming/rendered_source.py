"""A scene's render as a recording, for analyses that take one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from motes.audio import Block
from motes.scene.scene import Scene
from motes.synth.render import render_blocks


@dataclass(frozen=True)
class RenderedSource:
    """A `Source` of what a scene renders, anew each time that it is read, so that memory does not grow with length."""

    scene: Scene
    name: str = "scene"

    @property
    def sample_rate_hz(self) -> int:
        """Of the scene."""
        return self.scene.sample_rate_hz

    @property
    def n_channels(self) -> int:
        """Of the scene."""
        return self.scene.n_channels

    @property
    def n_samples(self) -> int:
        """Samples of a channel."""
        return self.scene.n_samples

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        return render_blocks(self.scene)

    def digest(self) -> str:
        """That of the recording that the scene was made from."""
        return self.scene.metadata.source_digest
