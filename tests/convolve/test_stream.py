"""Streams: what comes out block by block equals convolving the whole, however it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.convolve.arrays import relative_db
from motes.convolve.exact import Exact
from motes.convolve.stream import Stream
from motes.errors import ParameterError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def decaying(n_taps: int, seed: int = 1) -> np.ndarray:
    return noise(n_taps, seed=seed) * np.exp(-5 * np.arange(n_taps) / n_taps).astype(np.float32)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize(
    ("block", "n_taps"), [(16, 1), (16, 3000), (64, 300), (64, 30000), (256, 257), (256, 60000), (1024, 5000)]
)
def test_equals_the_whole_delayed_by_the_latency(block: int, n_taps: int, uniform: bool) -> None:
    x, h = noise(20000), decaying(n_taps)
    stream = Stream(h, block, uniform)
    assert stream.latency_samples == block
    late = stream.push(np.pad(x, (0, block)))
    whole = Exact(h)(x)[:20000]
    assert not late[:block].any()
    assert relative_db(late[block:] - whole, whole) < -115


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 700), max_size=20), uniform=st.booleans())
def test_output_does_not_depend_on_how_the_input_is_cut(cuts: list[int], uniform: bool) -> None:
    x, h = noise(6000), decaying(9000)
    whole = Stream(h, 64, uniform).push(x)
    stream, pieces, at = Stream(h, 64, uniform), [], 0
    for count in [*cuts, len(x)]:
        pieces.append(stream.push(x[at : at + count]))
        at = min(at + count, len(x))
    assert np.array_equal(np.concatenate(pieces), whole)


def test_the_tail_comes_out_with_zeros() -> None:
    x, h = noise(1000), decaying(50000)
    stream = Stream(h, 256)
    y = stream.push(np.pad(x, (0, 50255)))[256:]
    assert relative_db(y[:50999] - Exact(h)(x), Exact(h)(x)) < -115


def test_many_inputs_and_outputs() -> None:
    x, h = noise(2, 5000), np.stack([np.stack([decaying(900, seed=3 * o + i) for i in range(2)]) for o in range(3)])
    whole = Exact(h)(x)[:, :5000]
    y = Stream(h, 128).push(np.pad(x, ((0, 0), (0, 128))))[:, 128:]
    assert relative_db(y - whole, whole) < -115


@pytest.mark.parametrize("uniform", [True, False])
def test_a_restored_stream_goes_on_as_if_nothing_had_happened(uniform: bool) -> None:
    x, h = noise(40000), decaying(30000)
    stream = Stream(h, 64, uniform)
    stream.push(x[:12345])
    saved = stream.state()
    expected = stream.push(x[12345:])
    other = Stream(h, 64, uniform)
    other.push(noise(777, seed=5))
    other.restore(saved)
    assert np.array_equal(other.push(x[12345:]), expected)


def test_a_long_run_does_not_lose_its_place() -> None:
    x, h = noise(300000), decaying(3000)
    whole = Exact(h)(x)[:300000]
    y = Stream(h, 256).push(np.pad(x, (0, 256)))[256:]
    assert relative_db(y[-5000:] - whole[-5000:], whole[-5000:]) < -115


def test_bands_left_out_cost_the_error_that_is_told() -> None:
    t = np.arange(60000)
    dark = np.convolve(noise(60000), np.hanning(20) / 10, "same") * np.exp(-t / 6000) * (1 - np.exp(-t / 400))
    kernel = (noise(60000, seed=2) * np.exp(-t / 500) + dark).astype(np.float32)
    x = noise(200000, seed=3)
    whole = Exact(kernel)(x)[:200000]
    full = Stream(kernel, 256)
    for asked in (-30.0, -40.0, -60.0):
        stream = Stream(kernel, 256, error_db=asked)
        y = stream.push(np.pad(x, (0, 256)))[256:]
        assert stream.error_db <= asked
        off = relative_db(y[60000:] - whole[60000:], whole[60000:])
        assert stream.error_db - 6 < off < stream.error_db + 0.2  # what neighbours lack cancels in part
        assert stream.work_per_sample < full.work_per_sample
    assert Stream(np.zeros(500), error_db=-40).error_db == -200


@pytest.mark.parametrize("kwargs", [{"block": 100}, {"block": 8}, {"block": 16384}, {"error_db": np.nan}])
def test_nonsense_is_refused(kwargs: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        Stream([1.0], **kwargs)  # type: ignore[arg-type]


def test_wrong_input_is_refused() -> None:
    stream = Stream(noise(2, 2, 50))
    for x in (np.ones(5), np.ones((3, 5)), [[np.nan], [1.0]]):
        with pytest.raises(ParameterError):
            stream.push(x)
    with pytest.raises(ParameterError):
        stream.restore(Stream([1.0]).state())
    assert stream.push(np.zeros((2, 0))).shape == (2, 0)
