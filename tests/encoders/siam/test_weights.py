"""Files of weights: whole ones are read as written, all others are refused in one line."""

import json

import numpy as np
import pytest
from event_networks import random_weights

from motes.encoders.siam.layout import LAYOUTS, STREAMING, WHOLE
from motes.encoders.siam.weights import read_weights, shapes_of, shipped_weights
from motes.errors import FormatError, MotesError, ParameterError
from motes.training.export import write_weights


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_weights_are_read_as_they_were_written(layout, tmp_path):
    weights = random_weights(layout)
    transposed = {name: np.asfortranarray(array) for name, array in weights.arrays.items()}
    write_weights(transposed, tmp_path / "a.safetensors")
    read = read_weights(tmp_path / "a.safetensors")
    assert read.layout == layout
    assert read.name == "a"
    for name, array in read.arrays.items():
        np.testing.assert_array_equal(array, weights.arrays[name])
        assert not array.flags.writeable
    assert sum(array.size for array in read.arrays.values()) < (60_000 if layout == STREAMING else 600_000)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    arrays = random_weights(WHOLE).arrays
    write_weights(arrays, path)
    whole = path.read_bytes()
    header = json.dumps({"x": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    huge = len(header).to_bytes(8, "little") + header
    for data in (b"", b"RIFF", whole[:-1], whole[:100], whole[:9] + b"\xff" + whole[10:], huge, b"\xff" * 64):
        path.write_bytes(data)
        with pytest.raises(FormatError) as error:
            read_weights(path)
        assert "\n" not in str(error.value)
    path.write_bytes(bytes(8_000_001))
    with pytest.raises(FormatError, match="at most"):
        read_weights(path)
    with pytest.raises(ParameterError):
        read_weights(tmp_path / "none")
    with pytest.raises(ParameterError):
        read_weights(tmp_path)


def test_arrays_that_are_not_of_a_network_are_refused(tmp_path):
    from safetensors.numpy import save_file

    path, arrays = tmp_path / "a.safetensors", random_weights(WHOLE).arrays
    wrong = [
        {name: array for name, array in arrays.items() if name != "stem.bias"},
        arrays | {"more": np.zeros(3, np.float32)},
        arrays | {"stem.bias": arrays["stem.bias"].T.copy()},
        arrays | {"stem.bias": arrays["stem.bias"].astype(np.float64)},
        arrays | {"keys.bias": np.full(4, np.nan, np.float32)},
    ]
    for each in wrong:
        save_file(each, path)
        with pytest.raises(FormatError):
            read_weights(path)
    with pytest.raises(MotesError):
        write_weights(wrong[0], tmp_path / "b.safetensors")


def test_shapes_name_every_array_once():
    for layout in LAYOUTS:
        assert len(shapes_of(layout)) == 10 + 2 * len(layout.layers) + 2 * len(layout.context_after)


def test_a_network_that_does_not_ship_is_named():
    with pytest.raises(ParameterError, match="no network 'none'"):
        shipped_weights("none")
