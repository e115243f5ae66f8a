"""Rooms: impulse responses that events send to. docs/rooms.md explains them.

An event with `room_id` k and `wetness` w sounds as (1 − w) of it dry and w of it convolved with `scene.rooms[k − 1]`.
The whole interface:

- `Room.synthetic(rt60_s, seed)` is noise that dies away, made anew from its two numbers whenever it is needed;
- `Room.of(audio, sample_rate_hz, name)` takes any impulse response: trimmed to the direct sound, at unit energy;
- `room.kernels(sample_rate_hz, n_channels)` are the responses to convolve with, None for a room that was not found;
- `room.rt60()` measures the reverberation time;
- `scene.select(…).room(room, wetness)` sends events there.

`motes.data.impulse_responses` finds rooms in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError
from motes.events.event_table import MAX_ROOMS, Array, EventTable, Ints
from motes.events.frozen import Frozen
from motes.events.limits import MAX_CHANNELS
from motes.noise import white

Samples = NDArray[np.float32]

LONGEST_S = 30.0
# Of all channels of a response together.
MAX_SAMPLES = 1 << 26
MAX_NAME = 255
RT60_RANGE_S = (0.05, 15.0)
# Reverberation times of synthetic rooms are whole milliseconds.
RT60_UNITS = 1000
# A synthetic response lasts until it has fallen by this much (or for LONGEST_S).
SYNTHETIC_DB = 100.0
# The direct sound begins with the first sample that is within this much of the strongest.
ONSET_DB = 20.0
T30_DB = (-5.0, -35.0)
# The decay from −5 to −35 dB is measured where the end of a response is at least this much weaker than its beginning
# (ISO 3382-1).
NOISE_FREE_DB = 45.0
AUDIBLE_DB = -60.0
FULL_SCALE = (1 << 15) - 1


@dataclass(frozen=True, eq=False)
class Room(Frozen):
    """A room that events can be sent to: a response, what a synthetic one is made from, or no more than the digest of
    one that was not found.

    `response` `(n_channels, n)` float32, at `sample_rate_hz`, begins with the direct sound; the mean energy of its
    channels is 1. `digest` is the SHA-256 of the file it came from, in hexadecimal. `is_embedded` tells whether a .mote
    file holds the response itself.
    """

    name: str
    digest: str = ""
    sample_rate_hz: int = 0
    response: Samples | None = None
    # Of a synthetic room; 0 for all others.
    rt60_s: float = 0.0
    seed: int = 0
    is_embedded: bool = False

    def __post_init__(self) -> None:
        if self.rt60_s:
            object.__setattr__(self, "rt60_s", _checked_rt60(self.rt60_s))
            object.__setattr__(self, "name", f"synthetic:{self.rt60_s:g}" + (f":{self.seed}" if self.seed else ""))
        if not self.name or len(self.name.encode(errors="replace")) > MAX_NAME or not self.name.isprintable():
            raise ParameterError(
                f"the name of a room must have 1 to {MAX_NAME} bytes that can be printed, not {self.name[:40]!r}"
            )
        if self.rt60_s:
            if self.seed != int(self.seed) or not 0 <= self.seed < 1 << 32:
                raise ParameterError(
                    f"the seed of a room must be a whole number from 0 to {(1 << 32) - 1}, not {self.seed!r}"
                )
        elif len(self.digest) != 64 or not set(self.digest) <= set("0123456789abcdef"):
            raise ParameterError(
                f"the digest of room {self.name!r} must be a SHA-256 in hexadecimal, not {self.digest[:80]!r}"
            )
        if self.response is not None:
            object.__setattr__(self, "response", _checked_response(self.response, self.sample_rate_hz, self.name))

    @classmethod
    def synthetic(cls, rt60_s: float, seed: int = 0) -> Room:
        """White noise of `motes.noise` that falls by 60 dB in `rt60_s` (0.05 … 15 s, to a millisecond); every
        channel has noise of its own.
        """
        return cls("", rt60_s=_checked_rt60(rt60_s), seed=seed)

    @classmethod
    def of(cls, audio: ArrayLike, sample_rate_hz: int, name: str, digest: str | None = None) -> Room:
        """A recorded response `(n,)` or `(n_channels, n)` of any level: trimmed to the direct sound and brought to unit
        energy.

        Silence at its end is left out, the rest of its tail kept. Without a `digest` that of the samples is taken.
        Raises ParameterError where it is silent, not finite or longer than 30 s.
        """
        samples = np.atleast_2d(np.asarray(audio, np.float32))
        if digest is None:
            digest = hashlib.sha256(np.ascontiguousarray(samples.T, "<f4").data).hexdigest()
        return cls(name, digest, sample_rate_hz, at_unit_energy(trimmed(samples, name)))

    @property
    def is_synthetic(self) -> bool:
        """Whether it is made from a reverberation time and a seed."""
        return self.rt60_s > 0

    @property
    def is_missing(self) -> bool:
        """Whether there is nothing to convolve with: what is sent there is heard dry."""
        return self.response is None and not self.is_synthetic

    @property
    def duration_s(self) -> float:
        """Length of its response; 0 for one that is missing."""
        if self.is_synthetic:
            return min(self.rt60_s * SYNTHETIC_DB / 60, LONGEST_S)
        return 0.0 if self.response is None else self.response.shape[1] / self.sample_rate_hz

    def kernels(self, sample_rate_hz: int, n_channels: int) -> Samples | None:
        """What each of `n_channels` is convolved with, `(n_channels, n_taps)` of unit energy at that rate; None where
        the room is missing.

        Channel c of a scene takes channel c of a response, or where it has fewer, starts again with its first. Kept
        once made, and read-only.
        """
        if self.is_missing:
            return None
        return self.once(("kernels", sample_rate_hz, n_channels), lambda: self._kernels(sample_rate_hz, n_channels))

    def _kernels(self, sample_rate_hz: int, n_channels: int) -> Samples:
        made = self._response_at(sample_rate_hz, n_channels)
        made.flags.writeable = False
        return made

    def _response_at(self, sample_rate_hz: int, n_channels: int) -> Samples:
        if self.is_synthetic:
            n = max(1, round(self.duration_s * sample_rate_hz))
            decay = 10.0 ** (-3.0 * np.arange(n) / (self.rt60_s * sample_rate_hz))
            return at_unit_energy(np.stack([white(self.seed, channel, 0, n) * decay for channel in range(n_channels)]))
        assert self.response is not None
        taken = self.response[np.arange(n_channels) % len(self.response)]
        if sample_rate_hz == self.sample_rate_hz and n_channels == len(self.response):
            return taken
        if not taken.any():  # a channel that is silent in the response: what little sounds there is in another
            taken = self.response[np.argmax(np.sum(np.square(self.response), axis=1))][None].repeat(n_channels, axis=0)
        made = np.array(_resampled(taken, self.sample_rate_hz, sample_rate_hz))
        if not made.any():  # at a rate too low for any of it: the direct sound is left
            made[:, 0] = 1.0
        return at_unit_energy(made)

    def rt60(self) -> float | None:
        """The reverberation time in s, of all channels together; None where it cannot be measured (see
        `reverberation_s`).
        """
        if self.response is None:
            return self.rt60_s or None
        return reverberation_s(self.response, self.sample_rate_hz)

    def audible_s(self) -> float:
        """How long its tail is heard: until no more than a millionth (−60 dB) of its energy is to come."""
        if self.response is None:
            return self.rt60_s
        return float(np.searchsorted(-decay_db(self.response), -AUDIBLE_DB)) / self.sample_rate_hz

    def embedded(self, sample_rate_hz: int) -> Room:
        """The room as a file holds it, at this sample rate and rounded to 16 bits; one that has no response,
        or is embedded, as it is.
        """
        if self.response is None or self.is_embedded:
            return self
        response = _resampled(self.response, self.sample_rate_hz, sample_rate_hz)
        return replace(
            self, sample_rate_hz=sample_rate_hz, response=of_whole_numbers(whole_numbers(response)), is_embedded=True
        )

    def equals(self, other: Room) -> bool:
        """Whether both are the same room."""
        names = ("name", "digest", "sample_rate_hz", "rt60_s", "seed", "is_embedded")
        if any(getattr(self, name) != getattr(other, name) for name in names) or (self.response is None) != (
            other.response is None
        ):
            return False
        return self.response is None or bool(np.array_equal(self.response, other.response))  # type: ignore[arg-type]


# --- responses ---


def trimmed(audio: Samples, name: str = "the response") -> Samples:
    """`(n_channels, n)` from the first sample, in any channel, within 20 dB of the strongest one up to the last
    that is not 0.
    """
    if audio.ndim != 2 or not audio.shape[0]:
        raise ParameterError(f"{name} must have the shape (n,) or (n_channels, n), not {audio.shape}")
    if not np.isfinite(audio).all():
        raise ParameterError(f"{name} holds NaN or infinities")
    loudest = np.abs(audio).max(axis=0, initial=0.0)
    peak = loudest.max(initial=0.0)
    if peak == 0:
        raise ParameterError(f"{name} is silent: no impulse response")
    sounding = np.flatnonzero(loudest)
    first = int(np.argmax(loudest >= peak * 10 ** (-ONSET_DB / 20)))
    return audio[:, first : sounding[-1] + 1]


def at_unit_energy(response: NDArray[np.floating]) -> Samples:
    """Scaled so that the sum of squares is 1, the mean of all channels: what it does to noise leaves its power as
    it was.
    """
    energy = float(np.sum(np.square(response, dtype=np.float64))) / len(response)
    return np.ascontiguousarray(response / np.sqrt(energy), np.float32)


def whole_numbers(response: Samples) -> Ints:
    """As whole numbers of 16 bits, the strongest sample at full scale, without the zeros at the end."""
    found = np.rint(response * (FULL_SCALE / np.float64(np.abs(response).max()))).astype(np.int64)
    return found[:, : int(np.flatnonzero(found.any(axis=0))[-1]) + 1]


def of_whole_numbers(numbers: Ints) -> Samples:
    """The response that these stand for, at unit energy; rounding it again gives the same numbers."""
    return at_unit_energy(numbers.astype(np.float64))


def decay_db(response: Samples) -> Array:
    """Energy still to come, of all channels together, in dB of the whole, `(n,)`: Schroeder's backward integral
    (1965).
    """
    energy = np.sum(np.square(response, dtype=np.float64), axis=0)
    left = np.cumsum(energy[::-1])[::-1]
    return np.asarray(10 * np.log10(np.maximum(left / max(left[0], 1e-300), 1e-30)))


def reverberation_s(response: Samples, sample_rate_hz: int) -> float | None:
    """RT60 by T30: twice the time in which the decay falls from −5 to −35 dB, by a straight line through it.

    None where that cannot be measured: the response ends in noise or is cut off less than 45 dB below its beginning, or
    is over within 10 ms.
    """
    curve, n = decay_db(response), response.shape[1]
    first, last = (int(np.searchsorted(-curve, -level)) for level in T30_DB)
    edge = max(1, n // 20)
    power = np.sum(np.square(response, dtype=np.float64), axis=0)
    begin, end = power[:edge].mean(), power[-edge:].mean()
    if end > begin * 10 ** (-NOISE_FREE_DB / 10) or last - first < 0.003 * sample_rate_hz or n < 0.01 * sample_rate_hz:
        return None
    slope = np.polyfit(np.arange(first, last) / sample_rate_hz, curve[first:last], 1)[0]
    return float(-60 / slope) if slope < 0 else None


def _resampled(response: Samples, from_hz: int, to_hz: int) -> Samples:
    """At another rate; a response that is nothing there, such as one shorter than a sample, is an impulse."""
    from motes.audio import resample_blocks

    blocks = list(resample_blocks([response], len(response), from_hz, to_hz))
    found = np.concatenate([np.zeros((len(response), 0), np.float32), *blocks], axis=1)
    return found if found.any() else np.ones((len(response), 1), np.float32)


def _checked_rt60(rt60_s: float) -> float:
    low, high = RT60_RANGE_S
    try:
        value = round(float(rt60_s) * RT60_UNITS) / RT60_UNITS
    except (TypeError, ValueError, OverflowError):
        value = -1.0
    if not low <= value <= high:
        raise ParameterError(
            f"the reverberation time of a synthetic room must lie in {low:g} … {high:g} s, not {rt60_s!r}"
        )
    return value


def _checked_response(response: Samples, sample_rate_hz: int, name: str) -> Samples:
    array = np.array(response, np.float32, order="C")
    if not 1 <= sample_rate_hz <= 768_000:
        raise ParameterError(f"the sample rate of room {name!r} must lie in 1 … 768000 Hz, not {sample_rate_hz!r}")
    if array.ndim != 2 or not 1 <= len(array) <= MAX_CHANNELS or not array.shape[1]:
        raise ParameterError(
            f"the response of room {name!r} must be (1 to {MAX_CHANNELS} channels, n), not {array.shape}"
        )
    seconds = array.shape[1] / sample_rate_hz
    if seconds > LONGEST_S or array.size > MAX_SAMPLES:
        raise ParameterError(
            f"{name!r} lasts {seconds:.1f} s, a response at most {LONGEST_S:g} s: is it a recording, not an "
            "impulse "
            "response?"
        )
    energy = float(np.sum(np.square(array, dtype=np.float64))) / len(array)
    if not abs(energy - 1) < 1e-3:
        raise ParameterError(
            f"the response of room {name!r} must have an energy of 1, not {energy:g}: Room.of(…) sees to that"
        )
    array.flags.writeable = False
    return array


def is_sent(table: EventTable) -> bool:
    """Whether any event is in a room."""
    return not table.at_default("room_id") and bool(np.any(table.room_id))


def check_rooms(rooms: tuple[Room, ...], tables: Iterable[EventTable]) -> None:
    """ParameterError unless every event's room is there."""
    if not all(isinstance(room, Room) for room in rooms):
        raise ParameterError("a scene's rooms must be of the class Room")
    if len(rooms) > MAX_ROOMS:
        raise ParameterError(f"a scene has at most {MAX_ROOMS} rooms, not {len(rooms)}")
    for table in tables:
        most = 0 if table.at_default("room_id") else int(table.room_id.max(initial=0))
        if most > len(rooms):
            event = int(np.argmax(table.room_id))
            raise ParameterError(f"{table.KIND} event {event} is in room {most}, the scene has {len(rooms)}")


def together(ours: tuple[Room, ...], theirs: tuple[Room, ...]) -> tuple[tuple[Room, ...], Ints]:
    """All rooms, equal ones once, and the id that each id of `theirs` (0 first) has among them, `(len(theirs) +
    1,)`.
    """
    rooms, number = list(ours), np.zeros(len(theirs) + 1, np.int64)
    for i, room in enumerate(theirs, 1):
        same = [k for k, known in enumerate(rooms, 1) if known.equals(room)]
        number[i] = same[0] if same else len(rooms) + 1
        if not same:
            rooms.append(room)
    return tuple(rooms), number
