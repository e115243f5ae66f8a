"""What holds for events of every kind."""

import io

import numpy as np
import pytest
from kind_examples import EXAMPLES, N_SAMPLES, RATE, example, scene_of

from motes import kinds
from motes.codec import dumps, loads, quantise
from motes.events.room import Room
from motes.report.tables import scene_of_csv, write_csv

pytestmark = pytest.mark.parametrize("kind", EXAMPLES)


def energy(audio: np.ndarray) -> float:
    return float(np.sum(np.square(audio, dtype=np.float64)))


def left_over_db(estimate: np.ndarray, reference: np.ndarray) -> float:
    return 10 * np.log10(energy(estimate - reference) / energy(reference) + 1e-20)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_fast_render_equals_the_definition(kind, n_channels):
    scene = scene_of(example(kind, n_channels), n_channels=n_channels)
    oracle = kinds.named(kind).oracle(scene.table(kind), scene)
    assert left_over_db(np.atleast_2d(scene.render()), oracle) < -100


def test_rendering_in_blocks_equals_rendering_whole(kind):
    from motes.synth.render import render_blocks

    scene = scene_of(example(kind))
    blocks = np.concatenate(list(render_blocks(scene, 1237)), axis=1)[0]
    assert left_over_db(blocks, scene.render()) < -120
    assert left_over_db(scene.render(0.4, 0.7), scene.render()[6400:11200]) < -100


def test_moving_moves_the_sound(kind):
    scene = scene_of(example(kind))
    moved = scene.move(0.25)
    assert left_over_db(moved.render()[4000:N_SAMPLES], scene.render()[: N_SAMPLES - 4000]) < -80
    back = moved.move(-0.25)
    assert left_over_db(back.render()[:N_SAMPLES], scene.render()) < -80


def test_gain_scales_and_mute_silences(kind):
    scene = scene_of(example(kind))
    assert left_over_db(scene.gain(6.0).render(), scene.render() * 10**0.3) < -100
    assert not scene.select().mute().render().any()
    chosen = scene.select([0])
    assert left_over_db(chosen.mute().render() + chosen.solo().render(), scene.render()) < -100


def test_reversing_twice_is_where_one_was(kind):
    scene = scene_of(example(kind))
    rings = kind == "strike"  # and cannot ring backwards
    assert (left_over_db(scene.reverse().render()[::-1], scene.render()) < -40) != rings
    assert left_over_db(scene.reverse().reverse().render(), scene.render()) < -80


def test_transposing_and_stretching_keep_energy_in_proportion(kind):
    scene = scene_of(example(kind))
    there = scene.transpose(2.0)
    assert there.n_samples == scene.n_samples
    assert energy(there.render()) == pytest.approx(energy(scene.render()), rel=0.3)
    longer = scene.stretch(1.5)
    assert longer.n_samples == 1.5 * scene.n_samples
    # What resonates rings as long as before, and a learned waveform is as it was learned.
    grown = 1.0 if kind in ("strike", "learned") else 1.5
    assert energy(longer.render()) == pytest.approx(grown * energy(scene.render()), rel=0.3)


def test_a_filter_leaves_its_band(kind):
    scene = scene_of(example(kind))
    low, high = scene.filter(0, 1000), scene.filter(1000.0001, 8000)
    assert left_over_db(low.render() + high.render(), scene.render()) < -20
    spectrum = np.abs(np.fft.rfft(low.render())) ** 2
    assert spectrum[int(1300 * N_SAMPLES / RATE) :].sum() < 0.02 * spectrum.sum()


def test_a_joined_scene_is_the_sum_and_slices_share_it_out(kind):
    scene = scene_of(example(kind))
    twice = scene.join(scene, at_s=0.5)
    assert twice.n_events == 2 * scene.n_events
    expected = np.zeros(twice.n_samples)
    expected[:N_SAMPLES] += scene.render()
    moved = scene.move(0.5).render()
    expected[: len(moved)] += moved
    assert left_over_db(twice.render()[8000:], expected[8000:]) < -80
    shared_out = scene[0:0.7].n_events + scene[0.7:1.5].n_events
    assert shared_out == scene.n_events or (
        kind in ("texture", "detail") and shared_out == scene.n_events + 1
    )  # they are cut in two


def test_a_file_holds_what_is_heard_bit_for_bit(kind):
    scene = quantise(scene_of(example(kind)))
    data = dumps(scene)
    loaded = loads(data)
    assert np.array_equal(loaded.render(), scene.render())
    assert dumps(loaded) == data
    assert loaded.table(kind).equals(scene.table(kind))
    assert left_over_db(scene.render(), scene_of(example(kind)).render()) < -15


