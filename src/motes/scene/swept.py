"""Partials that sweep, told in atoms so short that they hardly sweep within one: an edit moves each atom by one frequency only.

The long atoms of a line are a signal, and any signal is exactly the sum of the Fourier series of its overlapping windowed pieces. Series about the
line's own frequency have few terms, and each of these is an atom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.scene.gabor import Gabor
from motes.scene.kinds import Array, Ints
from motes.scene.partials import Curve, Lines

if TYPE_CHECKING:
    pass

SWEEP_RAD = 0.07
"""A partial moved by one frequency may stray from its phase by this much at a quarter of an atom's window from its centre."""
SHORTEST, HOPS = 128, 4
"""No atoms are made shorter than this, in samples; each begins a part of its window after the one before."""
MOST_BINS = 48
"""Terms so many bins from the line are the last."""
SWEPT_PART = 0.5
"""The long atoms of a line are replaced if a sweeping sound is under so much of their energy."""
LEFT_OUT = 1e-6
"""Terms are left out that hold this part of a line's energy."""
PIECE_SAMPLES = 1 << 20
"""Long lines are taken in pieces of this length."""


def movable(events: Gabor, lines: Lines, mask: NDArray[np.bool_], sample_rate_hz: int, by: float) -> tuple[NDArray[np.bool_], list[Gabor]]:
    """Which events stay as they are, and the atoms that take the place of the others, of those in `mask`.

    `by` is how far phases are to be moved, |r·s − 1| for transposing by r and stretching by s. Atoms that a line sweeps under are replaced by shorter
    ones, those that lines share by longer ones, which render the same to −60 dB. `events` know their partials, as `lines` found them.
    """
    from motes.scene.shared import chords, told_apart

    rate, number = sample_rate_hz, lines.number
    energy = np.sum(np.square(events.amplitude), axis=1) * events.window_s
    parts, kept = [], np.ones(len(events), bool)
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(1, len(lines.curves) + 2))
    touched = np.unique(number[mask & (number > 0)])
    for k in (touched - 1).tolist():
        curve = lines.curves[k]
        mine = order[edges[k] : edges[k + 1]]
        window = window_for(curve, rate, by)
        away = np.abs(events.frequency_hz - events.partial_hz)[mine] * window / rate
        long = mine[(events.window_s[mine] * rate > 1.5 * window) & (away < MOST_BINS / 2)]
        chosen = np.sort(long[mask[long] & (energy[long] > 0) & (2 * events.frequency_hz[long] < rate)])
        if len(chosen) and np.sum(energy[long[lines.swept[long]]]) > SWEPT_PART * np.sum(energy[long]):
            kept[chosen] = False
            parts.append(shorter(events.take(chosen), curve, rate, window))
    for chord in chords(events, lines, touched, rate, by):
        told_parts, replaced = told_apart(chord, events, number, lines.curves, mask & kept & (energy > 0) & (2 * events.frequency_hz < rate), rate)
        kept[replaced] = False
        parts += told_parts
    return kept, parts


def window_for(curve: Curve, sample_rate_hz: int, by: float) -> int:
    """The longest window, a power of two in samples, in which a line moved by `by` strays by SWEEP_RAD at most."""
    chirp = chirp_of(curve, sample_rate_hz)
    if chirp is None or by == 0:
        return 1 << 30
    longest_s = 4 * np.sqrt(SWEEP_RAD / (np.pi * by * max(chirp, 1e-6)))
    return max(SHORTEST, 1 << int(np.log2(longest_s * sample_rate_hz)))


def chirp_of(curve: Curve, sample_rate_hz: int) -> float | None:
    """How fast a line moves where it moves fast, Hz per s; None where it is too short to tell. Found once for each."""
    if "_chirp" not in curve.__dict__:
        time = np.arange(curve.time_s[0], curve.time_s[-1], 256 / sample_rate_hz)
        frequency = curve.at(time)[0]
        moves = np.abs(frequency[4:] - frequency[:-4])
        object.__setattr__(curve, "_chirp", None if len(time) < 6 else float(np.quantile(moves, 0.95) * sample_rate_hz / 1024))
    found: float | None = curve.__dict__["_chirp"]
    return found


