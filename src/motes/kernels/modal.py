"""A bank of damped modes as a recurrence: states with float64 poles, advanced 32 samples at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import jit
from motes.kernels.simd.modal import LANES, MODES, STEP, advance


class ModalTables(NamedTuple):
    """Matrices that advance a bank of modes by a run of 16 samples."""

    # From each sample of an input to each of the output, `(n_inputs, 16, 16)`.
    direct: NDArray[np.float32]
    # From each sample of an input to the states, Re and Im, `(n_inputs, n_groups, 16, 2, MODES)`.
    inject: NDArray[np.float32]
    # From states to samples of the output, `(n_groups, 2, MODES, 16)`.
    read: NDArray[np.float32]
    # Poles to the 16, Re and Im, `(n_groups, 2, MODES)`.
    power: NDArray[np.float64]


class ModalInputs(NamedTuple):
    """None (the modes ring on), one, or two signals that go into a bank: a second is the first `lag` samples before."""

    # All that are asked for, those before the first included.
    samples: NDArray[np.float32]
    lag: int
    n_inputs: int


@jit
def ring(inputs, first, tables, state, y):
    """Fills `y` (float32, a multiple of 32) with what the modes make of the inputs from sample `first` on; `state`,
    laid out like the tables' power, is left where `y` ends.
    """
    for n in range(0, y.size, STEP):
        advance(inputs, first + n, tables, state, y, n)


def modal_tables(direct_tap: float, poles: np.ndarray, amplitudes: np.ndarray, n_taps: int | None) -> ModalTables:
    """Tables for h[0] = direct_tap, h[m] = Re Σ amplitudes·poles^m, cut after `n_taps` taps unless None.

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
    to_output, to_states, from_states = (np.ascontiguousarray(single, np.float32) for single in singles)
    states = np.ascontiguousarray(np.stack([power.real, power.imag], 1))
    return ModalTables(to_output, to_states, from_states, states)
