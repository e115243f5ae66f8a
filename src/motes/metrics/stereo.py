"""Where a stereo image lies and how wide it is: level differences and coherence between channels, compared in ERB bands
over time.

Both are the cues by which spatial coders describe an image (Breebaart, van de Par, Kohlrausch & Schuijers: "Parametric
coding of stereo audio", EURASIP JASP 2005; Faller & Baumgarte: "Binaural cue coding", IEEE Trans. SAP 2003). They are
taken over a few tenths of a second, as slowly as the ear follows a moving image (Grantham & Wightman 1978); over less,
the cues of noise are chance, and two noises of the same width would differ.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.errors import ParameterError
from motes.metrics.signal import check_pair
from motes.stft import stft_blocks
from motes.units import erb_rate, erb_rate_to_hz

Array = NDArray[np.float64]
LOWEST_HZ, HIGHEST_HZ = 50.0, 16000.0
# Of a spectrum, at most (a power of two of samples); and of the Hann window over which cues are averaged.
FRAME_S, AVERAGED_S = 0.093, 0.5
# A source further to one side than this is at that side.
LARGEST_ILD_DB = 30.0
# Bands further below the loudest band and frame of the reference do not count.
AUDIBLE_DB = -60.0
# Longer recordings are taken in pieces of equal length, none longer than this: memory is bounded.
PIECE_S = 30.0


def stereo_errors(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> dict[str, float]:
    """How far inter-channel level difference and coherence are from the reference's, over ERB bands: `ild_error_db`,
    `coherence_error`, `…_worst`.

    Both are `(channels, n)` with two channels or more; each further channel is compared with the first. In every band
    of one ERB from 50 Hz to 16 kHz, and every frame, the level difference 10 lg(E₂/E₁) is held within ± 30 dB, and
    coherence is |Σ X₂ X₁*| / √(E₁ E₂), 0 … 1, both averaged over half a second. The absolute differences are weighted
    by the reference's energy in the band over time; given are the mean over all bands that hold anything, and the worst
    band. 0 is perfect. ParameterError where the two cannot be compared, or are mono.
    """
    by_band = errors_by_band(estimate, reference, sample_rate_hz)
    result = {}
    for name, errors in by_band.items():
        defined = errors[np.isfinite(errors)]
        result[name] = float(defined.mean()) if defined.size else 0.0
        result[f"{name}_worst"] = float(defined.max(initial=0.0))
    return result


def errors_by_band(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> dict[str, Array]:
    """Both errors for each pair of channels and band, `(n_channels − 1, n_bands)`; NaN where the reference holds
    nothing.
    """
    e, r = check_pair(estimate, reference)
    if len(r) < 2:
        raise ParameterError("one channel has no stereo image: both recordings need two channels or more")
    n_fft = 2 ** max(5, int(np.log2(max(1.0, FRAME_S * sample_rate_hz))))
    edges = band_edges(n_fft, sample_rate_hz)
    cuts = np.linspace(0, e.shape[1], max(1, int(np.ceil(e.shape[1] / (PIECE_S * sample_rate_hz)))) + 1).astype(int)
    found = [[_energies(x[:, a:b], n_fft, sample_rate_hz, edges) for x in (e, r)] for a, b in pairwise(cuts.tolist())]
    floor = max(float(reference_energy.max(initial=0.0)) for _, (reference_energy, _) in found) * 10 ** (
        AUDIBLE_DB / 10
    )
    total, level, width = (np.zeros((len(r) - 1, len(edges) - 1)) for _ in range(3))
    for (e_energy, e_cross), (r_energy, r_cross) in found:
        loud = np.maximum(r_energy[:1], r_energy[1:])
        weight = np.where(loud > floor, loud, 0.0)
        total += weight.sum(axis=1)
        level += np.sum(weight * np.abs(_ild_db(e_energy) - _ild_db(r_energy)), axis=1)
        width += np.sum(weight * np.abs(_coherence(e_energy, e_cross) - _coherence(r_energy, r_cross)), axis=1)
    with np.errstate(invalid="ignore"):
        return {"ild_error_db": level / total, "coherence_error": width / total}


def band_edges(n_fft: int, sample_rate_hz: int) -> NDArray[np.int64]:
    """First bins of bands one ERB wide, and one past the last: `(n_bands + 1,)`; low bands that hold no bin of
    their own are joined.
    """
    highest = min(HIGHEST_HZ, sample_rate_hz / 2)
    rates = np.arange(float(erb_rate(LOWEST_HZ)), max(float(erb_rate(highest)), float(erb_rate(LOWEST_HZ)) + 1) + 1e-9)
    edges_hz = erb_rate_to_hz(rates)
    return np.unique(np.ceil(edges_hz * n_fft / sample_rate_hz).astype(np.int64).clip(0, n_fft // 2 + 1))


def _energies(
    audio: NDArray[Any], n_fft: int, sample_rate_hz: int, edges: NDArray[np.int64]
) -> tuple[Array, NDArray[np.complex128]]:
    """Averaged energy of each channel, `(n_channels, n_frames, n_bands)`, and the products of each further channel
    with the first.
    """
    hop = n_fft // 4
    energies, crosses = [], []
    for spectra in stft_blocks(audio, n_fft, hop):
        power = np.square(np.abs(spectra), dtype=np.float64)
        energies.append(_banded(power, edges))
        crosses.append(_banded((spectra[1:] * np.conj(spectra[:1])).astype(np.complex128), edges))
    half = max(1, round(AVERAGED_S / 2 * sample_rate_hz / hop))
    window = np.hanning(2 * half + 1)[1:-1]
    energy, cross = (np.concatenate(parts, axis=1) for parts in (energies, crosses))
    return _averaged(energy, window), _averaged(cross, window)


def _banded(values: NDArray[Any], edges: NDArray[np.int64]) -> NDArray[Any]:
    return np.add.reduceat(values[..., : edges[-1]], edges[:-1], axis=-1)


def _averaged(values: NDArray[Any], window: Array) -> NDArray[Any]:
    """A weighted sum over neighbouring frames; nothing sounds beyond the ends."""
    margin = len(window) // 2
    padded = np.pad(values, ((0, 0), (margin, margin), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, len(window), axis=1) @ window


def _ild_db(energy: Array) -> Array:
    """Level of each further channel over the first's."""
    tiny = 1e-30
    return np.clip(10 * np.log10((energy[1:] + tiny) / (energy[:1] + tiny)), -LARGEST_ILD_DB, LARGEST_ILD_DB)


def _coherence(energy: Array, cross: NDArray[np.complex128]) -> Array:
    return np.abs(cross) / np.maximum(np.sqrt(energy[1:] * energy[:1]), 1e-30)
