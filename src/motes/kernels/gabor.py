"""Adding windowed sinusoids to a signal, 16 samples at a time by complex rotation."""

import math

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels._simd import add_windowed16


@inner
def _powers(angle, lanes, at):
    """Powers 0 … 15 of e^{i·angle} to lanes[at:] (Re) and lanes[at + 16:] (Im); returns the 16th."""
    c, s = math.cos(angle), math.sin(angle)
    re, im = 1.0, 0.0
    for j in range(16):
        lanes[at + j], lanes[at + 16 + j] = re, im
        re, im = re * c - im * s, re * s + im * c
    return re, im


@jit
def add_gabor(audio, channel_stride, n_samples, first_sample, centre, window, omega, amplitude, phase, first_event, last_event):
    """Add events first_event … last_event − 1 to `audio`, whose sample 0 is sample `first_sample` of the scene.

    `audio` is flat float64, `n_channels` rows of `channel_stride` ≥ n_samples + 16 values (the spare ones are scratch). `centre` and `window` are in
    samples, `omega` in rad/sample; `amplitude` and `phase` are `(n_events, n_channels)`.
    """
    n_channels = amplitude.shape[1]
    lanes, turns, tail = np.empty(64), np.empty(4), np.empty(n_channels * 16)
    amp_re, amp_im = np.empty(n_channels), np.empty(n_channels)
    for i in range(first_event, last_event):
        half = 0.5 * window[i]
        # The first and last sample strictly inside the window, and inside the signal.
        first = max(math.floor(centre[i] - half) + 1, first_sample)
        last = min(math.ceil(centre[i] + half) - 1, first_sample + n_samples - 1)
        if last < first:
            continue
        turn = 2.0 * math.pi / window[i]
        step_re, step_im = _powers(omega[i], lanes, 0)
        turn_re, turn_im = _powers(turn, lanes, 32)
        u = first - centre[i]
        turns[0], turns[1], turns[2], turns[3] = math.cos(omega[i] * u), math.sin(omega[i] * u), math.cos(turn * u), math.sin(turn * u)
        for channel in range(n_channels):
            amp_re[channel], amp_im[channel] = (
                amplitude[i, channel] * math.cos(phase[i, channel]),
                amplitude[i, channel] * math.sin(phase[i, channel]),
            )
        place, end = first - first_sample, last - first_sample + 1
        while place + 16 <= end:
            add_windowed16(audio, place, lanes, turns, amp_re, amp_im, n_channels, channel_stride)
            turns[0], turns[1] = turns[0] * step_re - turns[1] * step_im, turns[0] * step_im + turns[1] * step_re
            turns[2], turns[3] = turns[2] * turn_re - turns[3] * turn_im, turns[2] * turn_im + turns[3] * turn_re
            place += 16
        if place < end:
            tail[:] = 0.0
            add_windowed16(tail, 0, lanes, turns, amp_re, amp_im, n_channels, 16)
            for channel in range(n_channels):
                for j in range(end - place):
                    audio[channel * channel_stride + place + j] += tail[channel * 16 + j]


@jit
def project_on_gabor(audio, channel_stride, n_samples, n_channels, first_sample, centre, window, omega, out_re, out_im):
    """Inner products of each channel with ½(1 + cos) · cos ωu and with −½(1 + cos) · sin ωu: the adjoint of `add_gabor`, into `(n_events,
    n_channels)`.

    `audio` is laid out as there; its spare samples must be finite and are not used.
    """
    lanes = np.empty(64)
    for i in range(len(centre)):
        half = 0.5 * window[i]
        first = max(math.floor(centre[i] - half) + 1, first_sample)
        last = min(math.ceil(centre[i] + half) - 1, first_sample + n_samples - 1)
        turn = 2.0 * math.pi / window[i]
        step_re, step_im = _powers(omega[i], lanes, 0)
        turn_re, turn_im = _powers(turn, lanes, 32)
        for channel in range(n_channels):
            u = first - centre[i]
            p, q, r, s = math.cos(omega[i] * u), math.sin(omega[i] * u), math.cos(turn * u), math.sin(turn * u)
            sum_re, sum_im = 0.0, 0.0
            place, end = channel * channel_stride + first - first_sample, channel * channel_stride + last - first_sample + 1
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
            out_re[i, channel], out_im[i, channel] = sum_re, sum_im
