"""Measures that compare samples and spectra. Each takes (estimate, reference), `(n,)` or `(channels, n)`, and gives one
finite number.

Channels are taken together, as one signal. Ratios are limited to 200 dB: identical signals have an SNR of 200, any
estimate of silence but silence one of −200. Every function raises ParameterError where the two differ in shape, or hold
NaN or infinities.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError
from motes.stft import stft_blocks
from motes.units import SILENCE_DB, power_to_db

Audio = NDArray[np.floating[Any]]
RESOLUTIONS = (512, 1024, 2048)
_LIMIT = 10.0 ** (-SILENCE_DB / 20)
_CHUNK = 2**20


def snr_db(estimate: ArrayLike, reference: ArrayLike) -> float:
    """Signal-to-noise ratio, 10 lg (‖reference‖² / ‖estimate − reference‖²), −200 … 200 dB."""
    signal = noise = 0.0
    for e, r in _chunks(*check_pair(estimate, reference)):
        signal += float(np.sum(r * r))
        noise += float(np.sum((e - r) ** 2))
    return _ratio_db(signal, noise)


def si_sdr_db(estimate: ArrayLike, reference: ArrayLike) -> float:
    """Scale-invariant signal-to-distortion ratio, −200 … 200 dB: the SNR after the reference is scaled to fit best.

    No mean is removed. Le Roux, Wisdom, Erdogan, Hershey: "SDR — half-baked or well done?", ICASSP 2019.
    """
    e_all, r_all = check_pair(estimate, reference)
    dot = energy = estimate_energy = 0.0
    for e, r in _chunks(e_all, r_all):
        dot += float(np.sum(e * r))
        energy += float(np.sum(r * r))
        estimate_energy += float(np.sum(e * e))
    if energy == 0 or estimate_energy == 0:
        return -SILENCE_DB if energy == estimate_energy else SILENCE_DB
    scale = dot / energy
    distortion = sum(float(np.sum((e - scale * r) ** 2)) for e, r in _chunks(e_all, r_all))
    return _ratio_db(scale * scale * energy, distortion)


def spectral_convergence(estimate: ArrayLike, reference: ArrayLike) -> float:
    """‖|S| − |Ŝ|‖ / ‖|S|‖ (Frobenius) of the STFT magnitudes, mean over windows of 512, 1024 and 2048 samples with a
    hop of a quarter.

    0 is perfect, silence scores 1; limited to 1e10, which is what anything but silence scores against silence.
    Sturmel & Daudet: "Signal reconstruction from STFT magnitude: a state of the art", DAFx 2011.
    """
    e, r = check_pair(estimate, reference)
    return sum(_convergence(e, r, n_fft) for n_fft in RESOLUTIONS) / len(RESOLUTIONS)


def _convergence(estimate: Audio, reference: Audio, n_fft: int) -> float:
    difference = total = 0.0
    for e, r in _magnitudes(estimate, reference, n_fft):
        difference += float(np.sum((e - r) ** 2, dtype=np.float64))
        total += float(np.sum(r * r, dtype=np.float64))
    if difference == 0:
        return 0.0
    return min(_LIMIT, (difference / total) ** 0.5) if total > 0 else _LIMIT


def log_spectral_distance_db(estimate: ArrayLike, reference: ArrayLike) -> float:
    """Root mean square over the bins of a frame of the difference of the two spectra in dB, mean over frames (STFT
    2048, hop 512).

    Magnitudes are held above a floor 80 dB below the reference's largest, so that what nobody hears counts for nothing;
    0 is perfect. Gray & Markel: "Distance measures for speech processing", IEEE Trans. ASSP 24 (1976).
    """
    e_all, r_all = check_pair(estimate, reference)
    peak = max(float(r.max(initial=0)) for _, r in _magnitudes(e_all, r_all, 2048))
    floor = np.float32(max(peak * 1e-4, 1e-10))
    total, n_frames = 0.0, 0
    for e, r in _magnitudes(e_all, r_all, 2048):
        decibels = 20 * np.log10(np.maximum(e, floor) / np.maximum(r, floor))
        per_frame = np.sqrt(np.mean(decibels * decibels, axis=-1))
        total += float(np.sum(per_frame, dtype=np.float64))
        n_frames += per_frame.size
    return total / n_frames


def compare(estimate: ArrayLike, reference: ArrayLike) -> dict[str, float]:
    """All measures of this file by name."""
    pair = check_pair(estimate, reference)
    return {
        measure.__name__: measure(*pair)
        for measure in (snr_db, si_sdr_db, spectral_convergence, log_spectral_distance_db)
    }


def check_pair(
    estimate: ArrayLike,
    reference: ArrayLike,
    estimate_rate_hz: float | None = None,
    reference_rate_hz: float | None = None,
) -> tuple[Audio, Audio]:
    """The two as `(channels, n)`; ParameterError, saying what differs, unless they agree in channels, length and
    (where given) sample rate.
    """
    e, r = _as_audio(estimate, "estimate"), _as_audio(reference, "reference")
    if estimate_rate_hz != reference_rate_hz:
        raise ParameterError(
            f"the estimate has {estimate_rate_hz} samples per second, the reference {reference_rate_hz}: resample "
            "one "
            "of them"
        )
    if len(e) != len(r):
        raise ParameterError(f"the estimate has {_count(len(e), 'channel')}, the reference {len(r)}")
    if e.shape != r.shape:
        raise ParameterError(f"the estimate has {_count(e.shape[1], 'sample')}, the reference {r.shape[1]}")
    return e, r


def _as_audio(audio: ArrayLike, name: str) -> Audio:
    array = np.asarray(audio)
    if array.dtype.kind not in "fi" or array.ndim not in (1, 2) or (array.ndim == 2 and len(array) == 0):
        raise ParameterError(
            f"the {name} must be numbers of shape (n,) or (channels, n), not {array.dtype} of shape {array.shape}"
        )
    array = array[np.newaxis] if array.ndim == 1 else array
    if array.dtype.kind == "i":
        array = array.astype(np.float64)
    for first in range(0, array.shape[1], _CHUNK):
        if not np.isfinite(array[:, first : first + _CHUNK]).all():
            raise ParameterError(f"the {name} holds NaN or infinities")
    return array


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _chunks(estimate: Audio, reference: Audio) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for first in range(0, reference.shape[1], _CHUNK):
        yield (
            estimate[:, first : first + _CHUNK].astype(np.float64),
            reference[:, first : first + _CHUNK].astype(np.float64),
        )


def _magnitudes(
    estimate: Audio, reference: Audio, n_fft: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    for e, r in zip(stft_blocks(estimate, n_fft, n_fft // 4), stft_blocks(reference, n_fft, n_fft // 4), strict=True):
        yield np.abs(e), np.abs(r)


def _ratio_db(signal: float, noise: float) -> float:
    if noise == 0:
        return -SILENCE_DB
    return min(-SILENCE_DB, power_to_db(signal / noise)) if signal > 0 else SILENCE_DB
