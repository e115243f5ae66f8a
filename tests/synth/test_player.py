"""Playing in blocks: any blocks, the same sound."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.errors import ParameterError
from motes.events.deformation import Deformation
from motes.events.instrument import Instrument
from motes.synth.player import ROOM_BLOCK, Player, pad_shares

RATE = 8000


def instrument(n_channels=2, n_taps=9):
    rng = np.random.default_rng(1)
    return Instrument(
        RATE,
        rng.uniform(60, 3000, 12),
        rng.uniform(0.05, 2, 12),
        rng.normal(size=(4, 12)) + 1j * rng.normal(size=(4, 12)),
        np.exp(1j * rng.normal(size=(n_channels, 12))),
        rng.normal(size=(n_channels, n_taps)),
        rng.normal(size=4),
        rng.random((4, 2)),
    )


def played(blocks, **kinds):
    player = Player(instrument(**kinds))
    player.strike(0, 1.0, 0.01)
    player.strike(1, 0.5, 0.01234, frequency_ratio=1.5)
    player.strike(3, 0.7, 0.05, turn_s=0.001)
    player.strike(2, 0.2, 999.375 / RATE)
    return np.concatenate([player.samples(n) for n in blocks], axis=1)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_any_blocks_make_the_same_sound(lengths):
    lengths = [*lengths, max(0, 1200 - sum(lengths))]
    assert np.allclose(played(lengths), played([sum(lengths)]), atol=1e-10)


def test_it_is_the_sum_of_impulse_responses():
    model, expected = instrument(), np.zeros((2, 2000))
    for control, amplitude, at, ratio, turn in (
        (0, 1.0, 80.0, 1.0, 0.0),
        (1, 0.5, 98.72, 1.5, 0.0),
        (3, 0.7, 400.0, 1.0, 8.0),
        (2, 0.2, 999.375, 1.0, 0.0),
    ):
        first = int(np.ceil(at))
        expected[:, first:] += amplitude * model.impulse_response(control, 2000 - first, ratio, first - at, turn)
    assert np.allclose(
        played([2000]), expected, atol=2e-3 * np.abs(expected).max()
    )  # times are rounded to 1/4096 sample


def test_silence_in_silence_out():
    player = Player(instrument())
    assert not player.stream(5000).any()
    assert player.stream(0).shape == (2, 0)
    player.strike(0, 0.0)
    assert not player.stream(100).any()


def test_strikes_may_come_while_it_plays():
    player = Player(instrument(n_channels=1))
    assert player.stream(100).shape == (100,)
    player.strike(2, 1.0)
    assert np.allclose(player.stream(50), instrument(n_channels=1).impulse_response(2, 50)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((9,), "no control 9"),
        ((0, 1.0, -1.0), "comes too late"),
        ((0, np.nan), "amplitude"),
        ((0, 1.0, np.inf), "at_s"),
    ],
)
def test_what_cannot_be_played(arguments, says):
    with pytest.raises(ParameterError, match=says):
        Player(instrument()).strike(*arguments)


def test_voices_end():
    player = Player(instrument())
    for ratio in (0.5, 0.7, 1.1):
        player.strike(0, 1.0, frequency_ratio=ratio)
    player.stream(RATE)
    assert len(player._voices) == 3
    for _ in range(40):
        player.stream(RATE)
    assert len(player._voices) == 0


def test_the_pad_plays_what_lies_near():
    pad = np.array([[0.1, 0.1], [0.9, 0.1], [0.5, 0.9], [0.5, 0.5]])
    shares = pad_shares(pad, 0.9, 0.1)
    assert shares[0][0] == 1
    assert shares[0][1] > 0.99
    assert sum(share for _, share in pad_shares(pad, 0.4, 0.4)) == pytest.approx(1)
    with pytest.raises(ParameterError, match="off it"):
        pad_shares(pad, 1.2, 0)
    player = Player(instrument())
    player.strike_pad(0.3, 0.4, 0.5)
    assert player.stream(100).any()


def test_deformed_playing_is_that_of_the_deformed_instrument():
    model, how = instrument(), Deformation(1.5, 4.0, 3.0, 0.05, 0.25, 0.5)
    player, twin = Player(model), Player(how.of(model))
    player.deform(**asdict(how))
    player.strike(0, 0.7, at_s=0.01)
    twin.strike(0, 0.7, at_s=0.01, frequency_ratio=how.ratio)
    assert np.allclose(player.samples(3000), twin.samples(3000), atol=1e-12)


def test_held_deformations_go_on_where_modes_are():
    player, plain = Player(instrument()), Player(instrument())
    for one in (player, plain):
        one.strike(0)
        one.samples(500)
    player.deform(damping=50.0)
    assert np.abs(player.samples(4000)[:, 3000:]).max() < 0.1 * np.abs(plain.samples(4000)[:, 3000:]).max()
    with pytest.raises(ParameterError, match="no deformation"):
        player.deform(dampness=1.0)


def test_what_is_sent_into_a_room_comes_back_later():
    player, dry = Player(instrument()), Player(instrument())
    player.strike(0, deformation=Deformation(send=1.0))
    dry.strike(0)
    wet = player.samples(2000)
    assert not wet[:, :ROOM_BLOCK].any()
    assert wet[:, ROOM_BLOCK:].any()
    assert not np.allclose(wet, dry.samples(2000))
