"""Playing an instrument block by block: the state is carried over, so that any blocks make the same sound as the
whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motes.arguments import checked
from motes.errors import ParameterError
from motes.events.instrument import Instrument, Reals
from motes.kinds.strike.kernel import Controls, Modes, Strikes, ring
from motes.kinds.strike.table import in_samples
from motes.units import require_finite


class Voice:
    """The modes of an instrument at one frequency ratio, with their state."""

    def __init__(self, instrument: Instrument, frequency_ratio: float = 1.0) -> None:
        self._modes = Modes(instrument.rate(frequency_ratio), instrument.mixing_in_band(frequency_ratio))
        self._controls = Controls(*instrument.sparse_weights())
        self.state = np.zeros((2, instrument.n_modes))

    def ring(self, audio: Reals, at: Reals, turn: Reals, amplitude: Reals, control: NDArray[np.int64]) -> None:
        """Add the next `audio.shape[1]` samples, with strikes at times `at` (samples of this block, ascending)."""
        ring(audio, self.state, self._modes, Strikes(at, turn, amplitude, control), self._controls)


class Player:
    """An instrument being played: `strike` says what is to happen, `stream` gives the sound, in blocks of any
    lengths.
    """

    @checked
    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        # The next sample that `stream` gives.
        self.position = 0
        self._voices: dict[float, Voice] = {}
        self._waiting: list[tuple[float, float, int, float, float]] = []
        self._tail: Reals = np.zeros((instrument.n_channels, instrument.n_taps))

    @checked
    def strike(
        self,
        control: int,
        amplitude: float = 1.0,
        at_s: float | None = None,
        *,
        frequency_ratio: float = 1.0,
        turn_s: float = 0.0,
    ) -> None:
        """Strike at `at_s` seconds from the first sample ever streamed (default: now). Raises ParameterError for
        the past or an unknown control.
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
        self._waiting.append(
            (
                at,
                frequency_ratio,
                int(control),
                require_finite("amplitude", amplitude),
                require_finite("turn_s", turn_s) * rate,
            )
        )

    def strike_pad(self, x: float, y: float, amplitude: float = 1.0, at_s: float | None = None) -> None:
        """Strike the pad at x, y (0 … 1): the controls near that place, each by its share."""
        for control, share in pad_shares(self.instrument.pad, x, y):
            self.strike(control, amplitude * share, at_s)

    def stream(self, n_samples: int) -> NDArray[np.float32]:
        """The next `n_samples`, `(n_channels, n_samples)` or mono `(n_samples,)`."""
        audio = self.samples(n_samples)
        return audio[0].astype(np.float32) if self.instrument.n_channels == 1 else audio.astype(np.float32)

    def samples(self, n_samples: int) -> Reals:
        """The next `n_samples`, `(n_channels, n_samples)` in double precision."""
        if n_samples < 0:
            raise ParameterError(f"a block cannot have {n_samples} samples")
        taps, end = self.instrument.n_taps, self.position + n_samples
        audio = np.zeros((self.instrument.n_channels, n_samples + taps))
        audio[:, :taps] = self._tail
        self._waiting.sort()
        due = [s for s in self._waiting if s[0] <= end - 1]
        self._waiting = self._waiting[len(due) :]
        for ratio in dict.fromkeys(s[1] for s in due):
            self._voices.setdefault(ratio, Voice(self.instrument, ratio))
        for ratio, voice in self._voices.items():
            at, _, control, amplitude, turn = _columns([s for s in due if s[1] == ratio])
            voice.ring(audio[:, :n_samples], at - self.position, turn, amplitude, control.astype(np.int64))
        for strike in due if taps else ():
            first = int(np.ceil(strike[0])) - self.position
            audio[:, first : first + taps] += (
                strike[3] * self.instrument.direct_gain[strike[2]] * self.instrument.direct
            )
        self._tail = audio[:, n_samples:].copy()
        self._voices = {ratio: voice for ratio, voice in self._voices.items() if voice.state.any()}
        self.position = end
        return audio[:, :n_samples]


def _columns(strikes: Sequence[tuple[float, ...]]) -> tuple[Reals, ...]:
    return tuple(np.ascontiguousarray(np.array(strikes, dtype=np.float64).reshape(len(strikes), 5).T))


def pad_shares(pad: Reals, x: float, y: float, n_nearest: int = 3) -> list[tuple[int, float]]:
    """The controls that lie nearest to a place on the pad, with shares by inverse squared distance that add up to 1."""
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value <= 1:
            raise ParameterError(f"the pad goes from 0 to 1, {name} = {value!r} is off it")
    square = np.sum((pad - [x, y]) ** 2, axis=1)
    near = np.argsort(square, kind="stable")[:n_nearest]
    share = 1 / (square[near] + 1e-6)
    return [(int(control), float(part)) for control, part in zip(near, share / share.sum(), strict=True)]
