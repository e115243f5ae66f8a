"""motes edit, export, import and decode --salvage from the outside."""

import json
import os

import numpy as np
import pytest

from motes.audio import read_audio
from motes.cli import main
from motes.codec import load, quantise, save
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 8000


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seconds, seed, rate, n_channels in (
        ("a", 4, 0, RATE, 1),
        ("b", 2, 1, RATE, 1),
        ("fast", 2, 2, 16000, 1),
        ("stereo", 2, 3, RATE, 2),
    ):
        save(quantise(scene(seconds, seed, rate, n_channels)), f"{name}.mote")
    return tmp_path


def scene(seconds, seed, rate, n_channels, n_events=60):
    rng = np.random.default_rng(seed)
    gabor = Gabor(
        rng.integers(1, seconds * rate // 512, n_events) * 512 / rate,
        np.full(n_events, 1024 / rate),
        rng.integers(10, 200, n_events) * rate / 1024,
        rng.uniform(0.01, 0.1, (n_events, n_channels)),
        rng.uniform(0, 6, (n_events, n_channels)),
    )
    return Scene(rate, seconds * rate, n_channels, gabor)


@pytest.fixture
def run(capsys):
    def call(*tokens):
        status = main([str(token) for token in tokens])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


def edited(run, *tokens):
    status, out, err = run("edit", *tokens, "-o", "x.mote", "--force")
    assert (status, out) == (0, ""), err
    return load("x.mote")


def test_the_selected_are_edited(here, run):
    before = load("a.mote")
    condition = "frequency_hz > 200 and time_s < 3"
    status, out, err = run(
        "edit",
        "a.mote",
        "-o",
        "low.mote",
        "--select",
        condition,
        "--transpose",
        "-3",
        "--stretch",
        "1.5",
        "--gain-db",
        "-6",
    )
    assert (status, out) == (0, "")
    chosen = before.select(condition)
    assert f"a.mote → low.mote: {len(chosen)} of 60 events selected, 60 written" in err
    after = load("low.mote")
    longer = after.select(lambda e: e.window_s > 0.15)
    assert len(longer) == len(chosen)
    assert np.sum(longer.only().gabor.amplitude ** 2) == pytest.approx(
        np.sum(chosen.only().gabor.amplitude ** 2) * 10**-0.6, rel=0.1
    )
    assert longer.only().gabor.frequency_hz.max() == pytest.approx(
        chosen.only().gabor.frequency_hz.max() * 2 ** (-3 / 12), rel=0.05
    )


def test_each_edit_from_the_command_line_is_the_one_of_python(here, run):
    one = load("a.mote")
    high = one.select("frequency_hz > 700")
    pairs = {
        ("--move", "0.25"): high.move(0.25),
        ("--mute",): high.drop(),
        ("--solo",): high.only(),
        ("--only",): high.only(),
        ("--drop",): high.drop(),
        ("--duplicate-at", "4.0"): high.duplicate(4.0),
        ("--gain-db=-6",): high.gain(-6),
        ("--reverse",): high.reverse(),
        ("--low-hz", "900"): high.filter(900),
        ("--high-hz", "1200"): high.filter(high_hz=1200),
    }
    for tokens, expected in pairs.items():
        found = edited(run, "a.mote", "--select", "frequency_hz > 700", *tokens)
        np.testing.assert_allclose(found.gabor.time_s, quantise(expected).gabor.time_s, err_msg=str(tokens))
        assert found.n_samples == expected.n_samples


def test_whole_scenes(here, run):
    one, other = load("a.mote"), load("b.mote")
    assert edited(run, "a.mote", "--stretch", "1.5").n_samples == 6 * RATE
    assert edited(run, "a.mote", "--slice", "1:3").n_events == one[1.0:3.0].n_events
    assert edited(run, "a.mote", "--slice", ":3").n_samples == 3 * RATE
    assert edited(run, "a.mote", "--slice", "1:").n_samples == 3 * RATE
    assert (
        edited(run, "a.mote", "--slice", "1:3", "--with-overhang").n_events
        == one.slice(1, 3, with_overhang=True).n_events
    )
    assert edited(run, "a.mote", "--join", "b.mote").n_samples == one.n_samples + other.n_samples
    both = edited(run, "a.mote", "--join", "b.mote", "--at", "3.5")
    assert (both.n_events, both.n_samples) == (120, 5.5 * RATE)
    assert edited(run, "a.mote", "--join", "fast.mote", "--resample").sample_rate_hz == RATE
    np.testing.assert_allclose(edited(run, "a.mote", "--reverse").render(), one.render()[::-1], atol=2e-2)


def test_several_files_and_json(here, run):
    status, out, _ = run("edit", "a.mote", "b.mote", "-o", "out", "--gain-db", "-3", "--json")
    assert status == 0
    assert [json.loads(line)["n_selected"] for line in out.splitlines()] == [60, 60]
    assert sorted(os.listdir("out")) == ["a.mote", "b.mote"]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["a.mote"], "-o is missing"),
        (["a.mote", "-o", "x.mote"], "nothing to do"),
        (["a.mote", "-o", "x.mote", "--select", "time_s > 1"], "nothing to do"),
        (
            ["a.mote", "-o", "x.mote", "--mute", "--select", "frequncy_hz > 2"],
            "no column 'frequncy_hz', did you mean frequency_hz? (column 1)",
        ),
        (["a.mote", "-o", "x.mote", "--mute", "--select", "__import__('os')"], "has no meaning here"),
        (["a.mote", "-o", "x.mote", "--mute", "--select", ""], "is empty"),
        (["a.mote", "-o", "x.mote", "--slice", "2-5"], "--slice wants START:END"),
        (["a.mote", "-o", "x.mote", "--transpose", "up"], "unable to convert"),
        (["a.mote", "-o", "x.mote", "--at", "3"], "--join, which is missing"),
        (["a.mote", "-o", "x.mote", "--only", "--drop"], "leave nothing"),
        (["-o", "x.mote", "--mute"], "name at least one"),
    ],
)
def test_a_wrong_command_line_is_status_2(here, run, tokens, says):
    status, out, err = run("edit", *tokens)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not os.path.exists("x.mote")


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["--stretch", "-2"], "factor must be above 0, not -2"),
        (["--stretch", "0"], "factor must be above 0"),
        (["--transpose", "nan"], "semitones must be finite"),
        (["--slice", "1:88200"], "were these samples, not seconds?"),
        (["--slice", "3:1"], "before it starts"),
        (["--move", "-3"], "before 0"),
        (["--join", "fast.mote"], "--resample"),
        (["--join", "stereo.mote"], "1 channels, the other 2"),
        (["--join", "nothing.mote"], "nothing.mote"),
        (["--duplicate-at", "-1"], "must not be below 0"),
        (["--low-hz", "300", "--high-hz", "200"], "makes no sense"),
    ],
)
def test_an_edit_that_fails_is_status_1(here, run, tokens, says):
    status, out, err = run("edit", "a.mote", "-o", "x.mote", *tokens)
    assert (status, out) == (1, "")
    assert says in err
    assert err.count("\n") == 1
    assert not os.path.exists("x.mote")


