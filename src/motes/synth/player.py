"""Playing an instrument block by block: the state is carried over, so that any blocks make the same sound as the
whole.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.arguments import checked
from motes.convolve import Stream
from motes.errors import ParameterError
from motes.events.deformation import LIMITS, NEUTRAL, Deformation
from motes.events.instrument import Instrument, Reals
from motes.events.room import Room
from motes.kinds.strike.kernel import Controls, Modes, Strikes, ring
from motes.kinds.strike.table import in_samples
from motes.units import require_finite

# The reverberation time of the room that is there without one being named, in seconds; how late rooms answer.
ROOM_S, ROOM_BLOCK = 1.2, 256


class Voice:
    """The modes of an instrument under one deformation, with their state."""

    def __init__(self, instrument: Instrument, own: Deformation = NEUTRAL, held: Deformation = NEUTRAL) -> None:
        self.own, self._instrument = own, instrument
        self.state = np.zeros((2, instrument.n_modes))
        self.hold(held)

    def hold(self, held: Deformation) -> None:
        """From now on under this deformation, on top of the voice's own; what rings goes on."""
        deformation = self.own.on(held)
        played, self.send = deformation.of(self._instrument), deformation.send
        self._modes = Modes(played.rate(deformation.ratio), played.mixing_in_band(deformation.ratio))
        self._controls = Controls(*played.sparse_weights())

    def ring(self, audio: Reals, at: Reals, turn: Reals, amplitude: Reals, control: NDArray[np.int64]) -> None:
        """Add the next `audio.shape[1]` samples, with strikes at times `at` (samples of this block, ascending)."""
        ring(audio, self.state, self._modes, Strikes(at, turn, amplitude, control), self._controls)


class Waiting(NamedTuple):
    """A strike to come: when, in samples; which voice, with which deformation; which control, how strongly, and its
    turn in samples.
    """

    at: float
    voice: Hashable
    own: Deformation
    control: int
    amplitude: float
    turn: float


