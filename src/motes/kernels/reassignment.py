"""What sounds under each atom: the scene seen through the atom's own window, whose phase's derivative is the frequency
(Auger & Flandrin 1995).

Atoms on the encoder's grid share frames, and one Fourier transform without a window serves all atoms of a frame: a Hann
window and its derivative are three bins of it. Atoms alone in their frame, and those that edits put off the grid, are
read sample by sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor, powers

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# An atom may begin or prolong a line only if the sound under it lies within this many of its bins (1/window); the
# second where that sound sweeps.
OWN_BINS, OWN_BINS_SWEPT = 1.2, 8.0
# Where the frequency under an atom is read: at its centre, or if a quarter of its window is enough, at this many places
# in its middle half.
POINTS = 3
# No shorter windows are tried, in seconds.
SHORTEST_S = 0.02
# A quarter of the window is enough if the amplitudes it reads differ at most by this factor: two sounds would beat.
STEADY = 2.0
# What is less unlike a sinusoid than this does not sweep, as a whole window sees it; and is one sound, as a quarter
# sees it. In bins of the window, squared: of a sweep, the bins swept within the window over 2π; of two sounds as much
# as they are apart.
SINUSOID, CLEAR = 0.15, 0.6
# Nor does a sound that the whole window sees as strongly as this part of what quarters of it see.
WHOLE = 0.93
# The sound that sweeps under an atom passes its frequency, or nearly, in bins. An atom further away, up to the second,
# corrects what others leave over.
PASS_BINS, NEAR_BINS = 2.0, 6.0
# Quarters of a window look again where they found the sound, not further away from the atom than this, in bins.
LOOKS, LOOK_BINS = 3, 2.0
# So many atoms in a frame pay for its Fourier transform.
CROWD = 3
# Samples of the frames that are transformed at once.
BATCH_SAMPLES = 1 << 18


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms in order of time: `time` and `window` in samples, frequency `own` in cycles per sample, `channel` where
    an atom is loudest, `(n,)`; `amplitude` and `phase` `(n, n_channels)`.
    """

    time: Array
    window: Array
    own: Array
    amplitude: Array
    phase: Array
    channel: Ints
    # In rad/sample², by which frequencies rise; of length 0 where none does.
    chirp: Array


@dataclass(frozen=True, eq=False)
class Sounds:
    """What sounds under each atom: its frequency (cycles per sample) at `n_points` times (samples) and at the
    centre, its phase and strength there, and whether the atom lies where its sound is.
    """

    n_points: Ints
    time: Array
    sound: Array
    centre: Array
    phase: Array
    strength: Array
    usable: NDArray[np.bool_]

    @classmethod
    def unread(cls, time: Array) -> Sounds:
        """Sounds under atoms at these times, to be filled in."""
        n, around = len(time), np.repeat(time[:, None], POINTS, axis=1)
        sound, centre, phase, strength = np.empty((n, POINTS)), np.empty(n), np.empty(n), np.empty(n)
        return cls(np.ones(n, np.int64), around, sound, centre, phase, strength, np.zeros(n, bool))


