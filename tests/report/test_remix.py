"""Single events and remixes: of every kind, and each keeps what it is to keep."""

from __future__ import annotations

import numpy as np
import pytest
from report_examples import QUICK, RATE, chimes

from motes import kinds
from motes.report.items import items_of
from motes.report.page import page
from motes.report.remix import random_events, random_times
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
    for remix in (random_events(items), random_times(items)):
        assert len(remix.table(kind)) == len(scene.table(kind))
        assert np.isfinite(remix.render()).all()
    assert page([subject_of(scene, kind)], QUICK)


def test_random_times_keep_events_and_random_events_keep_times():
    scene = chimes(200, 4.0)
    items = items_of(scene)
    times, events = random_times(items).gabor, random_events(items).gabor
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
