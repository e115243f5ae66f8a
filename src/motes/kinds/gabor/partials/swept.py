"""Partials that sweep, told in atoms so short that they hardly sweep within one: an edit moves each atom by one
frequency only.

The long atoms of a line are a signal, and any signal is exactly the sum of the Fourier series of its overlapping
windowed pieces. Series about the line's own frequency have few terms, and each of these is an atom.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.gabor.partials.lines import Curve, Lines
from motes.kinds.gabor.table import Gabor

# A partial moved by one frequency may stray from its phase by this much at a quarter of an atom's window from its
# centre.
SWEEP_RAD = 0.07
# No atoms are made shorter than this, in samples; each begins a part of its window after the one before.
SHORTEST, HOPS = 128, 4
# Terms so many bins from the line are the last.
MOST_BINS = 48
# The long atoms of a line are replaced if a sweeping sound is under so much of their energy.
SWEPT_PART = 0.5
# Terms are left out that hold this part of a line's energy.
LEFT_OUT = 1e-6
# Long lines are taken in pieces of this length.
PIECE_SAMPLES = 1 << 20
# So many are transformed at once: what stays in a processor's cache.
LOT_SAMPLES = 1 << 16
# So many atoms that were made once are kept with each set of lines, where those of each call weigh as so many more.
MOST_REMEMBERED, ENTRY_ATOMS = 1 << 19, 10
# The window, in samples, that lines ask for which do not sweep.
ANY_WINDOW = 1 << 30

Made = TypeVar("Made")


class AtomColumns(NamedTuple):
    """The columns, as `Gabor` has them, of atoms that take the place of others."""

    time_s: Array
    window_s: Array
    frequency_hz: Array
    amplitude: Array
    phase_rad: Array
    group_id: Ints
    partial_hz: Array
    partial_rad: Array


class Rewrite(NamedTuple):
    """Which atoms stay as they are, `(n_events,)`, and the atoms that take the place of all others."""

    kept: NDArray[np.bool_]
    added: list[Gabor]


def rewrite_for_edit(events: Gabor, lines: Lines, mask: NDArray[np.bool_], sample_rate_hz: int, by: float) -> Rewrite:
    """Of the atoms in `mask` those that no one frequency is right for, when they are moved, rewritten as others.

    `by` is how far phases are to be moved, |r·s − 1| for transposing by r and stretching by s. Atoms that a line sweeps
    under are replaced by shorter ones, those that lines share by longer ones, which render the same to −60 dB. `events`
    know their partials, as `lines` found them.
    """
    from motes.kinds.gabor.partials.shared import chords, separated

    rate, number, n_lines = sample_rate_hz, lines.number, len(lines.curves)
    energy = np.sum(np.square(events.amplitude), axis=1) * events.window_s
    heard = mask & (energy > 0) & (2 * events.frequency_hz < rate)
    windows = windows_for(lines, rate, by)
    long = _long(events, number, windows, rate)
    whole, swept = (np.bincount(number[these], energy[these], n_lines + 1) for these in (long, long & lines.swept))
    chosen = np.flatnonzero(heard & long & (swept > SWEPT_PART * whole)[number])
    chosen = chosen[np.argsort(number[chosen], kind="stable")]
    parts, kept = [], np.ones(len(events), bool)
    kept[chosen] = False
    for mine in np.split(chosen, np.flatnonzero(np.diff(number[chosen])) + 1) if len(chosen) else []:
        k = int(number[mine[0]])
        group = int(events.group_id[mine[np.argmax(events.amplitude[mine].max(axis=1) * events.window_s[mine])]])
        parts.append(remembered(lines, shorter, events, mine, lines.curves[k - 1], rate, int(windows[k]), group))
    touched = np.unique(number[mask & (number > 0)])
    for chord in chords(events, lines, touched, rate, by):
        mine = np.flatnonzero(heard & kept & np.isin(number, chord.numbers))
        groups = tuple(int(events.group_id[number == k].max()) for k in chord.numbers)
        new, replaced = remembered(lines, separated, events, mine, chord, lines, rate, groups)
        kept[replaced] = False
        parts += new
    return Rewrite(kept, [Gabor(*map(np.concatenate, zip(*parts, strict=True)))] if parts else [])


class Remembered:
    """What was made for a set of lines, the latest used last, as far as `MOST_REMEMBERED` atoms go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: dict[Hashable, Any] = {}
        self.n_atoms = 0

    def get(self, key: Hashable) -> Any:
        """What is kept under a key; None where nothing is."""
        with self.lock:
            found = self.made.pop(key, None)
            if found is not None:
                self.made[key] = found
            return found

    def keep(self, key: Hashable, made: Any) -> None:
        """Keep something, and forget what was not used for longest."""
        with self.lock:
            self.n_atoms += n_atoms_of(made) - n_atoms_of(self.made.pop(key, None))
            self.made[key] = made
            while self.n_atoms > MOST_REMEMBERED:
                self.n_atoms -= n_atoms_of(self.made.pop(next(iter(self.made))))


