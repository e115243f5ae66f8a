"""Phases are read off the recording."""

import numpy as np

from motes.encoders.fit.notes.phases import aligned
from motes.kinds.splat.table import Splat
from motes.metrics.signal import snr_db
from motes.scene.scene import Scene


def test_phases_that_were_lost_come_back():
    truth = Splat(
        time_s=[0.2, 0.35, 0.5],
        width_s=[0.06, 0.06, 0.06],
        f0_hz=[440.0, 440.0, 440.0],
        centre_hz=[440.0, 440.0, 440.0],
        width_octaves=[1.0, 1.0, 1.0],
        t60_s=[0.05, 0.05, 0.05],
        gain_db=np.full((3, 1), -12.0),
        phase_rad=2 * np.pi * 440 * np.array([0.2, 0.35, 0.5]) + 1.0,
        n_partials=[1, 1, 1],
    )
    audio = Scene(16000, 12000, 1, splat=truth).render()
    found = aligned(truth.replace(phase_rad=np.zeros(3)), audio[None], 16000)
    assert snr_db(Scene(16000, 12000, 1, splat=found).render(), audio) > 20
    assert len(aligned(Splat.empty(1), audio[None], 16000)) == 0
