"""Diagonal complex modes at the sample rate: ringing when struck, and their adjoint, listening.


A mode has a complex rate σ = −decay + iω per sample and a state s; s[n] = e^σ s[n − 1] + what strikes inject at n. The
sound of a channel is Re Σ mix · s. A strike at time t (in samples, not necessarily whole) reaches the state at the
first sample n ≥ t, as if it had rung since t.
"""

import math

import numpy as np

from motes.kernels._jit import inner, jit

CHUNK = 256
# Squared modulus below which a state is set to zero: numbers near the smallest ones would be slow.
QUIET = 1e-60


@inner
def _inject(state, rate, wait, turn, amplitude, first, last, mode, weight):
    """Add a strike that happened `wait` samples ago: weights first … last − 1 of its control, each turned by ω ·
    turn.
    """
    for k in range(first, last):
        m = mode[k]
        size, angle = amplitude * math.exp(rate[0, m] * wait), rate[1, m] * (wait + turn)
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
def ring(audio, state, rate, mix, at, turn, amplitude, control, starts, mode, weight):
    """Add the sound of modes to `audio` `(n_channels, n)` and leave `state` `(2, n_modes)` (Re, Im) as it is after the
    last sample.

    `rate` `(2, n_modes)`: −decay and ω per sample; `mix` `(n_channels, 2, n_modes)`. Strikes ascend in `at` (samples
    from the block's first one, −1 < at ≤ n − 1), with `turn` in samples and `amplitude`; control c injects `weight[:,
    starts[c] : starts[c + 1]]` into the modes named there.
    """
    n_channels, n_samples = audio.shape
    n_modes = state.shape[1]
    pole = np.empty((2, n_modes))
    for m in range(n_modes):
        size = math.exp(rate[0, m])
        pole[0, m], pole[1, m] = size * math.cos(rate[1, m]), size * math.sin(rate[1, m])
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
            first, last = starts[control[strike]], starts[control[strike] + 1]
            _inject(state, rate, n - at[strike], turn[strike], amplitude[strike], first, last, mode, weight)
            strike, alive = strike + 1, True
        if alive:
            for channel in range(n_channels):
                total = 0.0
                for m in range(n_modes):
                    total += mix[channel, 0, m] * state[0, m] - mix[channel, 1, m] * state[1, m]
                audio[channel, n] += total


@jit
def listen(audio, rate, at, heard):
    """What modes hear of `audio` `(n,)` from each time on: heard[:, j, m] = Σ_{n ≥ at[j]} audio[n] · conj(e^{σ_m (n −
    at[j])}).

    `at` ascends, in samples, `heard` is `(2, n_times, n_modes)`. The adjoint of `ring`: a recurrence that runs
    backwards.
    """
    n_modes = rate.shape[1]
    pole, held = np.empty((2, n_modes)), np.zeros((2, n_modes))
    for m in range(n_modes):
        size = math.exp(rate[0, m])
        pole[0, m], pole[1, m] = size * math.cos(rate[1, m]), -size * math.sin(rate[1, m])
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
                size, angle = math.exp(rate[0, m] * (n - at[j])), -rate[1, m] * (n - at[j])
                c, s = size * math.cos(angle), size * math.sin(angle)
                heard[0, j, m] = held[0, m] * c - held[1, m] * s
                heard[1, j, m] = held[0, m] * s + held[1, m] * c
            j -= 1
