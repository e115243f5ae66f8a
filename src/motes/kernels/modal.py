"""A bank of damped modes as a recurrence: states with float64 poles, advanced 32 samples at a time."""

import numpy as np

from motes.kernels._jit import jit
from motes.kernels._modal_simd import LANES, MODES, STEP, advance


@jit
def ring(x, first, lag, n_inputs, direct, inject, read, power, state, y):
    """Fills `y` (float32, a multiple of 32) with what the modes make of x[first:]; a second input is x `lag` samples
    before, none rings on.

    `x` has all samples that are asked for. `state` is left where `y` ends. For the shapes of the rest see `tables`.
    """
    for n in range(0, y.size, STEP):
        advance(x, first + n, lag, n_inputs, direct, inject, read, power, state, power.shape[0], y, n)


def tables(direct_tap: float, poles: np.ndarray, amplitudes: np.ndarray, n_taps: int | None) -> tuple[np.ndarray, ...]:
    """`direct, inject, read, power` for h[0] = direct_tap, h[m] = Re Σ amplitudes·poles^m, cut after `n_taps` taps
    unless None.

    State p is Σ x[n]·pole^(now − n). A cut needs the input of `n_taps` samples ago as a second one, which takes away
    what the first has left.
    """
    n_groups = -(-len(poles) // MODES)
    spare = n_groups * MODES - len(poles)
    poles, amplitudes = (
        np.append(poles, np.zeros(spare)).astype(complex),
        np.append(amplitudes, np.zeros(spare)).astype(complex),
    )
    later = [0] if n_taps is None else [0, n_taps]
    steps = np.arange(LANES)

    def taps(m: np.ndarray, start: int) -> np.ndarray:
        h = (amplitudes[:, None] * poles[:, None] ** (np.maximum(m, 0).ravel() + start)).sum(0).real.reshape(m.shape)
        return np.where(m < 0, 0.0, np.where((m == 0) & (start == 0), direct_tap, h))

    lag = steps[None, :] - steps[:, None]
    direct = np.stack([taps(lag, start) * (1 if start == 0 else -1) for start in later])
    inject = np.stack([poles ** (LANES - steps[:, None] + start) * (1 if start == 0 else -1) for start in later])
    inject = inject.reshape(len(later), LANES, n_groups, MODES).transpose(0, 2, 1, 3)
    read = (amplitudes[:, None] * poles[:, None] ** steps).reshape(n_groups, MODES, LANES)
    power = (poles**LANES).reshape(n_groups, MODES)
    singles = (direct, np.stack([inject.real, inject.imag], 3), np.stack([read.real, -read.imag], 1))
    return (
        *(np.ascontiguousarray(a, np.float32) for a in singles),
        np.ascontiguousarray(np.stack([power.real, power.imag], 1)),
    )
