"""An edit costs by what it changes, and gives what an edit of whole tables gives."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

import motes
from motes.edit import tables
from motes.kinds.gabor.edits.rendered import atoms_as_rendered
from motes.kinds.gabor.table import Gabor

RATE = 16000
EDITS = {
    "gain": lambda chosen: chosen.gain(3.0),
    "move": lambda chosen: chosen.move(0.21),
    "transpose": lambda chosen: chosen.transpose(2.0),
    "stretch": lambda chosen: chosen.stretch(1.3),
    "mute": lambda chosen: chosen.mute(),
    "gain, transpose": lambda chosen: chosen.gain(3.0).select("time_s > 0.6 and time_s < 1").transpose(2.0),
}


@pytest.fixture(scope="module")
def scene():
    """A glide, two tones that share atoms, and a steady one, under all kinds of event."""
    t = np.arange(2 * RATE) / RATE
    curves = (500 * 2 ** (t / 2), 2000 + 0 * t, 2060 + 0 * t, 300 + 0 * t)
    audio = sum(0.2 * np.cos(2 * np.pi * np.cumsum(f) / RATE) for f in curves)
    found = motes.encode(audio, sample_rate_hz=RATE, snr_db=25)
    others = scene_of(*(example(kind) for kind in EXAMPLES if kind != "gabor"))
    return others.with_tables([found.gabor], n_samples=2 * RATE)


def anew(scene):
    """The scene, of whose tables nothing is known."""
    return scene.with_tables([table.take(np.arange(len(table))) for table in scene.tables])


def as_whole(monkeypatch, edit, scene, *where):
    """An edit for which all tables are made anew."""
    with monkeypatch.context() as patch:
        patch.setattr(tables, "_changed_near", whole)
        return edit(scene.select(*where))


def whole(table, mask, change):
    made = change(table, mask) if mask.any() else table
    order = made.order()
    return (made, mask) if order is None else (made.take(order), mask[order])


def assert_equal(one, other, but=()):
    for field in fields(one):
        if field.name not in but and not field.name.startswith("base_"):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_stretch_gives_what_one_of_whole_tables_gives(monkeypatch, scene, name):
    near = far = scene
    for where in ("time_s > 0.5 and time_s < 0.9", "time_s > 0.7 and time_s < 1.1 and frequency_hz < 1200"):
        near = EDITS[name](near.select(where))
        far = anew(as_whole(monkeypatch, EDITS[name], far, where))
        for one, other in zip(near.tables, far.tables, strict=True):
            assert_equal(one, other)
            assert one.defaults == {name for name in one.defaults if np.ptp(one.column(name)) == 0}
        np.testing.assert_array_equal(near.render(), far.render())
    assert_equal(near.quantise().gabor, far.quantise().gabor)


def test_atoms_are_exchanged_as_without_what_is_known_of_them(scene):
    edited = scene.select("time_s > 0.5 and time_s < 0.9").stretch(1.3).select("time_s < 0.8").transpose(2)
    assert edited.gabor.known("origin").rows is not None
    one, other = (atoms_as_rendered(scene.gabor, RATE) for scene in (edited, anew(edited)))
    assert len(one) != len(edited.gabor)
    hidden = {param.name for param in Gabor.PARAMS if not param.public}
    assert_equal(one, other, hidden)


def test_what_an_edit_leaves_is_shared(scene):
    edited = scene.select("time_s > 0.5 and time_s < 0.9").gain(3.0)
    for name in ("time_s", "window_s", "frequency_hz", "phase_rad"):
        assert edited.gabor.column(name) is scene.gabor.column(name)
    rows = np.flatnonzero((scene.gabor.time_s > 0.5) & (scene.gabor.time_s < 0.9))
    shared = edited.gabor.known("shared")
    assert shared.table() is scene.gabor
    assert (shared.n_first, shared.n_last) == (rows[0], len(scene.gabor) - rows[-1] - 1)


def test_noise_that_an_edit_leaves_is_shared():
    noise = example("texture").take(np.zeros(8, np.intp)).replace(time_s=0.3 * np.arange(8))
    scene = scene_of(noise)
    table, some = scene.texture, scene.select([1, 2])
    moved, louder = some.move(0.001).texture, some.gain(1.0).texture
    assert moved.level_db is table.level_db
    assert moved.coherence is table.coherence
    assert louder.level_db is not table.level_db
