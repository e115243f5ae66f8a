"""The quantiser of gabor events: amplitudes and phases as indices, and back. docs/format.md has the formulas."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.kinds.gabor.table import Gabor

Floats = NDArray[np.float64]

# Units of window length per sample.
WINDOW_UNITS = 16
# The knee moves in steps of 0.75 dB.
KNEES_PER_DOUBLING = 8
# Amplitude index of a channel that holds nothing.
SILENT = -(1 << 31)
SLOPE_ONE = 1 << 16
MAX_PHASES = 1 << 16
MAX_STEPS, MAX_N_PHASES, MAX_KNEE = 64, 1024, 160
MAX_INDEX, MAX_BELOW = 1 << 47, 1 << 20
# Amplitudes below 2^−40 are silent.
FLOOR_DOUBLINGS = 40
# A channel more than 60 dB below the event's loudest is silent.
CHANNEL_RANGE = 2.0**-10 * (1 - 1e-9)

_AMPLITUDE = next(p for p in Gabor.PARAMS if p.name == "amplitude")


class GaborQuantiser(msgspec.Struct, frozen=True):
    """How finely the amplitude and phase of gabor events are stored.

    Below the knee, amplitudes are geometric (`steps_per_doubling` of them per 6 dB) and phases have `n_phases` values;
    above it the steps are of one size and the phases grow in number with amplitude, so that the error has one size too.
    For a window of 64 samples the knee is 2^(knee/8) of full scale, and 3 dB less for each doubling of the window, so
    that a step has one energy.
    """

    steps_per_doubling: int
    n_phases: int
    knee: int


def check_quantiser(quantiser: GaborQuantiser) -> GaborQuantiser:
    """The quantiser itself, or a ParameterError that names the field out of range."""
    limits = {"steps_per_doubling": (1, MAX_STEPS), "n_phases": (2, MAX_N_PHASES), "knee": (-MAX_KNEE, MAX_KNEE)}
    for name, (low, high) in limits.items():
        value = getattr(quantiser, name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ParameterError(f"quantiser.{name} must be a whole number from {low} to {high}, not {value!r}")
    return quantiser


def slope(quantiser: GaborQuantiser) -> int:
    """The step above the knee over the amplitude at the knee, in 1/65536: `round(65536 · (2^(1/steps_per_doubling)
    − 1))`.
    """
    return round(SLOPE_ONE * (2.0 ** (1.0 / quantiser.steps_per_doubling) - 1.0))


def phase_levels(amplitude_index: Ints, quantiser: GaborQuantiser) -> Ints:
    """How many phases an amplitude has: `n_phases` up to the knee, growing with amplitude above it; integer
    arithmetic only.
    """
    above = np.clip(amplitude_index, 0, 1 << 30)
    return np.minimum(quantiser.n_phases + ((quantiser.n_phases * slope(quantiser) * above) >> 16), MAX_PHASES)


def event_knee(window: Ints, quantiser: GaborQuantiser) -> Ints:
    """The knee of events with these windows (in 1/16 samples), `(n,)`: 3 dB lower for each doubling of the window from
    64 samples.

    An error of one step then has the same energy whatever the window.
    """
    size = np.frexp(window.astype(np.float64))[1] - 11  # exact below 2⁵³: 0 for 64 samples up to 127
    return quantiser.knee - KNEES_PER_DOUBLING // 2 * size.astype(np.int64)


def amplitude_of(amplitude_index: Ints, knee: Ints, quantiser: GaborQuantiser) -> Floats:
    """Amplitude of each index `(n, n_channels)` of events with these knees `(n,)`; 0.0 where SILENT."""
    doublings = knee[:, None] / KNEES_PER_DOUBLING
    below = np.exp2(np.clip(amplitude_index, -MAX_BELOW, 0) / quantiser.steps_per_doubling + doublings)
    above = np.exp2(doublings) * (
        (SLOPE_ONE + np.maximum(amplitude_index, 0).astype(np.float64) * slope(quantiser)) / SLOPE_ONE
    )
    return np.where(amplitude_index == SILENT, 0.0, np.where(amplitude_index > 0, above, below))


def amplitude_index(amplitude: Floats, knee: Ints, quantiser: GaborQuantiser) -> Ints:
    """Index of the nearest amplitude; SILENT where it is below 2^−40."""
    at_knee = np.exp2(knee[:, None] / KNEES_PER_DOUBLING)
    audible = np.maximum(amplitude, 2.0**-60)
    low = np.floor(np.log2(audible / at_knee) * quantiser.steps_per_doubling).astype(np.int64).clip(-MAX_BELOW, -1)
    low_amplitude, high_amplitude = amplitude_of(low, knee, quantiser), amplitude_of(low + 1, knee, quantiser)
    geometric = low + (audible - low_amplitude > high_amplitude - audible)
    linear = np.rint(np.minimum((audible / at_knee - 1.0) * (SLOPE_ONE / slope(quantiser)), MAX_INDEX)).astype(np.int64)
    index = np.where(audible > at_knee, linear, geometric)
    index -= (index > 0) & (amplitude_of(index, knee, quantiser) > _AMPLITUDE.high)
    return np.where(index < _lowest_index(knee, quantiser), SILENT, index)


def silence_weak_channels(index: Ints, wanted: Floats, knee: Ints, quantiser: GaborQuantiser) -> Ints:
    """The indices of the `wanted` amplitudes, SILENT in channels far below the loudest of their event.

    An amplitude that is what its index stands for has been rounded before, by a writer that kept it: it stays.
    """
    if index.shape[1] < 2:
        return index
    amplitude = amplitude_of(index, knee, quantiser)
    weak = amplitude < amplitude.max(axis=1, keepdims=True, initial=0.0) * CHANNEL_RANGE
    return np.where(weak & (amplitude != wanted), SILENT, index)


def _lowest_index(knee: Ints, quantiser: GaborQuantiser) -> Ints:
    """Index of 2^−40, rounded up, `(n, 1)`."""
    return -(
        quantiser.steps_per_doubling * (FLOOR_DOUBLINGS * KNEES_PER_DOUBLING + knee[:, None]) // KNEES_PER_DOUBLING
    )


def in_range(index: Ints, knee: Ints, quantiser: GaborQuantiser) -> bool:
    """Whether these amplitude indices `(n, n_channels)` are those of amplitudes that a scene can hold, none of an event
    that is silent in all channels.
    """
    audible = index != SILENT
    too_low = audible & (index < _lowest_index(knee, quantiser))
    too_high = (index > MAX_INDEX) | (amplitude_of(index, knee, quantiser) > _AMPLITUDE.high)
    return bool(audible.any(axis=1).all()) and not bool(np.any(too_low | too_high))
