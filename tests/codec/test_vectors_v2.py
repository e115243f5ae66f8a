"""Files of version 2 decode to the integers and the sound that they were written with."""

import importlib.util
import warnings
from pathlib import Path

import mote_file
import numpy as np
import pytest

from motes.codec import dumps, info
from motes.kinds.learned.integers import SILENT

FOLDER = Path(__file__).parents[1] / "vectors"
_spec = importlib.util.spec_from_file_location("vectors_make_v2", FOLDER / "make_v2.py")
make_v2 = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_v2)

NAMES = sorted(path.stem for path in (FOLDER / "v2").glob("*.mote"))


@pytest.fixture(scope="module")
def files():
    return make_v2.files()


def test_there_is_a_vector_for_each_scene_and_the_encoder_writes_it(files):
    assert sorted(files) == NAMES
    assert all((FOLDER / f"v2/{name}.mote").read_bytes() == data for name, data in files.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_decodes_to_its_integers_and_its_sound(name):
    path = FOLDER / f"v2/{name}.mote"
    data, expected = path.read_bytes(), np.load(path.with_suffix(".npz"))
    scene = make_v2.decoded(data)
    for column, values in make_v2.integers(scene).items():
        np.testing.assert_array_equal(values, expected[column], err_msg=column)
    for column, values in make_v2.make.decimals(scene).items():
        np.testing.assert_allclose(values, expected[column], rtol=1e-12, err_msg=column)
    assert make_v2.make.header(scene) == str(expected["header"])
    assert np.max(np.abs(np.atleast_2d(scene.render()) - expected["audio"]), initial=0.0) < 1e-5
    assert name == make_v2.CUT or dumps(scene) == data
    assert info(path).format_version == 2


@pytest.mark.parametrize("name", [name for name in NAMES if name != make_v2.CUT])
def test_the_plain_reader_reads_the_same(name):
    data = (FOLDER / f"v2/{name}.mote").read_bytes()
    expected = np.load(FOLDER / f"v2/{name}.npz")
    _, packets = mote_file.packets(data)
    header = mote_file.read_header(packets[0][1], 2)
    assert header.layered == name.startswith("layered")
    events = [
        event for letter, payload in packets if letter == "D" for event in mote_file.read_details(payload, header)
    ]
    if events:
        assert [event.head["gain"] for event in events] == expected["detail_gain"].tolist()
        assert [v for event in events for row in event.values for v in row] == expected[
            "detail_coefficients"
        ].flatten().tolist()
        assert [v for event in events for row in event.mask for v in row] == expected["detail_mask"].tolist()
    if name.startswith("chirps"):
        _, atoms = mote_file.read(data)
        known, found = expected["gabor_chirp"].tolist(), [atom.chirp for atom in atoms]
        assert found == known if name == "chirps" else sorted(found) == sorted(known)
    if "learned_time_s" in expected:
        _compare_waveforms(packets, header, expected)
    if header.layered:
        (front,) = [mote_file.read_front(payload) for letter, payload in packets if letter == "F"]
        assert front[0] == len(data)
        assert [entry[0] for entry in front[2]] == [letter for letter, _ in packets if letter in "GTD"]
        (powers,) = [mote_file.read_powers(payload, header) for letter, payload in packets if letter == "Y"]
        assert np.array_equal(powers, expected["powers"])


def _compare_waveforms(packets, header, expected):
    found = [one for letter, payload in packets if letter == "L" for one in mote_file.read_learned(payload, header)]
    names = {"time": "time_s", "length": "length_s", "low": "low_hz", "high": "high_hz", "group": "group_id"}
    for name in found[0]:
        got = [event[name] for event in found]
        if name == "amplitude":
            got = [[SILENT if value is None else value for value in row] for row in got]
        assert got == expected[f"learned_{names.get(name, name)}"].tolist(), name
    for model, rate, waveforms in (mote_file.read_waveforms(payload) for letter, payload in packets if letter == "Q"):
        assert rate == make_v2.RATE
        assert list(waveforms.values()) == expected[f"waveforms_{model}"].tolist()


def test_a_cut_vector_is_told_as_what_it_is():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = info(FOLDER / f"v2/{make_v2.CUT}.mote")
    assert found.is_cut
    assert found.detail_until_s == 0
    assert found.n_bytes == found.sparse_bytes + make_v2.CUT_BYTES
