"""What a document sounds like, in blocks that are kept: after an edit only those are rendered again that it touches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motes.scene.scene import Scene
from motes.studio.answers import Track
from motes.studio.errors import NotFound
from motes.studio.sound.changed import Changed, changed
from motes.studio.sound.speeds import Speeds
from motes.synth.render import Renderer

Audio = NDArray[np.float32]
BLOCK_SAMPLES = 1 << 15
KEPT_BYTES = 128 << 20
# Of as many states what renders them is kept.
_RENDERERS = 2
TRACKS: tuple[Track, ...] = ("original", "reconstruction", "residual")


class State(Protocol):
    """A state of a document: `audible` is the scene as it sounds."""

    @property
    def number(self) -> int: ...

    @property
    def scene(self) -> Scene: ...

    @property
    def audible(self) -> Scene: ...


class Recording(Protocol):
    """The recording that a scene was made from, any stretch of it."""

    name: str
    n_samples: int

    def samples(self, first: int, last: int) -> Audio: ...


class Blocks:
    """Rendered blocks `(n_channels, ≤ BLOCK_SAMPLES)`, the latest used kept: by the revision that first rendered
    it, and its number.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[tuple[int, int], Audio] = OrderedDict()
        self._n_bytes, self._most = 0, kept_bytes
        # Threads render side by side: the order of use and the count of bytes go with what is kept.
        self._lock = threading.Lock()
        # How many have been rendered.
        self.n_rendered = 0

    def get(self, revision: int, number: int) -> Audio | None:
        """The block, where it is kept."""
        with self._lock:
            if (found := self._kept.get((revision, number))) is not None:
                self._kept.move_to_end((revision, number))
            return found

    def put(self, revision: int, number: int, block: Audio) -> None:
        """Keep a block, and forget what has not been used for longest."""
        with self._lock:
            self.n_rendered += 1
            if (revision, number) not in self._kept:
                self._n_bytes += block.nbytes
            self._kept[revision, number] = block
            while self._n_bytes > self._most and len(self._kept) > 1:
                self._n_bytes -= self._kept.popitem(last=False)[1].nbytes


class Sound:
    """The tracks of one document, of any of its revisions."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._blocks = Blocks(kept_bytes)
        self._origins: dict[int, NDArray[np.int64]] = {}
        self._renderers: OrderedDict[int, Renderer] = OrderedDict()
        self._speeds = Speeds()
        # Not the document's: what it plays is rendered while it is edited. Held to find things, never to render.
        self._lock = threading.Lock()
        self.recording: Recording | None = None

    @property
    def n_rendered(self) -> int:
        """Blocks rendered so far."""
        return self._blocks.n_rendered

    def follow(self, before: State | None, after: State) -> tuple[float, float] | None:
        """Where a new revision, taken in here, sounds different from the one before, in s."""
        scene, found = after.audible, None
        n_blocks = -(-scene.n_samples // BLOCK_SAMPLES)
        made = np.full(n_blocks, after.number, np.int64)
        if before is not None:
            found = changed(before.audible, scene)
            kept = _untouched(before.audible.n_samples, scene.n_samples, found, scene.sample_rate_hz)
            made[kept] = self._origins_of(before)[kept]
        with self._lock:
            self._origins[after.number] = made
            # Those of older states hold scenes that the history may have put away.
            for number in [number for number in self._renderers if before is None or number != before.number]:
                del self._renderers[number]
        return None if found is None else (found.start_s, found.end_s)

    def samples(self, track: str, revision: State, first: int, last: int) -> Audio:
        """Samples first … last − 1 of a track, `(n_channels, last − first)`."""
        if track == "original":
            return self._recorded().samples(first, last)
        if track not in TRACKS:
            raise NotFound(f"there is no track {track}: there are {', '.join(TRACKS)}")
        rendered = self._rendered(revision, first, last)
        return rendered if track == "reconstruction" else self._recorded().samples(first, last) - rendered

    def samples_uncached(self, track: str, revision: State, first: int, last: int) -> Audio:
        """Samples of a track, rendered for this call: for stretches whose neighbours are not wanted."""
        if track == "original":
            return self._recorded().samples(first, last)
        rendered = self._renderer(revision).samples(first, last)
        return rendered if track == "reconstruction" else self._recorded().samples(first, last) - rendered

    def samples_at(self, revision: State, speed: float, first: int, last: int) -> Audio:
        """Samples of what the scene sounds like at a speed (2: twice as fast) and at the pitch it has."""
        return self._speeds.renderer(revision.number, revision.audible, speed).samples(first, last)

    def origin_of(self, revision: State, first: int, last: int) -> bytes:
        """A key of the sound of samples first … last − 1, equal in revisions between which it has not changed."""
        numbers = self._origins_of(revision)
        return numbers[max(0, first) // BLOCK_SAMPLES : max(0, last) // BLOCK_SAMPLES + 1].tobytes()

    def block(self, revision: State, number: int) -> Audio:
        """A block of what the scene renders."""
        origin = int(self._origins_of(revision)[number])
        if (found := self._blocks.get(origin, number)) is None:
            first = number * BLOCK_SAMPLES
            found = self._renderer(revision).samples(first, min(first + BLOCK_SAMPLES, revision.scene.n_samples))
            self._blocks.put(origin, number, found)
        return found

    def _origins_of(self, revision: State) -> NDArray[np.int64]:
        """For each block the revision that first had it: of one that was not followed here, itself."""
        with self._lock:
            if (found := self._origins.get(revision.number)) is None:
                n_blocks = -(-revision.scene.n_samples // BLOCK_SAMPLES)
                found = self._origins[revision.number] = np.full(n_blocks, revision.number, np.int64)
            return found

    def _rendered(self, revision: State, first: int, last: int) -> Audio:
        audio = np.empty((revision.scene.n_channels, last - first), np.float32)
        for number in range(first // BLOCK_SAMPLES, -(-last // BLOCK_SAMPLES) if last > first else 0):
            start = number * BLOCK_SAMPLES
            low, high = max(first, start), min(last, start + BLOCK_SAMPLES)
            audio[:, low - first : high - first] = self.block(revision, number)[:, low - start : high - start]
        return audio

    def _renderer(self, revision: State) -> Renderer:
        with self._lock:
            found = self._renderers.pop(revision.number, None) or Renderer(revision.audible)
            self._renderers[revision.number] = found
            while len(self._renderers) > _RENDERERS:
                self._renderers.popitem(last=False)
            return found

    def _recorded(self) -> Recording:
        if self.recording is None:
            raise NotFound("the recording that this scene was made from is not at hand")
        return self.recording


def _untouched(n_before: int, n_after: int, found: Changed | None, rate: int) -> NDArray[np.int64]:
    """Numbers of the blocks that two revisions share."""
    if found is not None and found.whole:
        return np.empty(0, np.int64)
    n_same = -(-n_before // BLOCK_SAMPLES) if n_before == n_after else min(n_before, n_after) // BLOCK_SAMPLES
    numbers = np.arange(n_same)
    if found is None:
        return numbers
    first, last = int(found.start_s * rate) // BLOCK_SAMPLES, int(found.end_s * rate) // BLOCK_SAMPLES
    return numbers[(numbers < first) | (numbers > last)]
