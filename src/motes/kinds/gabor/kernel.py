"""Atoms seen in a signal: inner products 16 samples at a time by complex rotation."""

from __future__ import annotations

import math

import numpy as np

from motes.kernels._jit import jit, leaf
from motes.kernels.windowed_sinusoids import Chirp, correlate_chirped, powers, samples_under


@leaf
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


@jit
def project_on_chirped(signal, centre, window, omega, chirp, out_re, out_im):
    """`project_on_gabor` for those events whose frequency rises, `chirp` in rad/sample²; the rows of others stay."""
    for i in range(len(chirp)):
        if chirp[i] == 0.0:
            continue
        first, n = samples_under(signal, centre[i], window[i])
        wave = Chirp(omega[i], chirp[i], 2.0 * math.pi / window[i])
        for channel in range(out_re.shape[1]):
            place = first - signal.first_sample + channel * signal.channel_stride
            re, im = correlate_chirped(signal.samples, place, max(n, 0), first - centre[i], wave)
            out_re[i, channel], out_im[i, channel] = re, -im
