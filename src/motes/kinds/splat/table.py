"""The splat event: a burst of sound, with a gamma or gaussian envelope, rung through a resonance of decaying,
inharmonic partials.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask, Param
from motes.noise import white
from motes.units import HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB, SILENCE_DB

N_PARTIALS = 32
# Standard deviations at which a gaussian has fallen by 100 dB.
REACH = 4.8
# A little more than the nepers in 100 dB.
FALL = 12.0
# Nepers, more than those in 200 dB: blocks begin with what entered so long before.
PAST = 24.0
# Standard deviations after which a gaussian burst is over, at −210 dB.
BURST_OVER = 7.0
# Nepers per sample: what decays faster follows the burst as this does, and Gauss's rule of a step would miss it.
STEEPEST = 8.0
LEAST_SHAPE = 1.05
# Of the time from the peak back to the onset: so that a sample at the onset is silent however its time is rounded.
ONSET = -1.0 + 1e-9
# The noise repeats after the next power of two of samples above this.
NOISE_S = 0.5


@dataclass(frozen=True, eq=False)
class Splat(EventTable):
    """Bursts rung through resonances.

    With τ the time since `time_s`, the burst has the envelope e(τ) with the peak 1 at τ = 0 and the standard deviation
    `width_s`: a gaussian where `shape` is 0, else a gamma distribution's density of that shape. Partial k = 1 …
    `n_partials` has the frequency f_k = f0 k √((1 + B k²)/(1 + B)), B the inharmonicity. It is driven at this frequency
    by the burst and decays at the rate d_k = ln 1000 / t60 · (f_k/f0)^damping_slope: its envelope is y_k = (d_k +
    1/(√2π width_s)) · (e ∗ exp(−d_k τ)), about 1 where it is largest. Its amplitude is k^(−rolloff_db/6.02) times the
    burst's spectrum, a gaussian of log₂ f around `centre_hz`, times a low-pass 1/(1 + (f/cutoff)²) that crosses over
    from `cutoff_start_hz` to `cutoff_end_hz` some 2 `crossfade_s` after the burst. All partials swell by `tremolo` and
    swing by `vibrato_cents` at `modulation_hz`, and glide. `noise` is how much there is of the burst itself, as noise
    of its spectrum and envelope, rather than of what it excites. `render_splat_oracle` is the exact definition.
    """

    time_s: Array
    width_s: Array
    f0_hz: Array
    centre_hz: Array
    width_octaves: Array
    t60_s: Array
    gain_db: Array
    shape: Array = None  # type: ignore[assignment]  # filled with 0
    phase_rad: Array = None  # type: ignore[assignment]  # filled with 0
    glide_per_s: Array = None  # type: ignore[assignment]  # filled with 0
    inharmonicity: Array = None  # type: ignore[assignment]  # filled with 0
    rolloff_db: Array = None  # type: ignore[assignment]  # filled with 0
    damping_slope: Array = None  # type: ignore[assignment]  # filled with 0
    cutoff_start_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    cutoff_end_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    crossfade_s: Array = None  # type: ignore[assignment]  # filled with 0.1
    tremolo: Array = None  # type: ignore[assignment]  # filled with 0
    vibrato_cents: Array = None  # type: ignore[assignment]  # filled with 0
    modulation_hz: Array = None  # type: ignore[assignment]  # filled with 5
    modulation_rad: Array = None  # type: ignore[assignment]  # filled with 0
    noise: Array = None  # type: ignore[assignment]  # filled with 0
    seed: Ints = None  # type: ignore[assignment]  # filled with 0
    n_partials: Ints = None  # type: ignore[assignment]  # filled with 32
    low_hz: Array = None  # type: ignore[assignment]  # filled with 0
    high_hz: Array = None  # type: ignore[assignment]  # filled with HIGHEST_HZ
    backward: Ints = None  # type: ignore[assignment]  # filled with 0
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "splat"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "f0_hz")
    LEVEL: ClassVar[str] = "gain_db"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "when the burst is strongest"),
        Param("width_s", "s", 1e-5, 1e3, "standard deviation of the burst's envelope in time"),
        Param("f0_hz", "Hz", 1e-2, HIGHEST_HZ, "frequency of the first partial at time_s"),
        Param("centre_hz", "Hz", 1e-3, 1e8, "at which the burst's spectrum is strongest"),
        Param("width_octaves", "octaves", 1e-2, 1e3, "standard deviation of the burst's spectrum"),
        Param("t60_s", "s", 1e-5, 1e4, "time in which the first partial decays by 60 dB"),
        Param(
            "gain_db",
            "dB",
            SILENCE_DB,
            400.0,
            "level of a partial at centre_hz without roll-off, −200 for silence",
            per_channel=True,
        ),
        Param("shape", "", 0.0, 1e4, "shape of a gamma envelope in time, 0 for a gaussian one", default=0.0),
        Param(
            "phase_rad",
            "rad",
            -1e6,
            1e6,
            "phase of the first partial at time_s; partial k has k times as much",
            default=0.0,
        ),
        Param(
            "glide_per_s", "1/s", -1e3, 1e3, "by which part of itself every frequency rises in a second", default=0.0
        ),
        Param("inharmonicity", "", 0.0, 1.0, "B in f0 k √((1 + B k²)/(1 + B))", default=0.0),
        Param("rolloff_db", "dB", -60.0, 600.0, "by how much partials are weaker an octave up", default=0.0),
        Param("damping_slope", "", 0.0, 8.0, "power of frequency by which higher partials decay faster", default=0.0),
        Param(
            "cutoff_start_hz", "Hz", 1e-2, HIGHEST_HZ, "where the low-pass has 6 dB of loss, first", default=HIGHEST_HZ
        ),
        Param(
            "cutoff_end_hz", "Hz", 1e-2, HIGHEST_HZ, "where the low-pass has 6 dB of loss, later", default=HIGHEST_HZ
        ),
        Param(
            "crossfade_s",
            "s",
            1e-5,
            1e4,
            "time constant of the cross-fade from the first low-pass to the later one",
            default=0.1,
        ),
        Param("tremolo", "", -1.0, 1.0, "depth to which the partials swell", default=0.0),
        Param(
            "vibrato_cents", "cents", -2400.0, 2400.0, "by how much the frequencies swing to either side", default=0.0
        ),
        Param("modulation_hz", "Hz", 1e-3, 1e4, "how fast they swell and swing", default=5.0),
        Param("modulation_rad", "rad", -1e6, 1e6, "phase of that at time_s: swollen and high at 0", default=0.0),
        Param("noise", "", 0.0, 1.0, "0 for what resonates alone, 1 for the noise of the burst alone", default=0.0),
        Param("seed", "", 0, 2**32 - 1, "which noise", default=0, whole=True),
        Param("n_partials", "", 1, N_PARTIALS, "partials at most", default=N_PARTIALS, whole=True),
        Param("low_hz", "Hz", 0.0, HIGHEST_HZ, "what lies lower is left out", default=0.0),
        Param("high_hz", "Hz", 0.0, HIGHEST_HZ, "what lies higher is left out", default=HIGHEST_HZ),
        Param("backward", "", 0, 1, "1 where it sounds backwards", default=0, whole=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        bad = np.flatnonzero((self.shape > 0) & (self.shape < LEAST_SHAPE))
        if len(bad):
            raise ParameterError(
                f"splat.shape must be 0, for a gaussian, or at least {LEAST_SHAPE}, not {self.shape[bad[0]]:g} "
                "(event "
                f"{bad[0]})"
            )

    @classmethod
    def empty(cls, n_channels: int) -> Splat:
        """No events."""
        none = np.empty(0)
        return cls(none, none, none, none, none, none, np.empty((0, n_channels)))

    @property
    def start_s(self) -> Array:
        """When each begins to sound."""
        before, after = self.reach_s()
        return self.time_s - np.where(self.backward == 1, after, before)

    @property
    def end_s(self) -> Array:
        """When each has fallen by 100 dB."""
        before, after = self.reach_s()
        return self.time_s + np.where(self.backward == 1, before, after)

    def reach_s(self) -> tuple[Array, Array]:
        """How long before and after `time_s` it sounds when not backward: from a gamma's onset or a gaussian's −100
        dB until all is below that.
        """
        burst = np.maximum(self.shape, LEAST_SHAPE)
        scale = self.width_s / np.sqrt(burst)
        before = np.where(self.shape > 0, (burst - 1) * scale, REACH * self.width_s)
        after = np.where(self.shape > 0, (FALL + 5 * np.sqrt(burst - 1)) * scale, REACH * self.width_s)
        return before, after + self.t60_s * (FALL / NEPERS_60_DB)

    def moved(self, by_s: Array) -> Splat:
        """Later."""
        return self.replace(time_s=self.time_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Splat:
        """Backward, about `twice_s`/2."""
        return self.replace(
            time_s=np.where(mask, twice_s - self.time_s, self.time_s),
            backward=np.where(mask, 1 - self.backward, self.backward),
        )

    def transposed(self, ratio: Array) -> Splat:
        """Everything at `ratio` times its frequency, as long as before."""
        names = ("f0_hz", "centre_hz", "cutoff_start_hz", "cutoff_end_hz")
        moved: dict[str, Array] = {name: np.minimum(self.column(name) * ratio, HIGHEST_HZ) for name in names}
        whole = (self.high_hz >= HIGHEST_HZ) | (ratio == 1)
        high = np.where(whole, self.high_hz, np.minimum(self.high_hz * ratio, HIGHEST_HZ))
        return self.replace(low_hz=np.minimum(self.low_hz * ratio, HIGHEST_HZ), high_hz=high, **moved)

    def stretched(self, factor: Array, about_s: float) -> Splat:
        """Envelope, decay, glide and modulation `factor` times as long, at the same frequencies."""
        longer: dict[str, Array] = {name: self.column(name) * factor for name in ("width_s", "t60_s", "crossfade_s")}
        slower: dict[str, Array] = {name: self.column(name) / factor for name in ("glide_per_s", "modulation_hz")}
        return self.replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)), **longer, **slower
        )

    def amplified(self, factor: Array) -> Splat:
        """Louder."""
        db = np.maximum(self.gain_db + 20 * np.log10(np.maximum(factor, 1e-30))[:, None], SILENCE_DB)
        return self.replace(gain_db=np.where((self.gain_db <= SILENCE_DB) | (factor[:, None] == 0), SILENCE_DB, db))

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Splat, Mask]:
        """Only their partials and noise that lie in the band."""
        low = np.where(mask, np.maximum(self.low_hz, low_hz), self.low_hz)
        high = np.where(mask, np.minimum(self.high_hz, min(high_hz, HIGHEST_HZ)), self.high_hz)
        kept = low <= high
        return self.replace(low_hz=np.minimum(low, high), high_hz=high).take(kept), kept

    def partials(self, i: int) -> tuple[Array, Array, Array]:
        """Frequencies in Hz, amplitudes (1 for `gain_db`, before the low-pass) and decays in nepers per second of
        event i, `(n_partials,)` each.
        """
        k = np.arange(1, int(self.n_partials[i]) + 1, dtype=np.float64)
        frequency = self.f0_hz[i] * k * np.sqrt((1 + self.inharmonicity[i] * k**2) / (1 + self.inharmonicity[i]))
        amplitude = k ** (-self.rolloff_db[i] / OCTAVE_DB) * self.spectrum(i, frequency)
        decay = NEPERS_60_DB / self.t60_s[i] * (frequency / self.f0_hz[i]) ** self.damping_slope[i]
        return frequency, amplitude, decay

    def spectrum(self, i: int, frequency_hz: Array) -> Array:
        """The burst's spectrum of event i, 1 at `centre_hz`; 0 outside its band."""
        octaves = np.log2(np.maximum(frequency_hz, 1e-9) / self.centre_hz[i])
        inside = (frequency_hz >= self.low_hz[i]) & (frequency_hz <= self.high_hz[i])
        return np.asarray(inside * np.exp(-0.5 * (octaves / self.width_octaves[i]) ** 2))