def remembered(lines: Lines, make: Callable[..., Made], events: Gabor, mine: Ints, *others: Any) -> Made:
    """make(events, mine, …), which is kept with the lines of these events: edits differ in how far they move atoms,
    seldom in which.
    """
    kept = lines.once("remembered", Remembered)
    key = make, hashlib.blake2b(np.ascontiguousarray(mine).data, digest_size=16).digest(), *others
    made: Made | None = kept.get(key)
    if made is None:
        made = make(events, mine, *others)
        kept.keep(key, made)
    return made


def n_atoms_of(made: Any) -> int:
    """How many atoms are kept with what `shorter` or `separated` made."""
    if made is None:
        return 0
    return ENTRY_ATOMS + (
        len(made.time_s) if isinstance(made, AtomColumns) else sum(len(part.time_s) for part in made[0])
    )


def _long(events: Gabor, number: Ints, windows: Ints, sample_rate_hz: int) -> NDArray[np.bool_]:
    """Which events of lines have longer windows than their lines ask for, and lie near enough to these to be told
    in such.
    """
    longer = (number > 0) & (events.window_s * sample_rate_hz > 1.5 * windows[number])
    return longer & (np.abs(events.frequency_hz - events.partial_hz) * windows[number] / sample_rate_hz < MOST_BINS / 2)


def windows_for(lines: Lines, sample_rate_hz: int, by: float) -> Ints:
    """The longest windows, powers of two in samples, in which lines moved by `by` stray by SWEEP_RAD at most; of
    line k, windows[k].
    """
    chirp = chirps(lines, sample_rate_hz)
    if by == 0:
        return np.full(len(chirp), ANY_WINDOW)
    longest_s = 4 * np.sqrt(SWEEP_RAD / (np.pi * by * np.fmax(chirp, 1e-6)))
    windows = np.maximum(SHORTEST, 1 << np.log2(longest_s * sample_rate_hz).astype(np.int64))
    return np.where(np.isnan(chirp), ANY_WINDOW, windows)


def chirps(lines: Lines, sample_rate_hz: int) -> Array:
    """How fast each line moves where it moves fast, Hz per s, from 1 on; NaN where it is too short to tell. Found
    once for each set of lines.
    """
    return lines.once("chirps", lambda: np.array([np.nan, *(_chirp(curve, sample_rate_hz) for curve in lines.curves)]))


def _chirp(curve: Curve, sample_rate_hz: int) -> float:
    time = np.arange(curve.time_s[0], curve.time_s[-1], 256 / sample_rate_hz)
    frequency = curve.at(time)[0]
    moves = np.abs(frequency[4:] - frequency[:-4])
    return np.nan if len(time) < 6 else float(np.quantile(moves, 0.95) * sample_rate_hz / 1024)


