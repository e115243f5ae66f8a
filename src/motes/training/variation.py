"""Notes that no instrument of the training set has: those it has, with other spectra, at other pitches and lengths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.data.note_analysis import BAND_HZ, N_PARTIALS, RATE_HZ, Array, NoteAnalysis

# Standard deviations: of a curve over octaves, of each partial and of the noise, in dB.
CURVE_DB, PARTIAL_DB, NOISE_DB = 4.0, 2.0, 4.0
SEMITONES, OCTAVES_OF_TIME = 3.0, 0.4
# How often even partials are weakened, as in a closed pipe.
HOLLOW = 0.1


def varied(note: NoteAnalysis, rng: np.random.Generator) -> NoteAnalysis:
    """A note with another spectrum, pitch and length; what was measured of it changes with it."""
    shift = 2 ** (rng.uniform(-SEMITONES, SEMITONES) / 12)
    stretch = 2 ** rng.uniform(-OCTAVES_OF_TIME, OCTAVES_OF_TIME)
    pitch_hz = note.pitch_hz * shift
    hz, middle = pitch_hz * note.ratio, np.sqrt(np.maximum(BAND_HZ[:-1], 30.0) * BAND_HZ[1:])
    turns, starts = rng.uniform(0.1, 0.5, 3), rng.uniform(0, 2 * np.pi, 3)
    sizes = rng.normal(0, CURVE_DB * 0.8, 3)

    def curve(frequency: Array) -> Array:
        return np.asarray(sizes @ np.cos(2 * np.pi * turns[:, None] * np.log2(frequency) + starts[:, None]))

    gain_db = curve(hz) + rng.normal(0, PARTIAL_DB, N_PARTIALS)
    if rng.random() < HOLLOW:
        gain_db[1::2] -= rng.uniform(4, 20)
    noise_db = curve(middle) + rng.normal(0, NOISE_DB)
    partials = note.partials * (10 ** (gain_db / 20) * (hz < RATE_HZ / 2))[:, None]
    bands = note.bands * 10 ** (noise_db / 20)[:, None]
    before, after = (_measures(*of) for of in ((note, note.partials, note.bands), (note, partials, bands)))
    return replace(
        note,
        pitch_hz=pitch_hz,
        loudness_db=note.loudness_db + after[0] - before[0],
        length_s=note.length_s * stretch,
        t60_s=note.t60_s * stretch,
        attack_s=note.attack_s * stretch,
        centroid_hz=float(np.clip(note.centroid_hz * shift * after[1] / before[1], 30.0, RATE_HZ / 2)),
        noise=after[2],
        edges_s=note.edges_s * stretch,
        partials=partials,
        bands=bands,
    )


def _measures(note: NoteAnalysis, partials: Array, bands: Array) -> tuple[float, float, float]:
    """Level in dB of the loudest cell, centroid in Hz, and the share of noise."""
    width = np.diff(note.edges_s)
    rows = np.concatenate([partials, bands])
    hz = np.concatenate([note.pitch_hz * note.ratio, np.sqrt(np.maximum(BAND_HZ[:-1], 30.0) * BAND_HZ[1:])])
    power = np.sum(rows**2 * width, axis=1)
    total = max(float(power.sum()), 1e-20)
    magnitude = np.sqrt(power)
    loudest = float(np.max(np.sum(rows**2, axis=0)))
    share = float(power[N_PARTIALS:].sum()) / total
    return 10 * np.log10(max(loudest, 1e-20)), float(magnitude @ hz / magnitude.sum()), share