def test_the_input_is_never_replaced(here, run):
    before = (here / "a.mote").read_bytes()
    assert run("edit", "a.mote", "-o", "a.mote", "--force", "--mute")[0] == 1
    assert run("edit", "a.mote", "-o", "b.mote", "--mute")[0] == 1
    assert (here / "a.mote").read_bytes() == before


def test_export_and_import(here, run):
    for to in ("csv", "json", "png", "svg"):
        status, out, err = run("export", "a.mote", "--to", to)
        assert (status, out) == (0, "")
        assert f"a.mote → a.{to}: 60 events" in err
    assert json.loads((here / "a.json").read_text())["scene"]["n_samples"] == 4 * RATE
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")
    assert run("import", "a.csv", "-o", "again.mote")[0] == 0
    assert (here / "again.mote").read_bytes() == (here / "a.mote").read_bytes()
    assert run("export", "a.mote", "-o", "part.csv", "--start", "1", "--end", "2")[0] == 0
    assert len((here / "part.csv").read_text().splitlines()) == 2 + load("a.mote")[1.0:2.0].n_events
    out = run("export", "a.mote", "--to", "csv", "-o", "-")
    assert out[0] == 0


@pytest.mark.parametrize(
    ("tokens", "status", "says"),
    [
        (["export", "a.mote"], 2, "--to must be csv, json, parquet, png, svg, instrument.json, event.png, notes.png"),
        (["export", "a.mote", "--to", "xls"], 2, "not 'xls'"),
        (["export", "nothing.mote", "--to", "csv"], 1, "nothing.mote"),
        (["export", "a.mote", "--to", "png", "--start", "99"], 1, "99 s"),
        (["import", "a.mote", "-o", "x.mote"], 1, "not a CSV file"),
        (["import", "nothing.csv"], 1, "nothing.csv"),
    ],
)
def test_exports_that_fail(here, run, tokens, status, says):
    found, out, err = run(*tokens)
    assert (found, out) == (status, "")
    assert says in err
    assert err.count("\n") == 1


def test_salvaging(here, run):
    data = bytearray((here / "a.mote").read_bytes())
    data[len(data) // 2] ^= 8
    (here / "damaged.mote").write_bytes(data)
    assert run("decode", "damaged.mote", "-o", "back.wav")[0] == 1
    status, _, err = run("decode", "--salvage", "damaged.mote", "-o", "back.wav")
    assert status == 0
    assert "checksum does not match" in err
    assert "are lost" in err
    assert err.count("\n") == 1
    assert len(read_audio("back.wav")[0]) == 4 * RATE
    status, out, _ = run("decode", "--salvage", "damaged.mote", "-o", "back.wav", "--force", "--json")
    assert len(json.loads(out)["skipped"]) == 2
    assert "nothing was skipped" in run("decode", "--salvage", "a.mote")[2]
    (here / "junk.mote").write_bytes(b"junk")
    status, _, err = run("decode", "--salvage", "junk.mote")
    assert status == 1
    assert "nothing can be salvaged" in err


def test_trimmed(here, run):
    size = os.path.getsize("a.mote")
    kbps = 0.6 * size * 8 / 1000 / 4
    status, out, err = run("trim", "a.mote", "--kbps", kbps, "-o", "small.mote")
    assert (status, out) == (0, ""), err
    assert "a.mote → small.mote: " in err
    assert os.path.getsize("small.mote") <= 0.6 * size
    status, _, err = run("trim", "a.mote", "--kbps", 1000, "-o", "same.mote")
    assert status == 0
    assert "as it was, no larger than asked" in err
    assert load("same.mote") == load("a.mote")
    for words, says in (
        (("trim", "a.mote", "--kbps", 8), "-o is missing"),
        (("trim", "a.mote", "--kbps", 0, "-o", "x.mote"), "kbps must be above 0"),
        (("trim", "a.mote", "-o", "x.mote"), "--kbps"),
    ):
        status, _, err = run(*words)
        assert status == 2
        assert says in err
        assert err.count("\n") == 1
