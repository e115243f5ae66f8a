"""A scene of chimes, a recording of it, and a page about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from motes.kinds.gabor.table import Gabor
from motes.report.page import PageOptions, write_page
from motes.report.subject import subject_of
from motes.scene.scene import Scene

QUICK = PageOptions(perceptual=False, map_method="PCA")

RATE, SECONDS = 16000, 2.0


def chimes(n_events: int = 20, seconds: float = SECONDS, n_channels: int = 1, rate: int = RATE) -> Scene:
    """Sinusoids far enough apart to tell apart by ear."""
    random = np.random.default_rng(3)
    shape = (n_events, n_channels)
    gabor = Gabor(
        np.linspace(0.2, seconds - 0.2, n_events),
        random.choice([0.1, 0.25], n_events),
        np.geomspace(150, 6000, n_events),
        random.uniform(0.01, 0.2, shape),
        np.zeros(shape),
    )
    return Scene(rate, round(seconds * rate), n_channels, gabor)


def recording(tmp_path: Path, scene: Scene) -> Path:
    """The scene's sound with some noise."""
    audio = np.atleast_2d(scene.render())
    path = tmp_path / "original.wav"
    soundfile.write(
        path, (audio + 0.01 * np.random.default_rng(0).standard_normal(audio.shape)).T, scene.sample_rate_hz, "FLOAT"
    )
    return path


def written(
    tmp_path: Path, *scenes: Scene, name: str = "chimes.mote", with_original: bool = True, options: PageOptions = QUICK
) -> Path:
    subjects = [
        subject_of(scene, name, reference=recording(tmp_path, scene) if with_original else None) for scene in scenes
    ]
    write_page(subjects, tmp_path / "page.html", options)
    return tmp_path / "page.html"