class Player:
    """An instrument being played: `strike` says what is to happen, `deform` how it sounds, `stream` gives the sound, in
    blocks of any lengths.

    What deformations send to the `room` (by default a synthetic one of `ROOM_S`) is heard `ROOM_BLOCK` samples later.
    """

    @checked
    def __init__(self, instrument: Instrument, room: Room | None = None) -> None:
        self.instrument = instrument
        # The next sample that `stream` gives.
        self.position = 0
        self.held = NEUTRAL
        self._room = room
        self._streams: list[Stream] | None = None
        # Strikes and deformations may come from the thread of a MIDI port while another streams.
        self._lock = threading.RLock()
        self._voices: dict[Hashable, Voice] = {}
        self._waiting: list[Waiting] = []
        self._tail: Reals = np.zeros((2, instrument.n_channels, instrument.n_taps))

    @checked
    def strike(
        self,
        control: int,
        amplitude: float = 1.0,
        at_s: float | None = None,
        *,
        frequency_ratio: float = 1.0,
        turn_s: float = 0.0,
        deformation: Deformation = NEUTRAL,
        voice: str | None = None,
    ) -> None:
        """Strike at `at_s` seconds from the first sample ever streamed (default: now); `deformation` is this strike's
        own, on top of what is held. Strikes of one `voice` ring in the same modes, by default those deformed alike;
        `bend` changes a voice that has a name. Raises ParameterError for the past or an unknown control.
        """
        if not 0 <= control < self.instrument.n_controls:
            raise ParameterError(
                f"there is no control {control}: the instrument has {self.instrument.n_controls}, counted from 0"
            )
        rate = self.instrument.sample_rate_hz
        at = float(self.position) if at_s is None else float(in_samples(require_finite("at_s", at_s), rate))
        if at <= self.position - 1:
            raise ParameterError(
                f"a strike at {at / rate:g} s comes too late: {self.position / rate:g} s have been played"
            )
        if not require_finite("frequency_ratio", frequency_ratio) > 0:
            raise ParameterError(f"frequency_ratio must be above 0, not {frequency_ratio}")
        own = deformation.on(Deformation(transpose=12 * math.log2(frequency_ratio)))
        self._require_channels(own)
        amplitude, turn = require_finite("amplitude", amplitude), require_finite("turn_s", turn_s) * rate
        with self._lock:
            self._waiting.append(Waiting(at, voice or own, own, int(control), amplitude, turn))

    def strike_pad(self, x: float, y: float, amplitude: float = 1.0, at_s: float | None = None) -> None:
        """Strike the pad at x, y (0 … 1): the controls near that place, each by its share."""
        for control, share in pad_shares(self.instrument.pad, x, y):
            self.strike(control, amplitude * share, at_s)

    @checked
    def deform(self, **values: float) -> None:
        """From the next sample on play with these values of a `Deformation`, the others as they are: what rings goes on
        with them. Raises ParameterError for a name or value that is none.
        """
        with self._lock:
            self.held = self._changed(self.held, values)
            for voice in self._voices.values():
                voice.hold(self.held)

    @checked
    def bend(self, voice: str, **values: float) -> None:
        """From the next sample on, what was struck as this `voice` goes on with these values of its own deformation."""
        with self._lock:
            found = self._voices.get(voice)
            if found is not None:
                found.own = self._changed(found.own, values)
                found.hold(self.held)
            self._waiting = [
                strike._replace(own=self._changed(strike.own, values)) if strike.voice == voice else strike
                for strike in self._waiting
            ]

    def silence(self) -> None:
        """Nothing rings on, and nothing waits."""
        with self._lock:
            self._voices.clear()
            self._waiting.clear()
            self._tail[:] = 0
            self._streams = None

    def _changed(self, deformation: Deformation, values: Mapping[str, float]) -> Deformation:
        unknown = values.keys() - LIMITS.keys()
        if unknown:
            raise ParameterError(f"{min(unknown)} is no deformation: those are {', '.join(LIMITS)}")
        changed = replace(deformation, **values)
        self._require_channels(changed)
        return changed

    def stream(self, n_samples: int) -> NDArray[np.float32]:
        """The next `n_samples`, `(n_channels, n_samples)` or mono `(n_samples,)`."""
        audio = self.samples(n_samples)
        return audio[0].astype(np.float32) if self.instrument.n_channels == 1 else audio.astype(np.float32)

    def samples(self, n_samples: int) -> Reals:
        """The next `n_samples`, `(n_channels, n_samples)` in double precision."""
        if n_samples < 0:
            raise ParameterError(f"a block cannot have {n_samples} samples")
        with self._lock:
            return self._samples(n_samples)

    def _samples(self, n_samples: int) -> Reals:
        taps, end = self.instrument.n_taps, self.position + n_samples
        # What is heard dry, and what goes into the room.
        ways = np.zeros((2, self.instrument.n_channels, n_samples + taps))
        ways[:, :, :taps] = self._tail
        due = self._due(end)
        for name, voice in self._voices.items():
            self._ring(voice, ways[:, :, :n_samples], [strike for strike in due if strike.voice == name])
        for strike in due if taps else ():
            first, send = int(np.ceil(strike.at)) - self.position, self._voices[strike.voice].send
            direct = strike.amplitude * self.instrument.direct_gain[strike.control] * self.instrument.direct
            ways[:, :, first : first + taps] += np.array([1 - send, send])[:, None, None] * direct
        self._tail = ways[:, :, n_samples:].copy()
        self._voices = {name: voice for name, voice in self._voices.items() if voice.state.any()}
        self.position = end
        return ways[0, :, :n_samples] + self._in_room(ways[1, :, :n_samples])

    def _due(self, end: int) -> list[Waiting]:
        """The strikes before a sample, taken from those that wait, with a voice for each."""
        self._waiting.sort(key=lambda strike: strike.at)
        due = [strike for strike in self._waiting if strike.at <= end - 1]
        self._waiting = self._waiting[len(due) :]
        for strike in due:
            voice = self._voices.get(strike.voice)
            if voice is None:
                self._voices[strike.voice] = Voice(self.instrument, strike.own, self.held)
            elif voice.own != strike.own:
                voice.own = strike.own
                voice.hold(self.held)
        return due

    def _ring(self, voice: Voice, ways: Reals, strikes: Sequence[Waiting]) -> None:
        at, amplitude, turn = (
            np.array([getattr(strike, name) for strike in strikes], np.float64) for name in ("at", "amplitude", "turn")
        )
        control = np.array([strike.control for strike in strikes], np.int64)
        if not voice.send:
            return voice.ring(ways[0], at - self.position, turn, amplitude, control)
        sound = np.zeros(ways.shape[1:])
        voice.ring(sound, at - self.position, turn, amplitude, control)
        ways += np.array([1 - voice.send, voice.send])[:, None, None] * sound
        return None

    def _in_room(self, sent: Reals) -> Reals:
        """What the room makes of what was sent there; nothing is computed before anything was."""
        if self._streams is None:
            if not sent.any():
                return sent
            room = Room.synthetic(ROOM_S) if self._room is None else self._room
            kernels = room.kernels(self.instrument.sample_rate_hz, len(sent))
            if kernels is None:
                raise ParameterError(f"the room {room.name} cannot be found: its response is not there")
            self._streams = [Stream(kernel, ROOM_BLOCK) for kernel in kernels]
        return np.array([stream.push(channel) for stream, channel in zip(self._streams, sent, strict=True)])

    def _require_channels(self, deformation: Deformation) -> None:
        if deformation.spread:
            deformation.of(self.instrument)


def pad_shares(pad: Reals, x: float, y: float, n_nearest: int = 3) -> list[tuple[int, float]]:
    """The controls that lie nearest to a place on the pad, with shares by inverse squared distance that add up to 1."""
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value <= 1:
            raise ParameterError(f"the pad goes from 0 to 1, {name} = {value!r} is off it")
    square = np.sum((pad - [x, y]) ** 2, axis=1)
    near = np.argsort(square, kind="stable")[:n_nearest]
    share = 1 / (square[near] + 1e-6)
    return [(int(control), float(part)) for control, part in zip(near, share / share.sum(), strict=True)]
