"""Vectors in files: their size, and the same bytes as the plain reader's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_examples import example, scene_of

import vectors as plain
from motes.codec import dumps, loads, quantise
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.packet import packet_samples
from motes.kinds.vector import packet
from motes.kinds.vector.decoder import Decoder
from motes.kinds.vector.decoding import current
from motes.kinds.vector.integers import FIELDS, time_bits, to_integers
from motes.kinds.vector.model import COLUMNS, OPTIONAL, Coder
from motes.kinds.vector.table import Vector
from motes.scene.scene import Scene

RATE = 44100


def usual(n_events, seconds, n_channels=1, seed=0):
    """Notes as the model thinks usual, chords among them."""
    random, prior = np.random.default_rng(seed), Decoder.named("notes-1").prior
    numbers = random.multivariate_normal(prior.mean, prior.covariance, n_events)
    numbers[:, 6] = np.clip(numbers[:, 6], 0, 1)
    time_s = np.sort(random.uniform(0, seconds, n_events))
    time_s[1::4] = time_s[: len(time_s[1::4]) * 4 : 4]
    return Vector(np.sort(time_s), *numbers.T, gain_db=np.zeros((n_events, n_channels)))


def test_events_that_have_nothing_in_common_take_at_most_118_bits():
    payloads = [len(made.payload) for made in packet.packets(usual(240, 24.0), RATE, None)]
    assert 8 * sum(payloads) / 240 < 104
    scene = Scene(RATE, 24 * RATE, 1, vector=usual(240, 24.0), models=(current(),))
    empty = Scene(RATE, 24 * RATE, 1, models=(current(),))
    assert 8 * (len(dumps(scene)) - len(dumps(empty))) / 240 < 118
    stereo = [len(made.payload) for made in packet.packets(usual(240, 24.0, 2), RATE, None)]
    assert sum(stereo) == sum(payloads)  # nothing was panned


def test_rounding_is_within_half_a_step_and_happens_once():
    scene = scene_of(usual(40, 1.2), n_channels=1)
    rounded = quantise(scene)
    assert quantise(rounded).vector.equals(rounded.vector)
    back, before = rounded.vector, scene.vector
    for name, step in {"pitch_semitones": 1 / 32, "log2_t60_s": 1 / 4, "timbre_4": 1 / 5, "noise": 1 / 32}.items():
        error = np.abs(np.sort(back.column(name)) - np.sort(before.column(name)))
        assert error.max() <= step / 2 + 1e-9
    assert np.abs(np.sort(back.time_s) - np.sort(before.time_s)).max() <= 0.0005


def test_edits_by_whole_steps_are_exact_after_a_file():
    scene = quantise(scene_of(example("vector")))
    for edit in (lambda s: s.transpose(3), lambda s: s.gain(6.25), lambda s: s.select().set(log2_length_s=-1.0)):
        edited = edit(scene)
        assert np.allclose(loads(dumps(edited)).vector.numbers, edited.vector.numbers, atol=1e-9)
        assert np.allclose(loads(dumps(edited)).vector.gain_db, edited.vector.gain_db, atol=0.125)


def test_any_rate_and_time_comes_back():
    for rate in (10, 8000, 44100, 768_000):
        random = np.random.default_rng(rate)
        table = example("vector", 3).replace(
            time_s=np.append(random.uniform(-5, 5, 5), [-4e5, 9e5]), gain_db=random.uniform(-250, 50, (7, 3)).clip(-200)
        )
        scene = quantise(Scene(rate, 100, 3, vector=table, models=(current(),)))
        assert loads(dumps(scene)).vector.equals(scene.vector)
        assert time_bits(rate) == 0 or 500 < rate * 64 / 2 ** time_bits(rate) * 1.0 <= 2000.1


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(list(COLUMNS)),
    st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(-9, 9)), min_size=1, max_size=20),
)
def test_columns_are_the_bytes_of_the_plain_reader(name, drawn):
    column, pitches = COLUMNS[name], [pitch for _, pitch in drawn]
    values = [abs(value) if column.mean is None else value for value, _ in drawn]
    coder = Coder(None, 2 * len(values), 1)
    coder.pitches(COLUMNS["pitch_semitones"], np.array(pitches))
    coder.column(column, np.array(values))
    data = coder.finish()
    mine, read = plain.Columns(None), plain.Columns(data)
    mine.column("pitch_semitones", pitches)
    mine.column(name, values)
    assert mine.coder.finish() == data
    assert read.column("pitch_semitones", [0] * len(values)) == pitches
    assert read.column(name, [0] * len(values)) == values
    assert plain.COLUMNS[name] == (column.mean, column.more, column.optional)
    assert (name in plain.ALIKE) == column.alike


def test_the_plain_reader_reads_packets():
    table = example("vector", 2).amplified(np.linspace(0.2, 1, 7))
    for made in packet.packets(table, 16000, None):
        reader = Reader(made.payload, "x")
        number, n_events, mask = reader.varint(1 << 20), reader.varint(1 << 20), reader.varint(1 << 20)
        begins = number * packet_samples(16000) * 64 >> time_bits(16000)
        read = plain.read_vectors(reader.rest(), n_events, mask, 2, begins)
        rows = to_integers(table, 16000)
        here = np.flatnonzero(packet.packet_numbers(rows, 16000) == number)
        for name in FIELDS:
            assert np.array_equal(np.array(read[name]).T.squeeze(), rows[name][here].squeeze()), name


def test_packets_that_cannot_be_are_refused():
    def refused(payload, match):
        with pytest.raises(FormatError, match=match):
            packet.columns(Reader(payload, "packet 1"), RATE, 1, None)

    refused(varints(0, 0, 0) + bytes(40), "0 events in 43 bytes")
    refused(varints(0, 1 << 20, 0) + bytes(40), "cannot be")
    refused(varints(0, 8, 1 << len(OPTIONAL)) + bytes(40), "past the limit")
    refused(varints(1 << 30, 8, 0) + bytes(40), "past the limit")
    for seed in range(200):  # any bytes are events or refused
        noise = np.random.default_rng(seed).bytes(60)
        try:
            packet.columns(Reader(varints(0, 5, seed % 128) + noise, "packet 1"), RATE, 1 + seed % 3, None)
        except FormatError:
            continue


def test_a_lost_model_takes_its_vectors_along():
    scene = scene_of(example("vector"))
    data = bytearray(dumps(scene))
    data[data.index(b"notes-1")] ^= 1
    found = salvage(bytes(data))
    assert not len(found.scene.vector)
    assert any("the model of 7 events is lost" in line for line in found.skipped)
