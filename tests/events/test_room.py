"""Rooms: what they are made of, how long they reverberate, and what edits do with them."""

import numpy as np
import pytest

import motes
from motes.errors import MotesWarning, ParameterError
from motes.events.room import Room, decay_db, of_whole_numbers, reverberation_s, together, trimmed, whole_numbers
from motes.kinds.gabor.table import Gabor
from motes.noise import white_integers
from motes.scene.scene import Scene

RATE = 16000


def decaying(rt60_s=0.5, n=16000, n_channels=2, seed=1, rate=RATE):
    random = np.random.default_rng(seed)
    return random.standard_normal((n_channels, n)) * 10 ** (-3 * np.arange(n) / (rt60_s * rate))


def blips(n=6, n_channels=1, seconds=2.0):
    time_s = np.linspace(0.1, 1.5, n)
    shape = (n, n_channels)
    gabor = Gabor(time_s, np.full(n, 0.02), np.full(n, 900.0), np.full(shape, 0.2), np.zeros(shape))
    return Scene(RATE, round(seconds * RATE), n_channels, gabor)


def energy_of(response):
    return np.sum(np.square(response, dtype=np.float64), axis=1)


@pytest.mark.parametrize("rt60_s", [0.1, 0.3, 1.2, 4.0, 10.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_synthetic_rooms_reverberate_as_long_as_they_say(rt60_s, rate):
    for seed in range(4):
        kernels = Room.synthetic(rt60_s, seed).kernels(rate, 2)
        assert reverberation_s(kernels, rate) == pytest.approx(rt60_s, rel=0.05)
        assert energy_of(kernels).mean() == pytest.approx(1, rel=1e-5)


def test_synthetic_rooms_are_made_anew_the_same():
    one, other = (Room.synthetic(0.7, 5).kernels(RATE, 2) for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, Room.synthetic(0.7, 6).kernels(RATE, 2))
    left, right = one
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1
    assert np.array_equal(np.sign(one[0, :4]), np.sign(white_integers(5, 0, 0, 4)))
    assert Room.synthetic(0.70049, 5).rt60_s == 0.7


def test_responses_begin_with_the_direct_sound_and_keep_their_tails():
    direct = decaying(n=4000)
    direct[:, 0] = [1.0, 5.0]
    quiet = np.full((2, 300), 0.01)
    recorded = np.concatenate([np.zeros((2, 500)), quiet, direct, np.zeros((2, 700))], axis=1) * 0.03
    room = Room.of(recorded, RATE, "hall")
    assert room.response.shape == (2, 4000)
    assert energy_of(room.response).mean() == pytest.approx(1, rel=1e-6)
    balance = energy_of(direct.astype(np.float32))
    assert energy_of(room.response)[1] / energy_of(room.response)[0] == pytest.approx(balance[1] / balance[0], rel=1e-5)
    assert np.array_equal(trimmed(room.response), room.response)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_kernels_of_any_rate_and_number_of_channels(rate, n_channels):
    room = Room.of(decaying(0.5), RATE, "hall")
    kernels = room.kernels(rate, n_channels)
    assert kernels.shape == (n_channels, -(-16000 * rate // RATE))
    assert energy_of(kernels).mean() == pytest.approx(1, rel=1e-5)
    assert reverberation_s(kernels, rate) == pytest.approx(0.5, rel=0.05)
    assert room.kernels(rate, n_channels) is kernels
    if n_channels == 3:
        assert np.allclose(kernels[2] / np.abs(kernels[2]).max(), kernels[0] / np.abs(kernels[0]).max(), atol=1e-6)


def test_reverberation_is_measured_only_where_it_can_be():
    assert reverberation_s(decaying(0.4), RATE) == pytest.approx(0.4, rel=0.05)
    noisy = decaying(0.4) + 0.02 * np.random.default_rng(0).standard_normal((2, 16000))
    assert reverberation_s(noisy, RATE) is None
    assert reverberation_s(decaying(1.0)[:, :6000], RATE) is None  # cut off too soon
    assert reverberation_s(np.eye(1, 2000), RATE) is None
    assert reverberation_s(np.ones((1, 1)), RATE) is None
    assert decay_db(decaying())[0] == 0


def test_whole_numbers_are_rounded_once():
    room = Room.of(decaying(0.5), 22050, "hall").embedded(RATE)
    numbers = whole_numbers(room.response)
    assert np.abs(numbers).max() == 32767
    assert np.array_equal(of_whole_numbers(numbers), room.response)
    assert room.embedded(44100) is room
    assert (room.sample_rate_hz, room.is_embedded) == (RATE, True)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Room.of(np.zeros(100), RATE, "a"), "silent"),
        (lambda: Room.of([np.nan], RATE, "a"), "NaN"),
        (lambda: Room.of(np.ones(31 * RATE), RATE, "a"), "30 s"),
        (lambda: Room.of(np.ones((65, 4)), RATE, "a"), "64 channels"),
        (lambda: Room.of(np.ones(4), 0, "a"), "sample rate"),
        (lambda: Room.of(np.ones(4), RATE, "a\x1b[2J"), "printed"),
        (lambda: Room.of(np.ones(4), RATE, ""), "printed"),
        (lambda: Room("a", "xyz"), "SHA-256"),
        (lambda: Room.synthetic(0.01), "0.05"),
        (lambda: Room.synthetic(float("nan")), "0.05"),
        (lambda: Room.synthetic(1.0, -1), "seed"),
        (lambda: blips().select().room(Room.synthetic(1.0), 30), "per cent"),
        (lambda: blips().select().room(1), "no room 1"),
        (lambda: blips().select().room("hall"), "not 'hall'"),
        (lambda: blips().replace(gabor=blips().gabor.replace(room_id=np.ones(6, int))), "room 1, the scene has 0"),
        (lambda: blips().replace(rooms=("hall",)), "class Room"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, text):
    with pytest.raises(ParameterError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_putting_events_into_rooms_and_out_again():
    scene, hall, cave = blips(), Room.of(decaying(), RATE, "hall"), Room.synthetic(0.3)
    sent = scene.select("time_s < 1").room(hall, 0.4).select("time_s > 0.8").room(cave, 1.0)
    assert sent.rooms == (hall, cave)
    assert sent.gabor.room_id.tolist() == [1, 1, 1, 2, 2, 2]
    assert sent.select("room_id == 2").room(1, 0.2).rooms == (hall,)
    assert sent.select("room_id == 1").room(None).rooms == (cave,)
    assert sent.select("room_id == 1").drop().gabor.room_id.tolist() == [2, 2, 2]
    again = sent.select([0]).room(Room.of(decaying(), RATE, "hall"), 0.1)
    assert len(again.rooms) == 2
    assert scene.gabor.room_id.strides == (0,)  # takes no memory


def test_a_scene_grows_until_its_rooms_are_no_longer_heard():
    scene = blips(seconds=1.6)
    longer = scene.select().room(Room.synthetic(1.0), 0.5)
    assert longer.duration_s == pytest.approx(1.51 + 1.0, abs=0.02)
    assert longer.select().room(1, 0.2).n_samples == longer.n_samples
    assert scene.select([0]).room(Room.synthetic(1.0)).n_samples == scene.n_samples
    assert scene.select().room(Room.synthetic(1.0), 0.0).n_samples == scene.n_samples


def test_equal_rooms_stand_once():
    hall, same, other = (
        Room.of(decaying(), RATE, "hall"),
        Room.of(decaying(), RATE, "hall"),
        Room.of(decaying(seed=2), RATE, "hall"),
    )
    rooms, number = together((hall, Room.synthetic(1)), (other, same, Room.synthetic(1), Room.synthetic(1, 2)))
    assert len(rooms) == 4
    assert number.tolist() == [0, 3, 1, 2, 4]


def test_scenes_of_other_rates_take_their_rooms_along():
    scene = blips().select().room(Room.of(decaying(), RATE, "hall"), 0.5)
    other = Scene(8000, 8000, 1).join(scene, resample=True)
    assert other.rooms[0] is scene.rooms[0]
    assert other.rooms[0].kernels(8000, 1).shape == (1, 8000)


def test_embedding_warns_of_the_licence_once():
    scene = blips().select().room(Room.of(decaying(), RATE, "hall"), 0.5)
    with pytest.warns(MotesWarning, match=r"hall.*licence"):
        embedded = scene.embed_rooms()
    assert embedded.embed_rooms().rooms == embedded.rooms  # no warning: warnings are errors below
    synthetic = blips().select().room(Room.synthetic(0.5))
    assert synthetic.embed_rooms().rooms == synthetic.rooms
    assert issubclass(motes.MotesWarning, UserWarning)