@pytest.mark.parametrize("n_channels", [1, 2])
def test_tables_hold_everything(kind, n_channels):
    scene = scene_of(example(kind, n_channels), n_channels=n_channels)
    written = io.BytesIO()
    write_csv(scene, written)
    assert scene_of_csv(written.getvalue().decode()).table(kind).equals(scene.table(kind))


def test_events_can_be_selected_by_what_they_are(kind):
    scene = scene_of(example(kind))
    assert len(scene.select(f"kind == {kind}")) == scene.n_events
    assert len(scene.select("end_s > start_s and time_s > 0.5")) == np.sum(scene.table(kind).column("time_s") > 0.5)


ROOM = Room.synthetic(0.4, seed=3)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_what_is_in_a_room_is_convolved_with_it(kind, n_channels):
    from scipy.signal import fftconvolve

    from motes.synth.render import render_blocks

    scene = scene_of(example(kind, n_channels), n_channels=n_channels)
    ids = np.flatnonzero(scene.table(kind).start_s >= 0)[[0, -1]]  # what sounds before 0 is heard by the room alone
    there, others = scene.select(ids), ~scene.select(ids)
    sent = there.room(ROOM, 0.3)
    assert sent.n_samples > scene.n_samples
    audio = np.atleast_2d(sent.render()).astype(np.float64)
    alone, left = (
        np.atleast_2d(part.replace(n_samples=sent.n_samples).render()).astype(np.float64)
        for part in (there.only(), others.only())
    )
    wet = np.stack(
        [fftconvolve(x, h)[: sent.n_samples] for x, h in zip(alone, ROOM.kernels(RATE, n_channels), strict=True)]
    )
    assert left_over_db(audio, left + 0.7 * alone + 0.3 * wet) < -110
    blocks = np.concatenate(list(render_blocks(sent, 1237)), axis=1)
    assert left_over_db(blocks, audio) < -120
    assert left_over_db(np.atleast_2d(sent.render(0.9, 1.3)), audio[:, 14400:20800]) < -100


def test_a_file_holds_the_rooms_of_events(kind):
    scene = quantise(scene_of(example(kind)).select("time_s > 0.3").room(ROOM, 0.21))
    table, data = scene.table(kind), dumps(scene)
    assert set(table.wetness) == {0.0, 13 / 64}
    loaded = loads(data)
    assert dumps(loaded) == data
    assert loaded.table(kind).equals(table)
    assert np.array_equal(loaded.render(), scene.render())
    assert quantise(scene).table(kind).equals(table)
    assert len(data) < len(dumps(scene_of(example(kind)))) + 120


def test_rooms_of_events_can_be_asked_for_joined_and_written_down(kind):
    scene = scene_of(example(kind)).select([1]).room(ROOM, 0.5)
    assert (
        len(scene.select("room_id == 1"))
        == len(scene.select("wetness > 0.2"))
        == len(scene.select(lambda e: e.room_id > 0))
        == 1
    )
    both = scene.join(scene_of(example(kind)).select([0]).room(Room.synthetic(0.2), 1.0)).join(scene)
    assert [room.rt60_s for room in both.rooms] == [0.4, 0.2]
    assert sorted(both.table(kind).room_id[both.table(kind).room_id > 0]) == [1, 1, 2]
    written = io.BytesIO()
    write_csv(scene, written)
    again = scene_of_csv(written.getvalue().decode())
    assert again.table(kind).equals(scene.table(kind))
    assert [room.name for room in again.rooms] == [ROOM.name]
    dry = scene.select().room(None)
    assert dry.rooms == ()
    assert dry.table(kind).equals(scene_of(example(kind)).table(kind))


def test_edits_keep_events_in_their_rooms_and_slices_their_tails(kind):
    scene = scene_of(example(kind)).select("time_s < 0.6").room(ROOM, 0.6)
    for edited in (scene.move(0.1), scene.transpose(3), scene.stretch(1.2), scene.gain(-3), scene.reverse()):
        assert (edited.table(kind).room_id > 0).sum() == (scene.table(kind).room_id > 0).sum()
    assert left_over_db(scene.gain(6.0).render(), scene.render() * 10**0.3) < -100
    part = scene.slice(0.7, 1.1, with_overhang=True)
    assert left_over_db(part.render(), scene.render(0.7, 1.1)) < -80
