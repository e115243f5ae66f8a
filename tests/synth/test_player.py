"""Playing in blocks: any blocks, the same sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.errors import ParameterError
from motes.events.instrument import Instrument
from motes.synth.player import Player, pad_shares

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