def shorter(long: Gabor, curve: Curve, sample_rate_hz: int, window: int) -> Gabor:
    """Atoms of `window` samples that add up to some long ones of one line, to LEFT_OUT of their energy."""
    hop, rate = window // HOPS, sample_rate_hz
    first, last = int(np.floor(long.start_s.min() * rate / hop)) - HOPS // 2, int(np.ceil(long.end_s.max() * rate / hop)) + HOPS // 2
    per_piece = max(1, PIECE_SAMPLES // hop)
    half = min(window // 2, MOST_BINS)
    pieces = []
    for begin in range(first, last + 1, per_piece):
        places = np.arange(begin, min(begin + per_piece, last + 1))
        signal = analytic(long, rate, begin * hop - window // 2, (len(places) - 1) * hop + window)
        pieces.append(terms(signal, places, curve, rate, window, half))
    place, bins, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
    taken = loudest(values)
    group = int(long.group_id[np.argmax(long.amplitude.max(axis=1) * long.window_s)])
    return told(place[taken], bins[taken], values[taken], curve, rate, window, group)


def terms(signal: NDArray[np.complex128], place: Ints, curve: Curve, rate: int, window: int, half: int) -> tuple[Ints, Ints, NDArray[np.complex128]]:
    """Fourier terms of the pieces of a signal `(n_channels, n)` about places · hop, `half` of them to either side of the curve's frequency.

    Returns their places, bins from the curve and values `(n, n_channels)`. The first sample is where the first piece begins.
    """
    from scipy.fft import fft

    hop, u = window // HOPS, np.arange(window) - window // 2
    pieces = np.lib.stride_tricks.sliding_window_view(signal, window, axis=1)[:, ::hop]
    hann = 0.5 + 0.5 * np.cos(2 * np.pi * u / window)
    frequency, _ = curve.at(place * hop / rate)
    carrier = hann * np.exp(-2j * np.pi / rate * frequency[:, None] * u)
    bins = np.arange(-half, half)
    spectra = fft(pieces * carrier)[:, :, bins] * (1 - 2 * (bins % 2)) / (0.375 * HOPS * window)
    values = np.moveaxis(spectra, 0, -1).reshape(-1, len(signal))
    where, which = np.repeat(place, len(bins)), np.tile(bins, len(place))
    heard = np.abs(values).max(axis=1) > 1e-9
    return where[heard], which[heard], values[heard]


def loudest(values: NDArray[np.complex128]) -> Ints:
    """Places, ascending, of the fewest terms that hold all energy but LEFT_OUT of it."""
    power = np.sum(np.square(np.abs(values)), axis=1)
    falling = np.argsort(-power, kind="stable")
    total = np.cumsum(power[falling])
    return np.sort(falling[: int(np.searchsorted(total, (1 - LEFT_OUT) * total[-1])) + 1]) if len(total) else falling


def told(
    place: Ints, bins: Ints, values: NDArray[np.complex128], curve: Curve, rate: int, window: int, group: int, shift_hz: Array | float = 0.0
) -> Gabor:
    """Terms as atoms that move with a curve; their bins count from `shift_hz` above it."""
    time_s = place * (window // HOPS) / rate
    partial_hz, partial_rad = curve.at(time_s)
    frequency = partial_hz + shift_hz + bins * (rate / window)
    below = frequency < 0  # turns the other way: the same with the opposite phase, moved as it is
    phase = np.where(below[:, None], -1, 1) * np.angle(values)
    frequency, partial_hz = np.abs(frequency), np.where(below, np.abs(frequency), np.maximum(partial_hz, 1e-3))
    partial_rad, n = np.where(below, 0.0, partial_rad), len(place)
    return Gabor(time_s, np.full(n, window / rate), frequency, np.abs(values), phase, np.full(n, group), partial_hz, partial_rad)


def analytic(events: Gabor, rate: int, start: int, n_samples: int) -> NDArray[np.complex128]:
    """The sum of complex atoms, `(n_channels, n_samples)` from sample `start` on, whose real part they render."""
    from motes.kernels.gabor import add_gabor

    n_channels, stride = events.amplitude.shape[1], n_samples + 16
    audio = np.zeros(2 * n_channels * stride)
    amplitude, phase = np.tile(events.amplitude, 2), np.concatenate([events.phase_rad, events.phase_rad - np.pi / 2], axis=1)
    time, window, omega = events.time_s * rate, events.window_s * rate, 2 * np.pi / rate * events.frequency_hz
    add_gabor(audio, stride, n_samples, start, time, window, omega, amplitude, phase, 0, len(time))
    real, imaginary = audio.reshape(2, n_channels, stride)[:, :, :n_samples]
    return real + 1j * imaginary
