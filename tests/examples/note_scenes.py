"""Scenes of harmonic sounds whose notes and parts are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import motes
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.notes import DRUMS, NO_PROGRAM, pitch_to_hz

_EVERY_S, _WINDOW_S = 0.02, 0.04


@dataclass(frozen=True)
class Sounding:
    """A note to make: `pitch` a MIDI number, None for a click at `click_hz`; part from 1; vibrato in cents at 5 Hz."""

    onset_s: float
    end_s: float
    pitch: float | None
    part: int = 1
    gain_db: float = -20.0
    vibrato: float = 0.0
    program: int = NO_PROGRAM
    click_hz: float = 3000.0


def scene_of(
    notes: list[Sounding],
    *,
    rate: int = 8000,
    n_channels: int = 1,
    duration_s: float | None = None,
    amplitude: float = 0.1,
    divided: bool = True,
) -> motes.Scene:
    """A scene of atoms every 20 ms on three harmonics of each note, which are the notes' own where `divided`."""
    rows = np.array([(*row, k) for k, note in enumerate(notes, 1) for row in _atoms(note, amplitude)])
    time, frequency, phase, level, group = rows.T
    gabor = motes.Gabor(
        time,
        np.full(len(rows), _WINDOW_S),
        frequency,
        np.repeat(level[:, None], n_channels, axis=1) * np.linspace(1, 0.5, n_channels),
        np.repeat(phase[:, None], n_channels, axis=1),
        group.astype(np.int64) * divided,
    )
    lasts_s = duration_s or max(note.end_s for note in notes) + 0.1
    return motes.Scene(rate, round(lasts_s * rate), n_channels, gabor, groups=_groups(notes))


def _atoms(note: Sounding, amplitude: float) -> list[tuple[float, float, float, float]]:
    f0 = note.click_hz if note.pitch is None else float(pitch_to_hz(note.pitch))
    rows = []
    for k in range(1, 2 if note.pitch is None else 4):
        for t in np.arange(note.onset_s + _WINDOW_S / 2, note.end_s, _EVERY_S):
            frequency = f0 * k * 2 ** (note.vibrato / 1200 * np.sin(2 * np.pi * 5 * t))
            depth = f0 * k * note.vibrato / 1200 * np.log(2) / 5
            rows.append((t, frequency, 2 * np.pi * f0 * k * t - depth * np.cos(2 * np.pi * 5 * t), amplitude / k))
    return rows


def _groups(notes: list[Sounding]) -> Groups:
    n, parts = len(notes), sorted({note.part for note in notes})
    table = NoteTable(
        np.arange(1, n + 1),
        np.array([note.onset_s for note in notes]),
        np.array([note.end_s for note in notes]),
        np.array([np.nan if note.pitch is None else float(pitch_to_hz(note.pitch)) for note in notes]),
        np.array([note.gain_db for note in notes]),
        np.full(n, 0.875),
        np.array([DRUMS if note.pitch is None else note.program for note in notes]),
    )
    roles = [ROLES.index("note")] * n + [ROLES.index("part")] * len(parts)
    parents = [n + 1 + parts.index(note.part) for note in notes] + [0] * len(parts)
    return Groups(np.arange(1, len(roles) + 1), np.array(parents), np.array(roles), table)
