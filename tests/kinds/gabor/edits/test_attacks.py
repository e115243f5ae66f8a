"""Stretched notes have attacks as sharp as they were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d

import motes
from motes.codec import dumps, loads
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable

RATE, ONSET_S, LENGTH_S = 48_000, 0.3, 1.2


@pytest.fixture(scope="module")
def note():
    """A scene of one inharmonic note that rises in 30 ms and dies away."""
    time_s = np.arange(round(2 * RATE)) / RATE
    u = time_s - ONSET_S
    envelope = np.clip(u / 0.03, 0, 1) * 10 ** (-np.maximum(u, 0)) * np.clip((LENGTH_S - u) / 0.05, 0, 1)
    audio = sum(
        0.2 * envelope * np.cos(2 * np.pi * 220 * k * np.sqrt(1 + 2e-4 * k * k) * u + k) / k for k in range(1, 9)
    )
    scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=30)
    one = np.ones(1)
    table = NoteTable(one, ONSET_S * one, (ONSET_S + LENGTH_S) * one, 220 * one, -14 * one, one, -one)
    groups = Groups(one, 0 * one, np.full(1, ROLES.index("note")), table)
    gabor = scene.gabor.replace(group_id=np.ones(len(scene.gabor), np.int64))
    return scene.replace(gabor=gabor, groups=groups)


def rise_ms(audio, onset_s):
    """From a tenth to nine tenths of the peak."""
    level = maximum_filter1d(np.abs(audio), round(0.006 * RATE))
    here = level[max(0, round((onset_s - 0.3) * RATE)) : round((onset_s + 0.35) * RATE)]
    return 1000 * (np.argmax(here > 0.9 * here.max()) - np.argmax(here > 0.1 * here.max())) / RATE


@pytest.mark.parametrize("factor", [0.8, 1.5, 2.0])
def test_the_attack_stays_as_sharp(note, factor):
    stretched = note.select(note=1).stretch(factor)
    assert stretched.groups.notes.onset_s[0] == pytest.approx(ONSET_S)
    assert rise_ms(stretched.render(), ONSET_S) < 33
    assert rise_ms(note.stretch(2.0).render(), 2 * ONSET_S) > 40
    before = stretched.render()[: round((ONSET_S - 0.1) * RATE)]
    assert np.abs(before).max() < 10 ** (-80 / 20)
    end = np.flatnonzero(np.abs(stretched.render()) > 3e-3)[-1] / RATE
    assert end == pytest.approx(ONSET_S + factor * LENGTH_S, abs=0.1 * factor)


def test_partials_go_on_at_their_level_where_the_stretching_begins(note):
    plain, stretched = note.render(), note.select(note=1).stretch(2.0).render()
    level = [np.std(stretched[round(t * RATE) : round((t + 0.01) * RATE)]) for t in np.arange(0.33, 0.55, 0.01)]
    steps_db = 20 * np.abs(np.diff(np.log10(level)))
    assert steps_db.max() < 3
    attack = slice(round((ONSET_S - 0.02) * RATE), round((ONSET_S + 0.04) * RATE))
    assert np.abs(stretched[attack] - plain[attack]).max() < 0.02 * np.abs(plain).max()


def test_edits_of_length_follow_each_other(note):
    once = note.select(note=1).stretch(1.5)
    twice = note.select(note=1).stretch(2.0).select(note=1).stretch(0.75)
    assert np.abs(once.render() - twice.render()[: once.n_samples]).max() < 1e-6
    back = twice.select(note=1).stretch(1 / 1.5)
    assert back.gabor.at_default("edit_from_s")
    assert np.abs(back.render()[: note.n_samples] - note.render()).max() < 1e-6


def test_reversed_notes_keep_them_at_their_ends(note):
    there = note.select(note=1).reverse().select(note=1).stretch(2.0)
    backwards = there.render()[::-1].copy()
    assert rise_ms(backwards, there.duration_s - there.groups.notes.end_s[0]) < 33


def test_files_hold_it(note):
    stretched = note.select(note=1).stretch(2.0).select(note=1).transpose(3).quantise()
    read = loads(dumps(stretched))
    assert np.array_equal(read.render(), stretched.render())
    assert dumps(read) == dumps(stretched)
    assert np.unique(read.gabor.edit_from_s) == pytest.approx([0.36])
    assert rise_ms(read.select(note=1).stretch(0.75).render(), ONSET_S) < 33
