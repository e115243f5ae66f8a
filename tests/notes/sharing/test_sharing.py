"""Atoms shared among notes: planted notes come out alone, parts sum to the whole, nothing depends on threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import motes
from motes.errors import ParameterError
from motes.notes.sharing.sharing import STEPS, Shares, SoundingNotes, shares_of
from motes.scene.scene import Scene

RATE = 44_100


def struck(f0_hz: float, n_samples: int, onset_s: float, seed: int = 0) -> np.ndarray:
    """A note of decaying partials from its onset on."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / RATE - onset_s
    found = np.zeros(n_samples)
    for h in range(1, 13):
        found += np.exp(-t * (1.5 + 0.4 * h)) / h * np.cos(2 * np.pi * h * f0_hz * t + rng.uniform(0, 2 * np.pi))
    return np.where(t >= 0, 0.12 * found * np.minimum(1, np.maximum(t, 0) / 0.004), 0.0)


def notes(*rows: tuple[float, float, float], program: int = 0) -> SoundingNotes:
    onset_s, end_s, f0_hz = np.array(rows).reshape(-1, 3).T
    return SoundingNotes(onset_s, end_s, f0_hz, np.zeros(len(rows), int), np.full(len(rows), program))


def with_shares(scene: Scene, shares: Shares, of_rest: bool = False) -> np.ndarray:
    """What the shares of a scene's atoms sound like, or what they leave."""
    gabor = scene.gabor
    share = shares.left(len(gabor))
    share = share if of_rest else 1 - share
    amplitude = gabor.amplitude * np.exp(1j * gabor.phase_rad) * share[:, None]
    part = gabor.replace(amplitude=np.abs(amplitude), phase_rad=np.angle(amplitude))
    return scene.with_tables([part]).render().astype(np.float64)


def decibels(signal: np.ndarray, error: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(signal**2) / np.sum(error**2)))


@pytest.fixture(scope="module")
def planted() -> tuple[Scene, SoundingNotes, list[np.ndarray]]:
    """Two struck notes a fifth and some cents apart, the second 0.4 s after the first."""
    n = 2 * RATE
    alone = [struck(220.0, n, 0.2), struck(331.0, n, 0.6, seed=1)]
    scene = motes.encode(alone[0] + alone[1], sample_rate_hz=RATE, snr_db=45)
    return scene, notes((0.2, 2.0, 220.0), (0.6, 2.0, 331.0)), alone


def test_planted_notes_come_out_alone(planted) -> None:
    scene, both, alone = planted
    shares = shares_of(scene, both)
    for i, truth in enumerate(alone):
        assert decibels(truth, with_shares(scene, shares.of(i)) - truth) >= 20


def test_parts_sum_to_the_whole(planted) -> None:
    scene, both, _ = planted
    shares = shares_of(scene, both)
    whole = scene.render().astype(np.float64)
    parts = [with_shares(scene, shares.of(i)) for i in range(2)] + [with_shares(scene, shares, of_rest=True)]
    # Rendering rounds each part to float32.
    assert decibels(whole, sum(parts) - whole) >= 120


def test_shares_and_what_is_left_are_on_the_grid(planted) -> None:
    scene, both, _ = planted
    shares = shares_of(scene, both)
    for values in (shares.re, shares.im, shares.left(len(scene.gabor)).real):
        np.testing.assert_array_equal(values * STEPS, np.rint(values * STEPS))
    assert (np.hypot(shares.re, shares.im) >= 0.02).all()
    assert (np.diff(shares.note) >= 0).all()
    whole = (shares.re == 1) & (shares.im == 0)
    assert whole.any()
    assert np.isin(shares.event, shares.event[whole]).sum() == whole.sum()


def test_threads_change_nothing(planted) -> None:
    scene, both, _ = planted
    first = shares_of(scene, both)
    with ThreadPoolExecutor(3) as pool:
        for again in pool.map(lambda _: shares_of(scene, both), range(3)):
            for name in ("note", "event", "re", "im"):
                np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_progress_rises_to_one(planted) -> None:
    scene, both, _ = planted
    seen: list[float] = []
    shares_of(scene, both, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_stereo_scene_has_one_share_for_both_channels() -> None:
    n = RATE
    alone = [struck(220.0, n, 0.1), struck(349.2, n, 0.3, seed=1)]
    places = np.array([[1.0, 0.3], [0.4, 0.9]])
    scene = motes.encode(places.T @ np.array(alone), sample_rate_hz=RATE, snr_db=40)
    shares = shares_of(scene, notes((0.1, 1.0, 220.0), (0.3, 1.0, 349.2)))
    for i, truth in enumerate(alone):
        heard = np.outer(places[i], truth)
        assert decibels(heard, with_shares(scene, shares.of(i)) - heard) >= 15


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ((7.0, 8.0, 440.0),),
        ((-3.0, -1.0, 440.0),),
        ((0.5, 0.5, 440.0),),
        ((0.1, 0.5, 30_000.0),),
        ((0.1, 0.5, 1.0),),
    ],
    ids=["none", "past the end", "before the start", "of no length", "above Nyquist", "below hearing"],
)
def test_notes_that_do_not_sound_get_nothing(planted, rows) -> None:
    scene = planted[0]
    shares = shares_of(scene, notes(*rows))
    assert len(shares) == 0
    assert (shares.left(len(scene.gabor)) == 1).all()


@pytest.mark.parametrize("row", [(1.9, 9.0, 440.0), (-1.0, 0.5, 440.0), (0.3, 0.30001, 440.0), (0.1, 1.5, 21_000.0)])
def test_notes_at_the_edges_take_no_more_than_there_is(planted, row) -> None:
    scene = planted[0]
    shares = shares_of(scene, notes(row))
    taken, whole = with_shares(scene, shares), scene.render().astype(np.float64)
    assert np.isfinite(taken).all()
    assert np.sum(taken**2) <= 1.1 * np.sum(whole**2)


def test_a_scene_without_atoms_has_no_shares() -> None:
    rng = np.random.default_rng(0)
    noise = motes.encode(0.1 * rng.standard_normal(RATE), sample_rate_hz=RATE, kbps=4, texture=True)
    noise = noise.with_tables([noise.gabor.take(slice(0))])
    assert len(noise.texture) > 0
    assert len(shares_of(noise, notes((0.1, 0.9, 440.0)))) == 0
    assert len(shares_of(Scene(RATE, 0, 1), notes((0.1, 0.9, 440.0)))) == 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (([0.0], [1.0, 2.0], [440.0], [0], [0]), "length"),
        (([0.0], [np.nan], [440.0], [0], [0]), "end_s"),
        (([0.0], [1.0], [0.0], [0], [0]), "f0_hz"),
        (([2.0], [1.0], [440.0], [0], [0]), "before it begins"),
    ],
)
def test_notes_that_make_no_sense_are_refused(columns, words) -> None:
    with pytest.raises(ParameterError, match=words):
        SoundingNotes(*columns)
