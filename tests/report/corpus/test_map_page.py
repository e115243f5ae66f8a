"""The map of a catalogue: points can be heard and collected by pointer and keys, and its list becomes a scene."""

import json

import numpy as np
import pytest
from corpus_folder import catalogue_of

import motes
from motes.cli import main
from motes.report.corpus.map_page import spread_out

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    return made.map(tmp_path_factory.mktemp("page") / "map.html", where="kind in ('note', 'partial')")


@pytest.fixture(scope="module")
def shown(page, opened):
    return opened(page, shows="#legend li", bypass_csp=True, accept_downloads=True)


def n_points(made):
    return made.n_rows["note"] + made.n_rows["partial"]


def test_points_are_the_sounds_of_the_catalogue(made, shown):
    assert shown.page.evaluate("n") == n_points(made)
    names = set(shown.page.evaluate("[...x.keys()].map(nameOf)"))
    rows = made.sql("select file, kind, number from events where kind in ('note', 'partial')").to_pylist()
    assert names == {f"{r['file']}:{'' if r['kind'] == 'note' else 'partial:'}{r['number']}" for r in rows}
    assert shown.page.evaluate("data.playable.length") == n_points(made)


def test_keys_choose_hear_and_collect(shown):
    shown.again()
    shown.page.locator("#map").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("Enter")
    shown.wait("player.currentSrc !== ''")
    about = shown.page.inner_text("#about b")
    shown.page.keyboard.press("c")
    assert shown.page.inner_text("#list li") == about
    before = shown.page.evaluate("scale")
    shown.page.keyboard.press("+")
    assert shown.page.evaluate("scale") == pytest.approx(1.5 * before)


def test_a_lasso_collects_and_the_list_becomes_a_scene(made, shown, tmp_path):
    shown.again()
    box = shown.page.locator("canvas").bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98)]
    shown.page.locator("#lasso").check()
    for i, (right, down) in enumerate(corners):
        shown.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"], steps=3)
        if i == 0:
            shown.page.mouse.down()
    shown.page.mouse.up()
    assert shown.page.inner_text("#count") == str(n_points(made))
    with shown.page.expect_download() as download:
        shown.page.locator("#save").click()
    download.value.save_as(tmp_path / "sounds.json")
    held = json.loads((tmp_path / "sounds.json").read_text())
    assert len(held["sounds"]) == n_points(made)
    held["sounds"] = held["sounds"][:3]
    (tmp_path / "few.json").write_text(json.dumps(held))
    out = str(tmp_path / "new.mote")
    assert main(["catalogue", "collect", str(made.path), str(tmp_path / "few.json"), "-o", out]) == 0
    assert sum(len(one["sounds"]) for one in motes.load(out).metadata.options["sources"]) == 3


def test_a_drag_moves_and_colours_change(shown):
    shown.again()
    box = shown.page.locator("canvas").bounding_box()
    before = shown.page.evaluate("left")
    shown.page.mouse.move(box["x"] + 200, box["y"] + 200)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 260, box["y"] + 200, steps=3)
    shown.page.mouse.up()
    assert shown.page.evaluate("left") == pytest.approx(before + 60, abs=1)
    for by, words in (("kind", "note"), ("gain", "dBFS"), ("pitch", "semitones"), ("file", "low.mote")):
        shown.page.locator("#by").select_option(by)
        assert words in shown.page.inner_text("#legend")
    assert not shown.troubles
    assert not shown.outside


@pytest.mark.parametrize(("size", "scheme"), [((1280, 720), "light"), ((420, 900), "dark")])
def test_it_is_accessible_and_fits(shown, axe, size, scheme):
    shown.page.set_viewport_size({"width": size[0], "height": size[1]})
    shown.page.emulate_media(color_scheme=scheme)
    found = axe.run(shown.page)
    assert found.violations_count == 0, found.generate_report()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_small_page_holds_fewer_sounds_and_the_command_makes_it(made, tmp_path, capsys):
    path = str(tmp_path / "map.html")
    assert main(["catalogue", "map", str(made.path), "-o", path, "--megabytes", "0.1", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["n_bytes"] < 150_000
    assert main(["catalogue", "map", str(made.path), "-o", path]) == 1
    assert main(["catalogue", "map", str(made.path)]) == 2
    first = (tmp_path / "map.html").read_bytes()
    made.map(path, megabytes=0.1, overwrite=True)
    strip = lambda text: text.split(b"This page:")[0]  # noqa: E731
    assert strip(first)[:5000] == strip((tmp_path / "map.html").read_bytes())[:5000]


def test_sounds_to_hear_are_spread_over_the_map():
    rng = np.random.default_rng(0)
    points = np.concatenate([0.01 * rng.random((900, 2)), rng.random((100, 2))])
    chosen = spread_out(points, 60)
    assert 20 < len(chosen) <= 60
    assert np.mean(chosen >= 900) > 0.9
    assert len(spread_out(points[:5], 60)) == 5
    assert not len(spread_out(points, 0))
