"""Windowed sinusoids added to a signal, 16 samples at a time by complex rotation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit, leaf
from motes.kernels.simd.atoms import add_windowed16

Array = NDArray[np.float64]
# Samples that a row has to spare.
SPARE_SAMPLES = 16
# Sines of chirps are computed anew after so many samples, since errors of their recurrence grow with its square.
FRESH_SAMPLES = 2048
NO_CHIRPS: Array = np.zeros(0)


class Signal(NamedTuple):
    """Audio of a stretch of a scene: rows of `channel_stride` ≥ n_samples + SPARE_SAMPLES values, a row a channel. The
    spare samples are finite, and overwritten.
    """

    samples: Array
    channel_stride: int
    n_samples: int
    # Where in the scene it begins.
    first_sample: int

    @classmethod
    def zeros(cls, n_channels: int, n_samples: int, first_sample: int) -> Signal:
        """Silence."""
        stride = n_samples + SPARE_SAMPLES
        return cls(np.zeros(n_channels * stride), stride, n_samples, first_sample)

    @classmethod
    def of(cls, audio: Array, first_sample: int) -> Signal:
        """A copy of `audio` `(n_channels, n)`."""
        padded = np.pad(audio, ((0, 0), (0, SPARE_SAMPLES)))
        return cls(padded.reshape(-1), padded.shape[1], audio.shape[1], first_sample)

    def channels(self) -> Array:
        """The audio `(n_channels, n_samples)`, a view."""
        return self.samples.reshape(-1, self.channel_stride)[:, : self.n_samples]


class Sinusoids(NamedTuple):
    """Windowed sinusoids in order of time."""

    # In samples.
    centre: Array
    window: Array
    # In rad/sample.
    omega: Array
    # `(n_events, n_channels)`.
    amplitude: Array
    phase: Array
    # In rad/sample², by which the frequency rises; of length 0 where no frequency does.
    chirp: Array = NO_CHIRPS


class Chirp(NamedTuple):
    """A windowed sinusoid whose frequency rises: rad/sample at its centre, rad/sample², and the window's rad/sample."""

    omega: float
    chirp: float
    turn: float


class Oscillator(NamedTuple):
    """State of one sinusoid that is being added."""

    # Re and Im of the first 16 powers of the carrier's step, and of the window's.
    lanes: Array
    # Re and Im of carrier and window where the run begins.
    turns: Array
    # Complex amplitude by channel.
    amplitude_re: Array
    amplitude_im: Array
    # 16 samples of each channel.
    tail: Array


@inner
def new_oscillator(n_channels):
    """An oscillator of any state."""
    amplitude_re, amplitude_im = np.empty(n_channels), np.empty(n_channels)
    return Oscillator(np.empty(64), np.empty(4), amplitude_re, amplitude_im, np.empty(n_channels * 16))


@leaf
def powers(angle, lanes, at):
    """Powers 0 … 15 of e^{i·angle} to lanes[at:] (Re) and lanes[at + 16:] (Im); returns the 16th."""
    c, s = math.cos(angle), math.sin(angle)
    re, im = 1.0, 0.0
    for j in range(16):
        lanes[at + j], lanes[at + 16 + j] = re, im
        re, im = re * c - im * s, re * s + im * c
    return re, im


@leaf
def add_windowed_sinusoid(signal, centre, window, omega, oscillator):
    """Add one event of the oscillator's amplitudes."""
    audio, channel_stride, n_samples, first_sample = signal
    lanes, turns, tail = oscillator.lanes, oscillator.turns, oscillator.tail
    n_channels, half = len(oscillator.amplitude_re), 0.5 * window
    # The first and last sample strictly inside the window, and inside the signal.
    first = max(math.floor(centre - half) + 1, first_sample)
    last = min(math.ceil(centre + half) - 1, first_sample + n_samples - 1)
    if last < first:
        return
    turn = 2.0 * math.pi / window
    step_re, step_im = powers(omega, lanes, 0)
    turn_re, turn_im = powers(turn, lanes, 32)
    u = first - centre
    turns[0], turns[1] = math.cos(omega * u), math.sin(omega * u)
    turns[2], turns[3] = math.cos(turn * u), math.sin(turn * u)
    place, end = first - first_sample, last - first_sample + 1
    while place + 16 <= end:
        add_windowed16(audio, place, oscillator, n_channels, channel_stride)
        turns[0], turns[1] = turns[0] * step_re - turns[1] * step_im, turns[0] * step_im + turns[1] * step_re
        turns[2], turns[3] = turns[2] * turn_re - turns[3] * turn_im, turns[2] * turn_im + turns[3] * turn_re
        place += 16
    if place < end:
        tail[:] = 0.0
        add_windowed16(tail, 0, oscillator, n_channels, 16)
        for channel in range(n_channels):
            for j in range(end - place):
                audio[channel * channel_stride + place + j] += tail[channel * 16 + j]


