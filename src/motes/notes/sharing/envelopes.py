"""How strong a note may be in each frame: a sum, with weights from 0 on, of few envelopes.

An activation that is free in every frame follows the beats of partials that notes share, and of two notes an octave
apart takes whatever either could be. A sum of decays and of smooth stretches cannot. What is struck has up to three
spectra: that of its body, that of its first moments, whose partials decay faster, and that of the blow, which is no
comb.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from motes.notes.sharing.spectrogram import Reals, Spectrogram

# Decays to 1/e in seconds: of what is struck and of what is held; of first moments and of blows.
STRUCK_S, HELD_S, EARLY_S, BLOW_S = (
    (0.25, 0.5, 1.0, 3.0),
    (0.06, 0.12, 0.25, 0.5, 1.0, 3.0),
    (0.06, 0.12, 0.25),
    (0.02, 0.06),
)
# What is held may swell in stretches of about so many seconds, at most so many.
STRETCH_S, MOST_STRETCHES = 0.3, 200
# Programs of General MIDI that are struck or plucked.
STRUCK = frozenset((*range(16), *range(24, 39), 45, 46, 47, *range(104, 109), *range(112, 119)))
# By the family of eight General MIDI programs: seconds in which a note that was let go falls by 20 dB.
RELEASES_S = (0.18, 0.18, 0.4, 0.2, 0.2, 0.1, 0.1, 0.08, 0.06, 0.06, 0.06, 0.06, 0.1, 0.2, 0.4, 0.2)
UNKNOWN_RELEASE_S = 0.12
# Frames begin so many half windows before an onset, and go on for so many releases; a note past the end is followed
# for some frames more.
BEFORE, AFTER, FRAMES_BEYOND = 0.6, 4.0, 2
# Envelopes are sampled so many times in a window.
FINE = 64


class Spectrum(IntEnum):
    """Which of the spectra of a pitch an envelope is of."""

    BODY = 0
    EARLY = 1
    BLOW = 2


class Envelopes(NamedTuple):
    """Of one note: its first frame, magnitudes of a sinusoid so enveloped in each frame, `(n, n_frames)`, and of which
    spectrum each is, `(n,)`.
    """

    first: int
    values: Reals
    spectrum: list[Spectrum]


def release_s(program: int) -> float:
    """The release of a General MIDI program, −1 for one that is not known."""
    return RELEASES_S[program // 8] if 0 <= program < 128 else UNKNOWN_RELEASE_S


def envelopes_of(spectrogram: Spectrogram, onset_s: float, end_s: float, program: int) -> Envelopes:
    """The envelopes of a note; of one that never sounds none. One whose program is not known may be struck or held."""
    release, window_s, hop_s = release_s(program), spectrogram.window_s, spectrogram.hop_s
    held = max(end_s - onset_s, 0.0)
    ends = min(end_s + AFTER * release, (spectrogram.n_frames + FRAMES_BEYOND) * hop_s)
    first = max(0, int(np.ceil((onset_s - BEFORE * window_s / 2) / hop_s)))
    last = min(spectrogram.n_frames, int(ends / hop_s) + 2)
    if last <= first:
        return Envelopes(first, np.zeros((0, 0)), [])
    step = window_s / FINE
    t = np.arange(max(2, int((ends - onset_s) / step)), dtype=np.float64) * step
    shapes = _shapes(t, held, program)
    fine = np.array([shape for _, shape in shapes]) * np.exp(-np.maximum(t - held, 0.0) / release * np.log(10))
    window = np.hanning(FINE + 1)
    padded = np.pad(fine, ((0, 0), (FINE, FINE)))
    smooth = [np.convolve(one, window / window.sum(), "same") for one in padded]
    at = onset_s + (np.arange(padded.shape[1]) - FINE) * step
    frames = np.arange(first, last) * hop_s
    values = np.array([np.interp(frames, at, one, left=0.0, right=0.0) for one in smooth])
    return Envelopes(first, values, [spectrum for spectrum, _ in shapes])


def _shapes(t: Reals, held: float, program: int) -> list[tuple[Spectrum, Reals]]:
    """Envelopes by the time since the onset, each with the spectrum it is of."""
    is_struck, is_held = program < 0 or program in STRUCK, program not in STRUCK
    decays = HELD_S if is_held else STRUCK_S
    shapes = [(Spectrum.BODY, np.exp(-t / decay)) for decay in decays]
    if is_held:
        shapes += [(Spectrum.BODY, shape) for shape in _stretches(t, held)]
    if is_struck:
        shapes += [(Spectrum.EARLY, np.exp(-t / decay)) for decay in EARLY_S]
        shapes += [(Spectrum.BLOW, np.exp(-t / decay)) for decay in BLOW_S]
    return shapes


def _stretches(t: Reals, held: float) -> list[Reals]:
    centres = np.linspace(0, max(held, 1e-3), min(MOST_STRETCHES, max(2, round(held / STRETCH_S) + 1)))
    width = centres[1]
    found = [0.5 + 0.5 * np.cos(np.pi * np.clip(np.abs(t - centre) / width, 0, 1)) for centre in centres]
    found[-1] = np.where(t > centres[-1], 1.0, found[-1])
    return found
