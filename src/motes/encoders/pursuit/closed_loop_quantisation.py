"""Closed-loop quantisation: each event is rounded to what suits the errors its neighbours have made, and theirs to its
own.

Atoms of pursuit overlap, so that one can mend what rounding did to another: two rounds of coordinate descent on the
rounded values take 1 to 2 dB off the error, for no bits (Vetterli & Kalker, "Matching pursuit for compression and
application to motion compensated video coding", 1994).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.codec import quantise
from motes.encoders.residual import residual_blocks
from motes.kernels.windowed_sinusoids import Signal, Sinusoids
from motes.kinds.gabor.kernel import Rounding, round_by_coordinate_descent
from motes.kinds.gabor.quantiser import WINDOW_UNITS, GaborQuantiser, event_knee, slope
from motes.scene.scene import Scene

N_ROUNDS = 2
# Events are rounded stretch by stretch.
STRETCH_SAMPLES = 1 << 18


def quantise_in_closed_loop(scene: Scene, source: Source) -> Scene:
    """A rounded scene with its gabor events rounded again, each to what leaves least of the source; memory does not
    grow with its length.
    """
    gabor, rate, quantiser = scene.gabor, scene.sample_rate_hz, scene.quantiser
    if len(gabor) == 0 or quantiser is None:
        return scene
    centre, window, omega = gabor.time_s * rate, gabor.window_s * rate, 2 * np.pi * gabor.frequency_hz / rate
    events = Sinusoids(centre, window, omega, gabor.amplitude.copy(), gabor.phase_rad.copy())
    rounding = _rounding(window, quantiser)
    margin, blocks = int(window.max() / 2) + 1, residual_blocks(scene, source)
    residual, first = np.zeros((scene.n_channels, 0)), 0
    for start in range(0, max(1, scene.n_samples), STRETCH_SAMPLES):
        end = start + STRETCH_SAMPLES
        residual = _read_until(end + margin - first, residual, blocks)
        bounds = (start if start else -np.inf, np.inf if end >= scene.n_samples else end)
        mine = np.searchsorted(centre, bounds).tolist()
        signal = Signal.of(residual, first)
        for _ in range(N_ROUNDS):
            round_by_coordinate_descent(signal, events, rounding, *mine)
        n_done = max(0, min(end - margin - first, residual.shape[1]))
        residual, first = signal.channels()[:, n_done:], first + n_done
    return quantise(scene.with_tables([gabor.replace(amplitude=events.amplitude, phase_rad=events.phase)]))


def _rounding(window_samples: NDArray[np.float64], quantiser: GaborQuantiser) -> Rounding:
    knee = event_knee(np.rint(window_samples * WINDOW_UNITS).astype(np.int64), quantiser)
    return Rounding(np.exp2(knee / 8), quantiser.steps_per_doubling, quantiser.n_phases, slope(quantiser))


def _read_until(
    n_samples: int, audio: NDArray[np.float64], blocks: Iterator[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """`audio` and as many blocks as make it `n_samples` long, or all there are."""
    parts = [audio]
    while sum(part.shape[1] for part in parts) < n_samples and (block := next(blocks, None)) is not None:
        parts.append(block)
    return np.concatenate(parts, axis=1)
