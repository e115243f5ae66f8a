"""Selections: conditions mean what they say, mistakes are pointed at, and nothing in them is ever run as Python."""

import ast
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import motes
from motes.edit.condition import MAX_CHARACTERS, MAX_DEPTH, Expression
from motes.edit.selection import choose, column_names, columns
from motes.errors import ParameterError
from motes.events.groups import Groups
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def scene(n_events=50, n_channels=2, seed=0):
    rng = np.random.default_rng(seed)
    gabor = Gabor(
        rng.uniform(0, 4, n_events),
        rng.choice([0.01, 0.05], n_events),
        rng.uniform(50, 2000, n_events),
        rng.uniform(0, 1, (n_events, n_channels)),
        rng.uniform(-3, 3, (n_events, n_channels)),
        rng.integers(0, 4, n_events),
    )
    return Scene(8000, 32000, n_channels, gabor)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("frequency_hz > 200", lambda e: e.frequency_hz > 200),
        ("200 < frequency_hz <= 4e2", lambda e: (e.frequency_hz > 200) & (e.frequency_hz <= 400)),
        ("frequency_hz > 200 and time_s < 3", lambda e: (e.frequency_hz > 200) & (e.time_s < 3)),
        (
            "time_s < 1 or time_s > 3 and amplitude > .5",
            lambda e: (e.time_s < 1) | (e.time_s > 3) & (e.amplitude > 0.5),
        ),
        ("not time_s < 1 and amplitude >= 0.5", lambda e: ~(e.time_s < 1) & (e.amplitude >= 0.5)),
        ("not (time_s < 1 and amplitude >= 0.5)", lambda e: ~((e.time_s < 1) & (e.amplitude >= 0.5))),
        ("not not time_s < 1", lambda e: e.time_s < 1),
        ("frequency_hz * window_s - 2 > -1.5 + 2 * 3 / 4", lambda e: e.frequency_hz * e.window_s - 2 > 0),
        ("-time_s < -(1 + 1)", lambda e: e.time_s > 2),
        ("(time_s + 1) * 2 < 4 - 1 - 0.5", lambda e: e.time_s < 0.25),
        ("window_s == 0.05", lambda e: e.window_s == 0.05),
        ("group_id != 0", lambda e: e.group_id != 0),
        ("kind == gabor", lambda e: e.time_s > -1),
        ("gabor != kind", lambda e: e.time_s < -1),
        ("level_db > -6", lambda e: e.amplitude > 10**-0.3),
        ("start_s < 1 < end_s", lambda e: (e.time_s - e.window_s / 2 < 1) & (e.time_s + e.window_s / 2 > 1)),
        ("id >= 40", lambda e: e.id >= 40),
        ("1 / (time_s - time_s) > 0", lambda e: e.time_s > -1),
        ("  \n time_s<1\t", lambda e: e.time_s < 1),
        ("1 < 2", lambda e: e.time_s > -1),
    ],
)
def test_conditions_mean_what_they_say(text, means):
    one = scene()
    np.testing.assert_array_equal(one.select(text).mask, one.select(means).mask)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("frequncy_hz > 200", r"no column 'frequncy_hz', did you mean frequency_hz\? \(column 1\)"),
        ("time_s < 3 and volume > 2", "no column 'volume', there are: kind, time_s.*column 16"),
        ("frequency_hz = 200", r"'=' has no meaning here: write == to compare \(column 14"),
        ("frequency_hz > 200 & time_s < 3", r"'&' has no meaning here: write 'and' \(column 20"),
        ("frequency_hz >", r"a number or a column is missing \(column 15"),
        ("(time_s > 3", r"this '\(' is never closed \(column 1"),
        ("time_s > 3)", r"'\)' is not expected \(column 11"),
        ("time_s", "a number is not a condition"),
        ("time_s and 3", r"'and' wants a condition on both sides, and this is a number \(column 1"),
        ("not time_s", "'not' wants a condition"),
        ("(time_s > 3) + 1 > 2", r"wants a number on both sides, and this is a condition"),
        ("(time_s > 3) == (time_s > 2)", "a condition cannot be compared"),
        (
            "kind == gabr",
            r"kind is never 'gabr', it is one of: gabor, texture, strike, splat, vector, detail, learned \(column 9",
        ),
        ("kind == 'gabor'", "quotes are not needed"),
        ("kind > gabor", "kind is a word"),
        ("kind == kind", "kind is a word"),
        ("kind", "a word is not a condition"),
        ("kind + 1 > 2", "this is a word"),
        ("time_s == gabor", "no column 'gabor'"),
        ("time_s.real > 3", r"'.' has no meaning here: there are no attributes \(column 7"),
        ("abs(time_s) > 3", "no column 'abs'"),
        ("time_s(3) > 3", r"'\(' is not expected \(column 7"),
        ("time_s[0] > 3", r"'\[' has no meaning here \(column 7"),
        ("time_s ** 2 > 3", r"'\*' stands where a number"),
        ("time_s > 3 > ", "is missing"),
        ("and", "'and' stands where"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("time_s > 3 \x00", "has no meaning"),
        ("time_s > ٣", "has no meaning"),
        ("lambda: 3", "':' has no meaning"),
        ("__import__('os').system('true')", "has no meaning|no column '__import__'"),
        ("time_s > 1; time_s", "';' has no meaning"),
        ("time_s if 1 else 2", "'if' is not expected"),
    ],
)
def test_mistakes_are_pointed_at_in_one_line(text, says):
    with pytest.raises(ParameterError, match=says) as found:
        scene().select(text)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 400


