"""How a note's partials lie: the fundamental and inharmonicity of each pitch of a part, from the spectrum.

Partial h of a stiff string lies at h · f0 · √(1 + B·h²) (Fletcher, 1964). Both are those of a grid at which the
logarithmic spectrum, less its running mean, is highest along the partials; B is that of near pitches together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from motes.notes.sharing.spectrogram import Reals, Spectrogram

CENTS = np.arange(-24, 25, 2.0)
STIFFNESSES = np.concatenate([[0.0], np.geomspace(3e-5, 3e-3, 20)])
N_PARTIALS, MEAN_BINS, HIGHEST_HZ = 16, 25, 10_000.0
# Of a note, the seconds that are looked at, and within how many semitones B is about one.
LONGEST_S, SEMITONES = 1.0, 4.0


class Tuning(NamedTuple):
    """Of each template: fundamental in Hz, inharmonicity B, and the part that it belongs to."""

    f0_hz: Reals
    stiffness: Reals
    part: NDArray[np.int64]


def template_numbers(part: NDArray[np.int64], f0_hz: Reals) -> NDArray[np.int64]:
    """Which template each note has: one for each part and semitone, numbered from 0."""
    semitone = np.rint(12 * np.log2(f0_hz / 440)).astype(np.int64)
    return np.unique(np.stack([part, semitone]), axis=1, return_inverse=True)[1].reshape(-1)


def tuning_of(
    spectrogram: Spectrogram,
    onset_s: Reals,
    end_s: Reals,
    f0_hz: Reals,
    part: NDArray[np.int64],
    template: NDArray[np.int64],
) -> Tuning:
    """The tuning of each template, from the notes `(n_notes,)` that have it."""
    n = int(template.max(initial=-1)) + 1
    salience = np.zeros((n, len(CENTS), len(STIFFNESSES)))
    centre_hz, owner = np.ones(n), np.zeros(n, np.int64)
    owner[template] = part
    for j in range(n):
        centre_hz[j] = np.exp(np.log(f0_hz[template == j]).mean())
    flat = _flattened(spectrogram.magnitudes)
    for i, j in enumerate(template):
        first = min(int(onset_s[i] / spectrogram.hop_s) + 2, spectrogram.n_frames - 1)
        last = max(first + 1, int(min(end_s[i], onset_s[i] + LONGEST_S) / spectrogram.hop_s) - 1)
        frames = flat[first:last]
        salience[j] += _salience(frames.mean(axis=0), centre_hz[j], spectrogram.bin_hz) * min(len(frames), 20)
    pitch = 12 * np.log2(centre_hz)
    stiffness, f0 = np.zeros(n), centre_hz.copy()
    for j in range(n):
        near = np.exp(-0.5 * ((pitch - pitch[j]) / SEMITONES) ** 2) * (owner == owner[j])
        best = int(np.tensordot(near, salience.max(axis=1), 1).argmax())
        stiffness[j] = STIFFNESSES[best]
        f0[j] *= 2 ** (CENTS[int(salience[j, :, best].argmax())] / 1200)
    return Tuning(f0, stiffness, owner)


def partials_hz(f0_hz: float, stiffness: float, highest_hz: float, n: int) -> Reals:
    """At most n partials below a frequency."""
    h = np.arange(1, n + 1)
    found = h * f0_hz * np.sqrt(1 + stiffness * h * h)
    return found[found < highest_hz]


def _flattened(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    floor = 1e-3 * magnitudes.max(axis=1, keepdims=True) + 1e-9
    logarithm = np.log(magnitudes + floor)
    return logarithm - uniform_filter1d(logarithm, MEAN_BINS, axis=1, mode="nearest")


def _salience(spectrum: NDArray[np.float32], f0_hz: float, bin_hz: float) -> Reals:
    h = np.arange(1, N_PARTIALS + 1)
    bent = h * np.sqrt(1 + STIFFNESSES[:, None] * h * h)
    frequency = f0_hz * 2 ** (CENTS[:, None, None] / 1200) * bent
    inside = frequency < min(HIGHEST_HZ, (len(spectrum) - 1) * bin_hz)
    value = np.interp(np.where(inside, frequency, 0.0) / bin_hz, np.arange(len(spectrum)), spectrum)
    return np.sum(value * inside / np.sqrt(h), axis=-1)
