"""Partials of struck notes end with their notes: made notes laid over one another, of which each is known alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import motes
from motes.kinds.gabor.partials.tracking import find_lines, find_partials

RATE = 44100
SEQUENCES = {
    "thirds": [52, 56, 59, 62, 66, 69],
    "thirds downwards": [76, 72, 69, 65, 62, 59],
    "fifths": [45, 52, 59, 66, 73],
    "octaves": [45, 57, 69, 81, 69, 57],
    "one note again": [57, 57, 57, 57, 57],
}


def struck(pitch, onset_s, duration_s, total_s, seed):
    """A note of damped, stretched partials with a click of noise at its onset, let go after `duration_s`."""
    t, rng = np.arange(round(total_s * RATE)) / RATE, np.random.default_rng(seed)
    since = np.maximum(t - onset_s, 0)
    released = np.exp(-np.maximum(since - duration_s, 0) / 0.03) * (t >= onset_s) * (1 - np.exp(-since / 0.003))
    note = 0.02 * rng.normal(size=len(t)) * np.exp(-np.square((t - onset_s - 0.004) / 0.003))
    for k in range(1, 13):
        hz = k * 440 * 2 ** ((pitch - 69) / 12) * np.sqrt(1 + 4e-4 * k * k)
        decay = np.exp(-6.9 * since * (0.5 + 0.5 * k) / 3)
        note += 0.2 / k * released * decay * np.cos(2 * np.pi * hz * since + rng.uniform(0, 6)) * (hz < 9000)
    return note


@cache
def sequence(name, overlap, seed=0):
    """The atoms of a sequence, and of each atom what part of it is each note's `(n_atoms, n_notes)`."""
    pitches = SEQUENCES[name]
    total_s = 1.0 + 0.3 * len(pitches)
    notes = [struck(pitch, 0.2 + 0.3 * i, 0.3 * overlap, total_s, seed + i) for i, pitch in enumerate(pitches)]
    scene = motes.encode(sum(notes), sample_rate_hz=RATE, snr_db=30)
    return scene, shares(scene.gabor, np.array(notes))


def shares(atoms, notes):
    """Energy of each note as each atom's projection sees it, as parts of all."""
    found = np.empty((len(atoms), len(notes)))
    for i, (time, window, hz) in enumerate(
        zip(atoms.time_s * RATE, atoms.window_s * RATE, atoms.frequency_hz, strict=True)
    ):
        n = np.arange(max(0, int(np.ceil(time - window / 2))), min(notes.shape[1], int(time + window / 2) + 1))
        u = n - time
        found[i] = (
            np.abs(notes[:, n] @ ((1 + np.cos(2 * np.pi * u / window)) * np.exp(-2j * np.pi * hz / RATE * u))) ** 2
        )
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1e-30)


def purity(atoms, number, parts):
    """What part of the energy of lines is the one note's that each holds most of."""
    energy = np.sum(np.square(atoms.amplitude), axis=1) * atoms.window_s
    table = np.zeros((number.max() + 1, parts.shape[1]))
    np.add.at(table, number, parts * energy[:, None])
    return table[1:].max(axis=1).sum() / table[1:].sum()


def mean_purity(name, overlap):
    """That of partials, of three sequences whose phases and clicks differ."""
    found = []
    for seed in (0, 100, 200):
        scene, parts = sequence(name, overlap, seed)
        number = find_partials(scene.gabor, RATE).number
        energy = np.sum(np.square(scene.gabor.amplitude), axis=1) * scene.gabor.window_s
        assert energy[number > 0].sum() >= 0.98 * energy.sum()
        found.append(purity(scene.gabor, number, parts))
    return np.mean(found)


@pytest.mark.parametrize("overlap", [1.0, 2.5])
@pytest.mark.parametrize("name", ["thirds", "thirds downwards", "fifths"])
def test_partials_hold_one_struck_note(name, overlap):
    assert mean_purity(name, overlap) >= 0.97


@pytest.mark.parametrize(("name", "least"), [("octaves", 0.93), ("one note again", 0.9)])
def test_partials_end_where_the_same_frequency_is_struck_again(name, least):
    """Here atoms themselves hold 97 to 98 % of one note: the others lie over both."""
    assert mean_purity(name, 1.0) >= least


def test_lines_that_edits_move_by_stay_as_they_were():
    """Those run from note to note, and version-1 files decode by them."""
    scene, parts = sequence("thirds", 1.0)
    assert purity(scene.gabor, find_lines(scene.gabor, RATE).number, parts) < 0.7


def test_partials_of_a_struck_note_are_whole():
    """Not many for each of its twelve: one holds most of what sounds."""
    note = struck(57, 0.2, 1.5, 2.0, 0)
    scene = motes.encode(note, sample_rate_hz=RATE, snr_db=30)
    strongest = sorted(scene.partials, key=lambda partial: -partial.level_db)[:3]
    assert sorted(round(partial.frequency_hz) for partial in strongest) == [220, 440, 661]
    assert all(partial.end_s - partial.start_s > 0.8 for partial in strongest)
    assert all(abs(partial.start_s - 0.2) < 0.05 for partial in strongest)


def test_no_atoms_and_a_silent_one():
    silence = motes.encode(np.zeros(RATE), sample_rate_hz=RATE)
    assert len(find_partials(silence.gabor, RATE).number) == 0
    assert silence.partials == []
