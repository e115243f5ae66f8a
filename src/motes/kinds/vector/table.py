"""The vector event: sixteen numbers that a learned decoder turns into splats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.events.instrument import Instrument
from motes.events.model import MAX_MODELS, Model
from motes.units import HIGHEST_HZ, SILENCE_DB

# Learned, about unit variance: what a sound is like beside pitch, level and lengths.
TIMBRES = tuple(f"timbre_{k}" for k in range(1, 10))
# The sixteen, in the order in which encoders and decoders have them.
NUMBERS = (
    "pitch_semitones",
    "loudness_db",
    "log2_length_s",
    "log2_t60_s",
    "log2_attack_s",
    "brightness_octaves",
    "noise",
    *TIMBRES,
)
# What a note does not have anyway: those behind pitch, level and length.
BESIDE_NOTES = NUMBERS[3:]
LENGTHS = ("log2_length_s", "log2_t60_s", "log2_attack_s")
LOWEST_PITCH, HIGHEST_PITCH = -100.0, 200.0
# How long before its onset and after it an event may sound, in attacks, lengths and decays; what a decoder makes of it
# is kept within.
BEFORE = (1.0, 0.125, 0.0)
AFTER = (4.0, 4.0, 2.5)


@dataclass(frozen=True, eq=False)
class Vector(EventTable):
    """Learned events, of which each has sixteen numbers (NUMBERS) and a decoder, one of the models of the scene.

    The first seven mean something by construction, the others are what the decoder has learned. What a vector sounds
    like is what `motes.kinds.vector.decoding.decoded` makes of it: splats at `time_s`, louder by `gain_db`, of which
    only low_hz … high_hz is heard, backward where `backward` is 1.
    """

    time_s: Array
    pitch_semitones: Array
    loudness_db: Array
    log2_length_s: Array
    log2_t60_s: Array
    log2_attack_s: Array
    brightness_octaves: Array = None  # type: ignore[assignment]  # filled with 0
    noise: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_1: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_2: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_3: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_4: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_5: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_6: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_7: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_8: Array = None  # type: ignore[assignment]  # filled with 0
    timbre_9: Array = None  # type: ignore[assignment]  # filled with 0
    gain_db: Array = None  # type: ignore[assignment]  # filled with 0, of one channel
    model: Ints = None  # type: ignore[assignment]  # filled with 0
    low_hz: Array = None  # type: ignore[assignment]  # filled with 0
    high_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    backward: Ints = None  # type: ignore[assignment]  # filled with 0
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "vector"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "pitch_semitones")
    LEVEL: ClassVar[str] = "gain_db"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "its onset"),
        Param(
            "pitch_semitones",
            "semitones",
            LOWEST_PITCH,
            HIGHEST_PITCH,
            "pitch as a MIDI number (69 is 440 Hz), or the centre of a spectrum without pitch",
        ),
        Param("loudness_db", "dBFS", -200.0, 100.0, "RMS level of its loudest 50 ms, before gain_db"),
        Param("log2_length_s", "log2 s", -14.0, 10.0, "from its onset to its end"),
        Param("log2_t60_s", "log2 s", -16.0, 13.0, "time in which it decays by 60 dB"),
        Param("log2_attack_s", "log2 s", -16.0, 9.0, "from its onset until it is loudest"),
        Param("brightness_octaves", "octaves", -10.0, 20.0, "spectral centroid above its pitch", default=0.0),
        Param("noise", "", 0.0, 1.0, "which part of it has no pitch", default=0.0),
        *(
            Param(name, "", -100.0, 100.0, "what the decoder learned, about unit variance", default=0.0)
            for name in TIMBRES
        ),
        Param("gain_db", "dB", SILENCE_DB, 400.0, "by which edits made it louder, -200 for silence", per_channel=True),
        Param("model", "", 0, MAX_MODELS - 1, "which of the models of the scene decodes it", default=0, whole=True),
        Param("low_hz", "Hz", 0.0, HIGHEST_HZ, "what lies lower is left out", default=0.0),
        Param("high_hz", "Hz", 0.0, HIGHEST_HZ, "what lies higher is left out", default=HIGHEST_HZ),
        Param("backward", "", 0, 1, "1 where it sounds backwards", default=0, whole=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    def __post_init__(self) -> None:
        if vars(self)["gain_db"] is None:
            object.__setattr__(self, "gain_db", np.zeros((np.size(self.time_s), 1)))
        super().__post_init__()

    @classmethod
    def empty(cls, n_channels: int) -> Vector:
        """No events."""
        none = np.empty(0)
        return cls(none, none, none, none, none, none, gain_db=np.empty((0, n_channels)))

    @property
    def numbers(self) -> Array:
        """The sixteen of each event, `(n_events, 16)`."""
        return np.stack([self.column(name) for name in NUMBERS], axis=1)

    def with_numbers(self, numbers: Array) -> Vector:
        """With others, `(n_events, 16)`."""
        return self.replace(**{name: numbers[:, k] for k, name in enumerate(NUMBERS)})

    @property
    def start_s(self) -> Array:
        """When each may begin to sound."""
        before, after = self.reach_s()
        return self.time_s - np.where(self.backward == 1, after, before)

    @property
    def end_s(self) -> Array:
        """When each has surely ended."""
        before, after = self.reach_s()
        return self.time_s + np.where(self.backward == 1, before, after)

    def reach_s(self) -> tuple[Array, Array]:
        """How long before and after `time_s` it sounds at most when not backward."""
        attack, length, t60 = (2.0 ** self.column(f"log2_{name}_s") for name in ("attack", "length", "t60"))
        before, after = (of[0] * attack + of[1] * length + of[2] * t60 for of in (BEFORE, AFTER))
        return before, after

    def moved(self, by_s: Array) -> Vector:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Vector:
        """Backward, about `twice_s`/2."""
        return self.replace(
            time_s=np.where(mask, twice_s - self.time_s, self.time_s),
            backward=np.where(mask, 1 - self.backward, self.backward),
        )

    def transposed(self, ratio: Array) -> Vector:
        """At another pitch: what the decoder makes of that, so that a timbre may change with it as it has learned."""
        pitch = np.where(ratio == 1, self.pitch_semitones, self.pitch_semitones + 12 * np.log2(ratio))
        whole = (self.high_hz >= HIGHEST_HZ) | (ratio == 1)
        high = np.where(whole, self.high_hz, np.minimum(self.high_hz * ratio, HIGHEST_HZ))
        low = np.minimum(self.low_hz * ratio, HIGHEST_HZ)
        return self.replace(pitch_semitones=np.minimum(pitch, HIGHEST_PITCH), low_hz=low, high_hz=high)

    def stretched(self, factor: Array, about_s: float) -> Vector:
        """Attack, length and decay `factor` times as long, as loud as before."""
        longer: dict[str, Array] = {name: self.column(name) + np.log2(factor) for name in LENGTHS}
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)), **longer
        )

    def amplified(self, factor: Array) -> Vector:
        """Louder."""
        db = np.maximum(self.gain_db + 20 * np.log10(np.maximum(factor, 1e-30))[:, None], SILENCE_DB)
        return self.replace(gain_db=np.where((self.gain_db <= SILENCE_DB) | (factor[:, None] == 0), SILENCE_DB, db))

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Vector, Mask]:
        """Only what of them lies in the band."""
        low = np.where(mask, np.maximum(self.low_hz, low_hz), self.low_hz)
        high = np.where(mask, np.minimum(self.high_hz, min(high_hz, HIGHEST_HZ)), self.high_hz)
        kept = low <= high
        return self.replace(low_hz=np.minimum(low, high), high_hz=high).take(kept), kept

    def check_sources(self, instruments: Sequence[Instrument], models: Sequence[Model] = ()) -> None:
        """ParameterError unless the scene names the models of all."""
        if len(self) and self.model.max() >= len(models):
            i = int(np.argmax(self.model >= len(models)))
            raise ParameterError(f"vector {i} is of model {self.model[i]}, the scene has {len(models)}: models=(…)")

    def with_models(self, number: Ints) -> Vector:
        """Decoded by other models of the scene: `number[i]` for i."""
        return self.replace(model=number[self.model]) if len(self) else self