def test_the_spot_is_marked():
    with pytest.raises(ParameterError, match="time_s < 3 and ►volume > 2"):
        scene().select("time_s < 3 and volume > 2")


@pytest.mark.parametrize(
    "text",
    ["time_s > 1" + " " * 10**6 + "and 1 > 0", "(" * 10**6, "-" * MAX_CHARACTERS, "1+" * 10**6 + "1 > 0", "a" * 10**6],
)
def test_very_long_conditions_are_refused(text):
    with pytest.raises(ParameterError, match=r"at most|within each other"):
        scene().select(text)


@pytest.mark.parametrize("opening", ["(", "-", "not ", "-(", "not ("])
def test_deep_nesting_is_refused_and_what_is_allowed_works(opening):
    n = MAX_DEPTH // len(opening.replace("not ", "!"))
    inside = "time_s > 1" if "-" not in opening else "1"
    allowed = opening * n + inside + ")" * (opening.count("(") * n) + ("" if "-" not in opening else " > 0")
    assert len(scene().select(allowed)) >= 0
    with pytest.raises(ParameterError, match="within each other"):
        scene().select(opening * 400 + inside)


def test_long_rows_are_no_deep_nesting():
    assert len(scene().select(" and ".join(["time_s > 1"] * 200))) == len(scene().select("time_s > 1"))
    assert len(scene().select("1" + "+1" * 1500 + " > 0")) == 50


_WORDS = [
    *column_names(),
    "and",
    "or",
    "not",
    "(",
    ")",
    "<",
    "<=",
    "==",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "1",
    "0.5",
    "gabor",
    ".",
    "__class__",
    "[",
    "os",
]


@given(
    st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
    | st.text(max_size=60)
    | st.text(string.printable, max_size=60)
)
def test_any_text_is_a_mask_or_one_line(text):
    one = scene(5)
    mistake, mask = "", None
    try:
        mask = one.select(text).mask
    except ParameterError as error:
        mistake = str(error)
    assert mistake.isprintable()
    if mask is not None:
        assert mask.shape == (5,)
        allowed = (ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Expression, ast.Load)
        allowed += (ast.boolop, ast.unaryop, ast.operator, ast.cmpop)
        tree = ast.parse(" ".join(text.replace("\x0b", " ").replace("\x0c", " ").split()), mode="eval")
        assert all(
            isinstance(node, allowed) for node in ast.walk(tree)
        )  # no calls, attributes, indices: nothing else is ever accepted


def test_a_condition_on_a_column_that_a_kind_lacks_is_false():
    missing = {"f0_hz": None, "time_s": np.array([1.0, 2.0]), "kind": "gabor"}
    words = {"kind": ["gabor", "splat"]}

    def mask(text):
        return Expression(text, list(missing), words).evaluate(missing, 2).tolist()

    assert mask("f0_hz > 3") == [False, False]
    assert mask("f0_hz != 3") == [False, False]
    assert mask("2 * f0_hz + 1 < 3 or time_s > 1") == [False, True]
    assert mask("not f0_hz > 3") == [True, True]
    assert mask("kind == splat") == [False, False]
    assert mask("kind != splat and time_s < 2") == [True, False]


