"""Tags: what edits did to events, and their groups, in a packet."""

import itertools

import numpy as np
import pytest
import range_coder
import tags as plain
from codec_scenes import random_scene
from hypothesis import given
from hypothesis import strategies as st

from motes.codec import dumps, loads
from motes.codec.salvage import salvage
from motes.coding.tag_model import code_tags, first_slots, pack_tags, unpack_tags
from motes.coding.tags import Tags
from motes.errors import FormatError
from motes.events.groups import ROLES, Groups


@st.composite
def tagged(draw):
    n_events, n_columns = draw(st.integers(1, 60)), draw(st.sampled_from([1, 8]))
    n_tags, seed, share = draw(st.integers(2, 6)), draw(st.integers(0, 2**32)), draw(st.sampled_from([0.02, 0.5, 1.0]))
    rng = np.random.default_rng(seed)
    values = np.concatenate(
        [np.zeros((1, n_columns), np.int64), rng.integers(-(10 ** rng.integers(1, 9)), 10**6, (n_tags - 1, n_columns))]
    )
    index = np.where(rng.random(n_events) < share, rng.integers(0, n_tags, n_events), 0)
    index[rng.integers(n_events)] = rng.integers(1, n_tags)
    return rng.integers(0, 1 << 20, n_events), Tags.of(values[index]).used()


@given(tagged())
def test_tags_come_back(case):
    frequency, tags = case
    found = unpack_tags(pack_tags(tags, frequency), tags.rows.shape[1], frequency, "packet 1")
    np.testing.assert_array_equal(found.values, tags.values)


@given(tagged(), st.integers(0, 1))
def test_the_plain_reader_writes_and_reads_the_same_bytes(case, by_place):
    frequency, tags = case
    buffer = np.empty(100_000, np.uint8)
    n, _ = code_tags(0, by_place, buffer, first_slots(), frequency, tags.index.copy(), tags.rows)
    encoder = range_coder.Encoder(plain.first_slots(), [])
    plain.code_tags(encoder, by_place, frequency.tolist(), tags.index.tolist(), tags.rows.tolist(), tags.rows.shape[1])
    data = encoder.finish()
    assert data == buffer[:n].tobytes()
    index = [0] * len(frequency)
    rows = plain.code_tags(
        range_coder.Decoder(data, plain.first_slots(), []), 0, frequency.tolist(), index, [], tags.rows.shape[1]
    )
    assert (index, rows) == (tags.index.tolist(), tags.rows.tolist())


@given(st.binary(min_size=1, max_size=40), st.integers(1, 50))
def test_any_bytes_are_tags_or_refused(data, n_events):
    frequency = np.arange(n_events) * 10_000
    try:
        found = unpack_tags(data, 8, frequency, "packet 7")
    except FormatError:
        return
    assert found.index.min() >= 0
    assert found.index.max() < len(found.rows)


def test_tags_in_blocks_and_alone_take_few_bits():
    frequency = np.random.default_rng(0).integers(0, 1 << 18, 1000)
    everything = Tags.of(np.tile([[3, 0, 0, 0, 0, 0, 0, 0]], (1000, 1)))
    assert 8 * len(pack_tags(everything, frequency)) <= 48
    above = Tags.of((frequency > 1 << 17)[:, None] * np.array([3, 0, 0, 0, 0, 0, 0, 0]))
    assert 8 * len(pack_tags(above, frequency)) <= 300
    one = Tags.of((np.arange(1000) == 500)[:, None] * np.array([3, 0, 0, 0, 0, 0, 0, 0]))
    assert 8 * len(pack_tags(one, frequency)) <= 32


def edited_scenes():
    scene = random_scene(11, 600, 1, n_samples=200_000, silent=0).quantise()
    half = "frequency_hz > 3000"
    return {
        "transposed": scene.transpose(3),
        "stretched": scene.stretch(1.25),
        "reversed": scene.reverse(),
        "some": scene.select(half).transpose(-5).select("time_s < 2").gain(-4.5).select(half).stretch(0.8),
        "joined": scene.transpose(2).join(scene.gain(-3), at_s=1.5).transpose(-1),
        "twice": scene.select("time_s < 1").duplicate(2.0).select("time_s > 2").transpose(12),
        "cut": scene.transpose(1)[1:3],
        "cut and edited": scene.transpose(1)[1:3].quantise().transpose(-3),
    }


@pytest.mark.parametrize("name", edited_scenes())
def test_an_edited_scene_comes_back_as_it_was_rounded(name):
    scene = edited_scenes()[name]
    data, rounded = dumps(scene), scene.quantise()
    loaded = loads(data)
    assert loaded.gabor.equals(rounded.gabor)
    assert dumps(loaded) == data == dumps(rounded)
    error = rounded.render() - scene.render()
    assert np.sum(error**2) < (1e-6 if name != "cut" else 1e-5) * np.sum(scene.render() ** 2)