@leaf
def add_chirped(samples, place, n, u, wave, re, im):
    """Add re · cos − im · sin of a chirp to `n` samples from `place` on, the first of them `u` after its centre."""
    omega, chirp, turn = wave
    done, d_re, d_im = np.int64(0), math.cos(chirp), math.sin(chirp)
    w_re, w_im = math.cos(turn), math.sin(turn)
    while done < n:
        end, at = min(done + FRESH_SAMPLES, n), u + done
        angle, step = (omega + 0.5 * chirp * at) * at, omega + chirp * (at + 0.5)
        p, q, s_re, s_im = math.cos(angle), math.sin(angle), math.cos(step), math.sin(step)
        r, s = math.cos(turn * at), math.sin(turn * at)
        for j in range(place + done, place + end):
            samples[j] += (0.5 + 0.5 * r) * (re * p - im * q)
            p, q = p * s_re - q * s_im, p * s_im + q * s_re
            s_re, s_im = s_re * d_re - s_im * d_im, s_re * d_im + s_im * d_re
            r, s = r * w_re - s * w_im, r * w_im + s * w_re
        done = end


@leaf
def correlate_chirped(samples, place, n, u, wave):
    """Inner products of the same samples with a chirp's cosine and sine."""
    omega, chirp, turn = wave
    done, d_re, d_im = np.int64(0), math.cos(chirp), math.sin(chirp)
    w_re, w_im = math.cos(turn), math.sin(turn)
    sum_re, sum_im = 0.0, 0.0
    while done < n:
        end, at = min(done + FRESH_SAMPLES, n), u + done
        angle, step = (omega + 0.5 * chirp * at) * at, omega + chirp * (at + 0.5)
        p, q, s_re, s_im = math.cos(angle), math.sin(angle), math.cos(step), math.sin(step)
        r, s = math.cos(turn * at), math.sin(turn * at)
        for j in range(place + done, place + end):
            x = (0.5 + 0.5 * r) * samples[j]
            sum_re += x * p
            sum_im += x * q
            p, q = p * s_re - q * s_im, p * s_im + q * s_re
            s_re, s_im = s_re * d_re - s_im * d_im, s_re * d_im + s_im * d_re
            r, s = r * w_re - s * w_im, r * w_im + s * w_re
        done = end
    return sum_re, sum_im


@leaf
def samples_under(signal, centre, window):
    """The first sample strictly inside a window and the signal, and how many there are."""
    half = 0.5 * window
    first = max(math.floor(centre - half) + 1, signal.first_sample)
    last = min(math.ceil(centre + half) - 1, signal.first_sample + signal.n_samples - 1)
    return first, last - first + 1


@jit
def _add(signal, events, first_event, end_event, chirp):
    """`add_gabor`; `chirp` is None where no frequency rises, so that this need not be compiled."""
    centre, window, omega, amplitude, phase, _ = events
    n_channels = amplitude.shape[1]
    oscillator = new_oscillator(n_channels)
    for i in range(first_event, end_event):
        for channel in range(n_channels):
            oscillator.amplitude_re[channel] = amplitude[i, channel] * math.cos(phase[i, channel])
            oscillator.amplitude_im[channel] = amplitude[i, channel] * math.sin(phase[i, channel])
        if chirp is not None and chirp[i] != 0.0:
            first, n = samples_under(signal, centre[i], window[i])
            wave = Chirp(omega[i], chirp[i], 2.0 * math.pi / window[i])
            for channel in range(n_channels if n > 0 else 0):
                place = first - signal.first_sample + channel * signal.channel_stride
                re, im = oscillator.amplitude_re[channel], oscillator.amplitude_im[channel]
                add_chirped(signal.samples, place, n, first - centre[i], wave, re, im)
            continue
        add_windowed_sinusoid(signal, centre[i], window[i], omega[i], oscillator)


def add_gabor(signal: Signal, events: Sinusoids, first_event: int, end_event: int) -> None:
    """Add events first_event … end_event − 1 to the signal, in place."""
    _add(signal, events, first_event, end_event, events.chirp if len(events.chirp) else None)