def burst(events: Splat, i: int, since_s: Array) -> Array:
    """The burst's envelope of event i at times since `time_s`, 1 at 0."""
    if events.shape[i] == 0:
        return np.exp(-0.5 * (since_s / events.width_s[i]) ** 2)
    extra = float(events.shape[i]) - 1
    at = since_s / (events.width_s[i] / np.sqrt(events.shape[i])) / extra  # 0 at the peak, −1 at the onset
    inside = np.maximum(at, ONSET)
    return np.asarray(np.where(at > ONSET, np.exp(extra * (np.log1p(inside) - inside)), 0.0))


def burst_over_s(events: Splat, i: int) -> float:
    """Seconds after `time_s` at which the burst of event i has fallen by more than 130 dB."""
    shape, width = float(events.shape[i]), float(events.width_s[i])
    return (1.4 * FALL + 6 * np.sqrt(shape - 1)) * width / np.sqrt(shape) if shape > 0 else BURST_OVER * width


def ringing(events: Splat, i: int, decay: Array, start_s: float, step_s: float, n: int) -> Array:
    """Envelopes of partials with these decays at the times `start_s` + 0 … n − 1 steps since `time_s`, of which the
    first is before the onset: `(n, n_partials)`.

    y′ = −d y + (d + 1/(√2π width)) e, step by step, with the integral over a step by Gauss's rule of eight points, on
    parts of at most half a standard deviation, the shorter the nearer to the onset of a gamma.
    """
    from scipy.signal import lfilter

    width, onset = float(events.width_s[i]), -float(events.reach_s()[0][i]) if events.shape[i] > 0 else -np.inf
    live = max(0, min(n, int(np.ceil((burst_over_s(events, i) - start_s) / step_s)) + 1))
    end = start_s + step_s * np.arange(live)[:, None]
    parts = max(1, int(np.ceil(2 * step_s / width)))
    edges = np.maximum(end + step_s * np.linspace(-1, 0, parts + 1), onset)
    entering = np.zeros((n, len(decay)))
    entering[:live] = _entering(events, i, decay, edges)
    first = int(np.floor((onset - start_s) / step_s)) + 1 if events.shape[i] > 0 else n
    for k in range(max(0, first), min(first + 2, live)):  # a power of the time since the onset
        near = onset + (end[k] - onset) * np.exp2(-np.arange(24.0, -1, -1))
        graded = np.unique(np.concatenate([edges[k], near[near > edges[k, 0]]]))
        entering[k] = _entering(events, i, decay, graded[None, :])[0]
    entering *= decay + 1 / (np.sqrt(2 * np.pi) * width)
    for p, d in enumerate(decay):
        entering[:, p] = lfilter([1.0], [1.0, -np.exp(-d * step_s)], entering[:, p])
    return entering


