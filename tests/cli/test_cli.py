"""The command line from the outside: what it makes, says and returns, and what it leaves behind when things go
wrong.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from motes.audio import open_source, read_audio, write_audio
from motes.cli import main

RATE = 8000


def recording(path, seconds=0.5, n_channels=1, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    y = np.stack([0.3 * np.sin(2 * np.pi * (440 + 110 * c) * t) * np.exp(-2 * t) for c in range(n_channels)])
    write_audio(path, y, rate, n_channels)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run in this process: exit status, standard output, standard error."""

    def call(*tokens):
        try:
            status = main([str(token) for token in tokens])
        except SystemExit as error:  # nothing should leave this way
            pytest.fail(f"SystemExit({error.code})")
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture(scope="module", autouse=True)
def scene_file(tmp_path_factory):  # first of all, so that no other run has to compile
    folder = tmp_path_factory.mktemp("scene")
    recording(folder / "a.wav", 1.5)
    assert main(["encode", str(folder / "a.wav"), "--events", "40"]) == 0
    return folder / "a.mote"


# --- the way through ---


def test_encode_info_validate_decode_eval(here, run):
    recording("song.flac", 1.0, 2)
    status, out, err = run("encode", "song.flac", "--events", "60")
    assert (status, out) == (0, "")
    assert all(word in err for word in ("song.flac → song.mote", "kbps", "60 events", "SNR", "n_events_reached"))
    status, out, _ = run("info", "song.mote", "--json")
    info = json.loads(out)
    assert status == 0
    assert (info["sample_rate_hz"], info["n_samples"], info["n_channels"], info["n_bytes"]) == (
        RATE,
        RATE,
        2,
        os.path.getsize("song.mote"),
    )
    assert info["events"] == {"gabor": 60}
    assert run("validate", "song.mote")[:2] == (0, "song.mote: ok, 60 gabor events, 1.00 s\n")
    assert run("decode", "song.mote", "-o", "back.flac")[0] == 0
    status, out, _ = run("eval", "back.flac", "--reference", "song.flac", "--json")
    result = json.loads(out)
    assert status == 0
    assert result["snr_db"] > 5
    stereo = {"ild_error_db", "ild_error_db_worst", "coherence_error", "coherence_error_worst"}
    alone = {"snr_db", "si_sdr_db", "spectral_convergence", "log_spectral_distance_db"}
    alone |= {"noise_to_mask_db", "disturbed_frames"}
    assert set(result) == {"estimate", "reference"} | alone | stereo
    assert json.loads(run("eval", "song.mote", "-r", "song.flac", "--json")[1])["snr_db"] == pytest.approx(
        result["snr_db"], abs=0.01
    )


def test_the_report_is_what_the_files_say(here, run):
    recording("a.wav")
    status, out, err = run("encode", "a.wav", "--events", "30", "--json")
    report = json.loads(out)
    assert (status, err) == (0, "")
    assert (report["source"], report["output"], report["status"], report["reason"]) == ("a.wav", "a.mote", "done", "")
    assert report["n_bytes"] == os.path.getsize("a.mote")
    assert report["kbps"] == pytest.approx(report["n_bytes"] * 8 / 0.5 / 1000)
    assert (report["n_events"], report["stop_reason"]) == (30, "n_events_reached")
    run("decode", "a.mote", "-o", "b.wav", "--subtype", "FLOAT")
    assert json.loads(run("eval", "b.wav", "-r", "a.wav", "--json")[1])["snr_db"] == pytest.approx(
        report["snr_db"], abs=0.01
    )


def test_info_and_eval_for_people(scene_file, run):
    status, out, _ = run("info", scene_file)
    assert status == 0
    assert "1.500 s (12000 samples), 8000 Hz, mono" in out
    assert "40 gabor events" in out
    assert len(run("info", scene_file, scene_file)[1].split("\n\n")) == 3
    status, out, _ = run("eval", scene_file.with_suffix(".wav"), "-r", scene_file.with_suffix(".wav"))
    assert status == 0
    assert "200.0000 dB" in out


def test_a_stretch_is_the_same_as_in_the_whole(here, run, scene_file):
    run("decode", scene_file, "-o", "whole.wav", "--subtype", "FLOAT")
    assert run("decode", scene_file, "-o", "part.wav", "--start", "0.4", "--end", "1.1", "--subtype", "FLOAT")[0] == 0
    whole, part = read_audio("whole.wav")[0], read_audio("part.wav")[0]
    assert len(part) == 5600
    np.testing.assert_allclose(part, whole[3200:8800], atol=1e-6)


