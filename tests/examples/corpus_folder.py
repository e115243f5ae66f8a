"""A folder of small .mote files whose sounds are known, and a catalogue of it."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import kind_examples
from note_scenes import Sounding, scene_of

from motes.library.catalogue.build import build_catalogue
from motes.library.catalogue.catalogue import Catalogue

# Of the files with notes.
LOW = [Sounding(0.1, 0.5, 48), Sounding(0.6, 1.4, 52), Sounding(1.5, 1.6, None, part=2)]
HIGH = [Sounding(0.0, 1.2, 60), Sounding(1.3, 1.9, 64, gain_db=-12.0)]
STEREO = [Sounding(0.2, 0.9, 67)]


def make(folder: Path) -> Path:
    """The folder: `low.mote`, `deep/high.mote` and `stereo.mote` of notes, `events.mote` of splats, strikes and
    vectors, and `empty.mote` of nothing.
    """
    shutil.copytree(_made_once()[0], folder)
    return folder


def catalogue_of(folder: Path) -> Catalogue:
    """A catalogue of it, beside it; the folder is called `corpus`."""
    shutil.copytree(_made_once()[1], folder.parent / "corpus.motes-catalogue")
    make(folder)
    return Catalogue(folder.parent / "corpus.motes-catalogue")


@functools.cache
def _made_once() -> tuple[Path, Path]:
    """Both, which tests copy, until this process ends."""
    kept = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    folder = Path(kept) / "corpus"
    (folder / "deep").mkdir(parents=True)
    scene_of(LOW).save(folder / "low.mote")
    scene_of(HIGH, rate=11025).save(folder / "deep/high.mote")
    scene_of(STEREO, n_channels=2).save(folder / "stereo.mote")
    events = [kind_examples.example(kind) for kind in ("splat", "strike", "vector")]
    kind_examples.scene_of(*events).save(folder / "events.mote")
    scene_of([Sounding(0.0, 0.1, 60)]).replace(gabor=None, groups=None).save(folder / "empty.mote")
    return folder, build_catalogue(folder, Path(kept) / "corpus.motes-catalogue").path
