"""The numbers of a page: how near the reconstruction is to the original, beside copies nobody would take for it."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import MissingExtraError
from motes.metrics.signal import compare

Audio = NDArray[np.float32]
# Title, unit and decimals of each measure.
MEASURES = {
    "snr_db": ("SNR", "dB", 1),
    "si_sdr_db": ("SI-SDR", "dB", 1),
    "spectral_convergence": ("Spectral convergence", "0 is perfect", 3),
    "log_spectral_distance_db": ("Log-spectral distance", "dB", 1),
    "zimtohrli": ("Zimtohrli", "1 … 5", 2),
    "zimtohrli_worst": ("Zimtohrli, worst channel", "1 … 5", 2),
    "visqol": ("ViSQOL", "1 … 4.73", 2),
    "visqol_worst": ("ViSQOL, worst channel", "1 … 4.73", 2),
}
_CONTROLS = {"noise_vocoder": "Control: noise in 25 bands", "random_phase": "Control: random phase"}


def scores(estimate: Audio, original: Audio, sample_rate_hz: int, perceptual: bool) -> dict[str, dict[str, float]]:
    """By copy, its measures by name; with `perceptual` the controls too and, where `motes[eval]` is installed, what
    a listener would say.
    """
    copies = {"Reconstruction": estimate}
    if not original.shape[1]:
        return {}
    controls = _optional("motes.metrics.controls") if perceptual else None
    for name, title in _CONTROLS.items() if controls else ():
        copies[title] = np.asarray(getattr(controls, name)(original, sample_rate_hz), np.float32)
    listener = _optional("motes.metrics.perceptual") if perceptual else None
    return {
        title: compare(copy, original) | _perceptual(listener, copy, original, sample_rate_hz)
        for title, copy in copies.items()
    }


def _perceptual(listener: Any, estimate: Audio, original: Audio, sample_rate_hz: int) -> dict[str, float]:
    if listener is None:
        return {}
    try:
        return dict(listener.compare_perceptually(estimate, original, sample_rate_hz))
    except MissingExtraError:
        return {}


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
