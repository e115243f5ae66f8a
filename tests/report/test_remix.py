"""Single events and remixes: of every kind, and each keeps what it is to keep."""

from __future__ import annotations

import numpy as np
import pytest
from report_examples import QUICK, RATE, chimes
from studio_notes import noted_scene

from motes import kinds
from motes.errors import ParameterError
from motes.report.items import items_of
from motes.report.page import page
from motes.report.remix import Chance, remixed
from motes.report.sound import choose, event_sounds
from motes.report.subject import subject_of


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.KINDS])
def test_every_kind_is_heard_alone_and_remixed(kind):
    import kind_examples as examples

    scene = examples.scene_of(examples.example(kind))
    items = items_of(scene)
    made = event_sounds(items, choose(items, 100.0, 100))
    assert len(made.chosen) >= 1
    alone = scene.select(np.flatnonzero(items.number == made.chosen[0])).only()
    first = round(made.start_s[0] * RATE)
    played = made.audio[first : first + round(made.length_s[0] * RATE)] * made.gain[0]
    start = int(np.floor(items.start_s[made.chosen[0]] * RATE))
    played, start = (
        played[max(0, -start) :],
        max(0, start),
    )  # an event alone is heard from its beginning, a scene from 0
    wanted = alone.render()[start : start + len(played)]
    assert np.abs(played[: len(wanted)] - wanted)[:-200].max(initial=0) < 1e-3 * np.abs(wanted).max()
    for chance in (Chance(events=True), Chance(times=True), Chance(True, True, 0.3, 7)):
        remix = remixed(items, chance).selection.scene
        assert len(remix.table(kind)) == len(scene.table(kind))
        assert np.isfinite(remix.render()).all()
    assert page([subject_of(scene, kind)], QUICK)


def test_random_times_keep_events_and_random_events_keep_times():
    scene = chimes(200, 4.0)
    items = items_of(scene)
    times, events = (
        remixed(items, chance).selection.scene.gabor for chance in (Chance(times=True), Chance(events=True))
    )
    assert np.allclose(np.sort(times.frequency_hz), np.sort(scene.gabor.frequency_hz))
    assert np.allclose(np.sort(times.amplitude[:, 0]), np.sort(scene.gabor.amplitude[:, 0]))
    assert not np.allclose(np.sort(times.time_s), np.sort(scene.gabor.time_s), atol=0.01)
    assert times.start_s.min() >= -1e-9
    assert times.end_s.max() <= scene.duration_s + 1e-9
    assert np.allclose(np.sort(events.start_s), np.sort(scene.gabor.start_s), atol=1e-9)
    assert not np.allclose(np.sort(events.frequency_hz), np.sort(scene.gabor.frequency_hz), rtol=1e-3)
    logs = [np.log(gabor.frequency_hz) for gabor in (events, scene.gabor)]
    assert abs(logs[0].mean() - logs[1].mean()) < 0.25 * logs[1].std()
    assert 0.7 < logs[0].std() / logs[1].std() < 1.3


def test_strength_goes_part_of_the_way_and_a_mask_leaves_the_others():
    scene = chimes(60, 4.0)
    items = items_of(scene)
    whole, half = (remixed(items, Chance(times=True, strength=strength)) for strength in (1.0, 0.5))
    # Atoms are known by their frequencies, which differ.
    at = [dict(zip(one.gabor.frequency_hz, one.gabor.time_s, strict=True)) for one in (scene, *scenes(whole, half))]
    assert all(at[2][hz] == pytest.approx((at[0][hz] + at[1][hz]) / 2) for hz in at[0])
    assert np.array_equal(*(one.gabor.time_s for one in scenes(whole, remixed(items, Chance(times=True)))))
    assert not np.array_equal(*(one.gabor.time_s for one in scenes(whole, remixed(items, Chance(times=True, seed=1)))))
    mask = np.arange(60) % 3 == 0
    made = remixed(items, Chance(True, True), mask, other=np.arange(60) < 20)
    kept = made.selection.scene.gabor.take(~made.selection.mask)
    assert np.array_equal(kept.frequency_hz, scene.gabor.frequency_hz[~mask])
    assert np.array_equal(kept.time_s, scene.gabor.time_s[~mask])
    low = scene.gabor.frequency_hz[:20][~mask[:20]]
    assert np.isin(low, made.selection.scene.gabor.frequency_hz[made.other]).all()
    assert made.other.sum() == 20


def test_notes_follow_what_is_drawn():
    scene = noted_scene()
    items = items_of(scene)
    made = remixed(items, Chance(True, True, seed=3)).selection.scene
    before = {note.number: note for note in items.scene.notes}
    after = items_of(made, "own")
    assert {note.number for note in made.notes} == set(before)
    for note in made.notes:
        item = int(np.flatnonzero(after.notes == note.number)[0])
        assert note.onset_s == pytest.approx(after.start_s[item], abs=0.03)
        if note.f0_hz is not None:
            mine = made.gabor.take(after.number == item)
            assert np.abs(mine.frequency_hz / note.f0_hz - 1).min() < 0.02
            assert note.f0_hz != before[note.number].f0_hz


@pytest.mark.parametrize("chance", [{}, {"events": True, "strength": 0}, {"times": True, "strength": 30}])
def test_what_makes_no_sense_is_said(chance):
    with pytest.raises(ParameterError):
        Chance(**chance)


def scenes(*made):
    return [one.selection.scene for one in made]
