"""Arguments of the wrong type are ParameterErrors that name them, whatever is called."""

from fractions import Fraction

import numpy as np
import pytest

import motes
from motes.arguments import checked
from motes.errors import ParameterError


@pytest.fixture(scope="module")
def scene():
    return motes.encode(0.3 * np.sin(np.arange(4000) * 0.3), sample_rate_hz=8000, n_events=5)


@pytest.fixture(scope="module")
def path(scene, tmp_path_factory):
    return scene.save(tmp_path_factory.mktemp("a") / "a.mote")


CALLS = {
    "load None": (lambda scene, path: motes.load(None), "path must be the path of a file, not None"),
    "load nan": (lambda scene, path: motes.load(path, float("nan"), 1), "start_s must be finite, not nan"),
    "load text": (lambda scene, path: motes.load(path, end_s="3"), "end_s must be a number or None, not '3'"),
    "load rooms": (lambda scene, path: motes.load(path, rooms=[3]), "rooms must be"),
    "join None": (lambda scene, path: scene.join(None), "other must be a Scene, not None"),
    "move text": (lambda scene, path: scene.move("3"), "by_s must be a number, not '3'"),
    "selected gain": (lambda scene, path: scene.select().gain(None), "db must be a number, not None"),
    "render": (lambda scene, path: scene.render("a"), "start_s must be a number or None"),
    "save": (lambda scene, path: scene.save(3), "path must be the path of a file"),
    "edit None": (lambda scene, path: motes.edit(None), "scene must be the path of a file or a Scene"),
    "edit text": (lambda scene, path: motes.edit(scene, transpose="3"), "must be a number, not '3'"),
    "perform": (lambda scene, path: motes.perform(scene, damping="x"), "damping must be a number, not 'x'"),
    "export": (lambda scene, path: motes.export(scene, None), "output must be the path of a file"),
    "evaluate": (lambda scene, path: motes.evaluate(scene, scene, loss=3), "loss must be text or a list of texts"),
    "report None": (lambda scene, path: motes.report(None, "a.html"), "scenes must be"),
    "report number": (lambda scene, path: motes.report([3], "a.html"), "scenes must be"),
    "report size": (lambda scene, path: motes.report(scene, "a.html", megabytes="x"), "megabytes must be a number"),
    "decode": (lambda scene, path: motes.decode(scene, "a.wav", sample_rate_hz=8000.5), "a whole number or None"),
    "info": (lambda scene, path: motes.info(3), "path must be the path of a file"),
    "room": (lambda scene, path: motes.room(3), "name must be text"),
    "publish": (lambda scene, path: motes.publish(3), "paths must be"),
    "Player": (lambda scene, path: motes.Player(scene), "instrument must be an Instrument"),
    "kbps": (lambda scene, path: motes.encode([0.0], sample_rate_hz=8, kbps="8"), "kbps must be a number, not '8'"),
    "windows": (lambda scene, path: motes.encode([0.0], sample_rate_hz=8, windows=512), "windows must be a list"),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_types_are_named(scene, path, name):
    call, says = CALLS[name]
    with pytest.raises(ParameterError) as caught:
        call(scene, path)
    assert says in str(caught.value)


def test_what_is_right_passes(scene, path):
    assert motes.load(path, np.float32(0), 1).n_samples == 4000
    assert scene.move(Fraction(1, 4)).n_events == scene.move(np.array(0.25)).n_events == 5
    assert motes.load(path, 0, float("inf")) == scene


def test_names_and_numbers_of_arguments_are_for_python_to_tell():
    @checked
    def half(x: "float", *rest: "int", names: "list[str] | None" = None) -> "float":
        return x / 2

    assert half(3.0, 1, "anything", names=7) == 1.5  # types that are not known pass
    with pytest.raises(TypeError, match="missing 1 required"):
        half()
    with pytest.raises(TypeError, match="unexpected keyword"):
        half(1.0, other=2)
    with pytest.raises(ParameterError, match="x must be a number, not True"):
        half(True)
