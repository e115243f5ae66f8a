"""The table of edits: what is asked for by its flags is what a Selection's methods do, and all that follows from the
table is there.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from motes import edit as apply
from motes.cli import main
from motes.edit.edits import EDITS, FLAGS, Edit, Parameter, edited, steps
from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

HIGH = "frequency_hz > 700"
DOCS = Path(__file__).parents[2] / "docs"


def scene(seed=0, n_events=30):
    rng = np.random.default_rng(seed)
    gabor = Gabor(
        rng.uniform(0.5, 3.5, n_events),
        np.full(n_events, 0.1),
        rng.uniform(300, 1200, n_events),
        rng.uniform(0.1, 1, (n_events, 1)),
        rng.uniform(-3, 3, (n_events, 1)),
    )
    return Scene(8000, 32000, 1, gabor)


def assert_same(one, other):
    assert (one.n_samples, one.sample_rate_hz, one.rooms) == (other.n_samples, other.sample_rate_hz, other.rooms)
    assert all(a.equals(b) for a, b in zip(one.tables, other.tables, strict=True))


ROOM = Room.synthetic(0.3)
CASES = {
    "only": (True, lambda chosen: chosen.only()),
    "drop": (True, lambda chosen: chosen.drop()),
    "mute": (True, lambda chosen: chosen.mute()),
    "solo": (True, lambda chosen: chosen.solo()),
    "low_hz": (900, lambda chosen: chosen.filter(900)),
    "high_hz": (900, lambda chosen: chosen.filter(high_hz=900)),
    "gain_db": (-6, lambda chosen: chosen.gain(-6)),
    "fade_in": (0.5, lambda chosen: chosen.fade(0.5)),
    "fade_out": (0.5, lambda chosen: chosen.fade(out_s=0.5)),
    "envelope": ([(0, -6), (1, 3)], lambda chosen: chosen.envelope([(0, -6), (1, 3)])),
    "transpose": (3, lambda chosen: chosen.transpose(3)),
    "stretch": (1.5, lambda chosen: chosen.stretch(1.5)),
    "reverse": (True, lambda chosen: chosen.reverse()),
    "move": (0.25, lambda chosen: chosen.move(0.25)),
    "duplicate_at": (4.0, lambda chosen: chosen.duplicate(4.0)),
    "room": (ROOM, lambda chosen: chosen.room(ROOM)),
    "embed_rooms": (True, lambda chosen: chosen.scene.embed_rooms()),
}
# Tried in test_stereo.py.
OF_STEREO = {"pan", "width"}
WHOLE = {"stretch": lambda one: one.stretch(1.5), "reverse": lambda one: one.reverse()}


def test_every_edit_is_tried_here():
    of_scenes = {parameter.flag for edit in EDITS if edit.change is None or edit.first for parameter in edit.flags}
    how = {flag for flag, parameter in FLAGS.items() if parameter.says}
    assert set(CASES) == set(FLAGS) - of_scenes - how - OF_STEREO


@pytest.mark.parametrize("flag", CASES)
def test_an_edit_by_its_flag_is_the_method_of_a_selection(flag):
    value, method = CASES[flag]
    assert_same(apply(scene(), HIGH, **{flag: value}), method(scene().select(HIGH)))
    whole = WHOLE.get(flag, lambda one: method(one.select()))
    assert_same(apply(scene(), **{flag: value}), whole(scene()))


def test_several_are_done_in_the_order_of_the_table_after_scenes_are_joined_and_cut():
    one, other = scene(), scene(1)
    found = edited(one, HIGH, {"move": 0.5, "transpose": 2, "slice": slice(1, 5), "at": 3.5, "join": other})
    both = one.join(other, 3.5)[1.0:5.0]
    chosen = both.select(HIGH)
    assert (found.n_selected, found.n_events) == (len(chosen), both.n_events)
    higher = chosen.transpose(2)
    assert_same(found.scene, Selection(higher, chosen.mask).move(0.5))  # (no event changes its place)


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({"transpos": 3}, "no edit 'transpos', did you mean transpose?"),
        ({"at": 3.0}, "at says how to join, which is missing"),
        ({"resample": True}, "resample says how to join, which is missing"),
        ({"wetness": 0.5}, "wetness says how wet room is, which is missing"),
        ({"only": True, "drop": True}, "only and drop together leave nothing"),
        ({"solo": True, "mute": True}, "mute and solo together leave nothing"),
        ({"slice": 3}, "cut by seconds"),
        ({"split_at": 3.0}, "split_at says when to split_note, which is missing"),
        ({"split_note": 3}, "split_note takes split_at too"),
        ({"add_note": "A4", "like": 1}, "add_note takes note_onset too"),
    ],
)
def test_edits_that_make_no_sense(edits, says):
    with pytest.raises(ParameterError, match=re.escape(says)):
        apply(scene(), None, **edits)


def test_none_and_false_ask_for_nothing_and_zero_does():
    assert steps(dict.fromkeys(FLAGS)) == []
    assert steps({"reverse": False}) == []
    assert [edit.name for edit, _ in steps({"gain_db": 0.0, "room": 0})] == ["gain", "room"]


def test_names_are_used_once_and_edits_have_their_methods():
    assert len({edit.name for edit in EDITS}) == len(EDITS)
    assert len(FLAGS) == sum(len(edit.flags) for edit in EDITS)
    for edit in EDITS:
        of = Scene if edit.first else Selection
        assert edit.change is None or edit.name == "embed_rooms" or callable(getattr(of, edit.name)), edit.name


def test_every_flag_is_one_of_the_command_line(capsys):
    assert main(["edit", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    places = [text.find(f" --{flag.replace('_', '-')} ") for flag in FLAGS]
    assert -1 not in places
    assert places == sorted(places)


def test_every_request_is_one_of_the_studio():
    schemas = pytest.importorskip("motes.studio.schemas")
    editing = pytest.importorskip("motes.studio.document.editing")
    known = schemas.EditBody.model_json_schema()["$defs"]
    ops = {edit.request for edit in EDITS} - {""}
    assert {about["op"] for about in editing.described()} == ops
    bodies = {body["properties"]["op"]["const"]: body for body in known.values() if "op" in body["properties"]}
    assert set(bodies) == ops | {"paste", "play", "unmute", "split_note", "merge_notes", "add_note", "chance"}
    for edit in EDITS:
        if edit.request:
            names = {parameter.name for parameter in edit.parameters}
            assert set(bodies[edit.request]["properties"]) == names | {"op"}


def rows(edit: Edit):
    """Of the table in docs/edit.md: one for each parameter, or for the edit where it has none."""
    for parameter in edit.parameters or edit.flags or (Parameter("", "", bool, edit.doc),):
        low, high = ("" if end is None else f"{end:g}" for end in parameter.range)
        words = (edit.name, parameter.name if edit.parameters else "", parameter.flag and f"--{parameter.flag}")
        cells = [f"`{word.replace('_', '-') if word[:2] == '--' else word}`" if word else "" for word in words]
        cells += [f"`{edit.request}`" if edit.request else "", parameter.unit]
        cells += [f"{low} … {high}".strip() if low or high else "", parameter.doc]
        yield re.sub(" +", " ", f"| {' | '.join(cells)} |")


def test_the_documentation_has_the_table():
    text = (DOCS / "edit.md").read_text(encoding="utf-8")
    table = [row for edit in EDITS for row in rows(edit)]
    assert "\n".join(table) in text, "\n".join(table)
