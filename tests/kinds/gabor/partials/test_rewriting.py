"""Atoms that take the place of others: kept from edit to edit, and no fewer nor more than asked."""

import numpy as np
import pytest

import motes
from motes.kinds.gabor.edited import prepare
from motes.kinds.gabor.edits.rendered import atoms_as_rendered
from motes.kinds.gabor.partials import overlapping, rewriting, sweeping
from motes.kinds.gabor.partials.fourier_terms import LEFT_OUT, loudest
from motes.kinds.gabor.partials.rewriting import Remembered, rewrite_for_edit
from motes.kinds.gabor.partials.sweeping import ANY_WINDOW, SHORTEST, windows_for
from motes.kinds.gabor.partials.tracking import find_lines

RATE = 44100
COLUMNS = ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad", "group_id", "partial_hz", "partial_rad")


@pytest.fixture(scope="module")
def scene():
    """A voice with vibrato, a glide, and two tones that share atoms."""
    t = np.arange(2 * RATE) / RATE
    frequencies = (440 * 2 ** (np.sin(2 * np.pi * 5.5 * t) / 24), 900 * 2 ** (t / 2), 2000 + 0 * t, 2080 + 0 * t)
    audio = sum(0.2 * np.cos(2 * np.pi * np.cumsum(f) / RATE) for f in frequencies)
    return motes.encode(audio, sample_rate_hz=RATE, snr_db=30)


def rendered(scene):
    return atoms_as_rendered(scene.gabor, RATE)


def exchanged(scene, lines, by, mask=None, **columns):
    events = scene.gabor.replace(partial_hz=lines.frequency_hz, partial_rad=lines.phase_rad, **columns)
    kept, parts = rewrite_for_edit(events, lines, np.ones(len(events), bool) if mask is None else mask, RATE, by)
    return kept, {name: np.concatenate([part.column(name) for part in parts]) for name in COLUMNS} if parts else {}


def equal(one, other):
    return (
        np.array_equal(one[0], other[0])
        and one[1].keys() == other[1].keys()
        and all(np.array_equal(one[1][k], other[1][k]) for k in one[1])
    )


def test_what_is_kept_is_what_would_be_made(scene):
    warm = find_lines(scene.gabor, RATE)
    half = scene.gabor.time_s < 1
    groups = np.arange(len(scene.gabor))
    for _ in range(2):  # the second time all of it is kept
        for by in (0.06, 0.2, 1.0):
            for columns in ({}, {"group_id": groups}):
                for mask in (None, half, ~half):
                    found = exchanged(scene, warm, by, mask, **columns)
                    assert found[1]
                    assert equal(found, exchanged(scene, find_lines(scene.gabor, RATE), by, mask, **columns))


def test_no_more_is_kept_than_allowed(scene, monkeypatch):
    lines = find_lines(scene.gabor, RATE)
    found = exchanged(scene, lines, 1.0)
    most = len(found[1]["time_s"]) // 2
    monkeypatch.setattr(rewriting, "MOST_REMEMBERED", most)
    small = find_lines(scene.gabor, RATE)
    for by in (0.1, 1.0):
        assert equal(exchanged(scene, small, by), exchanged(scene, lines, by))
        made = small.once("remembered", Remembered)
        assert made.n_atoms == sum(map(rewriting.n_atoms_of, made.made.values())) <= most


def test_after_preparing_no_usual_edit_makes_atoms(scene, monkeypatch):
    prepare(scene.gabor, RATE)
    monkeypatch.setattr(sweeping, "analytic", None)
    monkeypatch.setattr(overlapping, "analytic", None)
    for semitones in (-12, -5, 0.3, 1, 2.5, 7, 12):
        assert len(rendered(scene.transpose(semitones))) > scene.n_events
    assert len(rendered(scene.stretch(1.3))) > scene.n_events
    with pytest.raises(TypeError):
        rendered(scene.select(end_s=1.0).transpose(12))  # which takes part of a line only


def test_windows_halve_where_atoms_are_moved_four_times_as_far(scene):
    lines = find_lines(scene.gabor, RATE)
    by = 1 / 64
    for amount in np.geomspace(by, 4 * by, 9):
        windows, far, near = (windows_for(lines, RATE, a) for a in (amount, 4 * by, by))
        assert (far <= windows).all()
        assert (windows <= near).all()
        assert np.all((near == 2 * far) | (near == ANY_WINDOW) | (far == SHORTEST))
    assert (windows_for(lines, RATE, 0.0) == ANY_WINDOW).all()


@pytest.mark.parametrize("spread", [0.0, 1.0, 6.0])
def test_the_loudest_are_the_fewest_that_hold_the_energy(spread):
    random = np.random.default_rng(1)
    values = random.normal(size=(500, 2)) * np.exp(spread * random.normal(size=(500, 1))) + 0j
    values[::50] = 0
    taken = loudest(values)
    power = np.sum(np.abs(values) ** 2, axis=1)
    falling = np.sort(power)[::-1]
    assert np.all(np.diff(taken) > 0)
    assert power[taken].sum() >= (1 - LEFT_OUT) * power.sum() * (1 - 1e-12)
    assert falling[: len(taken) - 1].sum() < (1 - LEFT_OUT) * power.sum()
    assert len(loudest(values[:0])) == 0
