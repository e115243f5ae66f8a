"""Noise-to-mask ratio: how far the error of a copy lies above or below what the recording masks.

The FFT ear model and the ratio of the basic version of PEAQ (Recommendation ITU-R BS.1387-2, annex 2, sections 2.1 and
4.5; P. Kabal: "An examination and interpretation of ITU-R BS.1387", McGill University 2003): spectra of 2048 samples at
48 kHz, outer and middle ear, 109 bands a quarter of a Bark wide, internal noise, spreading over bands and in time. It
shares no code and no constant with the model that encoders choose atoms by.

Noise that stands for noise (a `texture`) is an error as large as itself, and says nothing: the ratio is taken over
bands and frames in which it does not stand, and the share of energy in which it does is given beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.resample import resample_blocks
from motes.errors import ParameterError
from motes.metrics.signal import check_pair

if TYPE_CHECKING:
    from motes.scene.scene import Scene

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
RATE_HZ, N_FFT, HOP = 48000, 2048, 1024
LOWEST_HZ, HIGHEST_HZ, BARK = 80.0, 18000.0, 0.25
# Sound pressure level that a sinusoid at full scale is played at; the recommendation's own.
FULL_SCALE_DB_SPL = 92.0
# Above this a frame is disturbed, says the recommendation.
DISTURBED_DB = 1.5
# What silence gives, and perfection.
LOWEST_DB = -200.0
_TINY = 1e-12
_EXPONENT = 0.4  # by which spread powers add up
# Slope upward beyond levels that anyone listens at, in dB per Bark.
_FLATTEST_DB = -0.5
_BLOCK = 2**16  # samples at once, so that an hour needs no more memory than a minute


def noise_to_mask(
    estimate: ArrayLike,
    reference: ArrayLike,
    sample_rate_hz: int,
    substituted: Mask | None = None,
    full_scale_db_spl: float = FULL_SCALE_DB_SPL,
) -> dict[str, float]:
    """Error over masked threshold by names: `noise_to_mask_db`, 10 lg of the mean ratio over bands and frames (0: as
    loud as what is just masked; −200 … 200), and `disturbed_frames`, the share of frames with a band above 1.5 dB.

    Both are `(n,)` or `(channels, n)`; given are means over channels. `substituted`, `(channels, n_frames, 109)` as
    `substituted_cells` gives it, leaves its bands and frames out and adds `energy_substituted`, the share of the
    reference's energy in them, 0 … 1, weighted as the outer ear does. Bands above half the sample rate do not count.
    ParameterError where the two cannot be compared, or the mask has another shape.
    """
    e, r = check_pair(estimate, reference)
    left_out = np.zeros((len(r), n_frames_of(r.shape[1], sample_rate_hz), ear().n_bands), np.bool_)
    if substituted is not None and np.shape(substituted) != left_out.shape:
        raise ParameterError(f"the mask of substituted cells has shape {np.shape(substituted)}, not {left_out.shape}")
    left_out = left_out if substituted is None else substituted
    by_channel = [
        _of_channel(*pair, cells, sample_rate_hz, full_scale_db_spl)
        for pair, cells in zip(zip(e, r, strict=True), left_out, strict=True)
    ]
    level, disturbed, energy, replaced = np.array(by_channel).T
    result = {"noise_to_mask_db": float(level.mean()), "disturbed_frames": float(disturbed.mean())}
    if substituted is not None:
        total = float(energy.sum())
        result["energy_substituted"] = float(replaced.sum()) / total if total > 0 else 0.0
    return result


def ratios(
    estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int, full_scale_db_spl: float = FULL_SCALE_DB_SPL
) -> Array:
    """Error over masked threshold of one channel in every frame and band, `(n_frames, n_bands)`, as a ratio of powers.

    Frames of 2048 samples at 48 kHz are centred on every 1024th; bands end below half the sample rate.
    """
    e, r = check_pair(estimate, reference)
    return np.concatenate([noise / mask for noise, mask, _ in _frames(e[0], r[0], sample_rate_hz, full_scale_db_spl)])


def substituted_cells(rendered: ArrayLike, without_texture: ArrayLike, sample_rate_hz: int) -> Mask:
    """Where noise stands for the recording: bands and frames, `(channels, n_frames, 109)`, in which what a scene's
    textures add has more power than all else that it renders, `without_texture`.
    """
    whole, rest = check_pair(rendered, without_texture)
    return np.array(
        [
            np.concatenate(
                [a > b for a, b in zip(_powers(w - o, sample_rate_hz), _powers(o, sample_rate_hz), strict=True)]
            )
            for w, o in zip(whole, rest, strict=True)
        ]
    )


def silenced_textures(scene: Scene) -> NDArray[np.float32]:
    """What a scene renders without its textures, `(channels, n)`: the second argument of `substituted_cells`."""
    none = scene.texture.take(np.zeros(len(scene.texture), np.bool_))
    return np.atleast_2d(scene.with_tables([none]).render())


def n_frames_of(n_samples: int, sample_rate_hz: int) -> int:
    """Number of frames of a recording."""
    return -(-n_samples * RATE_HZ // sample_rate_hz) // HOP + 1


def _of_channel(
    estimate: NDArray[Any], reference: NDArray[Any], left_out: Mask, sample_rate_hz: int, full_scale_db_spl: float
) -> tuple[float, float, float, float]:
    """Level of the mean ratio in dB, share of disturbed frames, energy, and energy left out."""
    total, n_cells, n_disturbed, n_frames, energy, replaced = 0.0, 0, 0, 0, 0.0, 0.0
    for noise, mask, power in _frames(estimate, reference, sample_rate_hz, full_scale_db_spl):
        out = left_out[n_frames : n_frames + len(noise), : noise.shape[1]]
        ratio = np.where(out, 0.0, noise / mask)
        total += float(ratio.sum())
        n_cells += int(np.sum(~out))
        n_disturbed += int(np.sum(ratio.max(1, initial=0.0) > 10 ** (DISTURBED_DB / 10)))
        n_frames += len(noise)
        energy += float(power.sum())
        replaced += float(power[out].sum())
    mean = total / max(n_cells, 1)
    level_db = min(-LOWEST_DB, max(LOWEST_DB, 10 * np.log10(mean))) if mean > 0 else LOWEST_DB
    return level_db, n_disturbed / max(n_frames, 1), energy, replaced


def _frames(
    estimate: NDArray[Any], reference: NDArray[Any], sample_rate_hz: int, full_scale_db_spl: float
) -> Iterator[tuple[Array, Array, Array]]:
    """Power of the error, masked threshold, and power of the reference, in bands, some frames at a time."""
    model = ear()
    n_bands = max(1, int(np.sum(model.high_hz <= sample_rate_hz / 2 + 1e-9)))
    gain = model.gain(full_scale_db_spl)
    before = np.zeros(model.n_bands)
    for e, r in zip(magnitudes(estimate, sample_rate_hz), magnitudes(reference, sample_rate_hz), strict=True):
        e, r = e * gain, r * gain
        power = model.banded(r * r)
        excitation, before = model.after(model.spread(power + model.internal_noise), before)
        noise = model.banded((r - e) ** 2)
        yield noise[:, :n_bands], (excitation * model.mask_offset)[:, :n_bands], power[:, :n_bands]


def _powers(audio: NDArray[Any], sample_rate_hz: int) -> Iterator[Array]:
    model = ear()
    for each in magnitudes(audio, sample_rate_hz):
        yield model.banded(np.square(each * model.gain(FULL_SCALE_DB_SPL)))


def magnitudes(audio: NDArray[Any], sample_rate_hz: int) -> Iterator[Array]:
    """Magnitudes at 48 kHz, some frames at a time, `(n, 1025)`: frame t is centred on sample 1024 · t."""
    import scipy.fft

    left = n_frames_of(len(audio), sample_rate_hz)
    mono = np.asarray(audio, np.float32)[np.newaxis]
    blocks = (mono[:, first : first + _BLOCK] for first in range(0, mono.shape[1], _BLOCK))
    ended = [np.zeros((1, N_FFT), np.float32)]
    waiting = np.zeros(HOP, np.float32)
    for block in chain(resample_blocks(blocks, 1, sample_rate_hz, RATE_HZ), ended):
        waiting = np.concatenate([waiting, block[0]])
        n = min(left, (len(waiting) - N_FFT) // HOP + 1)
        if n > 0:
            frames = np.lib.stride_tricks.sliding_window_view(waiting, N_FFT)[: n * HOP : HOP]
            yield np.abs(scipy.fft.rfft(frames * ear().window, axis=-1))
            waiting, left = waiting[n * HOP :], left - n


@dataclass(frozen=True, eq=False)
class Ear:
    """The recommendation's tables, from its formulas."""

    # Edges and centres of the bands.
    low_hz: Array
    high_hz: Array
    centre_hz: Array
    window: Array
    # Gains of magnitudes, by bin: outer and middle ear.
    outer_ear: Array
    # Which share of each bin lies in each band: `(n_bins, n_bands)`.
    shares: Array
    internal_noise: Array
    # What of an excitation is masked threshold.
    mask_offset: Array
    # What is left of an excitation a hop later.
    kept: Array

    @property
    def n_bands(self) -> int:
        """109."""
        return len(self.centre_hz)

    def gain(self, full_scale_db_spl: float) -> Array:
        """Gains by bin, at which a sinusoid at full scale and 1019.5 Hz has this level."""
        largest = 0.8497176 * (N_FFT - 1) / 4  # magnitude of it where it lies worst between bins
        return self.outer_ear * (10 ** (full_scale_db_spl / 20) / largest)

    def banded(self, power: Array) -> Array:
        """Power in bands, `(n_frames, n_bands)`, never quite zero."""
        return np.maximum(power @ self.shares, _TINY)

    def spread(self, power: Array) -> Array:
        """Excitation over bands: what every band spreads to all others, wider upward the louder it is."""
        return self._spread(power) / self._spread(np.ones((1, self.n_bands)))

    def _spread(self, power: Array) -> Array:
        n = self.n_bands
        upward_db = -24 - 230 / self.centre_hz + 0.2 * 10 * np.log10(power)  # per Bark, from each band
        down, up = 10 ** (-27 * BARK / 10), 10 ** (np.minimum(upward_db, _FLATTEST_DB) * BARK / 10)
        spread = (1 - down ** np.arange(1, n + 1)) / (1 - down) + (1 - up ** np.arange(n, 0, -1)) / (1 - up) - 1
        peak = (power / spread) ** _EXPONENT
        total, above, below = peak.copy(), peak, np.zeros(len(power))
        down, up = down**_EXPONENT, up**_EXPONENT
        for distance in range(1, n):
            above = above[:, :-1] * up[:, : n - distance]
            total[:, distance:] += above
        for band in range(n - 2, -1, -1):
            below = (below + peak[:, band + 1]) * down
            total[:, band] += below
        return total ** (1 / _EXPONENT)

    def after(self, excitation: Array, before: Array) -> tuple[Array, Array]:
        """Excitation that dies away in time, and the state that it leaves."""
        kept, result = self.kept, np.empty_like(excitation)
        for i, now in enumerate(excitation):
            before = kept * before + (1 - kept) * now
            result[i] = np.maximum(before, now)
        return result, before


