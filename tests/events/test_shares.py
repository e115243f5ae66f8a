"""Parts of atoms: they sum to the whole, before and after a file, and are edited each for itself."""

import numpy as np
import pytest
from codec_scenes import random_scene
from note_examples import groups, in_parts, shared_scene, some_shares

from motes.codec import dumps, load, loads
from motes.events.room import Room
from motes.events.shares import SHARE_UNITS, WHOLE, parts, share_columns, share_integers, shares_of, wholes
from motes.kinds.gabor.edited import BASE
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor

# What tables remember of what edits follow, whether or not an event was edited.
REMEMBERED = (*BASE.values(), "partial_hz", "partial_rad")


def whole_scene(n_channels=1, seed=1, quantised=True):
    scene = random_scene(seed, 60, n_channels, rate=22050, n_samples=50_000, off_grid=0.2, silent=0.2)
    scene = scene.replace(quantiser=GaborQuantiser(2, 8, -60))
    return scene.quantise() if quantised else scene


def level_db(difference, of):
    return 10 * np.log10(np.mean(difference.astype(np.float64) ** 2) / np.mean(of.astype(np.float64) ** 2) + 1e-30)


def test_shares_as_columns_and_whole_numbers():
    shares = some_shares(20)
    columns = share_columns(shares)
    np.testing.assert_array_equal(share_integers(columns["share_re"], columns["share_im"]), shares)
    assert share_columns(None) == {}
    assert share_integers(None, None) is None
    assert shares_of(whole_scene().gabor) is None
    assert shares_of(Gabor.empty(2)) is None
    whole = whole_scene().gabor
    assert parts(whole, None) is whole
    assert wholes(whole) is whole


def test_a_part_is_the_whole_times_its_share():
    whole, shares = whole_scene(2).gabor, some_shares(len(whole_scene(2).gabor))
    part = parts(whole, shares)
    factor = (shares[:, 0] + 1j * shares[:, 1])[:, None] / SHARE_UNITS
    np.testing.assert_allclose(
        part.amplitude * np.exp(1j * part.phase_rad),
        factor * whole.amplitude * np.exp(1j * whole.phase_rad),
        atol=1e-12,
    )
    np.testing.assert_array_equal(shares_of(part), shares)
    back = wholes(part)
    assert shares_of(back) is None
    np.testing.assert_allclose(back.amplitude, whole.amplitude, rtol=1e-14)
    np.testing.assert_allclose(back.phase_rad, whole.phase_rad, atol=1e-12)


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("layer", [0, 1])
def test_parts_sum_to_the_whole_and_a_file_holds_them_to_the_bit(n_channels, layer):
    whole = whole_scene(n_channels)
    which = np.arange(1, len(whole.gabor), 2)
    gabor = in_parts(whole.gabor, which, some_shares(len(which)), group_id=2, layer=layer)
    scene = whole.replace(gabor=gabor, groups=groups()).quantise()
    assert level_db(scene.render() - whole.render(), whole.render()) < -120
    again = loads(dumps(scene))
    assert again.gabor.equals(scene.gabor)
    assert dumps(again) == dumps(scene)
    np.testing.assert_array_equal(again.render(), scene.render())
    assert scene.quantise().gabor.equals(scene.gabor)
    one, rest = (
        scene.replace(gabor=scene.gabor.take(mask)) for mask in (scene.gabor.group_id == 2, scene.gabor.group_id == 0)
    )
    assert level_db(one.render() + rest.render() - whole.render(), whole.render()) < -120


def test_an_atom_in_three_parts():
    whole = whole_scene()
    first, second = some_shares(len(whole.gabor), 1) // 2, some_shares(len(whole.gabor), 2) // 3
    three = [parts(whole.gabor, share) for share in (first, second, WHOLE - first - second)]
    scene = whole.replace(gabor=three[0].with_more(*three[1:])).quantise()
    assert level_db(scene.render() - whole.render(), whole.render()) < -120
    assert loads(dumps(scene)).gabor.equals(scene.gabor)


@pytest.mark.parametrize("layer", [0, 1])
def test_parts_of_a_scene_that_is_not_rounded_round_as_the_whole_does(layer):
    whole = whole_scene(2, quantised=False)
    which = np.arange(0, len(whole.gabor), 2)
    scene = whole.replace(gabor=in_parts(whole.gabor, which, some_shares(len(which)), layer=layer))
    rounded = scene.quantise()
    assert level_db(rounded.render() - whole.quantise().render(), whole.render()) < -120
    assert rounded.quantise().gabor.equals(rounded.gabor)
    assert loads(dumps(scene)).gabor.equals(rounded.gabor)


