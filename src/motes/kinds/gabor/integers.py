"""Gabor events as whole numbers, and back: the only place where a value is rounded.

Every event becomes a centre in 1/64 samples, a frequency in 2⁻²⁰ cycles per sample, a window in 1/16 samples, and per
channel an amplitude index and a phase index. Each division that leads back is by a power of two or by the sample rate,
so times come back the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.coding.sends import send_columns, sends_of
from motes.coding.tags import edits_to_tags, tags_to_edits
from motes.errors import ParameterError
from motes.kinds.gabor.edited import apply_edits, base_of
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.integers import quantised
from motes.scene.scene import GaborQuantiser, Scene

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Units of time per sample.
TIME_UNITS = 64
# Units of frequency per cycle per sample.
FREQUENCY_UNITS = 1 << 20
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
EVENTS_AT_ONCE = 1 << 16
ENOUGH_EVENTS = 100_000
# A channel more than 60 dB below the event's loudest is silent.
CHANNEL_RANGE = 2.0**-10 * (1 - 1e-9)

_AMPLITUDE = next(p for p in Gabor.PARAMS if p.name == "amplitude")
_TIME, _WINDOW, _FREQUENCY = (
    next(p for p in Gabor.PARAMS if p.name == name) for name in ("time_s", "window_s", "frequency_hz")
)


@dataclass(frozen=True, eq=False)
class GaborIntegers:
    """Events as int64: `time`, `frequency`, `window` are `(n,)`, `amplitude` (index or SILENT) and `phase` (index)
    `(n, n_channels)`.
    """

    time: Ints
    frequency: Ints
    window: Ints
    amplitude: Ints
    phase: Ints

    def __len__(self) -> int:
        return len(self.time)

    @property
    def n_channels(self) -> int:
        """How many channels each event has."""
        return self.amplitude.shape[1]

    def one_channel(self) -> GaborIntegers:
        """With only the first channel."""
        return GaborIntegers(self.time, self.frequency, self.window, self.amplitude[:, :1], self.phase[:, :1])

    def in_channels(self, n_channels: int) -> GaborIntegers:
        """Of one channel: the same in each of several."""
        several = (np.repeat(column, n_channels, axis=1) for column in (self.amplitude, self.phase))
        return GaborIntegers(self.time, self.frequency, self.window, *several)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> GaborIntegers:
        """The events at `index`, in that order."""
        return GaborIntegers(
            self.time[index], self.frequency[index], self.window[index], self.amplitude[index], self.phase[index]
        )


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
    heard = np.maximum(amplitude, 2.0**-60)
    low = np.floor(np.log2(heard / at_knee) * quantiser.steps_per_doubling).astype(np.int64).clip(-MAX_BELOW, -1)
    low_amplitude, high_amplitude = amplitude_of(low, knee, quantiser), amplitude_of(low + 1, knee, quantiser)
    geometric = low + (heard - low_amplitude > high_amplitude - heard)
    linear = np.rint(np.minimum((heard / at_knee - 1.0) * (SLOPE_ONE / slope(quantiser)), MAX_INDEX)).astype(np.int64)
    index = np.where(heard > at_knee, linear, geometric)
    index -= (index > 0) & (amplitude_of(index, knee, quantiser) > _AMPLITUDE.high)
    return np.where(index < _lowest_index(knee, quantiser), SILENT, index)


def _silence_weak_channels(index: Ints, knee: Ints, quantiser: GaborQuantiser) -> Ints:
    if index.shape[1] < 2:
        return index
    amplitude = amplitude_of(index, knee, quantiser)
    weak = amplitude < amplitude.max(axis=1, keepdims=True, initial=0.0) * CHANNEL_RANGE
    return np.where(weak, SILENT, index)


def _lowest_index(knee: Ints, quantiser: GaborQuantiser) -> Ints:
    """Index of 2^−40, rounded up, `(n, 1)`."""
    return -(
        quantiser.steps_per_doubling * (FLOOR_DOUBLINGS * KNEES_PER_DOUBLING + knee[:, None]) // KNEES_PER_DOUBLING
    )


def _window_limits(sample_rate_hz: int) -> tuple[int, int]:
    return int(_WINDOW.low * WINDOW_UNITS * sample_rate_hz) + 1, int(_WINDOW.high) * WINDOW_UNITS * sample_rate_hz


def _highest_frequency(sample_rate_hz: int) -> int:
    return int(_FREQUENCY.high) * FREQUENCY_UNITS // sample_rate_hz


def to_integers(gabor: Gabor, sample_rate_hz: int, quantiser: GaborQuantiser) -> GaborIntegers:
    """Round events to the grid of the file, in their own order; silent events keep their place (all channels
    SILENT).
    """
    time = np.rint(gabor.time_s * sample_rate_hz * TIME_UNITS).astype(np.int64)
    window = (
        np.rint(gabor.window_s * sample_rate_hz * WINDOW_UNITS).astype(np.int64).clip(*_window_limits(sample_rate_hz))
    )
    frequency = np.rint(gabor.frequency_hz / sample_rate_hz * FREQUENCY_UNITS).astype(np.int64)
    frequency = np.minimum(frequency, _highest_frequency(sample_rate_hz))
    knee = event_knee(window, quantiser)
    amplitude = _silence_weak_channels(amplitude_index(gabor.amplitude, knee, quantiser), knee, quantiser)
    levels = phase_levels(amplitude, quantiser)
    phase = np.rint(gabor.phase_rad / (2 * np.pi) * levels).astype(np.int64) % levels
    return GaborIntegers(time, frequency, window, amplitude, np.where(amplitude == SILENT, 0, phase))


def times_of(time: Ints, sample_rate_hz: int) -> Floats:
    """Seconds of a time in 1/64 samples."""
    return time / TIME_UNITS / sample_rate_hz


def from_integers(events: GaborIntegers, sample_rate_hz: int, quantiser: GaborQuantiser) -> dict[str, Floats]:
    """The columns of a Gabor table, by name."""
    return {
        "time_s": times_of(events.time, sample_rate_hz),
        "window_s": events.window / WINDOW_UNITS / sample_rate_hz,
        "frequency_hz": events.frequency * sample_rate_hz / FREQUENCY_UNITS,
        "amplitude": amplitude_of(events.amplitude, event_knee(events.window, quantiser), quantiser),
        "phase_rad": 2 * np.pi * (events.phase / phase_levels(events.amplitude, quantiser)),
    }


def sounding(events: GaborIntegers) -> NDArray[np.bool_]:
    """Which events have a channel that is not silent."""
    return np.any(events.amplitude != SILENT, axis=1)


def default_quantiser(scene: Scene) -> GaborQuantiser:
    """What a scene is rounded with when it does not say: about as fine as makes no difference (1.5 dB and 32 phases
    for its weakest events).
    """
    return GaborQuantiser(steps_per_doubling=4, n_phases=32, knee=weakest_knee(scene))


def weakest_knee(scene: Scene) -> int:
    """The knee that lies at the weakest events of a scene (by energy, the weakest twentieth left aside)."""
    base = base_of(scene.gabor)
    window = np.rint(base.window_s * scene.sample_rate_hz * WINDOW_UNITS).astype(np.int64).clip(1)
    amplitude = base.amplitude.max(axis=1, initial=0.0)
    heard = amplitude > 2.0**-30
    if not heard.any():
        return -KNEES_PER_DOUBLING * 10
    lift = event_knee(window[heard], GaborQuantiser(1, 2, 0))
    knee = np.quantile(np.log2(amplitude[heard]) * KNEES_PER_DOUBLING - lift, 0.05)
    return int(np.clip(np.rint(knee), -MAX_KNEE, MAX_KNEE))


def _slices(n_events: int) -> Iterator[slice]:
    """Parts that are rounded one by one, so that an hour's events do not need all their intermediate values at once."""
    return (slice(first, first + EVENTS_AT_ONCE) for first in range(0, n_events, EVENTS_AT_ONCE))


