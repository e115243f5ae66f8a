"""Windowed sinusoids added to a signal, 16 samples at a time by complex rotation."""

import math

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels._simd import add_windowed16


@inner
def powers(angle, lanes, at):
    """Powers 0 … 15 of e^{i·angle} to lanes[at:] (Re) and lanes[at + 16:] (Im); returns the 16th."""
    c, s = math.cos(angle), math.sin(angle)
    re, im = 1.0, 0.0
    for j in range(16):
        lanes[at + j], lanes[at + 16 + j] = re, im
        re, im = re * c - im * s, re * s + im * c
    return re, im


@inner
def add_windowed_sinusoid(
    audio, channel_stride, n_samples, first_sample, centre, window, omega, amp_re, amp_im, lanes, turns, tail
):
    """Add one event of complex amplitudes `amp_re + i amp_im` (per channel); the last three are scratch."""
    n_channels, half = len(amp_re), 0.5 * window
    # The first and last sample strictly inside the window, and inside the signal.
    first = max(math.floor(centre - half) + 1, first_sample)
    last = min(math.ceil(centre + half) - 1, first_sample + n_samples - 1)
    if last < first:
        return
    turn = 2.0 * math.pi / window
    step_re, step_im = powers(omega, lanes, 0)
    turn_re, turn_im = powers(turn, lanes, 32)
    u = first - centre
    turns[0], turns[1], turns[2], turns[3] = (
        math.cos(omega * u),
        math.sin(omega * u),
        math.cos(turn * u),
        math.sin(turn * u),
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
def add_gabor(
    audio, channel_stride, n_samples, first_sample, centre, window, omega, amplitude, phase, first_event, last_event
):
    """Add events first_event … last_event − 1 to `audio`, whose sample 0 is sample `first_sample` of the scene.

    `audio` is flat float64, `n_channels` rows of `channel_stride` ≥ n_samples + 16 values (the spare ones are scratch).
    `centre` and `window` are in samples, `omega` in rad/sample; `amplitude` and `phase` are `(n_events, n_channels)`.
    """
    n_channels = amplitude.shape[1]
    lanes, turns, tail = np.empty(64), np.empty(4), np.empty(n_channels * 16)
    amp_re, amp_im = np.empty(n_channels), np.empty(n_channels)
    for i in range(first_event, last_event):
        for channel in range(n_channels):
            amp_re[channel] = amplitude[i, channel] * math.cos(phase[i, channel])
            amp_im[channel] = amplitude[i, channel] * math.sin(phase[i, channel])
        add_windowed_sinusoid(
            audio,
            channel_stride,
            n_samples,
            first_sample,
            centre[i],
            window[i],
            omega[i],
            amp_re,
            amp_im,
            lanes,
            turns,
            tail,
        )
