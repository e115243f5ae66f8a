"""How much an atom is worth to the ear: a masking model of the recording, from which atoms get their weights.

In every frame of every window the recording's power is spread along the ERB-rate scale (Glasberg & Moore 1990), further
upward than downward, as sounds mask each other (Zwicker & Fastl, "Psychoacoustics", ch. 4); it dies away rather than
ends (post-masking); the threshold in quiet (Terhardt 1979) is added. An atom is the more audible the higher its power
is above this. docs/perception.md has what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motes.encoders.pursuit.tuning import DOWNWARD_DB, EXPONENT, INAUDIBLE_DB, POST_MASKING_S, TILT, TILT_HZ, UPWARD_DB
from motes.kernels.masking import interpolate_to_bins, spread_masking
from motes.units import erb_rate, erb_rate_to_hz, threshold_in_quiet_db

Floats = NDArray[np.float32]
# Assumed playback level: sound pressure level of a sinusoid at full scale.
FULL_SCALE_DB_SPL = 90.0
BANDS_PER_ERB = 3


@dataclass(frozen=True)
class MaskingModel:
    """Weights by which a pursuit chooses the atoms of a recording at this sample rate."""

    sample_rate_hz: int
    exponent: float = EXPONENT
    tilt: float = TILT
    upward_db: float = field(default=UPWARD_DB)
    downward_db: float = field(default=DOWNWARD_DB)

    def weights(self, power: Floats, window: int) -> Floats:
        """Factors of energies `|c|²`, `(n_frames, window/2 + 1)`, from the recording's own, summed over channels."""
        out = np.empty_like(power)
        self.weigh(power, window, out)
        return out

    def weigh(self, power: Floats, window: int, out: Floats) -> None:
        """Write `weights` to `out`, in place."""
        bands = _bands(window, self.sample_rate_hz, self.upward_db, self.downward_db)
        masking = np.empty((len(power), len(bands.quiet)), np.float32)
        kept = np.exp(-window / 4 / self.sample_rate_hz / POST_MASKING_S)
        upward, downward = (10 ** (-slope_db / BANDS_PER_ERB / 10) for slope_db in (self.upward_db, self.downward_db))
        spread_masking(power, bands.above, bands.to_above, bands.to_below, upward, downward, kept, masking)
        masking += bands.quiet
        np.log(masking, out=masking)
        masking *= np.float32(-self.exponent)
        np.exp(masking, out=masking)
        frequency_hz = np.arange(window // 2 + 1) * (self.sample_rate_hz / window)
        tilt = ((1 + frequency_hz / TILT_HZ) ** -self.tilt).astype(np.float32)
        interpolate_to_bins(masking, bands.at, bands.part, tilt, out)

    def least_benefit(self, window: int) -> float:
        """Benefit of an atom that nobody hears even alone: below the threshold in quiet at any frequency."""
        quiet = float(_bands(window, self.sample_rate_hz, self.upward_db, self.downward_db).quiet.min())
        frequency_hz = min(4000.0, self.sample_rate_hz / 2)
        return (
            10 ** (INAUDIBLE_DB / 10)
            * window
            * quiet ** (1 - self.exponent)
            * (1 + frequency_hz / TILT_HZ) ** -self.tilt
        )


@dataclass(frozen=True, eq=False)
class _Bands:
    """Weights between a window's bins and points three to an ERB."""

    # The first point at or above each bin.
    above: NDArray[np.int64]
    # From |c|² of a bin to masking power at that point, and at the one below it.
    to_above: NDArray[np.float64]
    to_below: NDArray[np.float64]
    # Threshold in quiet at the points.
    quiet: Floats
    at: NDArray[np.int64]
    # Each bin lies this part of the way from point `at` to the next.
    part: Floats


@lru_cache(maxsize=64)
def _bands(window: int, sample_rate_hz: int, upward_db: float, downward_db: float) -> _Bands:
    frequency_hz = np.arange(window // 2 + 1) * (sample_rate_hz / window)
    place = erb_rate(frequency_hz) * BANDS_PER_ERB
    points = np.arange(int(place[-1]) + 2)
    above = np.ceil(place)
    to_above = 10 ** (-upward_db * (above - place) / BANDS_PER_ERB / 10) / window
    to_below = 10 ** (-downward_db * (place - (above - 1)) / BANDS_PER_ERB / 10) / window
    quiet = 10 ** ((threshold_in_quiet_db(erb_rate_to_hz(points / BANDS_PER_ERB)) - FULL_SCALE_DB_SPL) / 10) / 4
    at = np.minimum(place.astype(np.int64), len(points) - 2)
    return _Bands(
        above.astype(np.int64), to_above, to_below, quiet.astype(np.float32), at, (place - at).astype(np.float32)
    )
