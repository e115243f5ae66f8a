"""Files written once decode to the same integers for ever (until version 1: for as long as nobody means to change the format)."""

import importlib.util
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from motes.codec import container, gabor_model, tables
from motes.codec.bitstream import dumps, loads
from motes.kernels import range_coder

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/vectors"
NAMES = sorted(path.stem for path in FOLDER.glob("*.mote"))

_spec = importlib.util.spec_from_file_location("vectors_make", FOLDER / "make.py")
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)


def test_there_is_a_vector_for_each_scene():
    assert sorted(make.scenes()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_decodes_to_its_integers_and_its_sound(name):
    data, expected = (FOLDER / f"{name}.mote").read_bytes(), np.load(FOLDER / f"{name}.npz")
    scene = loads(data)
    for column, values in make.integers(scene).items():
        np.testing.assert_array_equal(values, expected[column])
    assert np.max(np.abs(make.audio(scene) - expected["audio"]), initial=0.0) < 1e-5
    assert np.max(np.abs(np.atleast_2d(scene.render()) - expected["audio"]), initial=0.0) < 1e-5
    assert dumps(scene) == data


@pytest.mark.parametrize("name", NAMES)
def test_the_encoder_still_writes_a_vector_as_it_was(name):
    assert dumps(make.scenes()[name]) == (FOLDER / f"{name}.mote").read_bytes()


def test_the_specification_tells_the_numbers_of_the_code():
    text = (ROOT / "docs/format.md").read_text(encoding="utf-8")
    assert f"CRC-32 {zlib.crc32(tables.PATH.read_bytes()):#x}" in text
    assert f"format version, {container.VERSION}" in text
    knots = re.search(r"    3 5 8 13[\d\s]+", text).group().split()
    assert tuple(map(int, knots)) == range_coder._KNOTS
    starts = [*gabor_model.STARTS[:-1], gabor_model.EXTRA, gabor_model.CHANNEL, gabor_model.SAME_PHASE, gabor_model.SAME_STRENGTH]
    free = [gabor_model.FREE_TIME, gabor_model.FREE_FREQUENCY, gabor_model.FREE_WINDOW, gabor_model.SAME_WINDOW]
    for number in starts + free:
        assert re.search(rf"\b{number}\b", text), number
    assert f"{gabor_model.N_SLOTS:,} slots" in text
    assert f"weights of the {gabor_model.N_MIXERS} mixers" in text