def test_functions_see_the_loudest_channel():
    one = scene()
    loud = one.select(lambda e: e.amplitude > 0.8)
    np.testing.assert_array_equal(loud.mask, one.gabor.amplitude.max(axis=1) > 0.8)
    assert columns(one.gabor)["phase_rad"].shape == (50,)
    assert len(one.select(lambda e: True)) == 50


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda e: e.amplitude, "must return True or False for each of 50 events, not float64"),
        (lambda e: e.amplitude[:3] > 0, "shape"),
        (lambda e: None, "True or False"),
        (lambda e: e.frequncy_hz > 3, "did you mean frequency_hz"),
    ],
)
def test_functions_that_return_no_mask(function, says):
    with pytest.raises(ParameterError, match=says):
        scene().select(function)


def test_ids_masks_slices_and_their_algebra():
    one = scene()
    assert np.flatnonzero(one.select([3, 1, 3]).mask).tolist() == [1, 3]
    assert len(one.select(range(10))) == 10
    assert len(one.select(4)) == 1
    assert len(one.select([])) == 0
    assert len(one.select(one.gabor.time_s > 1)) == len(one.select("time_s > 1"))
    early, low = one.select(start_s=0, end_s=1), one.select("frequency_hz < 500")
    np.testing.assert_array_equal(early.mask, one.select(slice(0.0, 1.0)).mask)
    np.testing.assert_array_equal((early & low).mask, one.select("frequency_hz < 500", end_s=1).mask)
    np.testing.assert_array_equal((early | ~low).mask, one.select("time_s < 1 or frequency_hz >= 500").mask)
    assert len(early.only().gabor) == len(early)
    assert one.select(early).mask is early.mask


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ([50], "no event 50: they are numbered 0 … 49"),
        (-1, "no event -1"),
        ([0.5], "not by float64"),
        (np.ones(3, bool), "mask has the shape"),
        (object(), "not by object"),
        ({"a": 1}, "not by"),
        (slice(0, 99), "past the end, 4 s: were these samples, not seconds"),
        (slice(2, 1), "before it starts"),
        (slice(0, 1, 2), "cut by seconds"),
        (slice(float("nan"), None), "finite"),
    ],
)
def test_selections_that_make_no_sense(what, says):
    with pytest.raises(ParameterError, match=says):
        choose(scene(), what)


def grouped():
    """Two partials in note 5, which is in voice 6 with partial 3 beside it; group 4 holds nothing, and some events
    are in no group.
    """
    return scene().replace(groups=Groups([1, 2, 3, 4, 5, 6], [5, 5, 6, 0, 6, 0], [0, 0, 0, 3, 1, 2]))


@pytest.mark.parametrize(
    ("group", "held"),
    [
        (1, {1}),
        (5, {1, 2}),
        (6, {1, 2, 3}),
        ([3, 5], {1, 2, 3}),
        ([1, 1], {1}),
        (4, set()),
        ([], set()),
        (np.int64(2), {2}),
    ],
)
def test_a_group_is_all_that_is_in_it_and_in_groups_within_it(group, held):
    one = grouped()
    chosen = one.select(group=group)
    np.testing.assert_array_equal(chosen.mask, np.isin(one.gabor.group_id, list(held)))
    np.testing.assert_array_equal(one.select("time_s < 1", group=group).mask, chosen.mask & (one.gabor.time_s < 1))


def test_rows_of_groups_name_them_and_edits_reach_only_these():
    one = grouped()
    notes = Groups(*(column[[4]] for column in (one.groups.id, np.zeros(6, int), one.groups.role)))
    chosen = one.select(group=notes)
    assert 0 < len(chosen) < one.n_events
    np.testing.assert_array_equal(chosen.mask, one.select("group_id == 1 or group_id == 2").mask)
    louder = chosen.gain(db=6)
    changed = (louder.gabor.amplitude != one.gabor.amplitude).any(axis=1)
    np.testing.assert_array_equal(changed, chosen.mask)
    assert louder.groups.equals(one.groups)


