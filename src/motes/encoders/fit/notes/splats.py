"""Heard notes as splats: a few for each note, which share its partials out among them, from low to high.

A splat's spectrum is smooth and partials of real notes are not: up to three of them, each with a
spectrum and a decay of its own, come much nearer. They are of one pitch and begin together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motes.encoders.fit.notes.envelope import Envelope, decays, fitted
from motes.encoders.fit.notes.note_list import Note
from motes.encoders.fit.notes.partials import Partials, partials_of
from motes.encoders.fit.notes.spectra import NARROWEST, SharedOut, Spectra, Spectrum
from motes.kinds.splat.table import Splat
from motes.units import HIGHEST_HZ, NEPERS_60_DB, OCTAVE_DB

Reals = NDArray[np.float64]
Row = dict[str, float | Reals]

# Splats of a note at most, and the part of its energy that a further one has to bring nearer.
MOST_SPLATS, WORTH = 3, 0.005
# A note's partials that are this much weaker than its strongest are left to the spectrum's slope.
FAINT = 3e-3
# Roll-off that a group's spectrum begins with, in dB per octave, and what is allowed; the spectrum's least and greatest
# standard deviation, in octaves; the steepest slope of damping.
ROLLOFF_DB, ROLLOFFS_DB, WIDTHS, STEEPEST = 6.0, (-18.0, 60.0), (NARROWEST, 20.0), 2.0
# Where the low-pass of a damped note ends, as a part of f0.
DAMPED_TO = 0.25
# A note quieter than this is none, full scale 1.
SILENT = 1e-6


def splats_of_notes(
    audio: Reals, sample_rate_hz: int, notes: Sequence[Note], n_splats: int | None = None
) -> tuple[Splat, tuple[int, ...]]:
    """Splats of notes, by note, of `audio` `(n_channels, n_samples)`, and for each note heard in it its number among
    `notes`: `group_id` counts these from 1.

    At most `n_splats` in all, the strongest notes first; three for each note at most. Notes that are silent in the
    recording have none.
    """
    notes = sorted(notes, key=lambda note: note.onset_s)
    found = [_rows(audio, sample_rate_hz, note, _until(notes, number)) for number, note in enumerate(notes)]
    sounding = [number for number, rows in enumerate(found) if rows]
    budget = len(sounding) * MOST_SPLATS if n_splats is None else n_splats
    sounding = sorted(sorted(sounding, key=lambda n: -notes[n].strength)[:budget])
    each = min(MOST_SPLATS, budget // len(sounding)) if sounding else 0
    rows = [row | {"group_id": i + 1} for i, number in enumerate(sounding) for row in found[number][each - 1]]
    if not rows:
        return Splat.empty(len(audio)), ()
    return Splat(**{name: np.array([row[name] for row in rows]) for name in rows[0]}), tuple(sounding)


def _until(notes: Sequence[Note], number: int) -> float:
    """Where another note of the same pitch begins, which would be taken for this one."""
    note = notes[number]
    again = [other.onset_s for other in notes[number + 1 :] if abs(other.pitch - note.pitch) < 0.5]
    return min((onset for onset in again if onset > note.onset_s + 0.03), default=float("inf"))


def _rows(audio: Reals, rate: int, note: Note, until_s: float) -> list[list[Row]]:
    """The splats of a note if it may have 1, 2 or 3 of them; none where it is silent."""
    if note.onset_s * rate >= audio.shape[1]:
        return []
    partials = partials_of(audio, rate, note, until_s)
    strength = partials.strength
    if strength.size == 0 or float(strength.max()) < SILENT:
        return []
    whole = np.sqrt(np.sum(strength**2, axis=0))
    envelope = fitted(whole, partials.times_s, note.onset_s, note.end_s, partials.smeared_s)
    amplitude, t60 = decays(strength, partials.times_s, envelope, partials.smeared_s)
    if not amplitude.max() > SILENT:
        return []
    return [
        [_row(partials, envelope, amplitude, t60, spectrum, note.end_s) for spectrum in spectra]
        for spectra in _shared_out(partials, amplitude, t60)
    ]


def _shared_out(partials: Partials, amplitude: Reals, t60: Reals) -> list[Spectra]:
    """The spectra that 1, 2 and 3 splats have at best; fewer where one more is not worth it."""
    n = int(np.flatnonzero(amplitude > FAINT * amplitude.max())[-1]) + 1
    octaves = np.log2(partials.frequency_hz[:n] / partials.f0_hz)
    found = SharedOut(octaves, amplitude[:n], t60[:n])
    return found.best(MOST_SPLATS, WORTH)


def _row(partials: Partials, envelope: Envelope, amplitude: Reals, t60: Reals, spectrum: Spectrum, end_s: float) -> Row:
    """The splat of a group of partials of a note that ends at `end_s`."""
    f0, part = partials.f0_hz, slice(spectrum.low, spectrum.high)
    width = float(np.clip(np.sqrt(-0.5 / spectrum.bend), *WIDTHS)) if spectrum.bend < 0 else WIDTHS[1]
    # A slope of ln k is one of octaves, as long as partials are nearly harmonic: part of it moves the centre.
    centre = float(np.clip(width**2 * (spectrum.slope + ROLLOFF_DB / OCTAVE_DB) * np.log(2), 0.0, 5.0))
    rolloff = OCTAVE_DB * (centre / (width**2 * np.log(2)) - spectrum.slope)
    slope, first_decay = _damping(partials, amplitude, t60, part)
    strongest = int(np.argmax(amplitude[part])) + spectrum.low
    at = int(np.argmin(np.abs(partials.times_s - envelope.time_s - 2 * envelope.width_s)))
    turns = 2 * np.pi * partials.frequency_hz[strongest] * envelope.time_s
    is_damped = bool(np.isfinite(envelope.crossfade_s))
    return {
        "time_s": envelope.time_s,
        "width_s": envelope.width_s,
        "f0_hz": f0,
        "inharmonicity": partials.inharmonicity,
        "centre_hz": f0 * 2**centre,
        "width_octaves": width,
        "rolloff_db": float(np.clip(rolloff, *ROLLOFFS_DB)),
        "t60_s": float(np.clip(NEPERS_60_DB / first_decay, 0.02, 30.0)),
        "damping_slope": slope,
        "gain_db": 20 / np.log(10) * (spectrum.level + 0.5 * (centre / width) ** 2) + _shares_db(partials, part),
        "phase_rad": float((partials.phase_rad[strongest, at] + turns) / (strongest + 1)),
        "cutoff_start_hz": partials.bandwidth_hz,
        "cutoff_end_hz": max(50.0, DAMPED_TO * f0) if is_damped else partials.bandwidth_hz,
        # Where it is not damped, the low-pass is ready to.
        "crossfade_s": envelope.crossfade_s if is_damped else max(0.02, 0.5 * (end_s - envelope.time_s)),
        "low_hz": _between(partials, spectrum.low) if spectrum.low > 0 else 0.0,
        "high_hz": HIGHEST_HZ if spectrum.is_last else _between(partials, spectrum.high),
    }


def _damping(partials: Partials, amplitude: Reals, t60: Reals, part: slice) -> tuple[float, float]:
    """By which power of frequency the decays of a note's partials rise, and the first partial's decay that these in
    `part` ask for, in nepers per second.
    """
    ratio, decay = np.log(partials.frequency_hz / partials.f0_hz), np.log(NEPERS_60_DB / t60)
    weight = amplitude**2
    mean = np.average(ratio, weights=weight), np.average(decay, weights=weight)
    spread = float(np.average((ratio - mean[0]) ** 2, weights=weight))
    slope = float(np.average((ratio - mean[0]) * (decay - mean[1]), weights=weight)) / max(spread, 1e-9)
    slope = float(np.clip(slope, 0.0, STEEPEST)) if spread > 1e-6 else 0.3
    return slope, float(np.exp(np.average((decay - slope * ratio)[part], weights=weight[part] + 1e-30)))


def _shares_db(partials: Partials, part: slice) -> Reals:
    """The level of each channel beside that of all together."""
    energy = np.sum(partials.amplitude[part] ** 2, axis=(0, 2))
    return np.asarray(10 * np.log10(np.maximum(energy / max(float(energy.sum()), 1e-30), 1e-12)))


def _between(partials: Partials, number: int) -> float:
    """The frequency halfway between partials `number` − 1 and `number`, counted from 0."""
    return float(np.sqrt(partials.frequency_hz[number - 1] * partials.frequency_hz[number]))