def error_energy(scene: Scene, quantiser: GaborQuantiser, every: int = 1) -> float:
    """Estimate of the energy (sum of squares over samples and channels) that rounding adds, taking the events' errors
    as independent.

    With `every` above 1 it is made from each so-manieth event.
    """
    rate, total = scene.sample_rate_hz, 0.0
    looked_at = scene.gabor if every == 1 else scene.gabor.take(slice(None, None, every))
    for part in _slices(len(looked_at)):
        events = looked_at.take(part)
        rounded = from_integers(to_integers(events, rate, quantiser), rate, quantiser)
        error = rounded["amplitude"] * np.exp(1j * rounded["phase_rad"]) - events.amplitude * np.exp(
            1j * events.phase_rad
        )
        # The energy of a squared Hann window and a cosine is 3/16 of its length.
        total += float(np.sum((error.real**2 + error.imag**2) * (events.window_s * rate * (3 / 16))[:, None]))
    return total * len(scene.gabor) / max(1, len(looked_at))


def quantiser_for(scene: Scene, noise_energy: float, steps_per_doubling: int = 1, n_phases: int = 4) -> GaborQuantiser:
    """The coarsest quantiser whose `error_energy` is at most `noise_energy`; if none is, the finest tried (48 dB below
    the weakest event).

    Of very many events, about a hundred thousand are looked at.
    """
    every = 1 + len(scene.gabor) // ENOUGH_EVENTS
    finest = max(weakest_knee(scene) - 64, -MAX_KNEE)
    low, high = finest, MAX_KNEE
    while high - low > 1:
        middle = (low + high) // 2
        fits = error_energy(scene, GaborQuantiser(steps_per_doubling, n_phases, middle), every) <= noise_energy
        low, high = (middle, high) if fits else (low, middle)
    return GaborQuantiser(steps_per_doubling, n_phases, low)


