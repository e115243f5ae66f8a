"""Struck modes in plain NumPy: what `motes.kinds.strike.kernel` is tested against."""

import math

import numpy as np


def ring_plain(audio, state, modes, strikes, controls):
    """`ring`, one sample after the other."""
    (rate, mix), (at, turn, amplitude, control), (starts, mode, weight) = modes, strikes, controls
    sigma, mixing, held = rate[0] + 1j * rate[1], mix[:, 0] + 1j * mix[:, 1], state[0] + 1j * state[1]
    strike = 0
    for n in range(audio.shape[1]):
        held = np.exp(sigma) * held
        while strike < len(at) and at[strike] <= n:
            part = slice(starts[control[strike]], starts[control[strike] + 1])
            used = sigma[mode[part]]
            wait = n - at[strike]
            held[mode[part]] += (
                amplitude[strike]
                * (weight[0, part] + 1j * weight[1, part])
                * np.exp(used * wait + 1j * used.imag * turn[strike])
            )
            strike += 1
        audio[:, n] += (mixing @ held).real
    state[:] = held.real, held.imag


def correlate_with_modes_plain(audio, rate, at, correlation):
    """`correlate_with_modes` by its definition."""
    sigma = rate[0] + 1j * rate[1]
    for j, time in enumerate(at):
        n = np.arange(math.ceil(time), len(audio))
        value = np.conj(np.exp(np.outer(n - time, sigma))).T @ audio[n]
        correlation[0, j], correlation[1, j] = value.real, value.imag
