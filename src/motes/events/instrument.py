"""The instrument: a linear state-space model of everything that resonates, which strikes excite.

Its state is diagonal: modes, each with a frequency and a decay. A control is a pattern of complex weights over the
modes (and of the direct path): what one kind of strike injects. Each channel hears the modes through its own complex
mixing weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.frozen import Frozen
from motes.units import NEPERS_60_DB

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Ints = NDArray[np.int64]

MAX_MODES, MAX_CONTROLS, MAX_TAPS = 4096, 4096, 4096
MAX_WEIGHTS = 1 << 22
T60_RANGE_S = (1e-5, 1e4)
# The part of the strongest mode's energy that counts as strong.
STRONG = 0.01


@dataclass(frozen=True, eq=False)
class Instrument(Frozen):
    """Modes (frequency, 60 dB decay time), what each control injects, what each channel hears; stable whatever the
    values.

    `frequency_hz`, `t60_s` `(n_modes,)`; `weights` `(n_controls, n_modes)` complex, mostly zero; `mixing` `(n_channels,
    n_modes)` complex, all ones by default in mono; `direct` `(n_channels, n_taps)`: a short sound that reaches the
    listener without resonating, `direct_gain` `(n_controls,)` how much of it a control sends; `pad` `(n_controls, 2)`:
    where the controls lie on a square pad, 0 … 1.
    """

    sample_rate_hz: int
    frequency_hz: Reals
    t60_s: Reals
    weights: Complexes
    mixing: Complexes
    direct: Reals = None  # type: ignore[assignment]  # filled with none
    direct_gain: Reals = None  # type: ignore[assignment]  # filled with 0
    pad: Reals = None  # type: ignore[assignment]  # filled with the middle
    # How finely a file rounds the weights (`motes.codec.payloads.instrument_packet`), once that is known.
    step: int | None = None

    def __post_init__(self) -> None:
        weights, mixing = np.asarray(self.weights), np.asarray(self.mixing)
        if weights.ndim != 2 or mixing.ndim != 2:
            raise ParameterError(
                f"an instrument's weights and mixing must have two dimensions, not {weights.ndim} and {mixing.ndim}"
            )
        n_controls, n_modes, n_channels = weights.shape[0], len(self.frequency_hz), mixing.shape[0]
        shapes = {
            "frequency_hz": (n_modes,),
            "t60_s": (n_modes,),
            "weights": (n_controls, n_modes),
            "mixing": (n_channels, n_modes),
            "direct": (n_channels, -1),
            "direct_gain": (n_controls,),
            "pad": (n_controls, 2),
        }
        defaults = {
            "direct": np.zeros((n_channels, 0)),
            "direct_gain": np.zeros(n_controls),
            "pad": np.full((n_controls, 2), 0.5),
        }
        for name, shape in shapes.items():
            given = getattr(self, name)
            kind = np.complex128 if name in ("weights", "mixing") else np.float64
            array = np.array(defaults[name] if given is None else given, dtype=kind, order="C")
            if array.ndim != len(shape) or any(n not in (-1, m) for n, m in zip(shape, array.shape, strict=True)):
                raise ParameterError(f"the instrument's {name} must have shape {shape}, not {array.shape}")
            if not np.isfinite(array).all():
                raise ParameterError(f"the instrument's {name} holds NaN or infinities")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        self._check_ranges()

    def _check_ranges(self) -> None:
        if not 1 <= self.sample_rate_hz <= 768_000:
            raise ParameterError(f"an instrument's sample rate must lie in 1 … 768000 Hz, not {self.sample_rate_hz!r}")
        for count, most, what in (
            (self.n_modes, MAX_MODES, "modes"),
            (self.n_controls, MAX_CONTROLS, "controls"),
            (self.n_taps, MAX_TAPS, "taps"),
        ):
            if count > most:
                raise ParameterError(f"an instrument has at most {most} {what}, not {count}")
        if self.weights.size > MAX_WEIGHTS:
            raise ParameterError(
                f"an instrument has at most {MAX_WEIGHTS} weights, not {self.n_controls} controls × "
                f"{self.n_modes} "
                "modes"
            )
        for name, low, high in (("frequency_hz", 0.0, 1e6), ("t60_s", *T60_RANGE_S), ("pad", 0.0, 1.0)):
            values = getattr(self, name)
            if values.size and not (low <= values.min() and values.max() <= high):
                raise ParameterError(
                    f"the instrument's {name} must lie in {low:g} … {high:g}, not {values.min():g} … {values.max():g}"
                )

    @property
    def n_modes(self) -> int:
        """How many modes it has."""
        return len(self.frequency_hz)

    @property
    def n_controls(self) -> int:
        """How many kinds of strike it knows."""
        return len(self.weights)

    @property
    def n_channels(self) -> int:
        """How many channels hear it."""
        return len(self.mixing)

    @property
    def n_taps(self) -> int:
        """Length of the direct path in samples."""
        return self.direct.shape[1]

    @property
    def n_numbers(self) -> int:
        """How many real numbers describe it: zeros among the weights, and the mixing and pad of one channel, cost
        nothing.
        """
        mixing = 2 * self.mixing.size if self.n_channels > 1 else 0
        direct = self.direct.size + np.count_nonzero(self.direct_gain) if self.n_taps else 0
        return int(2 * self.n_modes + 2 * np.count_nonzero(self.weights) + mixing + direct)

    def mixed(self, matrix: Reals) -> Instrument:
        """It with its channels mixed, `(n_channels, n_channels)`."""
        return replace(self, mixing=matrix @ self.mixing, direct=matrix @ self.direct, step=None)

    def rate(self, frequency_ratio: float = 1.0) -> Reals:
        """−decay and ω of each mode per sample, `(2, n_modes)`, all frequencies multiplied by `frequency_ratio`."""
        omega = 2 * np.pi * self.frequency_hz * frequency_ratio / self.sample_rate_hz
        return np.stack([-NEPERS_60_DB / (self.t60_s * self.sample_rate_hz), omega])

    def mixing_in_band(self, frequency_ratio: float = 1.0) -> Reals:
        """`mixing` as `(n_channels, 2, n_modes)`, zero for modes above half the sample rate, which would come back
        as other frequencies.
        """
        in_band = self.frequency_hz * frequency_ratio < self.sample_rate_hz / 2
        return np.ascontiguousarray(np.stack([self.mixing.real * in_band, self.mixing.imag * in_band], axis=1))

    def sparse_weights(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Reals]:
        """Weights without their zeros: where each control starts `(n_controls + 1,)`, modes `(n,)`, and Re and Im
        of the weights `(2, n)`.
        """
        control, mode = np.nonzero(self.weights)
        starts = np.searchsorted(control, np.arange(self.n_controls + 1)).astype(np.int64)
        value = self.weights[control, mode]
        return starts, mode.astype(np.int64), np.ascontiguousarray(np.stack([value.real, value.imag]))

    def impulse_response(
        self, control: int, n_samples: int, frequency_ratio: float = 1.0, after: float = 0.0, turn: float = 0.0
    ) -> Reals:
        """What one strike of amplitude 1 sounds like, by its closed form: `(n_channels, n_samples)`.

        Sample n is Re Σ mixing · weight · e^{σ (n + after) + iω·turn}: `after` is how many samples before the first one
        the strike happened.
        """
        used = np.flatnonzero(self.weights[control])
        decay, omega = self.rate(frequency_ratio)[:, used]
        n = np.arange(n_samples) + after
        sound = (
            np.exp(np.outer(decay + 1j * omega, n)) * (self.weights[control, used] * np.exp(1j * omega * turn))[:, None]
        )
        mix = self.mixing_in_band(frequency_ratio)[:, :, used]
        audio: Reals = ((mix[:, 0] + 1j * mix[:, 1]) @ sound).real
        taps = min(self.n_taps, n_samples)
        audio[:, :taps] += self.direct_gain[control] * self.direct[:, :taps]
        return audio

    def in_stereo(self) -> Instrument:
        """The instrument with what its one channel hears in two; as it is where it has more."""
        if self.n_channels > 1:
            return self
        return replace(self, mixing=np.repeat(self.mixing, 2, axis=0), direct=np.repeat(self.direct, 2, axis=0))

    def root_hz(self) -> Reals:
        """The lowest frequency of each control among its modes whose energy is within 20 dB of its strongest one's,
        `(n_controls,)`; 0 for a control without modes.
        """
        power = np.abs(self.weights) ** 2 * self.energy()
        strong = (power > 0) & (power >= STRONG * power.max(axis=1, initial=0.0, keepdims=True))
        lowest = np.min(np.where(strong, self.frequency_hz, np.inf), axis=1, initial=np.inf)
        return np.where(np.isfinite(lowest), lowest, 0.0)

    def centroid_hz(self) -> Reals:
        """The mean frequency of the energy of each control, `(n_controls,)`."""
        power = np.abs(self.weights) ** 2 * self.energy()
        mean: Reals = power @ self.frequency_hz / np.maximum(power.sum(axis=1), 1e-300)
        return mean

    def within(self, low_hz: float, high_hz: float) -> Instrument:
        """Only what modes from `low_hz` to `high_hz` sound like; the direct path belongs to the whole spectrum and
        to no part of it.
        """
        if low_hz <= 0 and high_hz >= self.sample_rate_hz / 2:
            return self
        inside = (self.frequency_hz >= low_hz) & (self.frequency_hz <= high_hz)
        return replace(self, weights=self.weights * inside, direct_gain=np.zeros(self.n_controls))

    def at_rate(self, sample_rate_hz: int) -> Instrument:
        """The instrument at another sample rate; the direct path is read off between its samples."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        n_taps = -(-self.n_taps * sample_rate_hz // self.sample_rate_hz)
        places = np.arange(n_taps) * (self.sample_rate_hz / sample_rate_hz)
        direct = (
            [np.interp(places, np.arange(self.n_taps), taps, right=0.0) for taps in self.direct] if n_taps else None
        )
        return replace(
            self, sample_rate_hz=sample_rate_hz, direct=np.array(direct) if direct else np.zeros((self.n_channels, 0))
        )

    def ring_s(self, fall_db: float = 100.0) -> Reals:
        """Seconds that each control rings, `(n_controls,)`: until what it sets off has fallen `fall_db` below the
        most it began with.
        """
        peak = np.abs(self.weights) * np.max(np.abs(self.mixing), axis=0, initial=0.0)
        loudest = np.maximum(peak.sum(axis=1, keepdims=True), 1e-300)
        below = 20 * np.log10(np.maximum(peak / loudest, 1e-30))
        ringing_s: Reals = np.max(np.maximum(fall_db + below, 0.0) / 60 * self.t60_s, axis=1, initial=0.0)
        return np.maximum(ringing_s, self.n_taps / self.sample_rate_hz)

    def energy(self) -> Reals:
        """Energy of each mode, in samples, when it is struck with weight 1 and left to ring: `(n_modes,)`."""
        loss = 2 * NEPERS_60_DB / (self.t60_s * self.sample_rate_hz)
        energy: Reals = np.sum(np.abs(self.mixing) ** 2, axis=0) / (-2 * np.expm1(-loss))
        return energy

    def equals(self, other: Instrument) -> bool:
        """Whether every part holds the same bits."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))


def check_instruments(instruments: Sequence[Instrument], sample_rate_hz: int, n_channels: int) -> None:
    """ParameterError unless each has the rate and the channels of the scene that holds them."""
    for number, instrument in enumerate(instruments):
        if (instrument.sample_rate_hz, instrument.n_channels) != (sample_rate_hz, n_channels):
            theirs = f"{instrument.n_channels} channels at {instrument.sample_rate_hz} Hz"
            raise ParameterError(f"instrument {number} has {theirs}, the scene {n_channels} at {sample_rate_hz} Hz")


def together(ours: tuple[Instrument, ...], theirs: tuple[Instrument, ...]) -> tuple[tuple[Instrument, ...], Ints]:
    """All instruments, equal ones once, and what number each of `theirs` has among them."""
    all_of_them, number = list(ours), np.zeros(len(theirs), np.int64)
    for i, instrument in enumerate(theirs):
        same = [k for k, known in enumerate(all_of_them) if known.equals(instrument)]
        number[i] = same[0] if same else len(all_of_them)
        if not same:
            all_of_them.append(instrument)
    return tuple(all_of_them), number
