"""Atoms seen in a signal, and rounded in turn to what leaves least of it: inner products 16 samples at a time by
complex rotation.
"""

import math

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels.windowed_sinusoids import add_windowed_sinusoid, powers


@inner
def _project(audio, first_place, n_samples, first_sample, centre, window, omega, lanes):
    """Inner products of one channel, which begins at `first_place`, with one event's cosine and negative sine;
    `lanes` is scratch.
    """
    half = 0.5 * window
    first = max(math.floor(centre - half) + 1, first_sample)
    last = min(math.ceil(centre + half) - 1, first_sample + n_samples - 1)
    turn = 2.0 * math.pi / window
    step_re, step_im = powers(omega, lanes, 0)
    turn_re, turn_im = powers(turn, lanes, 32)
    u = first - centre
    p, q, r, s = math.cos(omega * u), math.sin(omega * u), math.cos(turn * u), math.sin(turn * u)
    sum_re, sum_im = 0.0, 0.0
    place, end = first_place + first - first_sample, first_place + last - first_sample + 1
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
def project_on_gabor(audio, channel_stride, n_samples, n_channels, first_sample, centre, window, omega, out_re, out_im):
    """Inner products of each channel with ½(1 + cos) · cos ωu and with −½(1 + cos) · sin ωu: the adjoint of
    `add_gabor`, into `(n_events, n_channels)`.

    `audio` is laid out as there; its spare samples must be finite and are not used.
    """
    lanes = np.empty(64)
    for i in range(len(centre)):
        for channel in range(n_channels):
            out_re[i, channel], out_im[i, channel] = _project(
                audio, channel * channel_stride, n_samples, first_sample, centre[i], window[i], omega[i], lanes
            )


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


@jit
def round_in_turn(
    residual,
    channel_stride,
    n_samples,
    first_sample,
    centre,
    window,
    omega,
    amplitude,
    phase,
    at_knee,
    steps,
    n_phases,
    slope,
    first_event,
    last_event,
):
    """Round events first_event … last_event − 1 one after the other, each to the values that leave least of what the
    others leave.

    `residual`, laid out as the audio of `add_gabor`, is the signal less all events as they are; it and the events'
    `amplitude` and `phase` are changed in place. An event's best complex amplitude is what it has plus its projection
    of the residual over the energy of its envelope, 3/8 of its window.
    """
    n_channels = amplitude.shape[1]
    lanes, turns, tail = np.empty(64), np.empty(4), np.empty(n_channels * 16)
    change_re, change_im = np.empty(n_channels), np.empty(n_channels)
    for i in range(first_event, last_event):
        one_phase = omega[i] == 0.0 or omega[i] >= math.pi
        scale = (1.0 if one_phase else 2.0) / (0.375 * window[i])
        moved = False
        for channel in range(n_channels):
            had_re, had_im = (
                amplitude[i, channel] * math.cos(phase[i, channel]),
                amplitude[i, channel] * math.sin(phase[i, channel]),
            )
            a, b = _project(
                residual, channel * channel_stride, n_samples, first_sample, centre[i], window[i], omega[i], lanes
            )
            best_re, best_im = had_re + scale * a, 0.0 if one_phase else had_im + scale * b
            best = math.hypot(best_re, best_im)
            change_re[channel], change_im[channel] = 0.0, 0.0
            if amplitude[i, channel] == 0.0 or best < 2.0**-40:
                continue  # what is silent stays so
            rounded, index = _nearest_amplitude(best, at_knee[i], steps, slope)
            levels = n_phases + ((n_phases * slope * min(max(index, 0), 1 << 30)) >> 16)
            turn = (
                2.0 * math.pi * ((np.rint(math.atan2(best_im, best_re) / (2.0 * math.pi) * levels) % levels) / levels)
            )
            amplitude[i, channel], phase[i, channel] = rounded, turn
            change_re[channel], change_im[channel] = (
                had_re - rounded * math.cos(turn),
                had_im - rounded * math.sin(turn),
            )
            moved = moved or change_re[channel] != 0.0 or change_im[channel] != 0.0
        if moved:
            add_windowed_sinusoid(
                residual,
                channel_stride,
                n_samples,
                first_sample,
                centre[i],
                window[i],
                omega[i],
                change_re,
                change_im,
                lanes,
                turns,
                tail,
            )