@cache
def ear() -> Ear:
    """The model at 48 kHz."""
    khz = np.maximum(np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT, 1e-3) / 1000
    outer_db = -0.6 * 3.64 * khz**-0.8 + 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) - 1e-3 * khz**3.6
    low_bark, high_bark = (7 * np.arcsinh(hz / 650) for hz in (LOWEST_HZ, HIGHEST_HZ))
    n_bands = int(np.ceil((high_bark - low_bark) / BARK))
    edges = np.minimum(low_bark + BARK * np.arange(n_bands + 1), high_bark)
    low_hz, high_hz = 650 * np.sinh(edges[:-1] / 7), 650 * np.sinh(edges[1:] / 7)
    centre_hz = 650 * np.sinh((edges[:-1] + edges[1:]) / 2 / 7)
    width = RATE_HZ / N_FFT
    below, above = ((np.arange(N_FFT // 2 + 1)[:, np.newaxis] + side) * width for side in (-0.5, 0.5))
    shares = np.maximum(0, np.minimum(high_hz, above) - np.maximum(low_hz, below)) / width
    bark = np.arange(n_bands) * BARK
    decay_s = 0.008 + 100 / centre_hz * (0.030 - 0.008)
    return Ear(
        low_hz=low_hz,
        high_hz=high_hz,
        centre_hz=centre_hz,
        window=np.hanning(N_FFT),
        outer_ear=10 ** (outer_db / 20),
        shares=shares,
        internal_noise=10 ** (0.1456 * (centre_hz / 1000) ** -0.8),
        mask_offset=10 ** (-np.where(bark <= 12, 3.0, 0.25 * bark) / 10),
        kept=np.exp(-HOP / RATE_HZ / decay_s),
    )
