"""Catalogues, searches and mosaics on a cluster: the same as here to the byte, whoever is killed or interrupted."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from corpus_folder import make
from note_scenes import Sounding, scene_of

import motes
from motes.cli import main
from motes.codec import dumps
from motes.library.catalogue import build
from motes.library.catalogue.build import Describe

pytestmark = pytest.mark.slow  # Ray takes ten seconds to begin and end
TARGET = [Sounding(0.2, 0.6, 50), Sounding(0.3, 1.6, 65), Sounding(0.7, 0.8, None)]


class KilledAtFirst(Describe):
    """Describes a file, but the process that first comes to one of them is killed at it."""

    def __call__(self, job, progress):
        here = Path(self.corpus).parent / "killed"
        if job.source.endswith("low.mote") and not here.exists():
            here.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(job, progress)


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def corpus(ray_cluster, tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("duckdb")
    return make(tmp_path / "corpus")


def test_catalogue_search_and_mosaic_are_the_same_to_the_byte(corpus, tmp_path, capsys):
    here = motes.build_catalogue(corpus, tmp_path / "here")
    assert main(["catalogue", "build", str(corpus), "-o", str(tmp_path / "there"), "--on", "ray"]) == 0
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
    capsys.readouterr()
    for on in ([], ["--on", "ray"]):
        assert main(["search", str(here.path), "--like", "low.mote:1", "--json", *on]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]
    scene_of(TARGET).save(tmp_path / "t.mote")
    told = []
    alone = motes.mosaic(tmp_path / "t.mote", here, variety=1, seed=4)
    together = motes.mosaic(
        tmp_path / "t.mote", here, variety=1, seed=4, on="ray", progress=lambda done, *_: told.append(done)
    )
    assert dumps(together) == dumps(alone)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_a_worker_killed_while_a_catalogue_is_made_loses_nothing(corpus, tmp_path, monkeypatch):
    motes.build_catalogue(corpus, tmp_path / "here")
    monkeypatch.setattr(build, "Describe", KilledAtFirst)
    motes.build_catalogue(corpus, tmp_path / "there", on="ray")
    assert (tmp_path / "killed").exists()
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")


def test_an_interrupt_leaves_whole_parts_and_the_same_command_goes_on(corpus, tmp_path):
    scene_of([Sounding(0.1 * k, 0.1 * k + 0.1, 40 + k % 40) for k in range(100)]).save(corpus / "long.mote")
    for number in range(60):
        shutil.copy(corpus / "long.mote", corpus / f"{number}.mote")
    there = tmp_path / "there"
    command = [sys.executable, "-m", "motes.cli", "catalogue", "build", str(corpus), "-o", str(there), "--on", "ray"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while running.poll() is None and not list(there.glob("parts/*.parquet")):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert 0 < len(list((there / "parts").iterdir())) < len(list(corpus.rglob("*.mote")))
    assert not [path for path in (there / "parts").iterdir() if path.suffix != ".parquet"]
    assert np.isfinite(motes.Catalogue(there).duration_s)
    motes.build_catalogue(corpus, there, on="ray")
    assert files_of(there) == files_of(motes.build_catalogue(corpus, tmp_path / "here").path)
