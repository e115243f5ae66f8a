"""Adding windowed sinusoids to a signal, 16 samples at a time by complex rotation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit
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


class Rounding(NamedTuple):
    """The quantiser of docs/format.md, in numbers."""

    # The knee's amplitude of each event.
    at_knee: Array
    steps_per_doubling: int
    n_phases: int
    # Above the knee, in parts of 65536.
    slope: int


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
def _oscillator(n_channels):
    """An oscillator of any state."""
    amplitude_re, amplitude_im = np.empty(n_channels), np.empty(n_channels)
    return Oscillator(np.empty(64), np.empty(4), amplitude_re, amplitude_im, np.empty(n_channels * 16))


@inner
def _powers(angle, lanes, at):
    """Powers 0 … 15 of e^{i·angle} to lanes[at:] (Re) and lanes[at + 16:] (Im); returns the 16th."""
    c, s = math.cos(angle), math.sin(angle)
    re, im = 1.0, 0.0
    for j in range(16):
        lanes[at + j], lanes[at + 16 + j] = re, im
        re, im = re * c - im * s, re * s + im * c
    return re, im


@inner
def _add(signal, centre, window, omega, oscillator):
    """Add one event of the oscillator's amplitudes."""
    lanes, turns, tail = oscillator.lanes, oscillator.turns, oscillator.tail
    n_channels, half = len(oscillator.amplitude_re), 0.5 * window
    # The first and last sample strictly inside the window, and inside the signal.
    first = max(math.floor(centre - half) + 1, signal.first_sample)
    last = min(math.ceil(centre + half) - 1, signal.first_sample + signal.n_samples - 1)
    if last < first:
        return
    turn = 2.0 * math.pi / window
    step_re, step_im = _powers(omega, lanes, 0)
    turn_re, turn_im = _powers(turn, lanes, 32)
    u = first - centre
    turns[0], turns[1] = math.cos(omega * u), math.sin(omega * u)
    turns[2], turns[3] = math.cos(turn * u), math.sin(turn * u)
    place, end = first - signal.first_sample, last - signal.first_sample + 1
    while place + 16 <= end:
        add_windowed16(signal.samples, place, oscillator, n_channels, signal.channel_stride)
        turns[0], turns[1] = turns[0] * step_re - turns[1] * step_im, turns[0] * step_im + turns[1] * step_re
        turns[2], turns[3] = turns[2] * turn_re - turns[3] * turn_im, turns[2] * turn_im + turns[3] * turn_re
        place += 16
    if place < end:
        tail[:] = 0.0
        add_windowed16(tail, 0, oscillator, n_channels, 16)
        for channel in range(n_channels):
            for j in range(end - place):
                signal.samples[channel * signal.channel_stride + place + j] += tail[channel * 16 + j]


@jit
def add_gabor(signal, events, first_event, end_event):
    """Add events first_event … end_event − 1 to the signal."""
    n_channels = events.amplitude.shape[1]
    oscillator = _oscillator(n_channels)
    for i in range(first_event, end_event):
        for channel in range(n_channels):
            amplitude, phase = events.amplitude[i, channel], events.phase[i, channel]
            oscillator.amplitude_re[channel] = amplitude * math.cos(phase)
            oscillator.amplitude_im[channel] = amplitude * math.sin(phase)
        _add(signal, events.centre[i], events.window[i], events.omega[i], oscillator)


@inner
def _project(signal, channel, centre, window, omega, lanes):
    """Inner products of one channel with one event's cosine and negative sine; `lanes` is scratch."""
    audio, half, first_place = signal.samples, 0.5 * window, channel * signal.channel_stride
    first = max(math.floor(centre - half) + 1, signal.first_sample)
    last = min(math.ceil(centre + half) - 1, signal.first_sample + signal.n_samples - 1)
    turn = 2.0 * math.pi / window
    step_re, step_im = _powers(omega, lanes, 0)
    turn_re, turn_im = _powers(turn, lanes, 32)
    u = first - centre
    p, q, r, s = math.cos(omega * u), math.sin(omega * u), math.cos(turn * u), math.sin(turn * u)
    sum_re, sum_im = 0.0, 0.0
    place, end = first_place + first - signal.first_sample, first_place + last - signal.first_sample + 1
    while place < end:
        run_re, run_im = 0.0, 0.0
        if place + 16 <= end:  # a fixed count, which LLVM turns into vectors
            for j in range(16):
                x = audio[place + j] * (0.5 + 0.5 * (r * lanes[32 + j] - s * lanes[48 + j]))
                run_re += x * (p * lanes[j] - q * lanes[16 + j])
                run_im += x * (p * lanes[16 + j] + q * lanes[j])
        else:
            for j in range(end - place):
                x = audio[place + j] * (0.5 + 0.5 * (r * lanes[32 + j] - s * lanes[48 + j]))
                run_re += x * (p * lanes[j] - q * lanes[16 + j])
                run_im += x * (p * lanes[16 + j] + q * lanes[j])
        sum_re, sum_im = sum_re + run_re, sum_im - run_im
        p, q = p * step_re - q * step_im, p * step_im + q * step_re
        r, s = r * turn_re - s * turn_im, r * turn_im + s * turn_re
        place += 16
    return sum_re, sum_im