def quantise(scene: Scene, quantiser: GaborQuantiser | None = None) -> Scene:
    """The scene as a file holds it; doing it again changes nothing.

    `quantiser` defaults to the scene's own, or `default_quantiser`. Events whose every channel is silent are dropped.
    """
    chosen = check_quantiser(quantiser or scene.quantiser or default_quantiser(scene))
    events, base, edits, parts, left = scene.gabor, base_of(scene.gabor), edits_to_tags(scene.gabor), [], []
    layer, sends = np.unique(base.edit_layer, return_inverse=True)[1].reshape(-1), sends_of(events)
    for part in _slices(len(events)):
        integers = to_integers(base.take(part), scene.sample_rate_hz, chosen)
        kept = sounding(integers)
        left.append(kept)
        parts.append(
            {
                **from_integers(integers.take(kept), scene.sample_rate_hz, chosen),
                "group_id": events.group_id[part][kept],
                "edit_layer": layer[part][kept],
                **send_columns(None if sends is None else sends[part][kept]),
            }
        )
    texture = quantised(scene.texture, scene.sample_rate_hz)
    if len(scene.splat):
        from motes.kinds.splat import integers as splat_integers

        scene = replace(scene, splat=splat_integers.rounded(scene.splat, scene.sample_rate_hz))
    if scene.instruments:
        scene = _with_rounded_strikes(scene)
    if not parts:
        return replace(scene, texture=texture, quantiser=chosen)
    gabor = Gabor(**{name: np.concatenate([p[name] for p in parts]) for name in parts[0]})
    if not edits.trivial:
        gabor = apply_edits(gabor, tags_to_edits(edits.take(np.concatenate(left)), "the scene"), scene.sample_rate_hz)
    return replace(scene, gabor=gabor, texture=texture, quantiser=chosen)


def _with_rounded_strikes(scene: Scene) -> Scene:
    from motes.codec import instrument_packet  # numba: only where there are strikes
    from motes.kinds.strike import packet as strike_packet

    strikes = strike_packet.rounded(scene.strike, scene.sample_rate_hz)
    return replace(scene, strike=strikes, instruments=tuple(map(instrument_packet.rounded, scene.instruments)))


def integers_in_range(events: GaborIntegers, sample_rate_hz: int, quantiser: GaborQuantiser) -> bool:
    """Whether a scene can hold these events."""
    limits = (
        (events.time, -int(_TIME.high) * TIME_UNITS * sample_rate_hz, int(_TIME.high) * TIME_UNITS * sample_rate_hz),
        (events.frequency, 0, _highest_frequency(sample_rate_hz)),
        (events.window, *_window_limits(sample_rate_hz)),
        (events.phase, 0, MAX_PHASES),
    )
    for column, low, high in limits:
        if len(column) and not low <= column.min() <= column.max() <= high:
            return False
    knee, heard = event_knee(events.window, quantiser), events.amplitude != SILENT
    too_low = heard & (events.amplitude < _lowest_index(knee, quantiser))
    too_high = (events.amplitude > MAX_INDEX) | (amplitude_of(events.amplitude, knee, quantiser) > _AMPLITUDE.high)
    return bool(heard.any(axis=1).all()) and not bool(np.any(too_low | too_high))
