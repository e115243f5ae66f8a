"""A scene's render as a recording, for analyses that take one."""

from __future__ import annotations

from collections.abc import Iterator

from motes.audio import Block
from motes.scene.scene import Scene
from motes.synth.render import render_blocks

# So many samples of all channels together are kept: six minutes of mono.
MOST_KEPT = 1 << 24


class RenderedSource:
    """A `Source` of what a scene renders; of long scenes anew each time that it is read, so that memory is bounded."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.name = scene, "scene"
        self.sample_rate_hz, self.n_channels, self.n_samples = scene.sample_rate_hz, scene.n_channels, scene.n_samples
        is_short = scene.n_samples * scene.n_channels <= MOST_KEPT
        self._blocks = list(render_blocks(scene)) if is_short else None

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        return render_blocks(self.scene) if self._blocks is None else iter(self._blocks)

    def digest(self) -> str:
        """That of the recording that the scene was made from."""
        return self.scene.metadata.source_digest
