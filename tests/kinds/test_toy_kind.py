"""A kind that is a folder and a line goes through everything: scene, edits, sound, file, picture, report and studio."""

from __future__ import annotations

import copy
import io
import struct

import numpy as np
import pytest
import toy_kind
from report_examples import QUICK
from toy_kind.table import Beep

import motes
from motes import kinds
from motes.codec import dumps, loads, quantise
from motes.codec.salvage import salvage
from motes.events.room import Room
from motes.report.items import items_of, lines, parameters
from motes.report.page import page
from motes.report.pictures.picture import scene_picture
from motes.report.subject import subject_of
from motes.report.tables import scene_of_csv, write_csv
from motes.scene.arrays import from_arrays, to_arrays
from motes.scene.scene import Scene
from motes.studio.drawing.geometry import geometry_of
from motes.studio.drawing.partials import partial_lines
from motes.studio.drawing.tiles import event_tile
from motes.studio.sound.changed import changed

RATE, N_SAMPLES = 8000, 24000


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The line."""
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, toy_kind.KIND))


def beeps(n_channels: int = 1) -> Beep:
    random = np.random.default_rng(5)
    return Beep(
        np.sort(random.uniform(0, 2.5, 9)),
        random.uniform(0.05, 0.4, 9),
        random.uniform(100, 2000, 9),
        random.uniform(0.1, 0.3, (9, n_channels)),
    )


def scene(n_channels: int = 1) -> Scene:
    return Scene(RATE, N_SAMPLES, n_channels, beep=beeps(n_channels))


def left_over_db(estimate, reference) -> float:
    return float(10 * np.log10(np.sum((estimate - reference) ** 2) / np.sum(reference**2) + 1e-20))


def test_a_scene_holds_it_by_its_name():
    whole = scene(2)
    assert whole.beep is whole.table("beep") is whole.tables[-1]
    assert "9 beep" in repr(whole)
    assert len(whole.replace(beep=beeps(2).take(slice(3))).beep) == 3
    assert copy.deepcopy(whole).beep.equals(whole.beep)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_it_sounds_by_its_definition(n_channels):
    whole = scene(n_channels)
    oracle = toy_kind.KIND.oracle(whole.beep, whole)
    assert left_over_db(np.atleast_2d(whole.render()), oracle) < -100
    assert left_over_db(np.atleast_2d(whole.render(0.5, 1.0)), oracle[:, 4000:8000]) < -100


def test_it_is_edited():
    whole = scene()
    assert len(whole.select("kind == beep and frequency_hz > 500")) == np.sum(whole.beep.frequency_hz > 500)
    assert len(whole.select("level_db > -200 and duration_s > 0.1")) == np.sum(whole.beep.duration_s > 0.1)
    assert left_over_db(whole.gain(6).render(), whole.render() * 10**0.3) < -100
    assert left_over_db(whole.move(0.25).render()[2000:N_SAMPLES], whole.render()[:-2000]) < -100
    assert np.allclose(whole.transpose(12).beep.frequency_hz, 2 * whole.beep.frequency_hz)
    assert whole.stretch(1.5).n_samples == 1.5 * N_SAMPLES
    assert whole.join(whole, 1.0).n_events == 18
    assert whole[0:1].n_events + whole[1:3].n_events == 9
    assert whole.select([0]).set(frequency_hz=300.0).beep.frequency_hz[0] == 300
    assert whole.select([0, 1]).group("note").groups.id.tolist() == [1]
    sent = whole.select([2]).room(Room.synthetic(0.3), 0.5)
    assert left_over_db(sent.render()[:N_SAMPLES], whole.render()) > -60


def test_a_file_holds_it():
    whole = quantise(scene().select([2, 3]).room(Room.synthetic(0.3), 0.5).select([1]).group("note"))
    data = dumps(whole)
    again = loads(data)
    assert again.beep.equals(whole.beep)
    assert np.array_equal(again.render(), whole.render())
    assert dumps(again) == data
    written = io.BytesIO()
    write_csv(whole, written)
    assert scene_of_csv(written.getvalue().decode()).beep.equals(whole.beep)


def test_its_unsaved_state_is_kept():
    whole = scene(2)
    assert from_arrays(*to_arrays(whole)).beep.equals(whole.beep)


def test_what_is_intact_of_a_file_is_salvaged():
    whole = quantise(scene())
    data = bytearray(dumps(whole))
    data[data.index(b"B", 60) + 12] ^= 1
    found = salvage(bytes(data))
    assert 0 < len(found.scene.beep) < 9
    assert any("beep" in line for line in found.skipped)


def test_it_is_drawn():
    whole = scene()
    assert scene_picture(whole) != scene_picture(whole.select([3]).drop())
    items = items_of(whole)
    assert items.sorts == ["beep"] * 9
    assert np.array_equal(items.low_hz, whole.beep.frequency_hz)
    assert [name for name, *_ in parameters(items, np.arange(9))["beep"]["params"]][:2] == ["time_s", "duration_s"]
    assert len(lines(items, np.arange(9))) == 9
    geometry = geometry_of(whole)
    assert set(geometry.kind.tolist()) == {len(kinds.KINDS) - 1}
    assert np.array_equal(geometry.aux[:, 0], whole.beep.duration_s)
    assert np.allclose(geometry.level_db, 20 * np.log10(whole.beep.amplitude[:, 0]))
    assert event_tile(geometry, np.zeros(9, bool), 0, 0, 1, whole.duration_s).startswith(b"MTE1")


def test_the_studio_renders_anew_what_an_edit_changes():
    whole = scene()
    edited = whole.select([4]).gain(-3)
    assert changed(whole, whole.replace(tags={"TITLE": "Beeps"}, format_version=2)) is None
    found = changed(whole, edited)
    assert found is not None
    assert found.start_s <= whole.beep.start_s[4]
    assert found.end_s >= whole.beep.end_s[4]


def test_a_report_shows_it_in_its_colours():
    text = page([subject_of(scene(), "beeps")], QUICK).decode()
    assert f"--beep: {toy_kind.KIND.look.light};" in text
    assert '<li data-sort="beep">' in text


def test_partials_are_those_of_atoms_wherever_it_stands(monkeypatch):
    tone = np.sin(2 * np.pi * 440 * np.arange(N_SAMPLES) / RATE)
    atoms = motes.encode(tone, sample_rate_hz=RATE, snr_db=20).gabor
    last = scene().with_tables([atoms])
    monkeypatch.setattr(kinds, "KINDS", (toy_kind.KIND, *kinds.KINDS[:-1]))
    first = scene().with_tables([atoms])
    numbers = []
    for whole in (last, first):
        data = partial_lines(whole, geometry_of(whole), 0.0, 3.0, 50, 0)
        n_lines, n_atoms = struct.unpack_from("<2I", data, 4)
        numbers.append(np.frombuffer(data, "<u4", n_atoms, 32 + 4 * (n_lines + 1) + 4 * n_lines))
    assert len(numbers[0]) > 0
    assert np.array_equal(numbers[0] + len(first.beep), numbers[1])
