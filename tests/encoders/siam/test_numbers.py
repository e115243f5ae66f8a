"""The sixteen numbers of events: each by itself, within what it can be, from weights that are checked."""

import numpy as np
import pytest

from motes.encoders.siam.numbers import LONGEST_S, SHORTEST_S, Readers
from motes.encoders.siam.peaks import Detections
from motes.encoders.siam.reading import N_HIDDEN, N_NUMBERS
from motes.errors import FormatError
from motes.scene.notes import NOTE_PART


def arrays(size: float = 0.05) -> dict[str, np.ndarray]:
    """Weights by chance, of the sizes that are asked for."""
    rng, out = np.random.default_rng(0), {}
    for name, n in Readers.N_FEATURES.items():
        sizes = (n, N_HIDDEN, N_HIDDEN, N_NUMBERS)
        for i in range(3):
            out[f"{name}.{i}.weight"] = rng.normal(0, size, (sizes[i + 1], sizes[i])).astype(np.float32)
            out[f"{name}.{i}.bias"] = rng.normal(0, size, sizes[i + 1]).astype(np.float32)
    return out


def events(pitch: list[float], is_pitched: list[bool]) -> Detections:
    n = len(pitch)
    time = np.arange(n, dtype=np.float64)
    return Detections(
        time, time + 0.5, np.array(pitch), np.full(n, -20.0), np.full(n, 0.9), np.array(is_pitched), np.arange(n)
    )


def features(name: str, n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(0, 1, (n, Readers.N_FEATURES[name])).astype(np.float32)


@pytest.mark.parametrize("name", ["keys", "bands"])
def test_numbers_are_those_of_three_layers(name):
    weights, x = arrays(), features(name, 5)
    expected = x.astype(np.float64)
    for i in range(3):
        expected = np.maximum(expected, 0) if i else expected
        expected = expected @ weights[f"{name}.{i}.weight"].T + weights[f"{name}.{i}.bias"]
    np.testing.assert_allclose(Readers(weights).numbers(name, x), expected, atol=1e-5)


def test_what_stands_beside_an_event_changes_no_bit_of_it():
    readers, x = Readers(arrays()), features("keys", 33)
    together = readers.numbers("keys", x)
    for i in (0, 7, 32):
        np.testing.assert_array_equal(together[i], readers.numbers("keys", x[i : i + 1])[0])


@pytest.mark.parametrize("size", [0.05, 10.0])
def test_numbers_stay_within_what_they_can_be(size):
    found = events([60.0, 40.5, 72.0], [True, False, True])
    numbers = Readers(arrays(size)).numbers_of(found, features("keys", 2), features("bands", 1))
    assert numbers.shape == (3, N_NUMBERS)
    assert np.all(np.abs(numbers[[0, 2], 0] - [60.0, 72.0]) <= 0.6 + 1e-9)
    assert np.all((numbers[:, 6] >= 0) & (numbers[:, 6] <= 1))
    np.testing.assert_array_equal(numbers[[0, 2], 2], np.log2(0.5 / NOTE_PART))
    assert np.log2(SHORTEST_S) <= numbers[1, 2] <= np.log2(LONGEST_S)
    assert np.all(np.abs(numbers[:, 7:16]) <= 6)


def test_weights_of_other_names_or_shapes_are_refused():
    fewer = arrays()
    fewer.pop("bands.2.bias")
    wider = arrays() | {"keys.0.bias": np.zeros(N_HIDDEN + 1, np.float32)}
    for wrong in ({}, fewer, wider):
        with pytest.raises(FormatError, match="other names or shapes"):
            Readers(wrong)
