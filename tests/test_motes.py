"""`import motes`: what the command line can, Python can under the same name, and the other way round."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import motes
from motes.audio import Preparation, read_audio, write_audio
from motes.cli import app
from motes.cli.app import GROUPS
from motes.cli.encode import owners
from motes.edit.edits import FLAGS
from motes.settings import Settings

ROOT = Path(__file__).parents[1]
RATE = 8000

# --- the same names ---

FIRST_WORDS = {name for verbs in GROUPS.values() for name in verbs}


def leaves(name: str) -> set[str]:
    """A verb, or those of a group of verbs: `data check`."""
    return {f"{name} {each}" for each in app[name] if not each.startswith("-")} or {name}


VERBS = {verb for name in FIRST_WORDS for verb in leaves(name)}
# Verbs that have another name in Python, and why; None where they are for people at a terminal only.
OTHERWISE = {
    "eval": "evaluate",  # a function of Python's own
    "import": "from_csv",  # a keyword
    "learn-dictionary": "learn_dictionary",
    "data check": "check_data",  # motes.data is a package
    "data render": "render_data",
    "catalogue build": "build_catalogue",
    # Methods and properties of motes.Catalogue.
    "catalogue info": None,
    "catalogue sql": None,
    "search": None,
    "play": None,
    "studio": None,
    "demo": None,
    "settings": None,
}
# Functions that no verb is needed for: what a command line does by naming a file, or a room.
FUNCTIONS = {"load", "room", "from_json", "from_parquet", "load_dictionary"}
# Options that have another name in Python, and those that tell a terminal what to do.
SPELT = {
    "start": "start_s",
    "end": "end_s",
    "rate": "sample_rate_hz",
    "duration": "duration_s",
    "length": "length_s",
    "density": "density_per_s",
    "force": "overwrite",
    "set": "set_name",
    "soundfont": "soundfonts",
}
TERMINAL = {"json", "jobs", "on", "skip-existing", "output", "help", "version"}
# By verb: options that Python has otherwise.
ELSEWHERE = {
    # scene.embed_rooms(), scene.refer(), scene.save(overwrite=…), motes.audio.RawSamples, scene.replace(tags=None)
    "encode": {"embed-rooms", "force", "refer", "tags", "raw", "raw-rate", "raw-channels", "raw-bits"},
    "decode": {"format", "dictionary"},  # the name of the output says it; scene.with_dictionary(…)
    "edit": {"force", "leave-detail"},
    "perform": {"force"},
    "remix": {"force"},
    "trim": {"force"},
    "import": {"force"},
    "listen": {"score"},  # motes.report.listening.answers.score
    "partials": {"csv"},
    "notes": {"csv", "again", "dry-run", "force"},
    "data render": {"test"},  # short for a name of a set
}
# And parameters that the command line has otherwise.
BEYOND = {
    "encode": {"sample_rate_hz", "options", "progress", "watch"},
    "decode": {"scene"},
    "edit": {"scene"},
    "export": {"scene"},
    "report": {"scenes"},
    "listen": {"stimuli"},
    "evaluate": {"sample_rate_hz"},
    "partials": {"scene"},
    "trim": {"scene"},
    "notes": {"scene"},
    "publish": {"paths"},
    "render_data": {"jobs", "progress"},
    "build_catalogue": {"jobs"},
    "learn_dictionary": {"recordings", "progress"},
    "train": {"progress"},
    "from_csv": {"path"},
    "info": {"path"},
    "validate": {"path"},
}


def command(verb: str) -> Any:
    """The command of a verb of one word or two."""
    found = app
    for word in verb.split():
        found = found[word]
    return found


def flags(verb: str) -> set[str]:
    """The long options of a verb, without their dashes."""
    collection = command(verb).assemble_argument_collection(parse_docstring=False)
    names = {name for argument in collection for name in argument.names if name.startswith("--")}
    return {name[2:] for name in names if not name.startswith("--no-")}


def parameters(name: str) -> set[str]:
    if name == "encode":
        prepared = {each.name for each in dataclasses.fields(Preparation)}
        options = {about.name for some in owners().values() for _, about in some}
        return options | BEYOND["encode"] | {"encoder", "notes", "note_vectors"} | prepared
    named = inspect.signature(getattr(motes, name)).parameters.values()
    return {each.name for each in named if each.kind is not each.VAR_KEYWORD} | (
        set(FLAGS) if name == "edit" else set()
    )


def test_every_verb_is_a_function_and_every_function_a_verb():
    assert {name for name in app if not name.startswith("-")} == FIRST_WORDS
    functions = {name for name in motes.__all__ if inspect.isfunction(getattr(motes, name))}
    assert {OTHERWISE.get(verb, verb) for verb in VERBS} - {None} == functions - FUNCTIONS


@pytest.mark.parametrize("verb", sorted(verb for verb in VERBS if OTHERWISE.get(verb, verb)))
def test_the_options_of_a_verb_are_the_parameters_of_its_function(verb):
    name = OTHERWISE.get(verb, verb)
    spelt = SPELT | {flag: about.name for flag, some in owners().items() for _, about in some if verb == "encode"}
    if verb == "encode":  # a flag that two encoders name otherwise
        spelt |= {"events": "events", "rate": "to_sample_rate_hz"}
    given = flags(verb) - TERMINAL - ELSEWHERE.get(verb, set())
    expected = {spelt.get(flag, flag.replace("-", "_")) for flag in given}
    found = parameters(name) - BEYOND.get(name, set()) - {"output"} - ({"n_events"} if verb == "encode" else set())
    assert found == expected


def test_all_is_all_there_is():
    assert sorted(motes.__all__) == motes.__all__
    for name in motes.__all__:
        assert getattr(motes, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        motes.nothing  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import motes; import motes.edit.selection; import motes.report.page",
        "import motes.report.page; import motes.edit.selection; import motes",
        "from motes.edit.selection import Selection; from motes.report import page; import motes",
        "from motes.edit import selection; import motes",
    ],
)
def test_functions_keep_the_names_that_packages_have_too(code):
    code += "; print(type(motes.edit).__name__, type(motes.report).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["function", "function"]


def test_importing_motes_loads_nothing_heavy():
    code = "import sys, motes; print(sorted({'numpy', 'numba', 'scipy', 'msgspec'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_help_fits_one_screen(monkeypatch, capsys):
    from motes.cli import main

    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 36
    assert max(map(len, lines)) <= 80
    assert len(GROUPS) == 4


# --- they do what the verbs do ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("motes")
    t = np.arange(RATE) / RATE
    write_audio(here / "a.wav", 0.3 * np.sin(2 * np.pi * 440 * t) * np.exp(-3 * t), RATE, 1)
    motes.encode(here / "a.wav", n_events=30).save(here / "a.mote")
    return here


def test_encoded_edited_and_decoded(folder, tmp_path):
    scene = motes.load(folder / "a.mote")
    higher = motes.edit(folder / "a.mote", "time_s < 0.5", transpose=3)
    assert all(
        a.equals(b) for a, b in zip(higher.tables, scene.select("time_s < 0.5").transpose(3).tables, strict=True)
    )
    report = motes.decode(scene, tmp_path / "b.wav", start_s=0.2, end_s=0.7, sample_rate_hz=16000)
    assert (report["source"], report["seconds"], report["n_events"]) == ("scene", 0.5, 30)
    assert read_audio(tmp_path / "b.wav")[1] == 16000
    assert motes.info(folder / "a.mote") == motes.validate(folder / "a.mote")
    with pytest.raises(motes.ParameterError, match="did you mean transpose"):
        motes.edit(scene, tranpose=3)


def test_exported_and_read_again(folder, tmp_path):
    scene = motes.load(folder / "a.mote")
    assert motes.export(scene, tmp_path / "a.csv") == scene.to_csv(tmp_path / "b.csv").with_name("a.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert motes.from_csv(tmp_path / "a.csv").gabor.equals(scene.gabor)
    motes.export(folder / "a.mote", tmp_path / "a.picture", to="png", start_s=0.2)
    assert (tmp_path / "a.picture").read_bytes().startswith(b"\x89PNG")
    assert scene.to_json(tmp_path / "a.json").stat().st_size > 100
    pytest.importorskip("pandas")
    frame = scene.to_pandas()
    assert (len(frame), frame["kind"].unique().tolist()) == (30, ["gabor"])
    np.testing.assert_array_equal(frame["time_s"], scene.gabor.time_s)
    with pytest.raises(motes.ParameterError, match="to must be csv, json, parquet, png, svg"):
        motes.export(scene, tmp_path / "a.xyz")
    assert scene.plot(0.1, 0.5).axes


def test_measured_reported_and_published(folder, tmp_path):
    scene = motes.load(folder / "a.mote")
    by_scene = motes.evaluate(scene, folder / "a.wav")
    assert by_scene == motes.evaluate(folder / "a.mote", str(folder / "a.wav"))
    assert by_scene.pop("energy_substituted") == 0
    assert by_scene == motes.evaluate(scene.render(), folder / "a.wav", sample_rate_hz=RATE)
    made = motes.report([scene, folder / "a.mote"], tmp_path / "a.html", reference=[folder / "a.wav"] * 2, quick=True)
    assert made.read_text(encoding="utf-8").count("<article") == 2
    sent = motes.publish(made, "bucket", prefix="x", dry_run=True)
    assert [(one.status, one.upload.key) for one in sent] == [("planned", "x/a.html")]


def test_performances_are_one_at_a_time(folder):
    with pytest.raises(motes.ParameterError, match="one way of playing at a time: random and permute"):
        motes.perform(folder / "a.mote", random=1, permute=2)
    with pytest.raises(motes.ParameterError, match="no instrument"):
        motes.perform(folder / "a.mote", random=1)


# --- and are documented ---


def test_every_name_verb_and_setting_is_documented():
    python, cli = ((ROOT / f"docs/{page}.md").read_text(encoding="utf-8") for page in ("python", "cli"))
    functions = [name for name in motes.__all__ if inspect.isfunction(getattr(motes, name))]
    assert set(re.findall(r"autofunction:: (\w+)(?:\(.*\))?$", python, re.MULTILINE)) == set(functions)
    table = cli.partition("| setting")[0]
    assert set(re.findall(r"`([\w-]+)`", table[table.index("| Sound") :])) - {"env"} >= FIRST_WORDS
    for title, verbs in GROUPS.items():
        assert f"| {title} | {', '.join(f'`{verb}`' for verb in verbs)} |" in cli
    assert set(re.findall(r"^\| `([A-Z0-9_]+)`", cli, re.MULTILINE)) == {each.name.upper() for each in fields(Settings)}
    rows = set(re.findall(r"^\| `([\w -]+)` \| `motes\.(\w+)", python, re.MULTILINE))
    assert rows == {(verb, OTHERWISE.get(verb, verb)) for verb in VERBS if OTHERWISE.get(verb, verb)}
    for marker in (".. encoder-options::", ".. cyclopts:: motes.cli:app"):  # tables made from the records themselves
        assert marker in python + cli


def test_every_flag_has_words():
    for verb in VERBS:
        for argument in command(verb).assemble_argument_collection(parse_docstring=True):
            if argument.parse and not argument.children:
                assert argument.parameter.help, (verb, argument.names)
