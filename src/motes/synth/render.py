"""Scene to audio, whole or in blocks; a block is the same whatever blocks surround it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.errors import ParameterError
from motes.kinds.renderer import EventRenderer
from motes.scene.scene import Scene
from motes.settings import check_limit
from motes.synth.rooms import WetPart, parted
from motes.units import require_finite

BLOCK_SAMPLES = 1 << 17
# That threads may share.
BLOCKS_AT_ONCE = 4


class Renderer:
    """Renders any stretch of a scene, in samples; what it prepares is shared by all stretches."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        ready = prepared(scene)
        dry, wet = parted(ready) if ready.rooms else (ready, None)
        self._parts: list[EventRenderer | WetPart] = [*parts_of(dry)]
        if wet is not None:
            self._parts.append(WetPart(wet, parts_of))

    def samples(self, first: int, last: int) -> NDArray[np.float32]:
        """Samples first … last − 1, `(n_channels, last − first)`."""
        n_samples = last - first
        audio = np.zeros((self.scene.n_channels, n_samples + 16))
        for part in self._parts:
            part.add(audio, first, n_samples)
        return audio[:, :n_samples].astype(np.float32)


def prepared(scene: Scene) -> Scene:
    """The scene with its events as they are rendered: `EventRenderer.prepared`."""
    tables = [
        kinds.of(table).renderer.prepared(table, scene.sample_rate_hz) if len(table) else table
        for table in scene.tables
    ]
    if all(after is before for after, before in zip(tables, scene.tables, strict=True)):
        return scene
    return scene.with_tables(tables)


def parts_of(scene: Scene) -> list[EventRenderer]:
    """What renders the prepared events of a scene, each kind for itself."""
    return [kinds.of(table).renderer(table, scene) for table in scene.tables if len(table)]


def render(scene: Scene, *, start_s: float | None = None, end_s: float | None = None) -> NDArray[np.float32]:
    """The audio of a scene, or of a stretch of it: `(n,)` when mono, else `(n_channels, n)`, float32, full scale =
    1.
    """
    first, last = stretch_samples(scene, start_s, end_s)
    check_size(scene, last - first)
    try:
        audio = np.empty((scene.n_channels, last - first), np.float32)
    except MemoryError:
        gigabytes = scene.n_channels * (last - first) * 4 / 1e9
        raise ParameterError(
            f"{(last - first) / scene.sample_rate_hz:g} s of audio take {gigabytes:.1f} GB, more memory than there is: "
            "render a part (start_s, end_s), or write a file with motes decode, which goes block by block"
        ) from None
    place = 0
    for block in render_blocks(scene, first=first, last=last):
        audio[:, place : place + block.shape[1]] = block
        place += block.shape[1]
    return audio[0] if scene.n_channels == 1 else audio


def render_blocks(
    scene: Scene,
    block_samples: int = BLOCK_SAMPLES,
    *,
    first: int = 0,
    last: int | None = None,
    mapped: Callable[..., Iterable[NDArray[np.float32]]] = map,
) -> Iterator[NDArray[np.float32]]:
    """Samples first … last − 1 in blocks `(n_channels, ≤ block_samples)`; memory does not grow with the length.
    `mapped`, which is like `map`, may share a few blocks at a time out among threads.
    """
    if block_samples < 1:
        raise ParameterError(f"block_samples must be at least 1, not {block_samples}")
    last = scene.n_samples if last is None else last
    check_size(scene, last - first)
    renderer = Renderer(scene)

    def block(start: int) -> NDArray[np.float32]:
        return renderer.samples(start, min(start + block_samples, last))

    starts = range(first, last, block_samples)
    for k in range(0, len(starts), BLOCKS_AT_ONCE):
        yield from mapped(block, starts[k : k + BLOCKS_AT_ONCE])


def check_size(scene: Scene, n_samples: int) -> None:
    """ParameterError where so many samples of each channel are more than MOTES_MAX_RENDER_SAMPLES allows."""
    total = n_samples * scene.n_channels
    if total > BLOCK_SAMPLES:
        seconds = f"{n_samples / scene.sample_rate_hz:g} s of {scene.n_channels} at {scene.sample_rate_hz} Hz"
        check_limit("motes_max_render_samples", total, f"rendering would make {total} samples ({seconds})")


def stretch_samples(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """First sample and the one past the last of a stretch in seconds; raises ParameterError where it is empty or
    outside the scene.
    """
    first = 0 if start_s is None else round(require_finite("start_s", start_s) * scene.sample_rate_hz)
    last = scene.n_samples if end_s is None else math.floor(require_finite("end_s", end_s) * scene.sample_rate_hz + 0.5)
    if start_s is not None and not 0 <= first <= scene.n_samples:
        raise ParameterError(
            f"start {start_s:g} s is outside the scene, 0 … {scene.duration_s:g} s: were these samples, not seconds?"
        )
    if end_s is not None and last > scene.n_samples:
        raise ParameterError(
            f"end {end_s:g} s is past the end, {scene.duration_s:g} s: were these samples, not seconds?"
        )
    if last < first:
        raise ParameterError(f"the stretch ends ({end_s:g} s) before it starts ({start_s or 0:g} s)")
    return first, last