def read_sounds(atoms: Atoms, first: int, last: int, shortest: float, found: Sounds) -> None:
    """Fill `found` for atoms first … last − 1: by each atom's own window, or, where one sound sweeps under the
    atom, by quarters of it that are not below `shortest` samples.
    """
    if last <= first:
        return
    rendered, these = RenderedAtoms.of(atoms, first, last), np.arange(first, last)
    read = rendered.read(atoms.time[these], atoms.window[these], atoms.own[these], atoms.channel[these], 1)
    found.centre[these], found.phase[these], found.strength[these], found.sound[these] = (
        read.sound,
        read.phase,
        read.level(),
        read.sound[:, None],
    )
    found.usable[these] = (np.abs(read.sound - atoms.own[these]) * atoms.window[these] < OWN_BINS) & (read.sound > 0)
    long = these[(atoms.window[these] >= 4 * shortest) & (read.unlike > SINUSOID)]
    if len(long) == 0:
        return
    own, window, quarter = atoms.own[long], atoms.window[long], 0.25 * atoms.window[long, None]
    places, around = atoms.time[long, None] + np.linspace(-1, 1, POINTS) * quarter, np.repeat(long, POINTS)
    read = rendered.read(
        places.reshape(-1), 0.25 * atoms.window[around], atoms.own[around], atoms.channel[around], LOOKS
    )
    swept, strength = read.sound.reshape(-1, POINTS), read.level().reshape(-1, POINTS)
    middle = swept[:, POINTS // 2]
    steady = (strength.max(axis=1) < STEADY * strength.min(axis=1)) & (swept.min(axis=1) > 0)
    steady &= read.unlike.reshape(-1, POINTS).max(axis=1) < CLEAR
    steady &= ~found.usable[long] | (found.strength[long] < WHOLE * strength.mean(axis=1))
    beside = np.maximum(np.maximum(swept.min(axis=1) - own, own - swept.max(axis=1)) * window, 0)
    found.usable[long[steady & (beside < NEAR_BINS)]] = False
    one = steady & (beside < PASS_BINS) & (np.abs(middle - own) * window < OWN_BINS_SWEPT)
    chosen = long[one]
    found.n_points[chosen], found.usable[chosen], found.strength[chosen] = POINTS, True, strength[one, POINTS // 2]
    found.time[chosen], found.sound[chosen], found.centre[chosen] = places[one], swept[one], middle[one]


class Places(NamedTuple):
    """Where sounds are read, `(n,)` each."""

    channel: Ints
    # In samples.
    centre: Array
    window: Array
    # In rad/sample: where in frequency one looks.
    omega: Array


class Reading(NamedTuple):
    """What sounds at some places, `(n,)` each."""

    # In cycles per sample.
    sound: Array
    phase: Array
    strength: Array
    # How unlike one steady sinusoid it is.
    unlike: Array
    # The frequency at which one looked, in cycles per sample, and the window, in samples.
    looked: Array
    window: Array

    @classmethod
    def unread(cls, window: Array) -> Reading:
        """A reading of as many places as there are windows, to be filled in."""
        sound, phase, strength, unlike, looked = np.empty((5, len(window)))
        return cls(sound, phase, strength, unlike, looked, window)

    def level(self) -> Array:
        """Amplitude of the sound: a Hann window sees it weaker so many bins beside where it looks."""
        bins = np.minimum(np.abs(self.sound - self.looked) * self.window, 1.7) + 1e-9
        return self.strength / (np.sinc(bins) / (1 - bins * bins))


@dataclass(frozen=True, eq=False)
class RenderedAtoms:
    """A stretch of the rendered atoms."""

    signal: Signal

    @classmethod
    def of(cls, atoms: Atoms, first: int, last: int) -> RenderedAtoms:
        """All that sounds under atoms first … last − 1."""
        time, reach = atoms.time, float(atoms.window.max()) / 2
        start = int(np.floor((time[first:last] - atoms.window[first:last] / 2).min()))
        end = int(np.ceil((time[first:last] + atoms.window[first:last] / 2).max())) + 1
        low, high = np.searchsorted(time, (start - reach, end + reach))
        here = slice(low, high)
        omega, chirp = 2 * np.pi * atoms.own[here], atoms.chirp[here] if len(atoms.chirp) else atoms.chirp
        sinusoids = Sinusoids(time[here], atoms.window[here], omega, atoms.amplitude[here], atoms.phase[here], chirp)
        signal = Signal.zeros(atoms.amplitude.shape[1], end - start, start)
        add_gabor(signal, sinusoids, 0, int(high - low))
        return cls(signal)

    def read(self, time: Array, window: Array, own: Array, channel: Ints, looks: int) -> Reading:
        """What sounds at these places; each further look is at where the sound was found before, within LOOK_BINS
        of `own`.
        """
        signal, found = self.signal, Reading.unread(window)
        begin = time - 0.5 * window
        alone = (window != np.rint(window)) | (begin != np.rint(begin))
        for size in np.unique(window[~alone]):
            these = np.flatnonzero(~alone & (window == size))
            place = channel[these] * signal.channel_stride + begin[these].astype(np.int64) - signal.first_sample
            frame, which, count = np.unique(place, return_inverse=True, return_counts=True)
            crowded = count >= CROWD
            alone[these], together = ~crowded[which], crowded[which]
            crowded_frame = (np.cumsum(crowded) - 1)[which[together]]
            self._read_frames(int(size), frame[crowded], crowded_frame, these[together], own, looks, found)
        these = np.flatnonzero(alone)
        found.looked[these] = own[these]
        for _ in range(looks):
            places = Places(channel[these], time[these], window[these], 2 * np.pi * found.looked[these])
            reassign(signal, places, these, found)
            again = _bins(found.sound[these], own[these], window[these]) / window[these]
            elsewhere = np.abs(again - found.looked[these]) * window[these] > 0.5
            these = these[elsewhere]
            found.looked[these] = again[elsewhere]
        return found

    def _read_frames(
        self, size: int, frame: Ints, which: Ints, these: Ints, own: Array, looks: int, found: Reading
    ) -> None:
        """Atoms `these` through the Fourier transforms of frames that begin at places `frame`; atom k is in frame
        which[k].
        """
        from scipy.fft import rfft

        samples = np.lib.stride_tricks.sliding_window_view(self.signal.samples, size)
        order, at_once = np.argsort(which, kind="stable"), max(1, BATCH_SAMPLES // size)
        edges = np.searchsorted(which[order], np.arange(0, len(frame) + at_once, at_once))
        for number, (low, high) in enumerate(pairwise(edges.tolist())):
            spectra = rfft(samples[frame[number * at_once : (number + 1) * at_once]].astype(np.float32))
            row, to = which[order[low:high]] - number * at_once, these[order[low:high]]
            k = _bins(own[to], own[to], size).clip(1, size // 2 - 1)
            for _ in range(looks):
                middle, below, above = (spectra[row, k + side].astype(np.complex128) for side in (0, -1, 1))
                x = 0.5 * middle - 0.25 * (below + above)
                power = np.maximum(np.square(x.real) + np.square(x.imag), 1e-30)
                slope = 0.25j * (below - above) * x.conj() / power
                found.looked[to], found.phase[to] = k / size, np.angle(x * (1 - 2 * (k % 2)))
                found.strength[to], found.sound[to] = 4 * np.sqrt(power) / size, (k + slope.imag) / size
                found.unlike[to] = np.abs(0.25 * (below + above) * x.conj() / power - slope * slope)
                again = _bins(found.sound[to], own[to], size).clip(1, size // 2 - 1)
                row, to, k = row[again != k], to[again != k], again[again != k]


def _bins(sound: Array, own: Array, window: Array | int) -> Ints:
    """The bin of a window, at most LOOK_BINS from its atom, that is nearest to a sound."""
    return np.rint(np.clip(sound * window, own * window - LOOK_BINS, own * window + LOOK_BINS)).astype(np.int64)


@jit
def reassign(signal, places, to, reading):
    """Fill in, at indices `to`, what sounds at some places."""
    audio, centre, window, omega = signal.samples, places.centre, places.window, places.omega
    frequency, phase, strength, unlike = reading.sound, reading.phase, reading.strength, reading.unlike
    first_sample, lanes = signal.first_sample, np.empty(64)
    for i in range(len(centre)):
        half = 0.5 * window[i]
        begin = max(math.floor(centre[i] - half) + 1, first_sample)
        end = min(math.ceil(centre[i] + half), first_sample + signal.n_samples)
        frequency[to[i]], phase[to[i]], strength[to[i]], unlike[to[i]] = omega[i] / (2.0 * math.pi), 0.0, 0.0, 0.0
        if end <= begin:
            continue
        turn = 2.0 * math.pi / window[i]
        step_re, step_im = powers(omega[i], lanes, 0)
        turn_re, turn_im = powers(turn, lanes, 32)
        u = begin - centre[i]
        p, q, r, s = math.cos(omega[i] * u), math.sin(omega[i] * u), math.cos(turn * u), math.sin(turn * u)
        x_re, x_im, d_re, d_im, e_re, e_im = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        row = places.channel[i] * signal.channel_stride - first_sample
        place, stop = row + begin, row + end
        while place < stop:  # sums of x·e^{−iωu}, alone and times the cosine and the sine of the window's turn
            a_re, a_im, b_re, b_im, c_re, c_im = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            if place + 16 <= stop:  # a fixed count, which LLVM turns into vectors
                for j in range(16):
                    y_re, y_im = (
                        audio[place + j] * (p * lanes[j] - q * lanes[16 + j]),
                        audio[place + j] * (p * lanes[16 + j] + q * lanes[j]),
                    )
                    c, z = r * lanes[32 + j] - s * lanes[48 + j], r * lanes[48 + j] + s * lanes[32 + j]
                    a_re, a_im = a_re + y_re, a_im + y_im
                    b_re, b_im = b_re + c * y_re, b_im + c * y_im
                    c_re, c_im = c_re + z * y_re, c_im + z * y_im
            else:
                for j in range(stop - place):
                    y_re, y_im = (
                        audio[place + j] * (p * lanes[j] - q * lanes[16 + j]),
                        audio[place + j] * (p * lanes[16 + j] + q * lanes[j]),
                    )
                    c, z = r * lanes[32 + j] - s * lanes[48 + j], r * lanes[48 + j] + s * lanes[32 + j]
                    a_re, a_im = a_re + y_re, a_im + y_im
                    b_re, b_im = b_re + c * y_re, b_im + c * y_im
                    c_re, c_im = c_re + z * y_re, c_im + z * y_im
            x_re, x_im = x_re + 0.5 * (a_re + b_re), x_im - 0.5 * (a_im + b_im)
            d_re, d_im, e_re, e_im = d_re + c_re, d_im - c_im, e_re + b_re, e_im - b_im
            p, q = p * step_re - q * step_im, p * step_im + q * step_re
            r, s = r * turn_re - s * turn_im, r * turn_im + s * turn_re
            place += 16
        power = x_re * x_re + x_im * x_im
        if power > 1e-30:
            g_re, g_im = 0.5 * (d_re * x_re + d_im * x_im) / power, 0.5 * (d_im * x_re - d_re * x_im) / power
            h_re, h_im = -0.5 * (e_re * x_re + e_im * x_im) / power, -0.5 * (e_im * x_re - e_re * x_im) / power
            frequency[to[i]] = (omega[i] + turn * g_im) / (2.0 * math.pi)
            phase[to[i]], strength[to[i]] = math.atan2(x_im, x_re), 2.0 * math.sqrt(power) / half
            unlike[to[i]] = math.hypot(h_re - g_re * g_re + g_im * g_im, h_im - 2.0 * g_re * g_im)
