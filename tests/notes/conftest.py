"""A scene of four notes, two of which sound together, and share atoms."""

from __future__ import annotations

import numpy as np
import pytest

import motes
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.notes import NO_PROGRAM

RATE = 22_050
# Onset and end in seconds, fundamental in Hz, amplitude.
NOTES = ((0.2, 0.9, 220.0, 0.2), (0.4, 1.2, 330.0, 0.15), (1.2, 1.9, 440.0, 0.2), (1.9, 2.6, 261.63, 0.1))


def tone(onset_s, end_s, f0_hz, amplitude, seconds=3.0, rate=RATE, rise_s=0.02):
    """Six harmonics that rise, die away and are damped."""
    time_s = np.arange(round(seconds * rate)) / rate
    u = time_s - onset_s
    envelope = np.clip(u / rise_s, 0, 1) * np.exp(-np.clip(u, 0, None)) * np.clip((end_s - time_s) / 0.05, 0, 1)
    return amplitude * sum(envelope * np.sin(2 * np.pi * k * f0_hz * u + k) / k for k in range(1, 7))


def with_notes(scene, notes):
    """The scene in which these notes are known, those of one part."""
    n = len(notes)
    ids, columns = np.arange(1, n + 1), np.array(notes).reshape(n, 4).T
    table = NoteTable(ids, *columns[:3], 20 * np.log10(columns[3]), np.full(n, 0.9), np.full(n, NO_PROGRAM)).rounded()
    groups = Groups(
        np.append(ids, n + 1),
        np.append(np.full(n, n + 1), 0),
        np.append(np.full(n, ROLES.index("note")), ROLES.index("part")),
        table,
    )
    return scene.replace(groups=groups)


@pytest.fixture(scope="package")
def melody():
    audio = sum(tone(*note) for note in NOTES)
    return with_notes(motes.encode(audio, sample_rate_hz=RATE, snr_db=30), NOTES)
