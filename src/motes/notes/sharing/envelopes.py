"""How strong a note may be in each frame: a sum, with weights from 0 on, of few envelopes.

An activation that is free in every frame follows the beats of partials that notes share, and of two notes an octave
apart takes whatever either could be. A sum of decays and of smooth stretches cannot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.notes.sharing.spectrogram import Reals, Spectrogram

# Decays to 1/e, and stretches of about so many seconds.
DECAYS_S, STRETCH_S = (0.06, 0.12, 0.25, 0.5, 1.0, 3.0), 0.3
# By the family of eight General MIDI programs: seconds in which a note that was let go falls by 20 dB.
RELEASES_S = (0.18, 0.18, 0.4, 0.2, 0.2, 0.1, 0.1, 0.08, 0.06, 0.06, 0.06, 0.06, 0.1, 0.2, 0.4, 0.2)
UNKNOWN_RELEASE_S = 0.12
# Frames begin so many half windows before an onset, and go on for so many releases.
BEFORE, AFTER = 0.6, 4.0
# Envelopes are sampled so many times in a window, and a note has no more stretches than this.
FINE, MOST_STRETCHES = 64, 200


class Envelopes(NamedTuple):
    """Of one note: its first frame, and magnitudes of a sinusoid so enveloped in each frame, `(n, n_frames)`."""

    first: int
    values: Reals


def release_s(program: int) -> float:
    """The release of a General MIDI program, −1 for one that is not known."""
    return RELEASES_S[program // 8] if 0 <= program < 128 else UNKNOWN_RELEASE_S


def envelopes_of(spectrogram: Spectrogram, onset_s: float, end_s: float, program: int) -> Envelopes:
    """The envelopes of a note; of one that never sounds none."""
    release, window_s, hop_s = release_s(program), spectrogram.window_s, spectrogram.hop_s
    held = max(end_s - onset_s, 0.0)
    ends = min(end_s + AFTER * release, (spectrogram.n_frames + HALF_BEYOND) * hop_s)
    first = max(0, int(np.ceil((onset_s - BEFORE * window_s / 2) / hop_s)))
    last = min(spectrogram.n_frames, int(ends / hop_s) + 2)
    if last <= first:
        return Envelopes(first, np.zeros((0, 0)))
    step = window_s / FINE
    t = np.arange(max(2, int((ends - onset_s) / step))) * step
    let_go = np.exp(-np.maximum(t - held, 0.0) / release * np.log(10))
    fine = np.array([*(np.exp(-t / decay) for decay in DECAYS_S), *_stretches(t, held)]) * let_go
    window = np.hanning(FINE + 1)
    padded = np.pad(fine, ((0, 0), (FINE, FINE)))
    smooth = np.array([np.convolve(one, window / window.sum(), "same") for one in padded])
    at = onset_s + (np.arange(smooth.shape[1]) - FINE) * step
    frames = np.arange(first, last) * hop_s
    return Envelopes(first, np.array([np.interp(frames, at, one, left=0.0, right=0.0) for one in smooth]))


# Frames beyond the last that a note past the end may reach.
HALF_BEYOND = 2


def _stretches(t: Reals, held: float) -> list[Reals]:
    centres = np.linspace(0, max(held, 1e-3), min(MOST_STRETCHES, max(2, round(held / STRETCH_S) + 1)))
    width = centres[1]
    found = [0.5 + 0.5 * np.cos(np.pi * np.clip(np.abs(t - centre) / width, 0, 1)) for centre in centres]
    found[-1] = np.where(t > centres[-1], 1.0, found[-1])
    return found
