"""Models in files: what names them, and files whose model is not there."""

import numpy as np
import pytest
from kind_examples import example, scene_of

import motes
from motes.cli.app import main
from motes.codec import dumps, info, load, loads
from motes.codec.frames import Frame, Preamble, frame, read_frame
from motes.codec.index import pack_end
from motes.codec.packets import END
from motes.codec.payloads.model_packet import pack_model, unpack_model
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varints
from motes.errors import FormatError, MotesWarning
from motes.events.model import Model
from motes.report.tables import scene_of_csv, write_csv
from motes.scene.arrays import from_arrays, to_arrays

UNKNOWN = Model("lost-1.0", "ab" * 32)


@pytest.fixture(scope="module")
def lost():
    """Atoms, and vectors of a model that nobody has."""
    scene = scene_of(example("vector"), example("gabor"))
    return scene.replace(models=(UNKNOWN,)).quantise()


def test_a_model_comes_back():
    assert unpack_model(Reader(pack_model(UNKNOWN, 3), "x")) == (3, UNKNOWN)


@pytest.mark.parametrize(
    ("payload", "match"),
    [
        (varints(256, 1) + b"a" + bytes(32), "past the limit"),
        (varints(0, 65) + b"a" * 65 + bytes(32), "past the limit"),
        (varints(0, 0) + bytes(32), "a model's id"),
        (varints(0, 2) + b"\xff\xff" + bytes(32), "x: "),
        (varints(0, 1) + b"a" + bytes(31), "cut short"),
        (varints(0, 1) + b"a" + bytes(33), "1 bytes too many"),
    ],
)
def test_payloads_that_cannot_be_are_refused(payload, match):
    with pytest.raises(FormatError, match=match):
        unpack_model(Reader(payload, "x"))


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_without_its_model_decodes_all_else_and_keeps_the_vectors(lost, version, tmp_path, capsys):
    path = lost.save(tmp_path / "x.mote", version=version)
    scene = load(path)
    assert scene.models == (UNKNOWN,)
    assert scene.vector.equals(lost.vector)
    assert dumps(scene, version) == path.read_bytes()
    assert load(path, 0.5, 0.6).models == (UNKNOWN,)
    with pytest.warns(MotesWarning, match="lacks the model lost-1.0"):
        audio = scene.render()
    assert np.array_equal(audio, scene.replace(vector=None, models=()).render())
    assert info(path).models == ["lost-1.0 (not in this release of motes nor in the file, abababababab: its events are silent)"]
    for command in (["info", str(path)], ["decode", str(path), "-o", str(tmp_path / f"{version}.wav")]):
        assert main(command) == 0
        told = capsys.readouterr()
        assert (told.out + told.err).count("lost-1.0") == 1
    assert salvage(path.read_bytes()).scene.vector.equals(lost.vector)


def test_tables_and_unsaved_states_keep_models(lost, tmp_path):
    assert from_arrays(*to_arrays(lost)) == lost
    path = tmp_path / "x.csv"
    with path.open("wb") as handle:
        write_csv(lost, handle)
    assert scene_of_csv(path.read_text()).models == lost.models
    assert motes.from_json(lost.to_json(tmp_path / "x.json")).models == lost.models


def test_vectors_of_a_model_that_the_file_does_not_tell_of_are_refused():
    found = split(dumps(scene_of(example("vector"))))
    assert [packet.type.name for packet in found[:2]] == ["header", "model"]
    *kept, _ = found[:1] + found[2:]
    body = b"".join(frame(packet.kind, packet.payload) for packet in kept)
    with pytest.raises(FormatError, match="vector 0 is of model 0, the scene has 0"):
        loads(Preamble().pack() + body + frame(END.number, pack_end(kept[-1].size, len(kept) + 1)))
    twice = found[:2] + found[1:-1]
    body = b"".join(frame(packet.kind, packet.payload) for packet in twice)
    with pytest.raises(FormatError, match="model 0 stands twice"):
        loads(Preamble().pack() + body + frame(END.number, pack_end(twice[-1].size, len(twice) + 1)))


def split(data: bytes) -> list[Frame]:
    """The packets of a file."""
    found, at = [], Preamble().size
    while at < len(data):
        found.append(read_frame(data, at, len(found)))
        at += found[-1].size
    return found
