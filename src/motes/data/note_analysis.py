"""The sound of one note taken apart: its partials, their amplitudes over time, and the noise beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Everything is analysed at this rate.
RATE_HZ = 22050
N_PARTIALS = 32
# Edges of the bands of the noise, in Hz.
BAND_HZ = np.array([0.0, 100, 200, 400, 800, 1600, 3200, 5600, 8000, 11025])
N_BANDS = len(BAND_HZ) - 1
# Cells of time: from the onset, back from the end, and behind it.
N_EARLY, N_LATE, N_AFTER = 18, 12, 3
N_CELLS = N_EARLY + N_LATE + N_AFTER
# A note ends where it has fallen by this.
END_DB = 40.0
# Samples of a block of the envelope.
BLOCK = 64
HOP = 512
# Inharmonicities that are tried.
STIFFNESS = np.concatenate([[0.0], np.geomspace(2e-5, 6e-3, 14)])
# Part of a band's power that has to stand above the noise if it is a partial's.
LINE = 0.75


@dataclass(frozen=True)
class NoteAnalysis:
    """One note: its envelope in numbers, its spectrum over cells of time. Amplitudes are RMS, of full scale."""

    pitch_hz: float
    loudness_db: float
    length_s: float
    t60_s: float
    attack_s: float
    centroid_hz: float
    # 0 … 1, the share of its energy beside the partials.
    noise: float
    # Of partial k to `pitch_hz`, `(N_PARTIALS,)`.
    ratio: Array
    # Edges of the cells in seconds, `(N_CELLS + 1,)`.
    edges_s: Array
    # `(N_PARTIALS, N_CELLS)`.
    partials: Array
    # `(N_BANDS, N_CELLS)`.
    bands: Array
    # Of the window that the cells were seen through.
    window_s: float


def analyse_note(sound: Any, sample_rate_hz: int, pitch_hz: float | None) -> NoteAnalysis:
    """Take a note apart, `(n,)`, that begins with its onset; `pitch_hz` is None for what has no pitch."""
    x = _resampled(np.asarray(sound, np.float64), sample_rate_hz)
    envelope = _envelope(x, pitch_hz)
    length_s, t60_s, attack_s = _shape(envelope)
    x = x[: int((1.3 * length_s + 0.3) * RATE_HZ)]
    centre_hz = _centre_hz(x) if pitch_hz is None else pitch_hz
    n_fft = _n_fft(centre_hz, 512 if pitch_hz is None else 1024)
    at_s, power = _frames(x, n_fft)
    weight = np.gradient(at_s)
    mean = weight @ power
    f0, ratio, low, high = _partials(mean, max(centre_hz, 20.0), n_fft, pitch_hz is not None)
    partials, bands = _split(power, low, high, RATE_HZ / n_fft)
    edges_s, magnitude = cells(length_s), np.sqrt(mean)
    hz = np.arange(len(mean)) * (RATE_HZ / n_fft)
    return NoteAnalysis(
        pitch_hz=f0,
        loudness_db=float(10 * np.log10(max(_loudest(x), 1e-20))),
        length_s=length_s,
        t60_s=t60_s,
        attack_s=attack_s,
        centroid_hz=float(np.sum(magnitude * hz) / max(float(magnitude.sum()), 1e-15)),
        noise=float(np.sum(weight @ bands) / max(float(mean.sum()), 1e-30)),
        ratio=ratio,
        edges_s=edges_s,
        partials=_in_cells(at_s, np.sqrt(partials), edges_s),
        bands=_in_cells(at_s, np.sqrt(bands), edges_s),
        window_s=n_fft / RATE_HZ,
    )


def _split(power: Array, low: Any, high: Any, bin_hz: float) -> tuple[Array, Array]:
    """Power of the partials in each frame, `(n_frames, N_PARTIALS)`, and of what lies beside them, by bands,
    `(n_frames, N_BANDS)`.
    """
    running = _running(power)
    inside = np.zeros(power.shape[1] + 1)
    np.add.at(inside, low, 1.0)
    np.add.at(inside, high, -1.0)
    beside = _running(power * (np.cumsum(inside)[:-1] == 0))
    place = np.minimum(np.ceil(BAND_HZ / bin_hz).astype(int), power.shape[1])
    return np.maximum(running[:, high] - running[:, low], 0.0), np.maximum(np.diff(beside[:, place], axis=1), 0.0)


def _running(power: Array) -> Array:
    """Sums up to each bin, from 0 on."""
    return np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)


def cells(length_s: float) -> Array:
    """Edges of the cells of time of a note of this length: narrow at its onset and about its end."""
    middle = 0.55 * length_s
    early = np.geomspace(0.2, 1.2, N_EARLY + 1) ** 3
    early = (early - early[0]) / (early[-1] - early[0]) * middle
    late = np.geomspace(0.25, 1.2, N_LATE + 1) ** 2
    late = length_s - (late - late[0]) / (late[-1] - late[0]) * (length_s - middle)
    after = length_s + np.array([0.04, 0.1, 0.2]) * (0.5 + length_s)
    return np.concatenate([early, late[-2::-1], after])


def _resampled(x: Array, sample_rate_hz: int) -> Array:
    if sample_rate_hz == RATE_HZ:
        return x
    import soxr

    return np.asarray(soxr.resample(x, sample_rate_hz, RATE_HZ), np.float64)


def _n_fft(pitch_hz: float, least: int) -> int:
    """A window in which partials lie four bins apart or more, as far as 186 ms go."""
    return int(np.clip(2 ** np.ceil(np.log2(4.5 * RATE_HZ / max(pitch_hz, 1.0))), least, 4096))


def _centre_hz(x: Array) -> float:
    """The mean of a spectrum in octaves, weighted by power."""
    power = np.abs(np.fft.rfft(x, 1 << max(len(x), 2).bit_length()))[1:] ** 2
    hz = np.arange(1, len(power) + 1) * (0.5 * RATE_HZ / len(power))
    return float(np.exp2(np.sum(power * np.log2(hz)) / max(float(power.sum()), 1e-30))) if power.sum() > 0 else 1000.0


@lru_cache(8)
def _window(n_fft: int) -> Array:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n_fft) + 0.5) / n_fft))


def _envelope(x: Array, pitch_hz: float | None) -> Array:
    """Mean power of blocks, averaged over a period at least."""
    n = -(-len(x) // BLOCK) + 2
    padded = np.zeros(n * BLOCK)
    padded[: len(x)] = x
    power = np.mean(padded.reshape(n, BLOCK) ** 2, axis=1)
    span = max(3, int(np.ceil(RATE_HZ / max(pitch_hz or 200.0, 25.0) / BLOCK)))
    return np.asarray(np.convolve(power, np.ones(span) / span)[: len(power)])


def _loudest(x: Array) -> float:
    """Mean power of the loudest 50 ms."""
    span = RATE_HZ // 20
    running = np.concatenate([[0.0], np.cumsum(x**2), np.full(span, np.sum(x**2))])
    return float(np.max(running[span:] - running[:-span])) / span if len(x) else 0.0


def _shape(power: Array) -> tuple[float, float, float]:
    """Length, t60 while held and attack in seconds, of an envelope in blocks.

    The decay is the first of the two lines that fit the level in dB best, from its peak to its end.
    """
    block_s = BLOCK / RATE_HZ
    peak = float(power.max(initial=0.0))
    if peak <= 1e-20:
        return 0.02, 0.1, 0.003
    audible = np.flatnonzero(power > peak * 10 ** (-END_DB / 10))
    end = int(audible[-1]) + 1
    length_s = max(end * block_s, 0.02)
    loud, held = (int(np.flatnonzero(power >= part * peak)[0]) for part in (0.64, 0.9))
    quiet = int(np.flatnonzero(power >= 0.01 * peak)[0])
    attack_s = max((loud - quiet) * block_s, 0.5 * block_s)
    step = max(1, (end - held) // 60)
    level = 10 * np.log10(np.maximum(power[held:end:step], 1e-20))
    slope = _first_slope(level) / (step * block_s)
    t60_s = float(np.clip(60.0 / max(-slope, 1e-3), 0.03, 60.0))
    return length_s, t60_s, float(np.clip(attack_s, 0.0015, 2.0))


def _first_slope(level: Array) -> float:
    """Slope of the first of two lines that fit best, in dB per step."""
    n = len(level)
    if n < 6:
        return float((level[-1] - level[0]) / max(n - 1, 1))
    t = np.arange(n, dtype=np.float64)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (np.ones(n), t, t * t, level, t * level, level**2)]

    def line(first: Any, last: Any) -> tuple[Array, Array]:
        one, st, stt, sy, sty, syy = (part[last] - part[first] for part in sums)
        spread = np.maximum(stt - st * st / one, 1e-9)
        slope = (sty - st * sy / one) / spread
        return slope, np.maximum(syy - sy * sy / one - slope**2 * spread, 0.0)

    cut = np.arange(max(3, n // 8), n - 2)
    first, wrong = line(np.zeros_like(cut), cut)
    _, later = line(cut, np.full_like(cut, n))
    return float(first[int(np.argmin(wrong + later))])


def _frames(x: Array, n_fft: int) -> tuple[Array, Array]:
    """Centres in seconds and power spectra of frames, `(n_frames, n_bins)`: dense at the onset, then every `HOP`
    samples. A sinusoid's bins sum to its mean power.
    """
    import scipy.fft

    n = max(len(x), 1)
    dense = np.arange(0, min(n, 8 * HOP), HOP // 4)
    centre = np.concatenate([dense, np.arange(8 * HOP, max(n, 8 * HOP) + HOP, HOP)])
    padded = np.concatenate([np.zeros(n_fft // 2), x, np.zeros(n_fft + 2 * HOP)])
    place = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[np.minimum(centre, len(padded) - n_fft)]
    window = _window(n_fft)
    power = np.abs(scipy.fft.rfft(place * window, axis=1)) ** 2
    return centre / RATE_HZ, power * (2 / (n_fft * float(np.sum(window**2))))


def _partials(mean: Array, f0: float, n_fft: int, has_pitch: bool) -> tuple[float, Array, Any, Any]:
    """Fundamental, ratio of each partial's frequency to it, and the first and last bin of each partial, from the mean
    power of the bins: near where each is expected, the strongest bin is it.
    """
    bin_hz, top = RATE_HZ / n_fft, len(mean) - 3
    level = np.log(mean + 1e-9 * mean.max(initial=0.0) + 1e-30)
    expected = _expected(level, f0 / bin_hz, top) if has_pitch else np.arange(1.0, N_PARTIALS + 1) * (f0 / bin_hz)
    exact: Array = expected.copy()
    low, high = np.full(N_PARTIALS, top), np.full(N_PARTIALS, top)
    spacing, before = f0 / bin_hz, 0
    for i in np.flatnonzero(expected < top):
        reach = min(0.45 * spacing, 0.06 * expected[i] + 2) if i == 0 else 0.45 * spacing
        first, last = max(int(np.ceil(expected[i] - reach)), before, 1), min(int(expected[i] + reach) + 1, top)
        if last <= first:
            low[i] = high[i] = before
            continue
        away = (np.arange(first, last) - expected[i]) / (0.25 * spacing + 1)
        exact[i] = _summit(level, first + int(np.argmax(level[first:last] - 2.0 * away**2)))
        half = min(0.5 * spacing, max(2.5, 0.025 * exact[i]))
        low[i] = max(int(np.rint(exact[i] - half)), before, 0)
        high[i] = before = min(max(int(np.rint(exact[i] + half)) + 1, low[i]), top)
    if spacing >= 6:
        high = np.where(_is_line(mean, low, high, spacing), high, low)
    running = np.concatenate([[0.0], np.cumsum(mean)])
    f0 = fundamental(exact * bin_hz, running[high] - running[low], f0) if has_pitch else f0
    return f0, exact * bin_hz / f0, low, high


def _expected(level: Array, spacing: float, top: int) -> Array:
    """Where partials lie, in bins, with the inharmonicity that meets most energy."""
    k, stiff = np.arange(1, N_PARTIALS + 1), STIFFNESS[:, None]
    expected = spacing * k * np.sqrt((1 + stiff * k**2) / (1 + stiff))
    bins = np.minimum(np.rint(expected).astype(int), top)
    near = np.maximum(np.maximum(level[bins - 1], level[bins]), level[bins + 1])
    return np.asarray(expected[int(np.argmax(near[:, :20].sum(axis=1) - 0.5 * np.arange(len(STIFFNESS))))])


def _summit(level: Array, peak: int) -> float:
    """Where a parabola through a bin and its neighbours is highest."""
    left, mid, right = level[peak - 1 : peak + 2]
    bend = left - 2 * mid + right
    return peak + (float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0)


def fundamental(hz: Array, power: Array, expected_hz: float) -> float:
    """The fundamental that partials of these frequencies and powers have: the first of them, where it is strong, and
    those of the next nine that are whole multiples of it.
    """
    k = np.arange(1, 11)
    each, power = hz[:10] / k, power[:10] * (np.abs(hz[:10] / k / expected_hz - 1) < 0.02)
    near = each[0] if power[0] > 0.05 * power.sum() else expected_hz
    weight = power * k * (np.abs(each / near - 1) < (0.003 if near == each[0] else 0.015))
    return float(np.sum(weight * each) / np.sum(weight)) if np.sum(weight) > 0 else expected_hz


def _is_line(mean: Array, low: Any, high: Any, spacing: float) -> Any:
    """Whether bands stand out of the noise: most of their power is above that of the bins midway to the next."""
    running = np.concatenate([[0.0], np.cumsum(mean)])
    middle, span = 0.5 * (low + high), max(1.0, 0.1 * spacing)
    floor = []
    for side in (-0.5, 0.5):
        first = np.clip(np.rint(middle + side * spacing - span), 0, len(mean) - 1).astype(int)
        last = np.minimum(first + int(2 * span) + 1, len(mean))
        floor.append((running[last] - running[first]) / (last - first))
    return (running[high] - running[low]) * (1 - LINE) > np.minimum(*floor) * (high - low)


def _in_cells(at_s: Array, rows: Array, edges_s: Array) -> Array:
    """Means over cells of what runs straight between frames, `(n_rows, N_CELLS)`."""
    step = np.diff(at_s)[:, None]
    integral = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(0.5 * (rows[1:] + rows[:-1]) * step, axis=0)])
    edges = np.minimum(edges_s, at_s[-1])
    i = np.clip(np.searchsorted(at_s, edges, side="right") - 1, 0, len(at_s) - 2)
    part = ((edges - at_s[i]) / step[i, 0])[:, None]
    at_edges = integral[i] + step[i] * part * (rows[i] + 0.5 * part * (rows[i + 1] - rows[i]))
    return np.asarray((np.diff(at_edges, axis=0) / np.diff(edges_s)[:, None]).T)
