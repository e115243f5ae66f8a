"""Events in rooms to audio: all that is sent to a room is summed and convolved with its response once, whatever the
number of events.

Time is cut into chunks on a fixed grid, so that the sound does not depend on how rendering is cut into blocks. A
seek begins as many chunks earlier as the longest tail needs.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from motes.convolve import Exact
from motes.errors import MotesWarning
from motes.events.event_table import Array, EventTable
from motes.events.room import Samples
from motes.kinds.renderer import EventRenderer
from motes.scene.scene import Scene
from motes.settings import check_limit

# Samples of a chunk.
CHUNK = 1 << 15
# Renderers of kinds may write so far past the end.
MARGIN = 16
# Up to so many pairs of room and wetness are rendered once each; of more, every event is rendered twice, for its room
# and dry.
MOST_WAYS = 32


PartsOf = Callable[[Scene], Sequence[EventRenderer]]


def parted(scene: Scene) -> tuple[Scene, Scene | None]:
    """Prepared events that sound dry alone, and those that are in a room, if any; MotesWarning names the rooms that
    are missing.
    """
    is_there = np.array([False, *(not room.is_missing for room in scene.rooms)])
    missing = [room.name for room in scene.rooms if room.is_missing]
    if missing:
        names = f"the room{'s' * (len(missing) > 1)} {', '.join(missing)}"
        text = f"{names} cannot be found (IMPULSE_RESPONSE_PATH names their folder): what is sent there is heard dry"
        warnings.warn(text, MotesWarning, stacklevel=2)
    if not any(np.any(_wet(table, is_there)) for table in scene.tables):
        return scene, None
    masks = [_wet(table, is_there) for table in scene.tables]
    pairs = list(zip(scene.tables, masks, strict=True))
    return scene.with_tables(table.take(~mask) for table, mask in pairs), scene.with_tables(
        table.take(mask) for table, mask in pairs
    )


def _wet(table: EventTable, is_there: np.ndarray) -> np.ndarray:
    return np.asarray(is_there[table.room_id] & (table.wetness > 0))


@dataclass(frozen=True)
class Layer:
    """Events rendered together: `dry` of them sounds as it is, `wet` of them goes into a room (an id, 0 for none)."""

    parts: Sequence[EventRenderer]
    dry: float
    wet: float
    room: int


def layers(scene: Scene, parts_of: PartsOf) -> Iterator[Layer]:
    """The events of a scene in which each is in a room."""
    ways = np.unique(
        np.concatenate([np.stack([table.room_id, table.wetness], axis=1) for table in scene.tables]), axis=0
    )
    if len(ways) <= MOST_WAYS:
        for room, wetness in ways.tolist():
            these = [table.take((table.room_id == room) & (table.wetness == wetness)) for table in scene.tables]
            yield Layer(parts_of(scene.with_tables(these)), 1 - wetness, wetness, int(room))
        return
    yield Layer(parts_of(scene.with_tables(table.amplified(1 - table.wetness) for table in scene.tables)), 1.0, 0.0, 0)
    sent = [table.amplified(table.wetness) for table in scene.tables]
    for room in np.unique(ways[:, 0]):
        yield Layer(
            parts_of(scene.with_tables(table.take(table.room_id == room) for table in sent)), 0.0, 1.0, int(room)
        )


class Bus:
    """A room: chunks of what is sent there in, what it makes of them out."""

    def __init__(self, kernels: Samples) -> None:
        self.n_taps = kernels.shape[1]
        self._exact = [Exact(kernel, n_samples=CHUNK) for kernel in kernels]

    def silence(self) -> Array:
        """The tail that nothing has left behind, `(n_channels, n_taps − 1)`."""
        return np.zeros((len(self._exact), self.n_taps - 1))

    def after(self, tail: Array, sent: Array) -> tuple[Array, Array]:
        """The room's sound during a chunk, after this tail and with `sent` `(n_channels, CHUNK)`, and the tail it
        leaves behind.
        """
        sound = np.zeros((len(sent), CHUNK + self.n_taps - 1))
        sound[:, : self.n_taps - 1] = tail
        for channel, (x, exact) in enumerate(zip(sent, self._exact, strict=True)):
            if x.any():
                sound[channel] += exact(x)
        return sound[:, :CHUNK], sound[:, CHUNK:]


@dataclass(frozen=True)
class State:
    """A chunk's audio, `(n_channels, CHUNK)`, and the tail that it leaves in each room."""

    number: int
    audio: Array
    tails: tuple[Array, ...]


class WetPart:
    """Renders any stretch of events that rooms hear, by way of whole chunks; goes on from the chunk it rendered
    last, or seeks.
    """

    def __init__(self, scene: Scene, parts_of: PartsOf) -> None:
        self._layers = list(layers(scene, parts_of))
        self._n_channels = scene.n_channels
        used = sorted({layer.room for layer in self._layers if layer.room})
        taps = sum(math.ceil(scene.rooms[room - 1].duration_s * scene.sample_rate_hz) for room in used)
        if taps * scene.n_channels > CHUNK:
            size = f"{taps * scene.n_channels} samples ({len(used)} of them, {scene.n_channels} channels)"
            check_limit("motes_max_room_samples", taps * scene.n_channels, f"the responses of the rooms have {size}")
        kernels = [scene.rooms[room - 1].kernels(scene.sample_rate_hz, scene.n_channels) for room in used]
        self._buses = {room: Bus(kernel) for room, kernel in zip(used, kernels, strict=True) if kernel is not None}
        starts = [float(table.start_s.min()) for table in scene.tables if len(table)]
        self._begin = math.floor(min(starts) * scene.sample_rate_hz / CHUNK)
        self._back = -(-max(bus.n_taps for bus in self._buses.values()) // CHUNK)
        self._state: State | None = None

    def add(self, audio: Array, first: int, n_samples: int) -> None:
        """Add the events of a stretch; as `EventRenderer`."""
        last = first + n_samples
        for number in range(first // CHUNK, -(-last // CHUNK)):
            at = number * CHUNK
            low, high = max(first, at), min(last, at + CHUNK)
            audio[:, low - first : high - first] += self._chunk(number).audio[:, low - at : high - at]

    def _chunk(self, number: int) -> State:
        state = self._state
        if state is not None and state.number == number:
            return state
        if state is None or state.number != number - 1:
            state = State(number - 1, np.zeros(0), tuple(bus.silence() for bus in self._buses.values()))
            for before in range(max(number - self._back, self._begin), number):
                state = self._next(State(before - 1, state.audio, state.tails))
        self._state = state = self._next(state)
        return state

    def _next(self, state: State) -> State:
        number = state.number + 1
        audio, sent = (
            np.zeros((self._n_channels, CHUNK)),
            {room: np.zeros((self._n_channels, CHUNK)) for room in self._buses},
        )
        for layer in self._layers:
            sound = np.zeros((self._n_channels, CHUNK + MARGIN))
            for part in layer.parts:
                part.add(sound, number * CHUNK, CHUNK)
            sound = sound[:, :CHUNK]
            audio += layer.dry * sound
            if layer.room:
                sent[layer.room] += layer.wet * sound
        tails = []
        for tail, (room, bus) in zip(state.tails, self._buses.items(), strict=True):
            reverberation, left = bus.after(tail, sent[room])
            audio += reverberation
            tails.append(left)
        return State(number, audio, tuple(tails))
