"""A spectrogram as the sum of notes: a template for each part and pitch times an envelope for each note.

Non-negative matrix factorisation by the Kullback–Leibler divergence (Lee & Seung, 2001), by expectation maximisation:
each frame is shared among the notes in proportion to what they are now, and each becomes what it got.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motes.kernels.explaining.factorisation import expected_parts
from motes.notes.sharing.envelopes import Envelopes
from motes.notes.sharing.spectrogram import Reals, Spectrogram
from motes.notes.sharing.tuning import Tuning, partials_hz

N_STEPS = 30
# Templates begin as partials that fall with the power of their number, each as wide as a window makes it, on a floor.
FALL, FLOOR, MOST_PARTIALS, LOBE_BINS = 1.2, 1e-5, 80, 4


@dataclass(frozen=True)
class Factorisation:
    """`templates` `(n_templates, n_bins)`, each of sum 1; of each note its template, its first frame, and in each of
    its frames what it has of the spectrogram, `activations`.
    """

    templates: NDArray[np.float32]
    template: NDArray[np.int64]
    first: NDArray[np.int64]
    activations: list[NDArray[np.float32]]

    def magnitudes(self, note: int, first: int = 0, last: int = 1 << 40) -> NDArray[np.float32]:
        """Of one note in its frames from `first` to before `last`, `(n_frames, n_bins)`."""
        begin = int(self.first[note])
        activation = self.activations[note][max(first - begin, 0) : max(last - begin, 0)]
        return activation[:, None] * self.templates[self.template[note]]


def factorised(
    spectrogram: Spectrogram,
    tuning: Tuning,
    template: NDArray[np.int64],
    envelopes: Sequence[Envelopes],
    progress: Callable[[float], None] | None = None,
) -> Factorisation:
    """The notes, each of a template and of envelopes, that best explain a spectrogram; `progress` from 0 to 1."""
    lengths = np.array([each.values.shape[1] for each in envelopes], np.int64)
    ends = np.cumsum(lengths)
    first = np.array([each.first for each in envelopes], np.int64)
    frame_first, rows, places = _by_frame(spectrogram.n_frames, first, lengths)
    templates = combs(tuning, spectrogram)
    mean = float(spectrogram.magnitudes.sum()) / max(1, int(lengths.sum()))
    weights = [np.full(len(each.values), mean / max(1, len(each.values))) for each in envelopes]
    gained = np.zeros(int(lengths.sum()), np.float32)
    for step in range(N_STEPS + 1):
        activations = np.concatenate([w @ e.values for w, e in zip(weights, envelopes, strict=True)] or [np.zeros(0)])
        activations = activations.astype(np.float32)
        if step == N_STEPS:
            break
        spectra = np.zeros_like(templates)
        expected_parts(
            spectrogram.magnitudes, frame_first, rows, places, templates, template, activations, gained, spectra
        )
        for i, (each, end) in enumerate(zip(envelopes, ends, strict=True)):
            had = activations[end - lengths[i] : end]
            quotient = np.divide(gained[end - lengths[i] : end], had, out=np.zeros(lengths[i]), where=had > 1e-20)
            weights[i] = weights[i] * (each.values @ quotient) / np.maximum(each.values.sum(axis=1), 1e-9)
        total = spectra.sum(axis=1, keepdims=True)
        templates = np.where(total > 0, spectra / np.maximum(total, 1e-30), templates).astype(np.float32)
        if progress is not None:
            progress((step + 1) / N_STEPS)
    parts = np.split(activations, ends[:-1]) if len(ends) else []
    return Factorisation(templates, template, first, parts)


def combs(tuning: Tuning, spectrogram: Spectrogram) -> NDArray[np.float32]:
    """What templates begin as, `(n_templates, n_bins)`, each of sum 1."""
    n_bins = spectrogram.magnitudes.shape[1]
    found = np.full((len(tuning.f0_hz), n_bins), FLOOR)
    for comb, f0_hz, stiffness in zip(found, tuning.f0_hz, tuning.stiffness, strict=True):
        partials = partials_hz(f0_hz, stiffness, spectrogram.sample_rate_hz / 2, MOST_PARTIALS)
        for h, centre in enumerate(partials / spectrogram.bin_hz, 1):
            bins = np.arange(max(0, int(centre) - LOBE_BINS), min(n_bins, int(centre) + LOBE_BINS + 2))
            comb[bins] += _lobe(bins - centre) / h**FALL
    return (found / found.sum(axis=1, keepdims=True)).astype(np.float32)


def _lobe(bins: Reals) -> Reals:
    """The spectrum of a Hann window at a distance in bins, 1 at 0."""
    away = np.abs(bins)
    near_one = np.abs(away - 1) < 1e-6
    value = np.abs(np.sinc(away) / np.where(near_one, 1.0, 1 - away**2))
    return np.where(near_one, 0.5, value) * (away < LOBE_BINS)


def _by_frame(
    n_frames: int, first: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where each frame's notes begin, the notes, and the places of their activations in one row of all."""
    places = np.arange(int(lengths.sum()))
    note = np.repeat(np.arange(len(lengths)), lengths)
    frame = places - np.repeat(np.cumsum(lengths) - lengths - first, lengths)
    order = np.argsort(frame, kind="stable")
    frame_first = np.searchsorted(frame[order], np.arange(n_frames + 1))
    return frame_first.astype(np.int64), note[order], places[order]
