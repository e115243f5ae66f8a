"""Instruments and strikes in files: what is heard is what is stored, and damage is noticed."""

from dataclasses import replace

import numpy as np
import pytest
from range_coder import Encoder

from motes.codec import dumps, info, load, loads, quantise, save
from motes.codec.salvage import salvage
from motes.coding.integers import SLOTS_PER_COLUMN, decode_numbers, encode_numbers
from motes.errors import FormatError
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene

RATE = 16000


def scene(seed=0, n_channels=2, n_strikes=40, seconds=5.0, n_instruments=2):
    rng = np.random.default_rng(seed)
    models = []
    for _ in range(n_instruments):
        weights = (rng.normal(size=(4, 20)) + 1j * rng.normal(size=(4, 20))) * (rng.random((4, 20)) < 0.5) * 0.1
        mixing = (
            np.ones((1, 20))
            if n_channels == 1
            else rng.normal(size=(n_channels, 20)) + 1j * rng.normal(size=(n_channels, 20))
        )
        direct = 0.1 * rng.normal(size=(n_channels, 8))
        model = Instrument(
            RATE,
            np.sort(rng.uniform(50, 7000, 20)),
            rng.uniform(0.05, 3, 20),
            weights,
            mixing,
            direct,
            rng.normal(size=4),
            rng.random((4, 2)),
        )
        models.append(model)
    control, which = rng.integers(0, 4, n_strikes), rng.integers(0, n_instruments, n_strikes)
    events = Strike(
        rng.uniform(0, seconds, n_strikes),
        control,
        rng.uniform(0.01, 2, n_strikes),
        np.array([m.ring_s() for m in models])[which, control],
        which,
        2 ** rng.uniform(-1, 1, n_strikes),
        rng.uniform(0, 1, n_strikes),
        rng.normal(size=n_strikes),
        rng.uniform(0, 500, n_strikes),
        np.where(rng.random(n_strikes) < 0.5, 1e6, 4000.0),
    )
    return Scene(RATE, int(seconds * RATE), n_channels, strike=events, instruments=tuple(models))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_file_is_what_is_heard(n_channels):
    rounded = quantise(scene(n_channels=n_channels))
    data = dumps(rounded)
    loaded = loads(data)
    assert all(a.equals(b) for a, b in zip(loaded.instruments, rounded.instruments, strict=True))
    assert loaded.strike.equals(rounded.strike)
    assert np.array_equal(loaded.render(), rounded.render())
    assert dumps(loaded) == data == dumps(quantise(loaded))
    original = scene(n_channels=n_channels).render()
    left = np.sum((rounded.render() - original) ** 2) / np.sum(original**2)
    assert 10 * np.log10(left) < -25


def test_finer_steps_are_nearer():
    whole = scene(n_channels=1)
    sounds = []
    for step in (-10, -30, -50):
        sounds.append(
            quantise(whole.replace(instruments=tuple(replace(m, step=step) for m in whole.instruments))).render()
        )
    exact = sounds[2]
    errors = [float(np.sum((sound - exact) ** 2)) for sound in sounds[:2]]
    assert errors[1] < errors[0] / 100


def test_a_stretch_holds_what_sounds_there(tmp_path):
    path = save(scene(), tmp_path / "a.mote")
    whole, part = load(path), load(path, 3.0, 3.5)
    assert part.n_events < whole.n_events
    there = whole.render(3.0, 3.5)
    assert np.sum((part.render(3.0, 3.5) - there) ** 2) < 1e-8 * np.sum(there**2)
    found = info(path)
    assert (found.instruments, found.events["strike"]) == (2, 40)


def test_an_instrument_without_strikes_is_kept():
    loaded = loads(dumps(scene(n_strikes=0)))
    assert len(loaded.instruments) == 2
    assert loaded.n_events == 0


def test_numbers_are_those_of_the_plain_reader():
    rng = np.random.default_rng(3)
    values, columns = rng.integers(0, 10 ** rng.integers(1, 12, 300)), rng.integers(0, 5, 300)
    data = encode_numbers(values, columns)
    coder = Encoder([1 << 31] * (SLOTS_PER_COLUMN * 5), [])
    for value, column in zip(values.tolist(), columns.tolist(), strict=True):
        coder.number(column * SLOTS_PER_COLUMN, value)
    assert coder.finish() == data
    assert np.array_equal(decode_numbers(data, columns), values)


def test_every_flipped_bit_is_noticed():
    data = dumps(scene(n_strikes=5, n_instruments=1, n_channels=1))
    rng = np.random.default_rng(4)
    for _ in range(150):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(FormatError):
            loads(bytes(damaged))


def test_wrong_contents_under_a_right_checksum_are_refused():
    """Anything may stand in a payload: a scene or a FormatError comes out, nothing else."""
    from motes.codec.payloads.instrument_packet import decode_instrument
    from motes.codec.quantise_scene import default_quantiser
    from motes.coding.varints import Reader, varint
    from motes.kinds.strike.packet import columns

    rng, quantiser = np.random.default_rng(5), default_quantiser(scene())
    outcomes = {"made": 0, "refused": 0}
    for trial in range(300):
        junk = rng.integers(0, 256, rng.integers(0, 120), dtype=np.uint8).tobytes()
        head = b"".join(map(varint, rng.integers(0, [3, 9, 5, 4, 30, 20]).tolist())) if trial % 2 else b""
        for read, more in ((decode_instrument, ()), (columns, (quantiser,))):
            try:
                read(Reader(head + junk, "packet"), RATE, 2, *more)
                outcomes["made"] += 1
            except FormatError as error:
                outcomes["refused"] += 1 - ("\n" in str(error))
    assert min(outcomes.values()) > 0


def test_a_lost_instrument_takes_its_strikes_with_it():
    whole = scene()
    data = bytearray(dumps(whole))
    at = data.index(b"N", 40)
    data[at + 40] ^= 255
    with pytest.raises(FormatError):
        loads(bytes(data))
    found = salvage(bytes(data))
    assert len(found.scene.instruments) == 1
    rounded = quantise(whole)
    assert len(found.scene.strike) == np.sum(rounded.strike.instrument_id == 1)
    assert any("the instrument of" in line for line in found.skipped)
    alone = rounded.select("instrument_id == 1").only()
    assert np.allclose(found.scene.render(), alone.render(), atol=1e-6)
