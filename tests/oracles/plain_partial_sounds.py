"""Partials from knot to knot, and their decaying sums, in plain NumPy: what `motes.kinds.splat.kernel` and
`motes.kernels.envelope` are tested against.
"""

import numpy as np

from motes.kinds.splat.kernel import Knots


def add_partials_plain(
    sound: np.ndarray, knots: Knots, partials: np.ndarray, node: np.ndarray, first_knot: int, quiet: float
) -> None:
    """`add_partials` by complex envelopes; it goes on with what is quiet."""
    place, spread, drive, burst, shared = knots
    across, across_slope, swell, swell_slope, bent, pace = shared
    for omega, phase, decay, level, early, change, y in partials.T:
        passed = early + change * across
        gain, gain_slope = passed * swell, change * across_slope * swell + passed * swell_slope
        for k in range(first_knot, len(place) - 1):
            n = 1 << int(spread[k])
            entering = level * np.sum(drive[k] * np.exp(-decay * n * (1 - node))) if k < len(drive) else 0.0
            ys = np.array([y, y * np.exp(-decay * n) + entering])
            mean = omega * (bent[k + 1] - bent[k]) / n
            here = slice(k, k + 2)
            value = ys * gain[here]
            slope = (
                (level * burst[here] - decay * ys) * gain[here]
                + ys * gain_slope[here]
                + 1j * value * (omega * pace[here] - mean)
            )
            x = np.arange(n) / n
            basis = np.stack(
                [(1 + 2 * x) * (1 - x) ** 2, x**2 * (3 - 2 * x), n * x * (1 - x) ** 2, -n * x**2 * (1 - x)]
            )
            envelope = value[0] * basis[0] + value[1] * basis[1] + slope[0] * basis[2] + slope[1] * basis[3]
            sound[place[k] : place[k] + n] += np.real(
                envelope * np.exp(1j * (omega * bent[k] + phase + mean * np.arange(n)))
            )
            y = ys[1]


def accumulate_plain(entering: np.ndarray, factor: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """`accumulate`, one value after the other."""
    out, state = np.zeros(entering.shape), 0.0
    for r, j in np.ndindex(entering.shape):
        state = float(entering[r, j]) + (0.0 if fresh[r] and j == 0 else float(factor[r]) * state)
        out[r, j] = state
    return out
