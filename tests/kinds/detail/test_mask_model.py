"""Masks: factors of a short-time Fourier transform that add up, and their bytes."""

import details as plain
import numpy as np
import pytest
from kind_examples import RATE, detail

from motes.errors import FormatError
from motes.kinds.detail import audio as masks
from motes.kinds.detail.mask_model import decode_mask, encode_mask
from motes.kinds.detail.table import MASK_UNITS
from motes.scene.scene import Scene


def _masked(events, mask):
    shapes = np.array([len(mask)]), np.array([mask.shape[1]])
    return events.replace(mask_frames=shapes[0], mask_bands=shapes[1], mask=mask.reshape(-1))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_parts_of_an_event_add_up_to_it(n_channels):
    random, event = np.random.default_rng(0), detail(n_channels).take(slice(1, 2))
    mask = random.integers(0, MASK_UNITS + 1, (4, 9)).astype(np.int8)
    moved = event.moved(np.array([0.0103])).stretched(np.array([1.25]), 0.3).in_band(np.ones(1, bool), 100.0, 3000.0)[0]
    for whole in (event, moved):
        parts = [_masked(whole, part) for part in (mask, np.int8(MASK_UNITS) - mask)]
        sound, *heard = (
            Scene(RATE, 16000, n_channels, tables=[each]).render().astype(float) for each in (whole, *parts)
        )
        if whole is event:  # a vocoder is not linear
            assert np.abs(heard[0] + heard[1] - sound).max() < 1e-6 * np.abs(sound).max()
        assert np.abs(heard[0]).max() > 0.01 * np.abs(sound).max()


def test_a_mask_lets_through_what_it_says():
    event = detail(1).take(slice(1, 2))
    everything = np.full((3, 5), MASK_UNITS, np.int8)
    render = lambda table: Scene(RATE, 16000, 1, tables=[table]).render().astype(float)  # noqa: E731
    assert np.allclose(render(_masked(event, everything)), render(event), atol=1e-7)
    low = everything.copy()
    low[:, 2:] = 0
    spectrum = np.abs(np.fft.rfft(render(_masked(event, low))))
    edge = int(plain_edge_hz(2, 5) / RATE * 16000)
    assert np.sum(spectrum[edge + 100 :] ** 2) < 1e-3 * np.sum(spectrum**2)


def plain_edge_hz(band, n_bands):
    return (10 ** (band / n_bands * np.log10(1 + 0.00437 * RATE / 2)) - 1) / 0.00437


def test_cells_lie_where_the_plain_reader_finds_them():
    hop, length, shape = masks.hop_samples(RATE), 6000, (7, 11)
    frames = masks.frames_over(-300, length + 200, hop)
    rows, bands = masks.rows_at(frames, hop, length, shape[0]), masks.bands_of_bins(RATE, hop, shape[1])
    for k, row in zip(frames.tolist(), rows.tolist(), strict=True):
        assert plain.mask_place(k, 0, RATE, shape, length)[0] == row
    for b, band in enumerate(bands.tolist()):
        assert plain.mask_place(0, b, RATE, shape, length)[1] == band
    assert all((2 * k + 3) * hop > -600 and (2 * k - 1) * hop < 2 * length + 400 for k in frames.tolist())


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (40, 64)])
def test_masks_come_back_and_the_plain_reader_reads_them(shape):
    random = np.random.default_rng(1)
    mask = np.where(random.random(shape) < 0.3, random.integers(0, MASK_UNITS + 1, shape), 0).astype(np.int8)
    data = encode_mask(mask)
    assert np.array_equal(decode_mask(data, shape, "mask"), mask)
    assert plain.read_mask(data, *shape) == mask.tolist()


def test_a_mask_without_cells_is_refused():
    with pytest.raises(FormatError, match="packet: a mask without"):
        decode_mask(b"", (0, 3), "packet")