def test_decode_resamples(here, run, scene_file):
    assert run("decode", scene_file, "-o", "a.ogg", "--rate", "16000")[0] == 0
    source = open_source("a.ogg")
    assert (source.sample_rate_hz, source.n_samples) == (16000, 24000)


@pytest.mark.parametrize("n_samples", [0, 1, 2])
@pytest.mark.parametrize("extension", ["wav", "flac"])
def test_hardly_any_samples(here, run, n_samples, extension):
    write_audio(f"a.{extension}", np.full(n_samples, 0.25, np.float32), 44100, 1)
    assert run("encode", f"a.{extension}")[0] == 0
    assert run("validate", "a.mote")[0] == 0
    assert run("info", "a.mote")[0] == 0
    assert run("decode", "a.mote", "-o", f"b.{extension}")[0] == 0
    assert open_source(f"b.{extension}").n_samples == n_samples
    status, out, _ = run("eval", f"b.{extension}", "-r", f"a.{extension}", "--json")
    assert status == 0
    json.loads(out)


def test_windows_are_listed_with_commas_or_repeated(here, run):
    recording("a.wav")
    for tokens in (["--windows", "256,1024"], ["--windows=256,1024"], ["--windows", "256", "--windows", "1024"]):
        assert run("encode", "a.wav", "--events", "20", "--force", *tokens)[0] == 0
        assert json.loads(run("info", "a.mote", "--json")[1])["options"]["windows"] == [256, 1024]


def test_version_and_help(run):
    assert run("--version")[:2] == (0, run("--version")[1])
    assert run("--version")[1].startswith("motes 0.")
    status, out, _ = run("--help")
    assert status == 0
    assert all(command in out for command in ("demo", "encode", "decode", "info", "validate", "eval"))
    status, out, _ = run("encode", "--help")
    assert status == 0
    for option in (
        "--snr",
        "--events",
        "--events-per-second",
        "--windows",
        "--refit",
        "--threads",
        "--skip-existing",
        "--force",
        "--json",
        "--output",
    ):
        assert option in out
    assert "Stop when the decoded file has" in " ".join(out.replace("│", " ").split())