def shorter(events: Gabor, long: Ints, curve: Curve, sample_rate_hz: int, window: int, group: int) -> AtomColumns:
    """Atoms of `window` samples, in a group, that add up to some long events of one line, to LEFT_OUT of their
    energy.
    """
    hop, rate = window // HOPS, sample_rate_hz
    start_s, end_s = events.time_s[long] - events.window_s[long] / 2, events.time_s[long] + events.window_s[long] / 2
    first, last = (
        int(np.floor(start_s.min() * rate / hop)) - HOPS // 2,
        int(np.ceil(end_s.max() * rate / hop)) + HOPS // 2,
    )
    per_piece = max(1, PIECE_SAMPLES // hop)
    half = min(window // 2, MOST_BINS)
    pieces = []
    for begin in range(first, last + 1, per_piece):
        places = np.arange(begin, min(begin + per_piece, last + 1))
        signal = analytic(events, long, rate, begin * hop - window // 2, (len(places) - 1) * hop + window)
        pieces.append(terms(signal, places, curve, rate, window, half))
    place, bins, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
    taken = loudest(values)
    return atoms_of_terms(place[taken], bins[taken], values[taken], curve, rate, window, group)


def terms(
    signal: NDArray[np.complex128], place: Ints, curve: Curve, rate: int, window: int, half: int
) -> tuple[Ints, Ints, NDArray[np.complex128]]:
    """Fourier terms of the pieces of a signal `(n_channels, n)` about places · hop, `half` of them to either side of
    the curve's frequency.

    Returns their places, bins from the curve and values `(n, n_channels)`. The first sample is where the first piece
    begins.
    """
    from scipy.fft import fft

    from motes.kernels.pieces import brought_down

    hop, u = window // HOPS, np.arange(window) - window // 2
    hann = 0.5 + 0.5 * np.cos(2 * np.pi * u / window)
    omega = 2 * np.pi / rate * curve.at(place * hop / rate)[0]
    around, per_lot = np.empty((len(signal), len(place), 2 * half), np.complex128), max(1, LOT_SAMPLES // window)
    for low in range(0, len(place), per_lot):
        high = min(low + per_lot, len(place))
        spectra = fft(
            brought_down(signal[:, low * hop : (high - 1) * hop + window], hop, omega[low:high], hann), overwrite_x=True
        )
        around[:, low:high, :half], around[:, low:high, half:] = spectra[:, :, window - half :], spectra[:, :, :half]
    power = np.square(around.real) + np.square(around.imag)
    scale, bins = 0.375 * HOPS * window, np.arange(-half, half)
    where, which = np.nonzero(power.max(axis=0) > (1e-9 * scale) ** 2)
    bins = bins[which]
    return place[where], bins, around[:, where, which].T * ((1 - 2 * (bins % 2)) / scale)[:, None]


def loudest(values: NDArray[np.complex128]) -> Ints:
    """Places, ascending, of the fewest terms that hold all energy but LEFT_OUT of it."""
    power = np.sum(np.square(np.abs(values)), axis=1)
    total = power.sum()
    some = np.flatnonzero(power * len(power) >= LEFT_OUT * total)  # all others together hold less than that
    falling = some[np.argsort(-power[some], kind="stable")]
    return np.sort(falling[: int(np.searchsorted(np.cumsum(power[falling]), (1 - LEFT_OUT) * total)) + 1])


def atoms_of_terms(
    place: Ints,
    bins: Ints,
    values: NDArray[np.complex128],
    curve: Curve,
    rate: int,
    window: int,
    group: int,
    shift_hz: Array | float = 0.0,
) -> AtomColumns:
    """Terms as atoms that move with a curve; their bins count from `shift_hz` above it."""
    time_s = place * (window // HOPS) / rate
    partial_hz, partial_rad = curve.at(time_s)
    frequency = partial_hz + shift_hz + bins * (rate / window)
    below = frequency < 0  # turns the other way: the same with the opposite phase, moved as it is
    phase = np.where(below[:, None], -1, 1) * np.angle(values)
    frequency, partial_hz = np.abs(frequency), np.where(below, np.abs(frequency), np.maximum(partial_hz, 1e-3))
    partial_rad, n = np.where(below, 0.0, partial_rad), len(place)
    return AtomColumns(
        time_s, np.full(n, window / rate), frequency, np.abs(values), phase, np.full(n, group), partial_hz, partial_rad
    )


def analytic(events: Gabor, these: Ints, rate: int, start: int, n_samples: int) -> NDArray[np.complex128]:
    """The sum of some events as complex atoms, `(n_channels, n_samples)` from sample `start` on, whose real part
    they render.
    """
    from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor

    amplitude, phase_rad = np.tile(events.amplitude[these], 2), events.phase_rad[these]
    phase = np.concatenate([phase_rad, phase_rad - np.pi / 2], axis=1)
    time, window = events.time_s[these] * rate, events.window_s[these] * rate
    omega = 2 * np.pi / rate * events.frequency_hz[these]
    signal = Signal.zeros(amplitude.shape[1], n_samples, start)
    add_gabor(signal, Sinusoids(time, window, omega, amplitude, phase), 0, len(time))
    real, imaginary = signal.channels().reshape(2, -1, n_samples)
    return real + 1j * imaginary
