"""Whether a scene is transparent: no error above the mask where waveform is coded, and where noise stands for it, the
recording is noise too, of the same level.

Cells are bands in frames of 2048 samples at 48 kHz, 21 ms apart. Where waveform is coded they are the 109 bands of the
noise-to-mask ratio (ITU-R BS.1387), where noise stands they are a band for each ERB. A cell that noise fills is in
order if its error is masked; or if the recording is noise there by its spectral flatness (Johnston 1988) and the levels
of both differ by no more than 1.5 dB beyond what two samples of the same noise differ by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.residual import residual_blocks
from motes.metrics.noise_to_mask import N_FFT, RATE_HZ, ear, magnitudes, ratios, substituted_cells
from motes.scene.scene import Scene
from motes.units import erb_rate

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
# So large a part of the cells of either sort need not be in order.
MOST_FAULTS = 0.005
# Blocks of a recording that are looked at together; what they mask does not reach over their ends.
BLOCKS_AT_ONCE = 16
# Levels may differ by this, and by so many standard deviations of what chance makes of it.
LEVEL_DB = 1.5
DEVIATIONS = 2.0
# Mean logarithm of powers over the logarithm of their mean: -2.5 dB for Gaussian noise, tones lie below -15.
LEAST_FLATNESS_DB = -7.0
# Fewer bins than this say nothing of flatness: what stands there as noise has to be masked.
FEWEST_BINS = 4
# Frames over which flatness is averaged.
FLATNESS_FRAMES = 3


@dataclass(frozen=True, eq=False)
class Faults:
    """How many cells of each channel are not in order, `(n_channels,)` each."""

    # Cells in which waveform is coded, and those of them with an error above the mask.
    n_coded: Array
    n_audible: Array
    # Bands of an ERB in all frames, those in which noise stands, and those of them that are no noise in the recording,
    # or of another level.
    n_bands: Array
    n_noise: Array
    n_replaced: Array

    def __add__(self, other: Faults) -> Faults:
        return Faults(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Faults)))

    @property
    def audible(self) -> float:
        """The part of the cells in which waveform is coded that has an error above the mask, of the worst channel."""
        return float(np.max(self.n_audible / np.maximum(self.n_coded, 1)))

    @property
    def replaced(self) -> float:
        """The part of all bands of an ERB in which noise stands for something else, of the worst channel."""
        return float(np.max(self.n_replaced / np.maximum(self.n_bands, 1)))

    @property
    def are_few(self) -> bool:
        """Whether so few cells are not in order that the scene counts as transparent."""
        return max(self.audible, self.replaced) <= MOST_FAULTS


def faults_of(scene: Scene, source: Source) -> Faults:
    """What may be audible of a scene's differences from its recording; memory does not grow with length."""
    none = scene.texture.take(np.zeros(len(scene.texture), np.bool_))
    streams = source.blocks(), residual_blocks(scene, source), residual_blocks(scene.with_tables([none]), source)
    found = Faults(*np.zeros((5, scene.n_channels)))
    blocks = zip(*streams, strict=True)
    while some := list(islice(blocks, BLOCKS_AT_ONCE)):
        recording, residual, more = (np.concatenate(parts, axis=1) for parts in zip(*some, strict=True))
        found += faults(recording - residual, recording - more, recording, scene.sample_rate_hz)
    return found


def faults(rendered: Array, without_texture: Array, recording: Array, sample_rate_hz: int) -> Faults:
    """What may be audible of a render's differences from a recording, all `(n_channels, n)`; `without_texture` is the
    render without its noise.
    """
    audio = zip(rendered, without_texture, recording, strict=True)
    return Faults(*np.array([_of_channel(*each, sample_rate_hz) for each in audio]).T)


def _of_channel(rendered: Array, without_texture: Array, recording: Array, sample_rate_hz: int) -> tuple[int, ...]:
    above = ratios(rendered[None], recording[None], sample_rate_hz) > 1
    noise = substituted_cells(rendered[None], without_texture[None], sample_rate_hz)[0][:, : above.shape[1]]
    erb, n_bins = _erb_bands(sample_rate_hz)
    # An ERB band is noise, and above the mask, where most of the narrower bands within it are.
    at = np.floor(erb_rate(ear().centre_hz[: above.shape[1]])).astype(np.int64).clip(0, len(n_bins) - 1)
    width = np.maximum(np.bincount(at, minlength=len(n_bins)), 1)
    is_noise, is_above = (_summed(cells, at, len(n_bins)) * 2 > width for cells in (noise, noise & above))
    same = np.concatenate([*_same_noise(rendered, recording, erb, n_bins, sample_rate_hz)])
    wrong = is_noise & is_above & ~same
    coded = ~noise
    return coded.sum(), (above & coded).sum(), is_noise.size, is_noise.sum(), wrong.sum()


def _summed(cells: NDArray[np.generic], band: NDArray[np.int64], n_bands: int) -> Array:
    """Sums over the columns of `(n, columns)` that are of each band."""
    member = (band[:, None] == np.arange(n_bands)).astype(np.float64)
    return np.asarray(cells, np.float64) @ member


def _same_noise(
    rendered: Array, recording: Array, erb: NDArray[np.int64], n_bins: Array, sample_rate_hz: int
) -> Iterator[Mask]:
    """In which frames and ERB bands the recording is noise, and the render of its level, some frames at a time."""
    tolerance_db = LEVEL_DB + DEVIATIONS * _chance_db(n_bins)
    for a, b in zip(magnitudes(rendered, sample_rate_hz), magnitudes(recording, sample_rate_hz), strict=True):
        powers = [_summed(np.square(x), erb, len(n_bins)) + 1e-20 for x in (a, b)]
        level_db = 10 * np.abs(np.log10(powers[0] / powers[1]))
        logs = _summed(10 * np.log10(np.square(b) + 1e-20), erb, len(n_bins))
        flatness_db = logs / np.maximum(n_bins, 1) - 10 * np.log10(powers[1] / np.maximum(n_bins, 1))
        half = FLATNESS_FRAMES // 2
        padded = np.pad(flatness_db, ((half, half), (0, 0)), mode="edge")
        flatness_db = np.mean([padded[i : i + len(b)] for i in range(FLATNESS_FRAMES)], axis=0)
        yield (level_db <= tolerance_db) & (flatness_db >= LEAST_FLATNESS_DB) & (n_bins >= FEWEST_BINS)


def _erb_bands(sample_rate_hz: int) -> tuple[NDArray[np.int64], Array]:
    """The ERB band of each bin, and how many bins each band has; bins above half the sample rate are in none."""
    hz = np.arange(N_FFT // 2 + 1) * (RATE_HZ / N_FFT)
    band = np.floor(erb_rate(hz)).astype(np.int64)
    inside = hz < min(sample_rate_hz / 2, float(ear().high_hz[-1]))
    n_bands = int(band[inside].max()) + 1
    band = np.where(inside, band, -1)
    return band, np.bincount(band[inside], minlength=n_bands).astype(np.float64)


def _chance_db(n_bins: Array) -> Array:
    """Standard deviation of the difference of two samples' levels of the same noise, in bands of so many bins: those
    of a Hann window hold 2/3 as many independent values.
    """
    from scipy.special import polygamma

    return 10 / np.log(10) * np.sqrt(2 * polygamma(1, np.maximum(n_bins * (2 / 3), 1.0)))
