"""Diagonal complex modes at the sample rate: their sound when struck, and the adjoint, correlations with a recording.

A mode has a complex rate σ = −decay + iω per sample and a state s; s[n] = e^σ s[n − 1] + what strikes inject at n. The
sound of a channel is Re Σ mix · s. A strike at time t (in samples, not necessarily whole) reaches the state at the
first sample n ≥ t, as if it had rung since t.
"""

import math
from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array, Ints
from motes.kernels._jit import inner, jit

CHUNK = 256
# Squared modulus below which a state is set to zero: numbers near the smallest ones would be slow.
QUIET = 1e-60


class Modes(NamedTuple):
    """Modes as they ring at the sample rate."""

    # `(2, n_modes)`: −decay and ω per sample, the logarithms of their poles.
    poles: Array
    # `(n_channels, 2, n_modes)`: Re and Im.
    mixing: Array


class Strikes(NamedTuple):
    """When modes are struck, and by what, `(n_strikes,)` each."""

    # In samples from the block's first one, ascending, −1 < at ≤ n − 1.
    at: Array
    # In samples.
    turn: Array
    amplitude: Array
    control: Ints


class Controls(NamedTuple):
    """What each control injects into which modes: `weight[:, starts[c] : starts[c + 1]]` into `mode` there."""

    starts: Ints
    mode: Ints
    # Re and Im.
    weight: Array


@inner
def _inject(state, poles, strikes, i, wait, controls):
    """Add strike i, which happened `wait` samples ago: the weights of its control, each turned by ω · turn."""
    amplitude, turn, mode, weight = strikes.amplitude[i], strikes.turn[i], controls.mode, controls.weight
    for k in range(controls.starts[strikes.control[i]], controls.starts[strikes.control[i] + 1]):
        m = mode[k]
        size, angle = amplitude * math.exp(poles[0, m] * wait), poles[1, m] * (wait + turn)
        c, s = size * math.cos(angle), size * math.sin(angle)
        state[0, m] += weight[0, k] * c - weight[1, k] * s
        state[1, m] += weight[0, k] * s + weight[1, k] * c


@inner
def _flush(state):
    """States too small to matter become zero; returns whether any is left."""
    alive = False
    for m in range(state.shape[1]):
        if state[0, m] * state[0, m] + state[1, m] * state[1, m] < QUIET:
            state[0, m], state[1, m] = 0.0, 0.0
        else:
            alive = True
    return alive


@jit
def ring(audio, state, modes, strikes, controls):
    """Add the sound of struck modes to `audio` `(n_channels, n)` and leave `state` `(2, n_modes)` (Re, Im) as it is
    after the last sample.
    """
    poles, mix, at = modes.poles, modes.mixing, strikes.at
    n_channels, n_samples = audio.shape
    n_modes = state.shape[1]
    pole = np.empty((2, n_modes))
    for m in range(n_modes):
        size = math.exp(poles[0, m])
        pole[0, m], pole[1, m] = size * math.cos(poles[1, m]), size * math.sin(poles[1, m])
    strike, alive = 0, _flush(state)
    for n in range(n_samples):
        if n % CHUNK == 0 and alive:
            alive = _flush(state)
        if alive:
            for m in range(n_modes):
                re, im = state[0, m], state[1, m]
                state[0, m] = pole[0, m] * re - pole[1, m] * im
                state[1, m] = pole[0, m] * im + pole[1, m] * re
        while strike < len(at) and at[strike] <= n:
            _inject(state, poles, strikes, strike, n - at[strike], controls)
            strike, alive = strike + 1, True
        if alive:
            for channel in range(n_channels):
                total = 0.0
                for m in range(n_modes):
                    total += mix[channel, 0, m] * state[0, m] - mix[channel, 1, m] * state[1, m]
                audio[channel, n] += total


@jit
def correlate_with_modes(audio, poles, at, correlation):
    """Inner products of `audio` `(n,)` with each mode from each time on: correlation[:, j, m] = Σ_{n ≥ at[j]} audio[n]
    · conj(e^{σ_m (n − at[j])}).

    `at` ascends, in samples, `correlation` is `(2, n_times, n_modes)`. The adjoint of `ring`: a recurrence that runs
    backwards.
    """
    n_modes = poles.shape[1]
    pole, held = np.empty((2, n_modes)), np.zeros((2, n_modes))
    for m in range(n_modes):
        size = math.exp(poles[0, m])
        pole[0, m], pole[1, m] = size * math.cos(poles[1, m]), -size * math.sin(poles[1, m])
    j = len(at) - 1
    for n in range(len(audio) - 1, -1, -1):
        x = audio[n]
        if n % CHUNK == 0:
            _flush(held)
        for m in range(n_modes):
            re, im = held[0, m], held[1, m]
            held[0, m] = pole[0, m] * re - pole[1, m] * im + x
            held[1, m] = pole[0, m] * im + pole[1, m] * re
        while j >= 0 and at[j] > n - 1:
            for m in range(n_modes):
                size, angle = math.exp(poles[0, m] * (n - at[j])), -poles[1, m] * (n - at[j])
                c, s = size * math.cos(angle), size * math.sin(angle)
                correlation[0, j, m] = held[0, m] * c - held[1, m] * s
                correlation[1, j, m] = held[0, m] * s + held[1, m] * c
            j -= 1
