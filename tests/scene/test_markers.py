"""Markers are kept by files, cut, joined and moved with the scene's time, and written as labels."""

import pytest

import motes
from motes import Marker
from motes.errors import ParameterError
from motes.kinds.gabor.table import Gabor
from motes.scene.markers import audacity_labels, markers_csv, with_group_names
from motes.scene.scene import Scene

VERSE, CUE = Marker(start_s=1.0, end_s=3.0, name="verse, first"), Marker(start_s=2.5, name="cue")


def marked():
    gabor = Gabor([0.5, 1.5, 3.0], [0.1] * 3, [300, 400, 500], [[0.1]] * 3, [[0.0]] * 3, group_id=[0, 1, 1])
    from motes.events.groups import Groups

    scene = Scene(8000, 32000, 1, gabor, groups=Groups([1], [0], [3]))
    return scene.with_markers(CUE, VERSE)


@pytest.mark.parametrize("version", [1, 2])
def test_files_keep_them(tmp_path, version):
    scene = with_group_names(marked(), {1: "bells"})
    assert scene.markers == (VERSE, CUE)
    read = motes.load(scene.save(tmp_path / "x.mote", version=version))
    assert read.markers == (VERSE, CUE)
    assert read.metadata.group_names == {"1": "bells"}
    assert read.save(tmp_path / "y.mote", version=version).read_bytes() == (tmp_path / "x.mote").read_bytes()


def test_slices_cut_them_and_joins_bring_theirs():
    scene = with_group_names(marked(), {1: "bells"})
    assert scene[2.0:4.0].markers == (
        Marker(start_s=0.0, end_s=1.0, name="verse, first"),
        Marker(start_s=0.5, name="cue"),
    )
    both = scene.join(scene)
    assert [one.start_s for one in both.markers] == [1.0, 2.5, 5.0, 6.5]
    assert both.metadata.group_names == {"1": "bells", "2": "bells"}


def test_edits_of_the_whole_take_them_along_and_those_of_a_selection_do_not():
    scene = marked()
    assert [one.start_s for one in scene.stretch(2).markers] == [2.0, 5.0]
    assert [round(one.start_s, 3) for one in scene.reverse().markers] == [1.0, 1.5]
    assert scene.select("time_s > 1").move(0.5).markers == scene.markers


def test_other_programs_read_them():
    assert audacity_labels(marked()) == "1.000000\t3.000000\tverse, first\n2.500000\t2.500000\tcue\n"
    assert markers_csv(marked()) == 'start_s,end_s,name\n1.0,3.0,"verse, first"\n2.5,,cue\n'


@pytest.mark.parametrize(
    "marker", [Marker(start_s=2.0, end_s=1.0), Marker(start_s=0.0, name="x" * 101), Marker(start_s=0.0, name="a\nb")]
)
def test_what_is_no_marker(marker):
    with pytest.raises(ParameterError):
        marked().with_markers(marker)


def test_names_are_of_groups_that_are_there_and_go_when_empty():
    named = with_group_names(marked(), {1: "bells"})
    assert with_group_names(named, {1: ""}).metadata.group_names == {}
    with pytest.raises(ParameterError, match="there is no group 9"):
        with_group_names(named, {9: "x"})