def test_shares_between_steps_are_rounded_and_those_of_nothing_are_dropped():
    whole = whole_scene().gabor.take(slice(0, 4))
    columns = {"share_re": np.array([0.5034, 0.003, 1.0, 0.25]), "share_im": np.array([0.0, -0.004, 0.0, 0.1])}
    factor = columns["share_re"] + 1j * columns["share_im"]
    gabor = whole.replace(
        amplitude=whole.amplitude * np.abs(factor)[:, None],
        phase_rad=whole.phase_rad + np.angle(factor)[:, None],
        **columns,
    )
    scene = whole_scene().replace(gabor=gabor)
    rounded = scene.quantise().gabor
    assert sorted(map(tuple, (shares_of(rounded)).tolist())) == [(16, 6), (32, 0), WHOLE]
    assert loads(dumps(scene)).gabor.equals(rounded)


def test_the_weakest_part_keeps_its_whole():
    """A part far below what files round to silence is still that part of its atom."""
    atom = Gabor([0.5], [0.1], [440.0], [[2.0**-38]], [[1.0]])
    scene = whole_scene().replace(gabor=in_parts(atom, [0], [[1, 0]]), quantiser=GaborQuantiser(2, 8, -160)).quantise()
    assert len(scene.gabor) == 2
    assert loads(dumps(scene)).gabor.equals(scene.gabor)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize(
    "edit",
    [
        lambda part: part.transpose(-2.0),
        lambda part: part.move(0.137),
        lambda part: part.gain(-7.3),
        lambda part: part.stretch(1.5).select(group=2).transpose(3.5),
        lambda part: part.reverse(),
    ],
)
def test_edits_of_a_part_leave_the_rest_and_come_back_from_a_file(edit, n_channels):
    scene = shared_scene(n_channels, layer=1)
    edited = edit(scene.select(group=2))
    rest = [one.gabor.take(one.gabor.group_id == 0) for one in (scene, edited)]
    assert rest[0].equals(rest[1].replace(**dict.fromkeys(REMEMBERED)))
    rounded, data = edited.quantise(), dumps(edited)
    again = loads(data)
    assert again.gabor.equals(rounded.gabor)
    assert dumps(again) == data
    np.testing.assert_array_equal(again.render(), rounded.render())
    assert np.max(np.abs(again.render() - edited.render())) < 1e-5
    assert shares_of(again.gabor).tolist() == shares_of(rounded.gabor).tolist()


def test_an_edit_undone_leaves_the_file_as_it_was():
    scene = shared_scene(1, layer=1)
    back = scene.select(group=2).transpose(2.0).select(group=2).transpose(-2.0).quantise()
    assert loads(dumps(back)).gabor.equals(back.gabor)
    assert level_db(back.render() - scene.render(), scene.render()) < -120


@pytest.mark.parametrize("edit", [lambda part: part.mute(), lambda part: part.drop()])
def test_without_a_part_the_rest_sounds(edit):
    scene = shared_scene(1, layer=1)
    rest = scene.replace(gabor=scene.gabor.take(scene.gabor.group_id == 0))
    edited = loads(dumps(edit(scene.select(group=2))))
    assert len(edited.gabor) == len(rest.gabor)
    assert np.max(np.abs(edited.render() - rest.render())) < 1e-6


def test_a_stretch_of_time_is_read_with_its_shares(tmp_path):
    scene = shared_scene(2, n_events=200)
    path = scene.save(tmp_path / "a.mote")
    for start_s, end_s in ((0.0, 0.3), (1.1, 1.4), (2.5, 2.7)):
        found = load(path, start_s, end_s)
        assert np.max(np.abs(found.render(start_s, end_s) - scene.render(start_s, end_s))) < 1e-5
        assert found.groups.equals(scene.groups)
    assert len(load(path, 2.5, 2.7).gabor) < len(scene.gabor)


def test_parts_in_rooms_come_back():
    scene = shared_scene(2, layer=1).select(group=2).room(Room.synthetic(0.4), 0.25).quantise()
    again = loads(dumps(scene))
    assert again.gabor.equals(scene.gabor)
    assert dumps(again) == dumps(scene)
    np.testing.assert_array_equal(again.render(), scene.render())


def test_joined_scenes_keep_their_shares():
    scene = shared_scene(1).join(shared_scene(1, seed=2, layer=1), at_s=1.0)
    again = loads(dumps(scene))
    assert again.gabor.equals(scene.quantise().gabor)
    assert dumps(again) == dumps(scene)
