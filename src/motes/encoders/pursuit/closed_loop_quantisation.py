"""Rounding with the others in view: each event is rounded to what suits the errors its neighbours have made, and theirs
to its own.

Atoms of pursuit overlap, so that one can mend what rounding did to another: two rounds of coordinate descent on the
rounded values take 1 to 2 dB off the error, for no bits (as closed-loop quantisation does: Vetterli & Kalker, "Matching
pursuit for compression and application to motion compensated video coding", 1994).
"""

from __future__ import annotations

import numpy as np

from motes.audio import Source
from motes.codec import quantise
from motes.encoders.residual import residual_blocks
from motes.kinds.gabor.kernel import round_in_turn
from motes.kinds.gabor.quantiser import WINDOW_UNITS, event_knee, slope
from motes.scene.scene import Scene

N_ROUNDS = 2
STRETCH_SAMPLES = 1 << 18


def settle(scene: Scene, source: Source) -> Scene:
    """A rounded scene with its gabor events rounded again, each to what leaves least of the source; memory does not
    grow with its length.
    """
    gabor, rate, quantiser = scene.gabor, scene.sample_rate_hz, scene.quantiser
    if len(gabor) == 0 or quantiser is None:
        return scene
    centre, window = gabor.time_s * rate, gabor.window_s * rate
    omega = 2 * np.pi * gabor.frequency_hz / rate
    at_knee = np.exp2(event_knee(np.rint(window * WINDOW_UNITS).astype(np.int64), quantiser) / 8)
    amplitude, phase = gabor.amplitude.copy(), gabor.phase_rad.copy()
    margin, blocks = int(window.max() / 2) + 1, residual_blocks(scene, source)
    held, first = np.zeros((scene.n_channels, 0)), 0
    for start in range(0, max(1, scene.n_samples), STRETCH_SAMPLES):
        parts = [held]
        while (
            first + sum(part.shape[1] for part in parts) < start + STRETCH_SAMPLES + margin
            and (block := next(blocks, None)) is not None
        ):
            parts.append(block)
        held = np.concatenate(parts, axis=1)
        last = np.inf if start + STRETCH_SAMPLES >= scene.n_samples else start + STRETCH_SAMPLES
        ends = np.searchsorted(centre, (start if start else -np.inf, last))
        flat = np.pad(held, ((0, 0), (0, 16)))
        for _ in range(N_ROUNDS):
            round_in_turn(
                flat.reshape(-1),
                flat.shape[1],
                held.shape[1],
                first,
                centre,
                window,
                omega,
                amplitude,
                phase,
                at_knee,
                quantiser.steps_per_doubling,
                quantiser.n_phases,
                slope(quantiser),
                *ends.tolist(),
            )
        keep_from = max(0, min(start + STRETCH_SAMPLES - margin - first, held.shape[1]))
        held, first = flat[:, keep_from:-16], first + keep_from
    return quantise(scene.with_tables([gabor.replace(amplitude=amplitude, phase_rad=phase)]))