@jit
def project_on_gabor(signal, centre, window, omega, out_re, out_im):
    """Inner products of each channel with ½(1 + cos) · cos ωu and with −½(1 + cos) · sin ωu: the adjoint of
    `add_gabor`, into `(n_events, n_channels)`. The signal's spare samples are not used.
    """
    lanes = np.empty(64)
    for i in range(len(centre)):
        for channel in range(out_re.shape[1]):
            re, im = _project(signal, channel, centre[i], window[i], omega[i], lanes)
            out_re[i, channel], out_im[i, channel] = re, im


@inner
def _nearest_amplitude(amplitude, at_knee, steps, slope):
    """The nearest amplitude that a file can hold, and its index, by the quantiser of docs/format.md; `slope` is
    that of 65536.
    """
    if amplitude > at_knee:
        index = np.rint((amplitude / at_knee - 1.0) * (65536.0 / slope))
        return at_knee * (1.0 + index * slope / 65536.0), np.int64(index)
    low = min(math.floor(math.log2(amplitude / at_knee) * steps), -1.0)
    below, above = at_knee * 2.0 ** (low / steps), at_knee * 2.0 ** ((low + 1.0) / steps)
    return (above, np.int64(low) + 1) if amplitude - below > above - amplitude else (below, np.int64(low))


@inner
def _nearest_phase(phase, index, rounding):
    """The nearest phase that a file can hold beside an amplitude's index."""
    levels = rounding.n_phases + ((rounding.n_phases * rounding.slope * min(max(index, 0), 1 << 30)) >> 16)
    return 2.0 * math.pi * ((np.rint(phase / (2.0 * math.pi) * levels) % levels) / levels)


@jit
def round_by_coordinate_descent(residual, events, rounding, first_event, end_event):
    """Round events first_event … end_event − 1 one after the other, each to the values that leave least of what the
    others leave (closed-loop quantisation).

    `residual` is the signal less all events as they are; it and the events' amplitude and phase are changed in place.
    An event's best complex amplitude is what it has plus its projection of the residual over the energy of its
    envelope, 3/8 of its window.
    """
    n_channels = events.amplitude.shape[1]
    change = _oscillator(n_channels)
    for i in range(first_event, end_event):
        centre, window, omega = events.centre[i], events.window[i], events.omega[i]
        one_phase = omega == 0.0 or omega >= math.pi
        scale = (1.0 if one_phase else 2.0) / (0.375 * window)
        changed = False
        for channel in range(n_channels):
            amplitude, phase = events.amplitude[i, channel], events.phase[i, channel]
            had_re, had_im = amplitude * math.cos(phase), amplitude * math.sin(phase)
            a, b = _project(residual, channel, centre, window, omega, change.lanes)
            best_re, best_im = had_re + scale * a, 0.0 if one_phase else had_im + scale * b
            best = math.hypot(best_re, best_im)
            change.amplitude_re[channel], change.amplitude_im[channel] = 0.0, 0.0
            if amplitude == 0.0 or best < 2.0**-40:
                continue  # what is silent stays so
            rounded, index = _nearest_amplitude(best, rounding.at_knee[i], rounding.steps_per_doubling, rounding.slope)
            turn = _nearest_phase(math.atan2(best_im, best_re), index, rounding)
            events.amplitude[i, channel], events.phase[i, channel] = rounded, turn
            change.amplitude_re[channel] = had_re - rounded * math.cos(turn)
            change.amplitude_im[channel] = had_im - rounded * math.sin(turn)
            changed = changed or change.amplitude_re[channel] != 0.0 or change.amplitude_im[channel] != 0.0
        if changed:
            _add(residual, centre, window, omega, change)
