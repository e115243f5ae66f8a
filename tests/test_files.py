"""What a killed process has left is tidied, and what is interrupted leaves nothing."""

import os
import signal
import subprocess
import sys

import pytest
from note_scenes import Sounding, scene_of

import motes
from motes import files
from motes.cli import main
from motes.notes.sharing import sharing

NOTES = [Sounding(0.1, 0.6, 60), Sounding(0.3, 0.9, 64)]
OLD_S = 1e9
fcntl = pytest.importorskip("fcntl")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene_of(NOTES, divided=False).save("a.mote")
    files._looked_through.clear()
    return tmp_path


def left_behind(name, age_s=OLD_S):
    os.mkdir(name)
    with open(f"{name}/part1.wav.whole", "wb") as handle:
        handle.write(b"0" * 100)
    os.utime(name, (age_s, age_s))


def test_folders_that_were_left_go_and_those_in_use_stay(folder):
    left_behind(".motes-0123.part")
    left_behind(".motes-4567.part")
    left_behind("mine.part")
    os.mkdir(".motes-89ab.part")  # just made, and perhaps not locked yet
    held = os.open(".motes-4567.part", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        assert main(["export", "a.mote", "--to", "stems", "-o", "stems"]) == 0
    finally:
        os.close(held)
    assert sorted(os.listdir()) == [".motes-4567.part", ".motes-89ab.part", "a.mote", "mine.part", "stems"]


def test_a_folder_in_making_is_nobody_elses(folder):
    with files.folder_in_making(folder) as making:
        os.utime(making, (OLD_S, OLD_S))
        files._looked_through.clear()
        files._remove_stale(folder)
        assert making.is_dir()
    assert os.listdir() == ["a.mote"]


def test_what_a_killed_export_leaves_goes_at_the_next(folder):
    killed = """
import os, signal, motes
from motes.library.exports import stems
stems._Spooled._rest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
motes.export("a.mote", "stems", to="stems")
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -signal.SIGKILL
    (left,) = (name for name in os.listdir() if name != "a.mote")
    assert os.listdir(left)
    os.utime(left, (OLD_S, OLD_S))
    motes.export("a.mote", "stems", to="stems")
    assert sorted(os.listdir()) == ["a.mote", "stems"]


@pytest.mark.parametrize(
    "command",
    [
        ["decode", "a.mote", "-o", "b.wav", "--select", "note == 1"],
        ["decode", "a.mote", "-o", "b.wav", "--select", "note == 1", "--with-noise"],
        ["edit", "a.mote", "-o", "b.mote", "--select", "note == 1", "--transpose", "2"],
        ["export", "a.mote", "-o", "stems", "--to", "stems"],
    ],
)
def test_an_interrupt_while_shares_are_derived_leaves_nothing(folder, monkeypatch, command, capsys):
    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(sharing, "masks_of", interrupted)
    before = (folder / "a.mote").read_bytes()
    assert main(command) == 130
    assert capsys.readouterr().err.strip().endswith("interrupted")
    assert os.listdir() == ["a.mote"]
    assert (folder / "a.mote").read_bytes() == before
    monkeypatch.undo()
    os.chdir(folder)
    assert main(command) == 0
    assert len(os.listdir()) == 2
