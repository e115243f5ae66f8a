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


@jit
def add_gabor(signal, events, first_event, end_event):
    """Add events first_event … end_event − 1 to the signal."""
    centre, window, omega, amplitude, phase = events
    n_channels = amplitude.shape[1]
    oscillator = new_oscillator(n_channels)
    for i in range(first_event, end_event):
        for channel in range(n_channels):
            oscillator.amplitude_re[channel] = amplitude[i, channel] * math.cos(phase[i, channel])
            oscillator.amplitude_im[channel] = amplitude[i, channel] * math.sin(phase[i, channel])
        add_windowed_sinusoid(signal, centre[i], window[i], omega[i], oscillator)