# --- mistakes ---


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["encod"], 'Unknown command "encod". Did you mean "encode"?'),
        (["encode", "a.wav", "--snrr", "3"], "Unknown option: --snrr. Did you mean --snr?"),
        (["encode", "a.wav", "--snr"], "--snr requires an argument"),
        (["encode", "a.wav", "--snr", "loud"], 'unable to convert "loud" into float'),
        (["encode", "a.wav", "--snr", "nan"], "snr_db must be finite"),
        (["encode", "a.wav", "--snr", "-3"], "snr_db must be above 0"),
        (["encode", "a.wav", "--events", "-1"], "n_events"),
        (["encode", "a.wav", "--events", "5", "--snr", "3"], "one target at a time"),
        (["encode", "a.wav", "--windows", "500"], "500"),
        (["encode", "a.wav", "-o", "--snr", "3"], "-o needs the name of a file"),
        (["encode", "a.wav", "-j", "0"], "-j must be at least 1"),
        (["encode"], "name at least one file"),
        (["decode"], "name at least one file"),
        (["info"], "name at least one"),
        (["validate"], "name at least one"),
        (["eval", "a.wav"], "--reference"),
        (["encode", "a.wav", "b.wav", "-o", "-"], "standard output takes the result of one file"),
        (["encode", "a.wav", "b.wav", "-o", "a.wav"], "a.wav is a file: the results of several need a folder"),
        (["encode", "-"], "standard input has no name"),
        (["encode", "-", "a.wav", "-o", "x"], "standard input cannot stand among other files"),
        (["encode", "a.wav", "-o", "-", "--json"], "both want standard output"),
        (["decode", "a.mote", "--format", "xyz"], "--format must be one of"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(here, run, tokens, says):
    recording("a.wav")
    status, out, err = run(*tokens)
    assert (status, out) == (2, "")
    assert says in err
    assert err.startswith("motes: ")
    assert err.count("\n") == 1
    assert "--help tells more" in err
    assert os.listdir() == ["a.wav"]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["encode", "nothing.wav"], "there is no file nothing.wav"),
        (["encode", "text.wav"], "looks like text"),
        (["encode", "empty.wav"], "empty.wav is empty"),
        (["encode", "a.m4a"], "ffmpeg -i a.m4a a.wav"),
        (["encode", "nan.wav"], "nan.wav holds nan at 0.001"),
        (["encode", "a.wav", "-o", "no/such/a.mote"], "there is no folder"),
        (["encode", "a.wav", "-o", "old.mote"], "old.mote exists already"),
        (["encode", "a.wav", "-o", "a.wav", "--force"], "would replace the file it is made from"),
        (["encode", "nofiles"], "no files in it"),
        (["decode", "a.wav"], "a.wav"),
        (["decode", "nothing.mote"], "nothing.mote"),
        (["decode", "old.mote"], "old.mote"),
        (["decode", "old.mote", "-o", "x.xyz"], "extension must be one of"),
        (["info", "old.mote"], "old.mote"),
        (["info", "nothing.mote"], "there is no file nothing.mote"),
        (["info", "nofiles"], "is a folder"),
        (["validate", "old.mote"], "old.mote"),
        (["validate", "a.wav"], "not a .mote file"),
        (["eval", "a.wav", "-r", "nothing.wav"], "there is no file nothing.wav"),
        (["eval", "a.wav", "-r", "slow.wav"], "estimate has 8000 samples per second, the reference 4000"),
        (["eval", "a.wav", "-r", "long.wav"], "estimate has 4000 samples, the reference 4800"),
        (["eval", "a.wav", "-r", "stereo.wav"], "estimate has 1 channel, the reference 2"),
    ],
)
def test_a_file_that_fails_is_one_line_and_status_1(here, run, tokens, says, monkeypatch):
    monkeypatch.setattr("motes.audio.file_source.is_installed", lambda: False)
    recording("a.wav")
    recording("slow.wav", rate=4000)
    recording("long.wav", 0.6)
    recording("stereo.wav", n_channels=2)
    (here / "text.wav").write_text("la la la")
    (here / "empty.wav").touch()
    (here / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    (here / "old.mote").write_bytes(b"\x8fmote\r\n\x1a\x00 damaged")
    (here / "nofiles").mkdir()
    write_audio("nan.wav", np.zeros(100), RATE, 1, subtype="FLOAT")
    data = bytearray((here / "nan.wav").read_bytes())
    data[-4 * 90 : -4 * 89] = np.array([np.nan], "<f4").tobytes()
    (here / "nan.wav").write_bytes(data)
    before = {name: (here / name).stat().st_mtime_ns for name in os.listdir()}
    status, out, err = run(*tokens)
    assert (status, out) == (1, "")
    assert says in err
    assert err.startswith("motes: ")
    assert err.count("\n") == 1
    assert {name: (here / name).stat().st_mtime_ns for name in os.listdir()} == before


def test_a_range_outside_the_recording(here, run, scene_file):
    for tokens in (
        ["--start", "12000"],
        ["--start", "1", "--end", "0.5"],
        ["--end", "99"],
        ["--start", "nan"],
        ["--rate", "0"],
    ):
        status, _, err = run("decode", scene_file, "-o", "a.wav", *tokens)
        assert status == 1
        assert err.count("\n") == 1
    assert os.listdir() == []


def test_validate_reports_failures_as_json(here, run, scene_file):
    data = bytearray(scene_file.read_bytes())
    data[len(data) // 2] ^= 1
    (here / "bad.mote").write_bytes(data)
    status, out, err = run("validate", scene_file, "bad.mote", "--json")
    good, bad = map(json.loads, out.splitlines())
    assert status == 1
    assert good["valid"] is True
    assert bad["valid"] is False
    assert bad["reason"]
    assert err.count("\n") == 1


def test_a_bug_is_one_line_too(here, run, monkeypatch, scene_file):
    import motes.codec

    monkeypatch.setattr(motes.codec, "load", lambda *_: 1 / 0)
    status, _, err = run("decode", scene_file, "-o", "a.wav")
    assert status == 1
    assert "a bug in motes" in err
    assert "ZeroDivisionError" in err


def test_a_full_disk(here, run, monkeypatch):
    import motes.files

    class Full(io.FileIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    recording("a.wav")
    monkeypatch.setattr(motes.files, "open", lambda path, mode: Full(path, mode.replace("b", "")), raising=False)
    status, _, err = run("encode", "a.wav", "--events", "5")
    assert status == 1
    assert "cannot write a.mote: No space left on device" in err
    assert os.listdir() == ["a.wav"]


# --- many files ---


@pytest.fixture
def music(here):
    (here / "music/deep/er").mkdir(parents=True)
    for i, name in enumerate(("a.wav", "deep/b.flac", "deep/er/c.ogg")):
        recording(here / "music" / name, 0.3 + 0.1 * i)
    (here / "music/cover.jpg").touch()
    (here / "music/.hidden.wav").touch()
    return here / "music"


MADE = {"a.mote", "deep/b.mote", "deep/er/c.mote"}


def tree(folder, suffix="*.mote"):
    return {path.relative_to(folder).as_posix() for path in folder.rglob(suffix)}


def test_a_folder_keeps_its_tree(here, run, music):
    status, _, err = run("encode", "music", "-o", "coded", "--events", "20")
    assert status == 0
    assert err.count("\n") == 5
    assert err.startswith("motes: music: passed over, as no recordings by their names: 1 .jpg\n")
    assert err.endswith("3 done\n")
    assert tree(here / "coded") == MADE
    assert run("decode", "coded", "-o", "back", "--format", "flac")[0] == 0
    assert tree(here / "back", "*.flac") == {"a.flac", "deep/b.flac", "deep/er/c.flac"}
    assert run("encode", "music", "--events", "20")[0] == 0
    assert tree(music) == MADE


def test_failures_are_told_and_the_rest_is_done(here, run, music, monkeypatch):
    monkeypatch.setattr("motes.audio.file_source.is_installed", lambda: False)
    (music / "bad.wav").write_text("not a song")
    (music / "deep/old.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    recording(music / "a.flac")
    status, out, err = run("encode", "music", "-o", "coded", "--events", "20", "--json")
    assert status == 1
    rows = {row["source"]: row for row in map(json.loads, out.splitlines())}
    assert {row["status"] for row in rows.values()} == {"done", "failed"}
    assert "text" in rows["music/bad.wav"]["reason"]
    assert "ffmpeg" in rows["music/deep/old.m4a"]["reason"]
    assert "already the output of" in rows["music/a.wav"]["reason"]
    assert tree(here / "coded") == MADE
    assert "3 done, 3 failed" in err


def test_skip_existing_resumes(here, run, music):
    assert run("encode", "music", "-o", "coded", "--events", "20")[0] == 0
    (here / "coded/a.mote").unlink()
    stamp = (here / "coded/deep/b.mote").stat().st_mtime_ns
    status, _, err = run("encode", "music", "-o", "coded", "--events", "20", "--skip-existing")
    assert status == 0
    assert "1 done, 2 skipped" in err
    assert (here / "coded/deep/b.mote").stat().st_mtime_ns == stamp
    status, _, err = run("encode", "music", "-o", "coded", "--events", "20")
    assert status == 1
    assert "3 failed" in err


def test_several_files_into_a_folder(here, run):
    recording("a.wav")
    recording("b.wav")
    assert run("encode", "a.wav", "b.wav", "-o", "out", "--events", "5")[0] == 0
    assert tree(here / "out") == {"a.mote", "b.mote"}
    assert run("encode", "a.wav", "-o", "other/", "--events", "5")[0] == 0
    assert tree(here / "other") == {"a.mote"}


def test_workers_make_the_same_files_in_the_same_order(here, run, music):
    _, one, _ = run("encode", "music", "-o", "one", "--events", "20", "--json")
    status, two, _ = run("encode", "music", "-o", "two", "--events", "20", "--json", "-j", "2")
    assert status == 0
    assert [json.loads(line)["source"] for line in one.splitlines()] == [
        json.loads(line)["source"] for line in two.splitlines()
    ]
    for name in MADE:
        assert (here / "one" / name).read_bytes() == (here / "two" / name).read_bytes()


# --- from the shell ---


def motes(*tokens, **options):
    return subprocess.run(
        [sys.executable, "-m", "motes.cli", *map(str, tokens)], capture_output=True, timeout=60, **options
    )


def test_pipes(here):
    recording("a.wav")
    encoded = motes("encode", "-", "-o", "-", "--events", "20", input=(here / "a.wav").read_bytes())
    assert encoded.returncode == 0, encoded.stderr
    assert encoded.stderr.startswith("standard input → standard output".encode())
    main(["encode", "a.wav", "--events", "20"])
    assert encoded.stdout == (here / "a.mote").read_bytes()
    decoded = motes("decode", "-", "-o", "-", input=encoded.stdout)
    assert decoded.returncode == 0, decoded.stderr
    main(["decode", "a.mote", "-o", "b.wav"])
    assert decoded.stdout == (here / "b.wav").read_bytes()


def test_a_reader_that_leaves_early_is_no_drama(here, scene_file):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "motes.cli", "decode", str(scene_file), "-o", "-"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        listing = subprocess.run(
            [sys.executable, "-m", "motes.cli", "info", str(scene_file)],
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, b"")
    assert (listing.returncode, listing.stderr) == (1, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent the POSIX way")
@pytest.mark.parametrize(
    ("workers", "how", "delay_s"),
    [(1, signal.SIGINT, 2.0), (1, signal.SIGTERM, 0.5), (2, signal.SIGINT, 0.5), (2, signal.SIGINT, 3.5)],
)
def test_ctrl_c_leaves_nothing_half_written(here, tmp_path_factory, workers, how, delay_s):
    noise = np.random.default_rng(0).standard_normal(40 * 44100) * 0.1
    for name in "abcd":
        write_audio(f"{name}.wav", noise, 44100, 1)
    before = set(os.listdir())
    ready = str(tmp_path_factory.mktemp("ready") / "ready")
    program = "import sys; from motes.cli import main; open(sys.argv.pop(1), 'w').close(); sys.exit(main(sys.argv[1:]))"
    arguments = ["encode", "a.wav", "b.wav", "c.wav", "d.wav", "-o", "out", "-j", str(workers), "--snr", "30"]
    command = [sys.executable, "-c", program, ready, *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    started = time.monotonic()
    while not os.path.exists(ready) and time.monotonic() < started + 60:  # on a busy machine Python alone takes seconds
        time.sleep(0.02)
    time.sleep(delay_s)
    os.kill(process.pid, how)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert err.decode().splitlines()[-1] == "motes: interrupted"
    assert b"Traceback" not in err
    made = set(os.listdir("out")) if os.path.isdir("out") else set()
    assert set(os.listdir()) - {"out"} == before
    assert all(name.endswith(".mote") and main(["validate", f"out/{name}"]) == 0 for name in made)


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["info"]])
def test_starting_is_quick_and_imports_little(command, scene_file):
    if command == ["info"]:
        command = ["info", str(scene_file)]
    code = (
        "import sys, time; start = time.perf_counter(); from motes.cli import main; status = main(sys.argv[1:]);"
        "print(time.perf_counter() - start, *sorted(m for m in sys.modules), file=sys.stderr); sys.exit(status)"
    )
    best = 9.0
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=60, check=True
        )
        seconds, *modules = done.stderr.split()
        best = min(best, float(seconds))
    assert not {"numba", "scipy", "matplotlib", "torch", "soundfile", "soxr"} & set(modules)
    assert best < 1.0  # 0.3 s is the aim, and what an idle machine takes


DEMO = [
    f"demo{end}" for end in ("-changed.wav", "-instrument.html", "-notes.png", ".html", ".mid", ".mote", ".png", ".wav")
]


def test_demo(here, run):
    status, out, err = run("demo", "--out", "shown")
    assert status == 0, err
    assert sorted(os.listdir("shown")) == DEMO
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in Path("shown").glob("*.png"))
    assert all(word in out for word in ("events", "kbps", "signal to noise", "spectral convergence", "real time"))
    status, _, err = run("demo", "--out", "shown")
    assert status == 1
    assert "exists already" in err


def test_one_splat_is_drawn_by_export(tmp_path, monkeypatch, run):
    from motes.codec import save
    from motes.kinds.splat.table import Splat
    from motes.scene.scene import Scene

    monkeypatch.chdir(tmp_path)
    events = Splat(
        *([value, value] for value in (0.2, 0.01)),
        [220, 440],
        *([value, value] for value in (300, 1, 0.5)),
        np.full((2, 1), -12.0),
    )
    save(Scene(16000, 16000, 1).with_tables([events]), "two.mote")
    assert run("export", "two.mote", "--to", "event.png", "--select", "f0_hz > 300")[0] == 0
    assert run("export", "two.mote", "-o", "other.event.png", "--select", "f0_hz < 300")[0] == 0
    first, other = (tmp_path / name for name in ("two.event.png", "other.event.png"))
    assert first.read_bytes().startswith(b"\x89PNG")
    assert first.read_bytes() != other.read_bytes()
    status, _, err = run("export", "two.mote", "--to", "event.png", "-o", "x.event.png")
    assert (status, "2 are chosen" in err) == (1, True)
    assert run("export", "two.mote", "-o", "one.csv", "--select", "f0_hz > 300")[0] == 0
    assert (tmp_path / "one.csv").read_text().count("splat,") == 1


def test_time_counts_from_the_command_where_a_process_runs_several():
    """An instrument's two minutes were over before it began, in a process older than that."""
    from motes.cli import main
    from motes.cli.console import process_started_s, started_s

    before = time.monotonic()
    assert main(["settings"]) == 0
    assert before <= started_s() <= time.monotonic()
    assert main(["settings"], begun_s=process_started_s()) == 0
    assert started_s() < before
