"""Checkpoints that are cut short or damaged are refused in a line that names them."""

import numpy as np
import pytest

from motes.audio import ArraySource
from motes.encoders.checkpoint import read_checkpoint, write_checkpoint
from motes.encoders.instrument import InstrumentOptions
from motes.errors import ParameterError

SOURCE, OPTIONS = ArraySource(np.ones(100), 8000), InstrumentOptions()


@pytest.fixture
def path(tmp_path):
    made = str(tmp_path / "a.npz")
    write_checkpoint(made, SOURCE, OPTIONS, {"gains": np.arange(12.0).reshape(3, 4), "poles": np.ones((2, 40))})
    return made


def test_a_cut_checkpoint_is_refused(path):
    with open(path, "rb") as handle:
        data = handle.read()
    for n_bytes in [0, 1, 3, 4, 10, 30, 64, *range(100, len(data), 97), len(data) - 1]:
        with open(path, "wb") as handle:
            handle.write(data[:n_bytes])
        with pytest.raises(ParameterError, match="is not a checkpoint of a fit, or a damaged one") as caught:
            read_checkpoint(path, SOURCE, OPTIONS, ())
        assert str(caught.value).startswith(path)


def test_damaged_checkpoints_are_refused_or_whole(path):
    with open(path, "rb") as handle:
        data = handle.read()
    whole = read_checkpoint(path, SOURCE, OPTIONS, ())
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(data), 300).tolist():
        damaged = bytearray(data)
        damaged[at] ^= 1 << int(rng.integers(8))
        with open(path, "wb") as handle:
            handle.write(damaged)
        try:
            found = read_checkpoint(path, SOURCE, OPTIONS, ())
        except ParameterError:
            continue
        assert all(np.array_equal(found[name], whole[name]) for name in found)
