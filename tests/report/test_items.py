"""What can be clicked: every event is in one item, and a partial is drawn where it sounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from report_examples import RATE, chimes

from motes.kinds.gabor.partials.tracking import Curve
from motes.kinds.gabor.table import Gabor
from motes.report.items import items_of, lines
from motes.scene.scene import Scene


def test_partials_stand_for_their_atoms():
    """Every event is in one item; those of a partial in one; the sounds of all items together are the scene."""
    time = np.arange(450) * 0.01 + 0.1
    steady = Gabor(
        time, np.full(450, 0.04), np.full(450, 440.0), np.full((450, 1), 0.1), (2 * np.pi * 440 * time)[:, None]
    )
    scene = Scene(RATE, 5 * RATE, 1, steady)
    items = items_of(scene)
    assert len(items.number) == scene.n_events
    assert items.sorts.count("partial") >= 1
    assert len(items) < 20
    assert np.all(np.diff(items.start_s) >= 0)
    for i in range(len(items)):
        mine = items.number == i
        assert items.start_s[i] == items.scene.gabor.start_s[mine].min()
        assert items.end_s[i] == items.scene.gabor.end_s[mine].max()


def test_a_partial_is_drawn_where_it_sounds():
    """Atoms that an attack puts on the partial lie far from its frequency, and leave the line where it is."""
    time = np.arange(450) * 0.01 + 0.1
    vibrato_hz = 440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5 * time))
    phase = 2 * np.pi * np.cumsum(vibrato_hz) * 0.01
    carried = Gabor(time, np.full(450, 0.04), vibrato_hz, np.full((450, 1), 0.1), phase[:, None])
    attack = Gabor(
        np.full(8, 0.12), np.full(8, 0.01), np.linspace(200, 900, 8), np.full((8, 1), 0.02), np.zeros((8, 1))
    )
    scene = Scene(
        RATE, 5 * RATE, 1, carried.with_more(attack).take(np.argsort(np.append(time, np.full(8, 0.12)), kind="stable"))
    )
    items = items_of(scene)
    longest = int(np.argmax(items.end_s - items.start_s))
    strokes = lines(items, np.array([longest]))[0]
    assert len(strokes) == 1
    drawn = np.array(strokes[0])
    assert items.sorts[longest] == "partial"
    assert 20 < len(drawn) <= 122
    assert drawn[:, 1].min() > 440 * 2 ** (-0.7 / 12)
    assert drawn[:, 1].max() < 440 * 2 ** (0.7 / 12)
    inside = (time > 0.3) & (time < 4.4)
    error = 12 * np.log2(np.interp(time[inside], *drawn.T) / vibrato_hz[inside])
    assert np.abs(error).max() < 0.2


def test_a_line_is_not_drawn_where_it_leaps():
    time = np.linspace(0, 1, 101)
    leap = Curve(time, np.where(time < 0.5, 440.0, 150.0), 0 * time)
    glide = Curve(time, 440.0 * 2**-time, 0 * time)
    items = items_of(chimes(2))
    drawn = lines(replace(items, curves=[leap, glide]), np.arange(2))
    assert [len(strokes) for strokes in drawn] == [2, 1]
    assert {hz for stroke in drawn[0] for _, hz in stroke} == {440.0, 150.0}
