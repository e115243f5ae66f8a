"""Noise divided among notes: each has the same noise at lower levels, and what it has is taken away from the rest."""

import numpy as np
import pytest

import motes
from motes.codec import dumps, loads
from motes.errors import ParameterError
from motes.events.groups import ROLES, Groups
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture, hop_samples
from motes.notes.splitting import rest_change_db

RATE = 22_050
FRAMES, BANDS = 192, 20


def noise(n_channels=1, level_db=-50.0):
    """Three seconds of noise as encoders make it, at a level that swings over time and bands."""
    n, frame_s = 3, hop_samples(RATE) / RATE
    start_s = np.arange(n) * FRAMES * frame_s
    swing = 2.0 * np.random.default_rng(3).integers(-4, 5, (n * FRAMES // 8, BANDS, n_channels)).repeat(8, axis=0)
    return Texture(
        start_s,
        np.full(n, FRAMES * frame_s),
        np.full(n, 7),
        np.full(n, frame_s),
        np.full(n, 50.0),
        np.full(n, RATE / 2),
        np.full(n, BANDS),
        np.full(n, FRAMES),
        (level_db + swing).reshape(-1, n_channels),
        np.full((n * BANDS, n_channels - 1), 0.5),
        clock_s=start_s,
    )


@pytest.fixture(scope="module")
def noisy(melody):
    return melody.with_tables([noise()]).quantise()


def db(audio):
    return 20 * np.log10(np.max(np.abs(audio), initial=0.0) + 1e-12)


def test_note_and_rest_sum_to_the_whole(noisy):
    chosen = noisy.select(note=2, with_noise=True)
    whole, note, rest = (each.render().astype(float) for each in (noisy, chosen.only(), chosen.drop()))
    assert chosen.scene.texture.subtracted.any()
    assert db(chosen.scene.render() - whole) < -120
    assert db(note + rest - whole) < -120


def test_a_note_has_noise_where_it_sounds_and_only_then(noisy):
    without, with_it = noisy.select(note=2).only(), noisy.select(note=2, with_noise=True).only()
    own = (with_it.render() - without.render()).astype(float)
    onset, end = (round(at * RATE) for at in (0.38, 1.7))  # it lasts from 0.4 to 1.2 s
    assert db(own[onset:end]) > -70
    assert db(own[:onset]) < -120
    assert np.square(own[end:]).sum() < 0.01 * np.square(own).sum()
    assert len(with_it.texture)
    assert not with_it.texture.subtracted.any()
    assert not len(without.texture)


def test_all_notes_share_it_and_none_has_more_than_there_is(noisy):
    chosen = noisy.select(note=[1, 2, 3, 4], with_noise=True)
    assert db(chosen.scene.render() - noisy.render()) < -120
    rest = chosen.drop()
    power, left = (np.square(each.with_tables([each.gabor.take(slice(0))]).render()).sum() for each in (noisy, rest))
    assert 0.05 * power < left < power
    again = chosen.scene.select(note=2, with_noise=True).scene
    assert len(again.texture) == len(chosen.scene.texture)


def test_what_is_not_asked_for_stays_as_it_is(noisy):
    assert noisy.select(note=2).scene.texture.equals(noisy.texture)
    assert dumps(noisy) == dumps(loads(dumps(noisy)))
    for what in ({"what": "frequency_hz > 200"}, {}, {"what": [1, 2]}):
        with pytest.raises(ParameterError, match="select notes"):
            noisy.select(**what, with_noise=True)


@pytest.mark.parametrize("edit", ["gain", "mute", "move", "transpose"])
def test_an_edited_note_takes_its_noise_along_and_a_file_keeps_that(noisy, edit):
    chosen = noisy.select("note == 2", with_noise=True)
    change = {"gain": (-6,), "mute": (), "move": (0.2,), "transpose": (3,)}[edit]
    edited = getattr(chosen, edit)(*change)
    assert rest_change_db(noisy, edited, with_noise=True) < -100
    assert rest_change_db(noisy, edited) > -100  # so that noise does take part
    back = loads(dumps(edited))
    assert back == edited.quantise()
    assert dumps(back) == dumps(edited)
    assert db(back.render() - edited.render()) < (-120 if edit == "mute" else -60)


def test_rounding_changes_nothing_of_the_sum(noisy):
    divided = noisy.select(note=[2, 3], with_noise=True).scene
    assert db(loads(dumps(divided)).render() - noisy.render()) < -120


def test_a_hit_has_what_notes_leave(melody):
    groups, notes = melody.groups, melody.groups.notes
    hit = notes.only(notes.id == 1).replace(
        id=np.array([9]), onset_s=np.array([2.7]), end_s=np.array([2.8]), f0_hz=np.array([np.nan])
    )
    role = np.append(groups.role, ROLES.index("note"))
    with_hit = Groups(np.append(groups.id, 9), np.append(groups.parent, 0), role, notes.joined(hit))
    scene = melody.with_tables([noise()]).replace(groups=with_hit)
    chosen = scene.select(note=9, with_noise=True)
    alone = chosen.only().render()
    assert db(alone[: round(2.66 * RATE)]) < -120
    assert db(alone[round(2.7 * RATE) : round(2.9 * RATE)]) > -60
    assert db(chosen.scene.render() - scene.render()) < -120


def test_two_channels_and_backwards(melody):
    scene = motes.encode(np.stack([melody.render()] * 2), sample_rate_hz=RATE, snr_db=20)
    scene = scene.replace(groups=melody.groups).with_tables([noise(2)])
    backward = scene.with_tables([scene.texture.mirrored(np.ones(3, np.bool_), 3.0)])
    for each in (scene, backward):
        chosen = each.select(note=3, with_noise=True)
        assert db(chosen.scene.render() - each.render()) < -120
        own = chosen.only()
        own = own.with_tables([own.gabor.take(slice(0))]).render()
        first, last = (round(at * RATE) for at in (1.15, 2.4))
        assert np.square(own[:, first:last]).sum() > 0.95 * np.square(own).sum() > 0


def test_levels_go_down_in_whole_steps(noisy):
    own = noisy.select(note=2, with_noise=True).only().texture
    heard = own.level_db[own.level_db > LOWEST_LEVEL_DB]
    assert set(np.unique(heard % 2.0)) == {0.0}
    assert heard.max() <= noisy.texture.level_db.max()
