"""Atoms seen in a signal, and rounded in turn to what leaves least of it: inner products 16 samples at a time by
complex rotation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import inner, jit
from motes.kernels.windowed_sinusoids import add_windowed_sinusoid, new_oscillator, powers

Array = NDArray[np.float64]


class Rounding(NamedTuple):
    """The quantiser of docs/format.md, in numbers."""

    # The knee's amplitude of each event.
    at_knee: Array
    steps_per_doubling: int
    n_phases: int
    # Above the knee, in parts of 65536.
    slope: int


@inner
def _project(signal, channel, centre, window, omega, lanes):
    """Inner products of one channel with one event's cosine and negative sine; `lanes` is scratch."""
    audio, half, first_place = signal.samples, 0.5 * window, channel * signal.channel_stride
    first = max(math.floor(centre - half) + 1, signal.first_sample)
    last = min(math.ceil(centre + half) - 1, signal.first_sample + signal.n_samples - 1)
    turn = 2.0 * math.pi / window
    step_re, step_im = powers(omega, lanes, 0)
    turn_re, turn_im = powers(turn, lanes, 32)
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
    change = new_oscillator(n_channels)
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
            add_windowed_sinusoid(residual, centre, window, omega, change)