def test_groups_within_each_other_in_a_ring_end():
    one = scene().replace(groups=Groups([1, 2, 3], [2, 1, 0], [3, 3, 3]))
    np.testing.assert_array_equal(one.select(group=1).mask, np.isin(one.gabor.group_id, [1, 2]))


@pytest.mark.parametrize(
    ("group", "says"),
    [
        (7, "there is no group 7: they are 1, 2, 3, 4, 5, 6"),
        (0, "no group 0"),
        (1.5, "whole numbers"),
        ("voice", "whole numbers"),
        ([1, 9], "no group 9"),
    ],
)
def test_groups_that_are_not_there(group, says):
    with pytest.raises(ParameterError, match=says):
        grouped().select(group=group)
    with pytest.raises(ParameterError, match=r"the scene has none|whole numbers"):
        scene().select(group=group)


def test_a_selection_belongs_to_its_scene():
    one, other = scene(), scene(seed=1)
    with pytest.raises(ParameterError, match="another scene"):
        one.select(other.select())
    with pytest.raises(ParameterError, match="another scene"):
        one.select() & other.select()


def test_an_empty_scene_has_empty_selections():
    empty = Scene(8000, 0, 1, Gabor.empty(1))
    assert len(empty.select("frequency_hz > 200 and kind == gabor")) == 0
    assert len(empty.select(lambda e: e.amplitude > 0)) == 0
    assert len(empty.select()) == 0


def test_partials_can_be_chosen_by_number():
    t = np.arange(44100) / 44100
    audio = 0.3 * np.sin(2 * np.pi * 441.7 * t) + 0.1 * np.sin(2 * np.pi * 1500 * t) * (t > 0.3)
    scene = motes.encode(audio, sample_rate_hz=44100, snr_db=30)
    first, second = scene.select("partial == 1"), scene.select(lambda e: e.partial == 2)
    assert len(first) > 2
    assert len(second) > 2
    assert np.median(first.only().gabor.frequency_hz) == pytest.approx(441.7, rel=0.05)
    assert np.median(second.only().gabor.frequency_hz) == pytest.approx(1500, rel=0.05)
    edited = scene.transpose(5).move(0.5)
    assert np.array_equal(edited.select("partial == 1").mask, first.mask)
    twice = scene.join(scene, at_s=2.0)
    assert len(twice.select("partial == 1")) == len(first)
    assert twice.select("partial > 0").mask.sum() == 2 * scene.select("partial > 0").mask.sum()
    assert np.array_equal(scene.link().gabor.group_id > 0, scene.select("partial > 0").mask)
    assert len(scene.link().groups) >= 2


def test_a_function_of_a_column_that_a_kind_lacks_is_false_for_it():
    from kind_examples import example

    one = scene(n_channels=1).replace(texture=example("texture", 1))
    n = len(one.gabor)
    assert one.select(lambda e: ~(e.frequency_hz < 0)).mask.tolist() == [True] * n + [False] * (one.n_events - n)
    with pytest.raises(ParameterError, match="no column 'frequency'"):
        one.select(lambda e: e.frequency > 3)


def test_a_selection_says_how_many_it_holds():
    assert repr(scene().select([1, 2, 3])) == "<motes.Selection 3 of 50 events>"


def test_a_mask_of_one_kind_chooses_of_that_kind():
    """`scene.gabor.window_s > 0.1` is as long as one table, and scenes that noise fills have two."""
    scene = motes.encode(0.3 * np.sin(np.arange(16000) * 0.3) + 0.01, sample_rate_hz=8000, kbps=16)
    assert len(scene.gabor) > len(scene.texture) > 0
    chosen = scene.select(scene.gabor.window_s > 0.1)
    assert len(chosen) == np.count_nonzero(scene.gabor.window_s > 0.1)
    assert len(chosen.only().texture) == 0
    assert len(scene.select(np.ones(len(scene.texture), bool)).only().gabor) == 0
    with pytest.raises(ParameterError, match="neither all nor those of one kind"):
        scene.select(np.ones(scene.n_events + 1, bool))
    alike = scene.replace(gabor=scene.gabor.take(slice(0, len(scene.texture))))
    with pytest.raises(ParameterError, match="as many as gabor and texture: which"):
        alike.select(np.ones(len(alike.gabor), bool))
