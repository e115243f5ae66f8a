"""Files written once decode to the same integers for ever (until version 1: for as long as nobody means to change
the format).
"""

import importlib.util
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from motes.codec import dumps, frames, info, load, loads
from motes.coding import range_coder
from motes.kinds.gabor import contexts
from motes.kinds.gabor import trained as gabor_tables
from motes.kinds.texture import trained as texture_tables

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/vectors"
PATHS = {f"{path.parent.name}/{path.stem}": path for path in sorted(FOLDER.glob("v1/*.mote"))}
CURRENT = FOLDER / f"v{frames.VERSION}"

_spec = importlib.util.spec_from_file_location("vectors_make", FOLDER / "make.py")
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)


def test_there_is_a_vector_for_each_scene():
    assert sorted([*make.scenes(), make.GROWN]) == sorted(path.stem for path in CURRENT.glob("*.mote"))


def test_what_is_released_is_read_for_ever():
    assert {path.name for path in FOLDER.glob("v*")} == {f"v{version}" for version in frames.READABLE}
    assert {1, 2} <= set(frames.READABLE)


@pytest.mark.filterwarnings("ignore:the room hall cannot be found")  # one of the rooms is told by its digest alone
@pytest.mark.filterwarnings("ignore:this release of motes lacks")  # and one of the models is nowhere
@pytest.mark.parametrize("name", PATHS)
def test_a_vector_decodes_to_its_integers_and_its_sound(name):
    data, expected = PATHS[name].read_bytes(), np.load(PATHS[name].with_suffix(".npz"))
    scene = loads(data)
    for column, values in make.integers(scene).items():
        np.testing.assert_array_equal(values, expected[column], err_msg=column)
    for column, values in make.decimals(scene).items():
        np.testing.assert_allclose(values, expected[column], rtol=1e-12, err_msg=column)
    assert make.header(scene) == str(expected["header"])
    assert np.max(np.abs(np.atleast_2d(scene.render()) - expected["audio"]), initial=0.0) < 1e-5
    assert dumps(scene) == data or PATHS[name].stem == make.GROWN


@pytest.mark.parametrize("name", PATHS)
def test_a_vector_is_read_in_parts_and_described(name):
    scene, described = loads(PATHS[name].read_bytes()), info(PATHS[name])
    assert (described.n_samples, described.n_channels) == (scene.n_samples, scene.n_channels)
    assert described.format_version == int(name[1 : name.index("/")])
    assert sum(described.events.values()) == scene.n_events
    assert load(PATHS[name], 0.0, 1e4).n_events == scene.n_events


@pytest.mark.parametrize("name", sorted(path.stem for path in CURRENT.glob("*.mote")))
def test_the_encoder_still_writes_a_vector_as_it_was(name, files):
    assert files[name] == (CURRENT / f"{name}.mote").read_bytes()


@pytest.fixture(scope="module")
def files():
    return make.files()


def test_a_released_vector_is_never_written_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    monkeypatch.setattr(make, "files", lambda: {"mono": dumps(make.scenes()["mono"])})
    assert make.main() == 0
    released = (tmp_path / "v1/mono.mote").read_bytes()
    monkeypatch.setattr(make, "files", lambda: {"mono": released[:-1] + b"x", "empty": dumps(make.scenes()["empty"])})
    assert make.main() == 1
    assert "mono: the encoder writes it differently now" in capsys.readouterr().err
    assert (tmp_path / "v1/mono.mote").read_bytes() == released
    assert (tmp_path / "v1/empty.npz").exists()


def test_the_specification_tells_the_numbers_of_the_code():
    text = (ROOT / "docs/format.md").read_text(encoding="utf-8")
    for path in (gabor_tables.PATH, texture_tables.PATH):
        assert f"CRC-32 {zlib.crc32(path.read_bytes()):#x}" in text
    assert f"format version, {frames.VERSION}" in text
    knots = re.search(r"    3 5 8 13[\d\s]+", text).group().split()
    assert tuple(map(int, knots)) == range_coder._KNOTS
    starts = [*contexts.STARTS[:-1], contexts.EXTRA, contexts.CHANNEL, contexts.SAME_PHASE, contexts.SAME_STRENGTH]
    free = [contexts.FREE_TIME, contexts.FREE_FREQUENCY, contexts.FREE_WINDOW, contexts.SAME_WINDOW]
    for number in starts + free:
        assert re.search(rf"\b{number}\b", text), number
    assert f"{contexts.N_SLOTS:,} slots" in text
    assert f"weights of the {contexts.N_MIXERS} mixers" in text
