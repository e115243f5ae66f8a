"""Whether the samples at the door are those of audio: finite, and of full scale 1."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from motes.errors import MotesWarning

# Times full scale: what lies above is refused, or worth a word.
REFUSED_PEAK, ODD_PEAK = 100.0, 4.0
# Below, nothing is left of a recording in any format: one step of 32 bits is larger.
FAINT_PEAK = 2.0**-33
_WHOLE_NUMBERS = ((2.0**7, "8"), (2.0**15, "16"), (2.0**23, "24"), (2.0**31, "32"))


class LevelCheck:
    """Watches the blocks of one recording: `error` is raised for NaN, infinities, and peaks that no audio has unless
    `any_level`; `close` warns of odd ones.
    """

    def __init__(self, what: str, sample_rate_hz: int, error: type[Exception], any_level: bool = False) -> None:
        self._what, self._rate, self._error, self._any_level = what, sample_rate_hz, error, any_level
        self._peak = 0.0

    def see(self, block: NDArray[np.float32], first: int) -> None:
        """A block `(n_channels, k)` that begins with sample `first`."""
        high, low = float(block.max()), float(block.min())
        if not (np.isfinite(high) and np.isfinite(low)):
            finite = np.isfinite(block)
            at = int(np.argmin(finite.all(axis=0)))
            bad = block[:, at][~finite[:, at]][0]
            raise self._error(f"{self._what} holds {bad} at {(first + at) / self._rate:.6f} s: audio must be finite")
        self._peak = max(self._peak, high, -low)
        if self._peak > REFUSED_PEAK and not self._any_level:
            at = int(np.argmax(np.abs(block).max(axis=0)))
            raise self._error(
                f"{self._what} holds {self._peak:.6g} at {(first + at) / self._rate:.6f} s, and full scale is 1: "
                f"{_guess(self._peak)}; --normalise (normalise=True) makes its peak full scale"
            )

    def close(self) -> None:
        """All has been seen."""
        if self._any_level:
            return
        if self._peak > ODD_PEAK:
            message = f"{self._what} goes up to {self._peak:.6g}, and full scale is 1: {_guess(self._peak)}"
        elif 0 < self._peak < FAINT_PEAK:
            message = (
                f"{self._what} goes up to {self._peak:.3g} only, and full scale is 1: nothing of it will be left; "
                "--normalise (normalise=True) makes its peak full scale"
            )
        else:
            return
        warnings.warn(message, MotesWarning, stacklevel=4)


def _guess(peak: float) -> str:
    for full, bits in _WHOLE_NUMBERS:
        if peak <= full:
            return f"were these {bits}-bit numbers? divide them by {full:.0f}"
    return "is this audio?"
