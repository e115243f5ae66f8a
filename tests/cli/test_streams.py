"""Pipes, closed standard streams and signals, from the outside."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import motes
from motes.audio import write_audio

RATE = 8000
MOTES = [sys.executable, "-m", "motes.cli"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audio = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)
    write_audio("a.wav", [audio[None].astype(np.float32)], RATE, 1)
    motes.encode(audio, sample_rate_hz=RATE, n_events=5).save("a.mote")
    return tmp_path


def shell(command):
    """Run through a shell, `motes` being this one."""
    text = command.replace("motes ", f"'{sys.executable}' -m motes.cli ")
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell is needed")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("cat a.mote | motes info -", "standard input"),
        ("cat a.mote | motes info /dev/stdin", "5 gabor"),
        ("cat a.mote | motes validate -", "standard input: ok, 5 gabor events"),
        ("cat a.wav | motes eval - -r a.wav", "snr_db"),
        ("cat a.mote | motes eval - -r a.wav", "snr_db"),
        ("cat a.wav | motes eval a.mote -r -", "snr_db"),
    ],
)
def test_pipes_are_read(here, command, says):
    status, out, err = shell(command)
    assert (status, err) == (0, "")
    assert says in out


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("motes info a.mote >&-", 0),
        ("motes info a.mote 2>&-", 0),
        ("motes info missing.mote 2>&-", 1),
        ("motes encode a.wav -o b.mote --events 3 <&- >&- 2>&-", 0),
        ("motes encode a.wav -o - --events 3 >&-", 2),
        ("motes encode - -o b.mote <&-", 1),
        ("motes validate - <&-", 1),
    ],
)
def test_closed_standard_streams(here, command, status):
    found, out, err = shell(command)
    assert found == status
    assert "bug" not in out + err
    if "-o b.mote" in command and not status:
        assert motes.load("b.mote").n_events == 3  # nothing that was printed went into it


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_a_closed_terminal_is_an_interruption(here, name):
    rng = np.random.default_rng(0)
    write_audio("long.wav", [0.1 * rng.standard_normal((1, 600 * RATE)).astype(np.float32)], RATE, 1)
    process = subprocess.Popen([*MOTES, "encode", "long.wav", "--snr", "40"], stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(getattr(signal, name))
    err = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert sorted(os.listdir()) == ["a.mote", "a.wav", "long.wav"]


@pytest.mark.parametrize("after_s", [0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3])
def test_interrupted_while_it_starts(here, after_s):
    """Where Python has not come to motes yet it may say so in its own words; of motes there is no traceback."""
    process = subprocess.Popen([*MOTES, "info", "a.mote"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert "motes/cli/" not in err


def test_interrupted_before_the_command_begins(here):
    """Python loads codecs when they are first used: an interruption there is one as well."""
    code = (
        "import sys, motes.cli\napp = sys.modules['motes.cli.app']\n"
        "def interrupted():\n    raise KeyboardInterrupt\n"
        "app.process_started_s = interrupted\napp.run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_what_a_killed_run_left_is_removed_by_the_next(here):
    """And only that: files that are being written are locked, new ones are too young, others are not ours."""
    fcntl = pytest.importorskip("fcntl")
    (here / ".motes-0123456789ab.part").write_bytes(b"half")
    (here / ".motes-young.part").write_bytes(b"half")
    (here / "other.part").write_bytes(b"half")
    held = open(here / ".motes-held.part", "w+b")  # noqa: SIM115
    fcntl.flock(held, fcntl.LOCK_EX)
    for name in (".motes-0123456789ab.part", ".motes-held.part", "other.part"):
        os.utime(here / name, (0, 0))
    with contextlib.closing(held):
        assert shell("motes encode a.wav -o b.mote --events 3")[0] == 0
    names = sorted(name for name in os.listdir() if name.endswith(".part"))
    assert names == [".motes-held.part", ".motes-young.part", "other.part"]
