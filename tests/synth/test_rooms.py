"""Rooms heard: against plain convolution, in blocks, after a seek, and where a room is missing."""

import warnings

import numpy as np
import pytest
from scipy.signal import fftconvolve

from motes.errors import MotesWarning
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.rooms import dry
from motes.scene.scene import Scene
from motes.synth import rooms
from motes.synth.render import Renderer, render_blocks

RATE = 8000


def scene(n=40, n_channels=2, seconds=30.0, seed=0, first_s=0.2):
    random = np.random.default_rng(seed)
    shape = (n, n_channels)
    gabor = Gabor(
        random.uniform(first_s, seconds - 1, n),
        random.uniform(0.02, 0.2, n),
        random.uniform(200, 3000, n),
        random.uniform(0.05, 0.2, shape),
        random.uniform(-3, 3, shape),
    )
    return Scene(RATE, round(seconds * RATE), n_channels, gabor)


def hall(n_channels=2, n=20000):
    random = np.random.default_rng(5)
    return Room.of(random.standard_normal((n_channels, n)) * np.exp(-np.arange(n) / 3000), RATE, "hall")


def left_over_db(estimate, reference):
    estimate, reference = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    return 10 * np.log10(np.sum((estimate - reference) ** 2) / np.sum(reference**2) + 1e-30)


def oracle(of):
    """By the definition: every event alone, convolved on its own, from its very beginning."""
    early = of.move(2.0).replace(n_samples=of.n_samples + 2 * RATE)
    total = np.zeros((of.n_channels, early.n_samples))
    for i in range(early.n_events):
        one = early.select([i]).only()
        sound, wetness = np.atleast_2d(dry(one).render()).astype(np.float64), float(one.gabor.wetness[0])
        room = one.rooms[one.gabor.room_id[0] - 1] if one.gabor.room_id[0] else None
        total += sound * (1 - wetness if room is not None else 1)
        if room is not None:
            kernels = room.kernels(RATE, of.n_channels)
            total += wetness * np.stack(
                [fftconvolve(x, h)[: sound.shape[1]] for x, h in zip(sound, kernels, strict=True)]
            )
    return total[:, 2 * RATE : 2 * RATE + of.n_samples]


@pytest.mark.parametrize(("n_channels", "of_room"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("n_ways", [2, 40])
def test_what_is_heard_is_each_event_dry_and_wet(n_channels, of_room, n_ways):
    quiet = scene(12 if n_ways == 2 else 40, n_channels, seconds=6.0, first_s=-0.05)
    sent = quiet.select("time_s > 2").room(hall(of_room), 0.3).select("time_s < 3").room(Room.synthetic(0.6), 0.7)
    if n_ways > 2:
        sent = sent.replace(gabor=sent.gabor.replace(wetness=np.linspace(0, 1, sent.n_events)))
    assert left_over_db(sent.render(), oracle(sent) if n_channels > 1 else oracle(sent)[0]) < -110


def test_blocks_of_any_size_and_seeks_equal_the_whole(monkeypatch):
    monkeypatch.setattr(rooms, "CHUNK", 1 << 12)  # many chunks
    sent = scene().select("frequency_hz > 700").room(hall(), 0.8)
    whole = sent.render()
    for size in (sent.n_samples, 50_000, 4096, 977):
        assert left_over_db(np.concatenate(list(render_blocks(sent, size)), axis=1), whole) < -120
    for start_s, end_s in ((0.0, 0.1), (3.3, 3.4), (11.0, 17.5), (sent.duration_s - 0.01, sent.duration_s)):
        piece = sent.render(start_s, end_s)
        assert left_over_db(piece, whole[:, round(start_s * RATE) : round(end_s * RATE)]) < -100
    renderer = Renderer(sent)
    for first in (90_000, 4096, 94_096, 0, 90_000):  # forth and back
        assert left_over_db(renderer.samples(first, first + 4000), whole[:, first : first + 4000]) < -100


def test_a_seek_hears_the_tail_of_what_sounded_before():
    sent = (
        scene(1, 1, seconds=3.0)
        .replace(gabor=Gabor([0.5], [0.05], [900.0], [[0.5]], [[0.0]]))
        .select()
        .room(hall(1), 1.0)
    )
    tail = sent.render(1.0, 1.5)
    assert np.abs(tail).max() > 1e-3
    assert left_over_db(tail, sent.render()[RATE : RATE + RATE // 2]) < -100


@pytest.mark.parametrize("n_samples", [0, 1, 100])
def test_the_length_is_exact(n_samples):
    sent = Scene(RATE, n_samples, 1, Gabor([0.0], [0.02], [500.0], [[0.5]], [[0.0]]), rooms=(Room.synthetic(0.3),))
    sent = sent.replace(gabor=sent.gabor.replace(room_id=[1], wetness=[0.5]))
    assert sent.render().shape == (n_samples,)


def test_scenes_without_rooms_are_rendered_as_ever():
    plain = scene()
    assert len(Renderer(plain)._parts) == 1
    unused = plain.replace(rooms=(hall(),))
    assert np.array_equal(unused.render(), plain.render())
    assert np.array_equal(plain.select().room(hall(), 0.0).render()[:, : plain.n_samples], plain.render())


def test_a_missing_room_is_dry_and_said_once():
    known = scene(10).select("time_s > 10").room(hall(), 0.5).select("time_s < 15").room(Room.synthetic(0.4), 0.5)
    missing = Room("hall.wav", "ab" * 32)
    lost = known.replace(rooms=tuple(missing if not room.is_synthetic else room for room in known.rooms))
    with pytest.warns(MotesWarning, match=r"hall\.wav.*dry") as caught:
        audio = lost.render()
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = known.select(f"room_id == {1 + lost.rooms.index(missing)}").room(None).render()
    assert left_over_db(audio[:, : expected.shape[1]], expected) < -120


def test_edited_partials_stay_in_their_rooms():
    """Atoms that take the place of others while rendering go where those went."""
    n = 40
    time_s = np.linspace(0.3, 2.3, n)
    chirp = Gabor(
        time_s,
        np.full(n, 0.2),
        500 + 300 * time_s,
        np.full((n, 1), 0.1),
        2 * np.pi * (500 * time_s + 150 * time_s**2)[:, None],
    )
    plain = Scene(RATE, 3 * RATE, 1, chirp)
    room = Room.synthetic(0.3)
    moved = plain.transpose(3)
    sent = plain.select().room(room, 0.5).transpose(3)
    sound = moved.render().astype(np.float64)
    wet = fftconvolve(sound, room.kernels(RATE, 1)[0])[: len(sound)]
    assert left_over_db(sent.render()[: len(sound)], 0.5 * sound + 0.5 * wet) < -100
