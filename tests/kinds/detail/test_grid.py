"""Frames, blocks and bands lie where docs/format.md says."""

import details
import numpy as np
import pytest
from detail_examples import RATES, random_sizes

from motes.events.packet import packet_samples
from motes.kinds.detail.grid import band_edges, band_of, event_edges, frame_samples, is_tree, places


@pytest.mark.parametrize("rate", [1, 147, 4000, *RATES, 384_000, 768_000])
def test_frames_fill_packets_and_bands_fill_blocks(rate):
    frame = frame_samples(rate)
    assert frame == details.usual_frame(rate)
    assert packet_samples(rate) % frame == 0
    assert packet_samples(rate) // frame <= 1024
    edges = band_edges(rate, frame)
    assert edges.tolist() == details.band_edges(rate, frame)
    assert (edges[0], edges[-1]) == (0, frame)
    assert np.all(np.diff(edges) > 0)
    assert len(edges) <= 65
    for size in (frame, frame // 4, frame // 16):
        band = band_of(rate, frame, size)
        assert np.all(np.diff(band) >= 0)
        assert len(band) == size
        assert band[-1] <= len(edges) - 2
    np.testing.assert_array_equal(band_of(rate, frame, frame), np.repeat(np.arange(len(edges) - 1), np.diff(edges)))


def test_frames_last_46_ms():
    assert [frame_samples(rate) for rate in RATES] == [512, 512, 1024, 1024, 2048, 2048, 2048, 4096, 8192]


def test_every_coefficient_has_its_frame_and_band():
    random = np.random.default_rng(0)
    sizes = np.array(random_sizes(random, 1024, 3))
    found = places(sizes, 1024, 14, 16000)
    start = 0
    for size in sizes:
        of_block = found[start : start + size]
        assert set(of_block // 14) == {start // 1024}
        np.testing.assert_array_equal(of_block % 14, band_of(16000, 1024, int(size)))
        start += size
    assert places(np.array([1024]), 1024, 3, 16000).max() == 2  # of fewer bands the last reaches up


@pytest.mark.parametrize("more", [-11, -1, 0, 5])
def test_bands_begin_where_the_coder_finds_them(more):
    n_bands = len(band_edges(16000, 1024)) - 1 + more
    edges = event_edges(16000, 1024, n_bands)
    assert len(edges) == n_bands + 1
    for size in (1024, 512, 128, 64):
        ratio = 1024 // size
        starts = (2 * edges + ratio - 1) // (2 * ratio)
        expected = np.minimum(band_of(16000, 1024, size), n_bands - 1)
        np.testing.assert_array_equal(np.repeat(np.arange(n_bands), np.diff(starts)), expected)


def test_what_is_a_tree():
    assert is_tree(np.array([512, 256, 128, 64, 64]), 1024)
    random = np.random.default_rng(1)
    for _ in range(20):
        assert is_tree(np.array(random_sizes(random, 256, 3)), 256)
    for sizes in ([], [512], [256, 512, 256], [1024, 1], [2048], [512, 500, 12], [32] * 32, [0, 1024], [-1024, 2048]):
        assert not is_tree(np.array(sizes, np.int64), 1024)