def _entering(events: Splat, i: int, decay: Array, edges: Array) -> Array:
    """What enters between edges `(n, n_edges)` and has not died away at the last of them, `(n, n_partials)`."""
    node, weight = np.polynomial.legendre.leggauss(8)
    low, half = edges[:, :-1, None], 0.5 * np.diff(edges)[:, :, None]
    at = low + half * (1 + node)
    driven = burst(events, i, at) * half * weight
    left = edges[:, -1, None, None] - at
    return np.stack([np.sum(driven * np.exp(-d * left), axis=(1, 2)) for d in decay], axis=1)


def low_pass(frequency_hz: Any, cutoff_hz: float) -> Array:
    """Gain of the low-pass: 12 dB per octave above the cutoff."""
    return np.asarray(1 / (1 + (frequency_hz / cutoff_hz) ** 2))


def crossed(events: Splat, i: int, since_s: Array) -> Array:
    """How far the low-pass of event i has crossed over, 0 … 1."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * (since_s / events.crossfade_s[i] - 2)))


def noise_period(sample_rate_hz: int) -> int:
    """Samples after which the noise repeats."""
    return 1 << int(np.ceil(np.log2(max(2.0, NOISE_S * sample_rate_hz))))


def noise_of(events: Splat, i: int, sample_rate_hz: int, first: int, n: int) -> tuple[Array, Array]:
    """The band-limited noise of event i, delayed exactly to `time_s`, at samples first … first + n − 1, behind its
    first and its later low-pass.

    Sample 0 of the noise falls on `time_s`; it runs backward where the event does. Its mean power is 1 without low-pass
    and band.
    """
    period = noise_period(sample_rate_hz)
    frequency = np.arange(period // 2 + 1) * (sample_rate_hz / period)
    octaves = np.log2(np.maximum(frequency, 1e-9) / events.centre_hz[i])
    shape = np.exp(-0.5 * (octaves / events.width_octaves[i]) ** 2)
    shape[0] = shape[-1] = 0.0
    power = 2 * np.sum(shape**2) / period
    inside = (frequency >= events.low_hz[i]) & (frequency <= events.high_hz[i])
    spectrum = np.fft.rfft(white(int(events.seed[i]), 0, 0, period)) * shape * inside / np.sqrt(max(power, 1e-12))
    if events.backward[i]:
        spectrum = spectrum.conj()
    delayed = spectrum * np.exp(-2j * np.pi * frequency * (events.time_s[i] - first / sample_rate_hz))
    place = np.arange(n) % period
    early, late = (
        np.fft.irfft(delayed * low_pass(frequency, cutoff), period)[place]
        for cutoff in (events.cutoff_start_hz[i], events.cutoff_end_hz[i])
    )
    return early, late
