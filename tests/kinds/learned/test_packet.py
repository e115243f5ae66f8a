"""Packets of learned events and of their waveforms: what is written is read, and what cannot be is refused."""

import numpy as np
import pytest
from kind_examples import RATE, dictionary, example, scene_of

from motes.codec import dumps, loads
from motes.codec.payloads.waveforms_packet import pack_waveforms, unpack_waveforms
from motes.codec.quantise_scene import quantise
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.model import Model
from motes.kinds.learned.packet import columns
from motes.scene.scene import Scene


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_any_columns_are_read_as_rounded(n_channels):
    random, n = np.random.default_rng(8), 200
    events = example("learned", n_channels).take(random.integers(0, 7, n))
    events = events.replace(
        time_s=random.uniform(-0.5, 3, n),
        amplitude=10 ** random.uniform(-14, 5, (n, n_channels)) * (random.random((n, n_channels)) < 0.7),
        inverted=random.integers(0, 2, (n, n_channels)),
        frequency_ratio=2.0 ** random.uniform(-6, 6, n),
        low_hz=random.uniform(0, 1000, n) * (random.random(n) < 0.5),
        high_hz=np.where(random.random(n) < 0.5, 1e6, random.uniform(1000, 5000, n)),
        backward=random.integers(0, 2, n),
        model=random.integers(0, 2, n),
    )
    scene = quantise(Scene(RATE, 48000, n_channels, learned=events, models=[dictionary(), dictionary()]))
    found = loads(dumps(scene))
    assert found.learned.equals(scene.learned)
    assert found.models == scene.models
    assert len(scene.learned) < n


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (varints(0, 0, 0, 0), "0 events in"),
        (varints(0, 100, 0, 0) + b"\0", "100 events in"),
        (varints(0, 1, 2, 0) + bytes(9), "past the limit"),
        (varints(0, 1, 0, 1280) + bytes(9), "past the limit"),
        (varints(0, 2, 0, 0) + b"\xff" * 40, "out of range|out of order|must lie in"),
    ],
)
def test_packets_that_cannot_be(data, message):
    with pytest.raises(FormatError, match=message):
        columns(Reader(data, "packet"), RATE, 1, None)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_waveforms_of_any_shape_are_read_again(order):
    random = np.random.default_rng(order)
    values = random.integers(-5, 6, (4, 333))
    for _ in range(order):
        values = np.cumsum(values, axis=1)
    model = Model("a", "00" * 32, 48000, np.array([0, 1, 700, 1023]), np.clip(values, -32767, 32767))
    number, held = unpack_waveforms(Reader(pack_waveforms(model, 7), "packet"))
    assert number == 7
    assert held.of(model.named()) == model


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (varints(0, 8000, 0, 1), "cannot be"),
        (varints(0, 8000, 100, 0), "cannot be"),
        (varints(0, 8000, 60000, 1000) + bytes(100), "cannot be"),
        (varints(0, 8000, 10, 1, 0, 3) + bytes(10), "past the limit"),
        (varints(0, 8000, 10, 1, 0, 2) + bytes(60), "a sample is out of range"),
        (varints(0, 8000, 10, 1, 0), "cut short"),
    ],
)
def test_waveforms_that_cannot_be(data, message):
    with pytest.raises(FormatError, match=message):
        unpack_waveforms(Reader(data, "packet"))


def test_version_1_has_none():
    with pytest.raises(ParameterError, match="files of format version 1 have no learned events"):
        dumps(scene_of(example("learned")), 1)


def test_without_the_waveforms_the_events_are_kept_and_silent():
    scene = quantise(scene_of(example("learned")))
    data = bytearray(dumps(scene))
    at = data.index(pack_waveforms(scene.models[0], 0))
    data[at + 5] ^= 1
    with pytest.raises(FormatError, match="waveforms"):
        loads(bytes(data))
    found = salvage(bytes(data))
    assert found.scene.learned.equals(scene.learned)
    assert found.scene.models == (dictionary().named(),)
    assert "not in the file" in found.scene.unheard
