"""The records of kinds: names, letters and looks differ, modules are where they say, and nothing heavy is loaded."""

import subprocess
import sys

import pytest

from motes import kinds
from motes.kinds.drawing import Drawing
from motes.kinds.kind import N_MORE
from motes.kinds.renderer import EventRenderer


def test_each_kind_has_a_name_a_letter_and_colours_of_its_own():
    for what in ("name", "letter", "label"):
        values = [getattr(kind, what) for kind in kinds.KINDS]
        assert len(set(values)) == len(values)
    for shade in ("light", "dark"):
        assert len({getattr(kind.look, shade) for kind in kinds.KINDS}) == len(kinds.KINDS)
    assert [kinds.named(kind.name) for kind in kinds.KINDS] == list(kinds.KINDS)


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_its_modules_are_there(kind):
    assert issubclass(kind.renderer, EventRenderer)
    assert isinstance(kind.drawing, Drawing)
    assert callable(kind.oracle)
    assert all(kind.has(name) for name in ("table", "packet", "integers", "drawing", "render", "oracle"))
    assert not kind.has("nothing")
    assert kind.has("differentiable") == (kind.name not in ("texture", "vector", "detail", "learned"))


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_its_look_names_columns_that_it_has(kind):
    names = {param.name for param in kind.table.PARAMS}
    look, none = kind.look, kind.table.empty(2)
    assert {*look.aux, look.lane} - {""} <= names
    assert len(look.more) <= N_MORE
    assert kind.drawing.more(none, 8000.0).shape == (0, len(look.more))
    assert all(len(part) == 0 for part in (*kind.drawing.band_hz(none), *kind.drawing.sounding_band_hz(none, 8000.0)))
    assert len(kind.drawing.level_db(none)) == len(kind.drawing.strength(none)) == 0


def test_records_load_neither_numba_nor_torch_nor_matplotlib():
    code = (
        "import sys, motes.kinds, motes.scene.scene; [k.drawing for k in motes.kinds.KINDS];"
        "assert not {'numba', 'torch', 'matplotlib', 'scipy.signal'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
