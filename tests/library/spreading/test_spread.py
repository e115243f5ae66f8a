"""Work in processes and on a cluster: the same results, whoever does it and whoever is killed."""

import os
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from motes.cli import main
from motes.errors import MotesError, MotesWarning
from motes.library.spreading.spread import ClusterError, Spread, spread


def square(number):
    return number * number


def refuse(number):
    raise MotesError(f"{number} is too many")


def killed_at_first(item):
    number, folder, is_again = item
    if number == 2 and not is_again:
        Path(folder, "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    warnings.warn(f"number {number}", MotesWarning, stacklevel=1)
    return number * number, os.getcwd(), os.environ.get("MOTES_TRIED")


def killed_always(number):
    os.kill(os.getpid(), signal.SIGKILL)


def said_again(item):
    return (*item[:2], True)


def test_here_and_in_processes_results_come_in_order():
    assert list(spread(square, range(4))) == [0, 1, 4, 9]
    with pytest.raises(MotesError, match="1 is too many"):
        list(spread(refuse, [1]))


def test_what_is_no_cluster_is_one_line():
    with pytest.raises(MotesError, match=r"--on takes ray|motes\[cluster\]"):
        list(spread(square, [1], Spread(on="slurm")))


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MotesError, match=r"motes\[cluster\]"):
        list(spread(square, [1], Spread(on="ray")))


def test_streams_are_not_where_the_workers_are(capfd):
    assert main(["encode", "-", "-o", "x.mote", "--on", "ray"]) == 2
    assert "--on works on files" in capfd.readouterr().err


@pytest.mark.slow  # Ray takes ten seconds to begin and end
def test_a_killed_worker_loses_nothing(ray_cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTES_TRIED", "yes")
    items, told = [(number, str(tmp_path), False) for number in range(6)], []
    with pytest.warns(MotesWarning, match="number 5"):
        found = list(
            spread(killed_at_first, items, Spread(on="ray"), lambda done, words: told.append(done), None, said_again)
        )
    assert found == [(number * number, str(tmp_path), "yes") for number in range(6)]
    assert (tmp_path / "killed").exists()
    assert told == sorted(told)
    assert told[-1] == 1
    with pytest.raises(MotesError, match="1 is too many"):
        list(spread(refuse, [1], Spread(on="ray")))
    with pytest.raises(ClusterError, match="ended from outside 5 times"):
        list(spread(killed_always, [1], Spread(on="ray")))


@pytest.mark.slow
def test_encoding_on_a_cluster_gives_the_same_bytes(ray_cluster, tmp_path, capfd):
    import soundfile

    for number in range(3):
        sound = 0.3 * np.sin(np.arange(4000) * (0.1 + 0.05 * number))
        soundfile.write(tmp_path / f"{number}.wav", sound, 16000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    assert main(["encode", str(tmp_path), "-o", f"{tmp_path}/one/", "--on", "ray"]) == 1
    assert "broken.wav" in capfd.readouterr().err
    assert main(["encode", str(tmp_path), "-o", f"{tmp_path}/two/"]) == 1
    for number in range(3):
        assert (tmp_path / f"one/{number}.mote").read_bytes() == (tmp_path / f"two/{number}.mote").read_bytes()
