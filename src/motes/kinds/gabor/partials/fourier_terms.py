"""Signals as atoms: any signal is exactly the sum of the Fourier series of its overlapping windowed pieces. Series
about the frequency of a line that the signal follows have few terms, and each of these is an atom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.events.chirps import chirps_in_samples
from motes.events.event_table import Array, Ints
from motes.kinds.gabor.partials.tracking import Curve
from motes.kinds.gabor.table import Gabor

# Pieces begin a part of their window after the one before.
HOPS = 4
# Terms are left out that hold this part of a signal's energy.
LEFT_OUT = 1e-6
# So many samples are transformed at once: what stays in a processor's cache.
BATCH_SAMPLES = 1 << 16


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


def analytic(events: Gabor, these: Ints, rate: int, start: int, n_samples: int) -> NDArray[np.complex128]:
    """The sum of some events as complex atoms, `(n_channels, n_samples)` from sample `start` on, whose real part
    they render.
    """
    from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor

    amplitude, phase_rad = np.tile(events.amplitude[these], 2), events.phase_rad[these]
    phase = np.concatenate([phase_rad, phase_rad - np.pi / 2], axis=1)
    time, window = events.time_s[these] * rate, events.window_s[these] * rate
    omega, chirp = 2 * np.pi / rate * events.frequency_hz[these], chirps_in_samples(events, rate)
    chirp = chirp[these] if len(chirp) else chirp
    signal = Signal.zeros(amplitude.shape[1], n_samples, start)
    add_gabor(signal, Sinusoids(time, window, omega, amplitude, phase, chirp), 0, len(time))
    real, imaginary = signal.channels().reshape(2, -1, n_samples)
    return real + 1j * imaginary


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
    around, per_batch = np.empty((len(signal), len(place), 2 * half), np.complex128), max(1, BATCH_SAMPLES // window)
    for low in range(0, len(place), per_batch):
        high = min(low + per_batch, len(place))
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
