"""Dictionaries as files: what is written is read again, and anything else refused in a line."""

import hashlib

import numpy as np
import pytest
from safetensors.numpy import save

from motes.encoders.learned.dictionary_file import load_dictionary, name_of, save_dictionary
from motes.errors import FormatError, ParameterError

WAVEFORMS = np.random.default_rng(1).normal(size=(3, 40)).astype(np.float32)


def test_a_dictionary_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "drums.motes-dictionary"
    made = save_dictionary(WAVEFORMS, 44100, path)
    assert load_dictionary(path) == made
    assert (made.id, made.sample_rate_hz, made.held.tolist()) == ("drums", 44100, [0, 1, 2])
    assert made.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert np.abs(made.waveforms).max(axis=1).tolist() == [127] * 3
    peak = np.abs(WAVEFORMS).max(axis=1, keepdims=True)
    assert np.abs(made.sounds() - WAVEFORMS / peak).max() < 0.5 / 127 + 1e-6


@pytest.mark.parametrize(
    ("path", "name"), [("a/My Drums!.motes-dictionary", "my-drums-"), ("x.bin", "x.bin"), ("…", "dictionary")]
)
def test_names_are_those_of_files(path, name):
    assert name_of(path) == name


RATE = np.array([8000], np.int64)
NAME = np.frombuffer(b"x", np.uint8)
ONE = np.ones((1, 4), np.int16)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF" * 10,
        save({"waveforms": ONE, "sample_rate_hz": RATE}),
        save({"waveforms": ONE.astype(np.float32), "sample_rate_hz": RATE, "name": NAME}),
        save({"waveforms": 0 * ONE, "sample_rate_hz": RATE, "name": NAME}),
        save({"waveforms": ONE[0], "sample_rate_hz": RATE, "name": NAME}),
        save({"waveforms": ONE, "sample_rate_hz": 0 * RATE, "name": NAME}),
        save({"waveforms": ONE, "sample_rate_hz": RATE, "name": np.frombuffer("Ä/".encode(), np.uint8)}),
        save({"waveforms": ONE, "sample_rate_hz": RATE, "name": np.frombuffer(b"\xff", np.uint8)}),
    ],
)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x.motes-dictionary"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="x.motes-dictionary is not a dictionary of learned waveforms"):
        load_dictionary(path)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ParameterError, match="cannot read the dictionary"):
        load_dictionary(tmp_path / "none")
