"""The partials of a note in a recording: how it is tuned, and how each partial's amplitude runs in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from motes.encoders.fit.notes.note_list import Note

Reals = NDArray[np.float64]

# Partials that are looked for, and up to where, as a part of the sample rate.
MOST_PARTIALS, HIGHEST_OF_RATE = 32, 0.45
# Of the spectrum that a note is tuned by: how long it is, and when it begins, to leave the attack out, in seconds.
TUNED_S, ATTACK_S = 0.4, 0.02
# By how much the first partial may be off, and each further one from where those before it say, in parts of f0.
OFF, FURTHER_OFF = 0.03, 0.2
# Partials weaker than this beside the strongest do not count for the tuning.
FAINT = 0.02
LARGEST_INHARMONICITY = 0.005
# Window of amplitudes: so many periods, but not shorter than this; and how far apart they are read.
PERIODS, SHORTEST_S, STEP_S = 4.0, 0.02, 0.004
# Standard deviation of a Hann window of length 1.
HANN_DEVIATION = 0.181
# What is looked at before a note's onset and after its end.
BEFORE_S, AFTER_S = 0.08, 0.25


@dataclass(frozen=True)
class Partials:
    """Partials of a note: frequencies `(n_partials,)`, and amplitudes at `times_s`, `(n_partials, n_channels, n)`."""

    f0_hz: float
    inharmonicity: float
    frequency_hz: Reals
    times_s: Reals
    amplitude: Reals
    # Phases of the first channels' amplitudes, in radians, `(n_partials, n)`.
    phase_rad: Reals
    # Standard deviation of the window that amplitudes were read by.
    smeared_s: float
    # Half the sample rate.
    bandwidth_hz: float

    @property
    def strength(self) -> Reals:
        """Amplitudes over all channels, `(n_partials, n)`."""
        return np.sqrt(np.sum(self.amplitude**2, axis=1))


def stretched(k: Reals, inharmonicity: float) -> Reals:
    """Frequencies of partials k relative to the first: a stiff string's."""
    return np.asarray(k * np.sqrt((1 + inharmonicity * k**2) / (1 + inharmonicity)))


def tuned(audio: Reals, sample_rate_hz: int, note: Note) -> tuple[float, float]:
    """The frequency of the first partial and the inharmonicity of a note in `audio`, `(n_samples,)`.

    Peaks are looked for near the pitch, each further one where those found say; (f_k / k)² is a line in k².
    """
    first = round((note.onset_s + ATTACK_S) * sample_rate_hz)
    last = min(len(audio), round(min(note.end_s, note.onset_s + ATTACK_S + TUNED_S) * sample_rate_hz))
    part = audio[max(0, first) : max(last, first + 64)]
    f0, inharmonicity = note.frequency_hz, 0.0
    if len(part) < 4 * sample_rate_hz / f0:
        return f0, inharmonicity
    n_fft = 1 << int(np.ceil(np.log2(8 * len(part))))
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), n_fft))
    numbers, squares, weights = [], [], []
    for k in range(1, MOST_PARTIALS + 1):
        expected = f0 * float(stretched(np.array(float(k)), inharmonicity))
        if expected > HIGHEST_OF_RATE * sample_rate_hz:
            break
        reach = OFF * expected if k == 1 else min(OFF * expected, FURTHER_OFF * f0)
        hz, level = _peak(spectrum, expected - reach, expected + reach, sample_rate_hz / n_fft)
        if level <= 0:
            continue
        numbers.append(k)
        squares.append((hz / k) ** 2)
        weights.append(level)
        f0, inharmonicity = _line(np.array(numbers), np.array(squares), np.array(weights), note.frequency_hz)
    return f0, inharmonicity


def _line(k: Reals, squares: Reals, weights: Reals, nominal_hz: float) -> tuple[float, float]:
    """f0 and inharmonicity of (f_k/k)² = f0² (1 + B k²)/(1 + B), by weighted least squares."""
    weights = np.where(weights > FAINT * weights.max(), weights, 0.0) * k
    stiff = float(np.sum(weights > 0)) >= 4
    columns = np.stack([np.ones(len(k)), k.astype(np.float64) ** 2], axis=1)[:, : 2 if stiff else 1]
    solution = np.linalg.lstsq(columns * weights[:, None], squares * weights, rcond=None)[0]
    slope = float(np.clip(solution[1] / solution[0], 0.0, LARGEST_INHARMONICITY)) if stiff else 0.0
    square = float(np.sum(weights**2 * squares / (1 + slope * k**2)) / np.sum(weights**2)) * (1 + slope)
    found = float(np.sqrt(max(square, 1e-9)))
    return (found, slope) if abs(found / nominal_hz - 1) < 2 * OFF else (nominal_hz, 0.0)


def _peak(spectrum: Reals, low_hz: float, high_hz: float, bin_hz: float) -> tuple[float, float]:
    """Frequency and height of the highest peak in a band, 0 high where there is none."""
    low, high = max(1, int(low_hz / bin_hz)), min(len(spectrum) - 2, int(np.ceil(high_hz / bin_hz)))
    if high <= low:
        return 0.0, 0.0
    at = low + int(np.argmax(spectrum[low : high + 1]))
    left, top, right = spectrum[at - 1 : at + 2]
    if not (top >= left and top >= right and top > 0):
        return 0.0, 0.0
    bend = left - 2 * top + right
    return (at + (0.5 * (left - right) / bend if bend < 0 else 0.0)) * bin_hz, float(top)


def partials_of(audio: Reals, sample_rate_hz: int, note: Note, until_s: float = float("inf")) -> Partials:
    """The partials of a note in `audio`, `(n_channels, n_samples)`, from before its onset until after its end, at most
    to `until_s`.
    """
    loudest = audio[int(np.argmax(np.sum(audio**2, axis=1)))]
    f0, inharmonicity = tuned(loudest, sample_rate_hz, note)
    frequency = f0 * stretched(np.arange(1.0, MOST_PARTIALS + 1), inharmonicity)
    frequency = frequency[frequency < HIGHEST_OF_RATE * sample_rate_hz]
    length = 2 * round(0.5 * max(SHORTEST_S, PERIODS / f0) * sample_rate_hz) + 1
    window = np.hanning(length + 2)[1:-1]
    first = max(0, round((note.onset_s - BEFORE_S) * sample_rate_hz))
    last = min(audio.shape[1], round(min(note.end_s + AFTER_S, until_s) * sample_rate_hz))
    part = np.pad(audio[:, first:last], ((0, 0), (length // 2, length // 2)))
    time = (np.arange(part.shape[1]) - length // 2 + first) / sample_rate_hz
    step = max(1, round(STEP_S * sample_rate_hz))
    values = []
    for hz in frequency:
        turned = part * np.exp(-2j * np.pi * hz * time)
        values.append(fftconvolve(turned, window[None] * (2 / window.sum()), "valid", axes=1)[:, ::step])
    found = np.stack(values)
    times = np.asarray(first / sample_rate_hz + np.arange(found.shape[2]) * (step / sample_rate_hz), np.float64)
    channel = int(np.argmax(np.sum(np.abs(found) ** 2, axis=(0, 2))))
    smeared = HANN_DEVIATION * length / sample_rate_hz
    return Partials(
        f0, inharmonicity, frequency, times, np.abs(found), np.angle(found[:, channel]), smeared, sample_rate_hz / 2
    )