def test_edits_are_undone_through_files_exactly():
    scene = random_scene(12, 400, 1, n_samples=150_000, silent=0).quantise()
    there = loads(dumps(scene.transpose(3).stretch(1.5).gain(-7).move(0.5)))
    back = loads(dumps(there.move(-0.5).gain(7).stretch(1 / 1.5).transpose(-3)))
    for name in ("time_s", "frequency_hz", "window_s", "amplitude"):
        np.testing.assert_allclose(back.gabor.column(name), scene.gabor.column(name), rtol=1e-6, atol=1e-6)
    error = back.render()[: scene.n_samples] - scene.render()
    assert np.sum(error**2) < 1e-5 * np.sum(scene.render() ** 2)


def test_what_edits_cost():
    scene = random_scene(13, 3000, 1, n_samples=130_000, silent=0).quantise()
    n = len(dumps(scene))
    for edited in (scene.transpose(3), scene.stretch(1.5), scene.gain(-6), scene.move(0.25)):
        assert len(dumps(edited)) < 1.01 * n
    random = np.random.default_rng(0)
    for share in (0.05, 0.5):
        assert len(dumps(scene.select(random.random(scene.n_events) < share).transpose(-2))) < 1.15 * n
    some = random.choice(scene.n_events, 30, replace=False)
    assert 8 * (len(dumps(scene.select(some).transpose(4))) - n) <= 24 * 30


def test_a_stretch_of_an_edited_file_is_that_of_the_whole(tmp_path):
    from motes.codec import load

    for name, scene in edited_scenes().items():
        scene.save(tmp_path / f"{name}.mote")
        part = load(tmp_path / f"{name}.mote", 1.0, 1.5)
        np.testing.assert_array_equal(
            part.render(1.0, 1.5), load(tmp_path / f"{name}.mote").render(1.0, 1.5), err_msg=name
        )


def grouped():
    scene = random_scene(14, 300, 1, n_samples=150_000, silent=0).quantise()
    ids = np.random.default_rng(0).choice([0, 2, 3, 9, 12], scene.n_events)
    groups = Groups(
        [2, 3, 5, 9, 12],
        [5, 5, 0, 0, 0],
        [ROLES.index(role) for role in ("partial", "partial", "note", "own", "partial")],
    )
    return scene.replace(gabor=scene.gabor.replace(group_id=ids), groups=groups)


def test_groups_are_kept_but_for_partials_that_stand_alone():
    scene = grouped()
    loaded = loads(dumps(scene))
    assert loaded.groups.id.tolist() == [2, 3, 5, 9]
    assert [ROLES[role] for role in loaded.groups.role] == ["partial", "partial", "note", "own"]
    np.testing.assert_array_equal(loaded.gabor.group_id, np.where(scene.gabor.group_id == 12, 0, scene.gabor.group_id))
    assert dumps(loaded) == dumps(scene)


def test_damage_to_groups_and_edits_is_seen_and_salvaged():
    data = dumps(grouped().transpose(2))
    whole = loads(data)
    random = np.random.default_rng(1)
    for place in random.choice(len(data), 150, replace=False):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(random.integers(8))
        with pytest.raises(FormatError):
            loads(damaged)
        try:
            found = salvage(damaged)
        except FormatError:
            continue
        assert found.skipped
        assert found.scene.n_events <= whole.n_events


def test_edits_of_muted_and_folded_events_hold(tmp_path):
    scene = random_scene(15, 200, 1, n_samples=100_000, silent=0).quantise()
    low = scene.transpose(-40).transpose(28)  # some atoms beside their partial pass 0 Hz
    assert loads(dumps(low)).gabor.equals(low.quantise().gabor)
    muted = scene.transpose(2).select("frequency_hz > 4000").mute()
    kept = np.count_nonzero(muted.gabor.amplitude > 0)
    assert 0 < loads(dumps(muted)).n_events == kept < scene.n_events


def test_the_plain_reader_agrees_on_packets_of_every_sort():
    for by_place, n_tags in itertools.product((0, 1), (2, 3)):
        index = [1, 0, 0, n_tags - 1, 0]
        table = [[0] * 8] + [[i, 0, -i, 2, 0, 0, 0, 7] for i in range(1, n_tags)]
        encoder = range_coder.Encoder(plain.first_slots(), [])
        plain.code_tags(encoder, by_place, [0, 5, 1 << 19, 7, 9], list(index), table, 8)
        found = unpack_tags(encoder.finish() or b"\0", 8, np.array([0, 5, 1 << 19, 7, 9]), "packet")
        assert found.values.tolist() == [table[tag] for tag in index]
