"""A spectrogram as the sum of notes: spectra for each part and pitch, times envelopes for each note.

Non-negative matrix factorisation by the Kullback–Leibler divergence (Lee & Seung, 2001), by expectation maximisation:
each frame is shared among the notes in proportion to what they are now, and each becomes what it got.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels.explaining.factorisation import expected_parts
from motes.notes.sharing.envelopes import Envelopes, Spectrum
from motes.notes.sharing.spectrogram import Reals, Spectrogram
from motes.notes.sharing.tuning import Tuning, partials_hz

Places = NDArray[np.int64]
N_STEPS = 24
# Spectra begin as partials that fall with a power of their number, by which spectrum, on a floor; what lies further
# from a partial than so many bins and so much of its frequency stays silent. Blows begin as noise that falls from about
# so many bins on.
FALLS = {Spectrum.BODY: 1.3, Spectrum.EARLY: 0.7}
FLOOR, MOST_PARTIALS, LOBE_BINS, BESIDE_BINS, BESIDE, NOISE_BINS = 1e-5, 80, 4, 4, 0.01, 20


class _Row(NamedTuple):
    """What one note has of one spectrum: where its activations are, and their envelopes `(n, n_frames)`."""

    note: int
    template: int
    first: int
    place: slice
    envelopes: Reals


class Factorisation:
    """Notes, each of spectra and envelopes, that explain a spectrogram best; `progress` is called from 0 to 1.

    `template` `(n_notes,)` says which of the templates of `tuning` a note has.
    """

    def __init__(
        self,
        spectrogram: Spectrogram,
        tuning: Tuning,
        template: Places,
        envelopes: Sequence[Envelopes],
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.first = np.array([each.first for each in envelopes], np.int64)
        self._rows = _rows(template, envelopes, len(tuning.f0_hz))
        self._of_note: list[list[_Row]] = [[] for _ in envelopes]
        for row in self._rows:
            self._of_note[row.note].append(row)
        self._templates = spectra_of(tuning, spectrogram)
        self._activations = np.zeros(0, np.float32)
        self._fit(spectrogram, progress)

    def magnitudes(self, note: int) -> NDArray[np.float32]:
        """Of one note in its frames, `(n_frames, n_bins)`."""
        rows = self._of_note[note]
        total = np.zeros((0, self._templates.shape[1]), np.float32)
        for i, row in enumerate(rows):
            part = self._activations[row.place][:, None] * self._templates[row.template]
            total = part if i == 0 else total + part
        return total

    def _fit(self, spectrogram: Spectrogram, progress: Callable[[float], None] | None) -> None:
        rows = self._rows
        frame_first, owners, places = _by_frame(spectrogram.n_frames, rows)
        template = np.array([row.template for row in rows], np.int64)
        mean = float(spectrogram.magnitudes.sum()) / max(1, len(places))
        weights = [np.full(len(row.envelopes), mean / len(row.envelopes)) for row in rows]
        gained = np.zeros(len(places), np.float32)
        self._activate(weights)
        for step in range(N_STEPS):
            spectra = np.zeros_like(self._templates)
            sounding = (frame_first, owners, places)
            expected_parts(
                spectrogram.magnitudes, sounding, self._templates, template, self._activations, gained, spectra
            )
            quotient = gained / np.maximum(self._activations, 1e-20)
            for i, row in enumerate(rows):
                weights[i] *= (row.envelopes @ quotient[row.place]) / np.maximum(row.envelopes.sum(axis=1), 1e-9)
            total = spectra.sum(axis=1, keepdims=True)
            self._templates = np.where(total > 0, spectra / np.maximum(total, 1e-30), self._templates)
            self._activate(weights)
            if progress is not None:
                progress((step + 1) / N_STEPS)

    def _activate(self, weights: list[Reals]) -> None:
        parts = [weight @ row.envelopes for weight, row in zip(weights, self._rows, strict=True)]
        self._activations = np.concatenate([*parts, np.zeros(0)]).astype(np.float32)


def spectra_of(tuning: Tuning, spectrogram: Spectrogram) -> NDArray[np.float32]:
    """What the spectra of each template begin as, each of sum 1, `(n_spectra · n_templates, n_bins)`: one spectrum of
    all templates after the other.
    """
    n_bins = spectrogram.magnitudes.shape[1]
    found = np.zeros((len(Spectrum), len(tuning.f0_hz), n_bins))
    for j, (f0_hz, stiffness) in enumerate(zip(tuning.f0_hz, tuning.stiffness, strict=True)):
        partials = partials_hz(f0_hz, stiffness, spectrogram.sample_rate_hz / 2, MOST_PARTIALS)
        for h, centre in enumerate(partials / spectrogram.bin_hz, 1):
            reach = BESIDE_BINS + BESIDE * centre
            bins = np.arange(max(0, int(np.floor(centre - reach))), min(n_bins, int(np.ceil(centre + reach)) + 1))
            for spectrum, fall in FALLS.items():
                comb = found[spectrum, j]
                comb[bins] = np.maximum(comb[bins], FLOOR) + _lobe(bins - centre) / h**fall
    found[Spectrum.BLOW] = 1 / (1 + np.arange(n_bins) / NOISE_BINS)
    found /= np.maximum(found.sum(axis=2, keepdims=True), 1e-30)
    return found.reshape(-1, n_bins).astype(np.float32)


def _lobe(bins: Reals) -> Reals:
    """The spectrum of a Hann window at a distance in bins, 1 at 0."""
    away = np.abs(bins)
    near_one = np.abs(away - 1) < 1e-6
    value = np.abs(np.sinc(away) / np.where(near_one, 1.0, 1 - away**2))
    return np.where(near_one, 0.5, value) * (away < LOBE_BINS)


def _rows(template: Places, envelopes: Sequence[Envelopes], n_templates: int) -> list[_Row]:
    rows, end = [], 0
    for note, each in enumerate(envelopes):
        of = np.array(each.spectrum, np.int64)
        for spectrum in np.unique(of):
            begin, end = end, end + each.values.shape[1]
            number = int(spectrum) * n_templates + int(template[note])
            rows.append(_Row(note, number, each.first, slice(begin, end), each.values[of == spectrum]))
    return rows


def _by_frame(n_frames: int, rows: Sequence[_Row]) -> tuple[Places, Places, Places]:
    """Where each frame's rows begin, the rows, and the places of their activations."""
    lengths = np.array([row.envelopes.shape[1] for row in rows], np.int64)
    places = np.arange(int(lengths.sum()))
    owner = np.repeat(np.arange(len(rows)), lengths)
    begin = np.repeat(np.array([row.place.start - row.first for row in rows], np.int64), lengths)
    frame = places - begin
    order = np.argsort(frame, kind="stable")
    return np.searchsorted(frame[order], np.arange(n_frames + 1)).astype(np.int64), owner[order], places[order]
