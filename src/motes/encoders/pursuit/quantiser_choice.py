"""How coarsely the events of a scene are quantised: the quantiser follows the target."""

from __future__ import annotations

import msgspec

from motes.audio import Source
from motes.codec import quantise
from motes.codec.quantise_scene import quantiser_for
from motes.encoders.residual import energy_of, residual_blocks
from motes.kinds.gabor.quantiser import MAX_KNEE
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.units import db_to_power

# Pursuit goes this much further than a target asks, and rounding spends what it gains: measured to cost the fewest
# bits.
ROUNDING_MARGIN_DB = 0.7
# Without a target, rounding may add a quarter of the residual's energy: 1 dB.
NOISE_TO_RESIDUAL = 0.25


def quantise_for_target(
    scene: Scene, source: Source, energy: float, residual_energy: float, snr_db: float | None
) -> Scene:
    """`scene` rounded as coarsely as keeps its decoded signal-to-noise ratio at `snr_db`; without one, as adds a
    quarter to the residual's energy.

    `energy` is the source's, `residual_energy` what the scene leaves of it before rounding.
    """
    if snr_db is None:
        allowed = residual_energy * NOISE_TO_RESIDUAL
        return quantise(scene, quantiser_for(scene, allowed, steps_per_doubling=2, n_phases=8))
    allowed = energy * db_to_power(-snr_db)
    quantiser = quantiser_for(scene, max(0.0, allowed - residual_energy))
    while True:
        rounded = quantise(scene, quantiser)
        if (
            quantiser.knee <= -MAX_KNEE
            or energy == 0.0
            or scene.metadata.stop_reason != StopReason.SNR_REACHED
            or energy_of(residual_blocks(rounded, source)) <= allowed
        ):
            return rounded
        quantiser = msgspec.structs.replace(quantiser, knee=quantiser.knee - 1)
