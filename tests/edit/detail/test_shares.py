"""Chosen events take along what of detail belongs to them."""

import numpy as np
import pytest

import motes
from motes.audio import ArraySource
from motes.cli import main
from motes.codec import dumps, loads
from motes.edit.detail.shares import with_share
from motes.encoders.detail import analyse_detail
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE, N = 22050, 33_000


def tone(hz, start_s, length_s):
    """A decaying tone."""
    t = np.arange(N) / RATE - start_s
    inside = (t >= 0) & (t < length_s)
    return np.where(inside, np.sin(2 * np.pi * hz * t) * np.exp(-3 * t.clip(0)) * 0.3, 0.0)


LOW, HIGH = tone(330.0, 0.2, 0.8), tone(2500.0, 0.5, 0.8)


@pytest.fixture(scope="module")
def scene():
    """Two tones: atoms at their frequencies that are too weak, so that detail has half of each."""
    at = np.arange(0.1, 1.4, 256 / RATE)
    rows = []
    for hz, start_s in ((330.0, 0.2), (2500.0, 0.5)):
        inside = at[(at >= start_s) & (at < start_s + 0.8)]
        rows += [(s, hz, 0.07 * np.exp(-3 * (s - start_s)), 2 * np.pi * hz * (s - start_s) - np.pi / 2) for s in inside]
    time_s, frequency_hz, amplitude, phase = np.array(sorted(rows)).T
    atoms = Gabor(time_s, np.full(len(time_s), 1024 / RATE), frequency_hz, amplitude[:, None], phase[:, None])
    bare = Scene(RATE, N, 1, atoms).quantise()
    source = ArraySource((LOW + HIGH).astype(np.float32), RATE)
    detail = analyse_detail(bare, source, -5.0).quantised(-5.0)
    return bare.replace(detail=detail, format_version=2)


def db(audio):
    return 10 * np.log10(np.mean(np.square(audio)) + 1e-30)


def heard(scene):
    return scene.render().astype(np.float64)


@pytest.mark.parametrize("what", ["frequency_hz > 1000", "frequency_hz < 1000 and time_s < 0.7", "time_s > 0.6"])
def test_what_is_muted_and_what_is_left_add_up(scene, what):
    selection = scene.select(what)
    assert db(heard(selection.mute()) + heard(selection.solo()) - heard(scene)) < db(heard(scene)) - 120
    assert db(heard(selection.drop()) + heard(selection.only()) - heard(scene)) < db(heard(scene)) - 120


def test_a_muted_tone_leaves_no_ghost(scene):
    with_it, without = (
        heard(scene.select("frequency_hz > 1000", with_detail=take).mute()) - LOW for take in (True, False)
    )
    assert db(without) > db(HIGH) - 12
    assert db(with_it) < db(without) - 20
    assert db(heard(scene.select("frequency_hz > 1000").solo()) - HIGH) < db(HIGH) - 15


def test_edits_move_the_share(scene):
    up = heard(scene.select("frequency_hz > 1000").move(0.1))
    late = np.roll(HIGH, round(0.1 * RATE))
    assert db(up[:N] - LOW - late) < db(HIGH) - 15
    louder = heard(scene.select("frequency_hz > 1000").gain(6.0))
    assert db(louder - LOW - HIGH * 10 ** (6 / 20)) < db(HIGH) - 10
    assert abs(scene.select("frequency_hz > 1000").onset_s - 0.5) < 0.05


def test_whole_layers_take_no_share_and_chosen_detail_is_whole(scene):
    for what in (None, "kind == gabor", "kind == detail"):
        selection = scene.select(what)
        assert with_share(selection).scene is scene
    n = len(scene.detail)
    chosen = with_share(scene.select("kind == detail or frequency_hz > 1000"))
    assert len(chosen.scene.detail) == n
    assert len(with_share(scene.select("frequency_hz > 1000")).scene.detail) > n


def test_shares_are_stored_once_and_come_back(scene):
    edited = scene.select("frequency_hz > 1000").transpose(2).quantise()
    data = dumps(edited)
    assert len(data) < 1.3 * len(dumps(scene))
    back = loads(data)
    assert back.detail.equals(edited.detail)
    assert np.array_equal(back.render(), edited.render())


def test_a_group_keeps_its_share(scene):
    grouped = scene.select("frequency_hz > 1000").group("note")
    number = int(grouped.groups.id[-1])
    softer = grouped.select(group=number).gain(-3)
    assert set(softer.detail.group_id.tolist()) == {0, number}
    again = with_share(softer.select(group=number))
    assert again.scene is softer
    assert db(heard(softer.select(group=number).mute()) - LOW) < db(HIGH) - 25


def test_shares_of_edited_detail_lie_where_it_sounds(scene):
    for edited in (scene.stretch(1.5), scene.reverse(), scene.transpose(5), scene.move(0.2)):
        ratio = 2 ** (5 / 12) if edited.gabor.frequency_hz.max() > 3000 else 1.0
        selection = edited.select(f"frequency_hz > {1000 * ratio}")
        left, gone = (
            Scene(RATE, edited.n_samples, 1, tables=[each.detail]) for each in (selection.mute(), selection.only())
        )
        power = [np.abs(np.fft.rfft(heard(each))) ** 2 for each in (left, gone)]
        high = np.arange(len(power[0])) * RATE / edited.n_samples > 1500
        assert power[0][high].sum() < 0.02 * power[1][high].sum()
        assert power[1][~high].sum() < 0.02 * power[0][~high].sum()


def test_the_command_line_leaves_detail_where_it_is_told_to(scene, tmp_path):
    path, out = tmp_path / "a.mote", tmp_path / "b.mote"
    scene.save(path)
    assert main(["edit", str(path), "-o", str(out), "--select", "frequency_hz > 1000", "--mute", "--leave-detail"]) == 0
    assert len(motes.load(out).detail) == len(scene.detail)
    assert main(["edit", str(path), "-o", str(out), "--force", "--select", "frequency_hz > 1000", "--mute"]) == 0
    assert motes.load(out).detail.mask_frames.any()
