"""Write the files beside this one: what a decoder of the format must make of them.

    python tests/vectors/make.py        # only while the format is version 0

For each NAME.mote, NAME.npz holds the integers (time, frequency, window, amplitude, phase, as docs/format.md defines them; a silent channel has
amplitude −2³¹) and `audio`, rendered by the definition of the events, float32.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from motes.codec.bitstream import dumps, loads
from motes.codec.quantise import to_integers
from motes.scene.gabor import Gabor, render_gabor_oracle
from motes.scene.scene import GaborQuantiser, Metadata, Scene

FOLDER = Path(__file__).parent
ALL_WINDOWS = tuple(64 << k for k in range(10))


def scenes() -> dict[str, Scene]:
    """One scene for each thing that a file may hold."""
    sys.path.insert(0, str(FOLDER.parent / "codec"))
    from codec_scenes import random_scene

    lasting = np.arange(0, 120_000, 512)
    line = Gabor(lasting / 44100, np.full(len(lasting), 2048 / 44100), np.full(len(lasting), 20 * 44100 / 2048), *np.full((2, len(lasting), 1), 0.25))
    return {
        "empty": Scene(44100, 0, 1, Gabor.empty(1)),
        "mono": random_scene(1, 400, 1, n_samples=12_000, silent=0).replace(quantiser=GaborQuantiser(1, 4, -50)),
        "windows": random_scene(2, 200, 1, rate=48000, n_samples=12_000, windows=ALL_WINDOWS, silent=0).replace(quantiser=GaborQuantiser(2, 12, 100)),
        "stereo": random_scene(3, 150, 2, rate=22050, n_samples=6_000, off_grid=0.2, twice=0.1).replace(quantiser=GaborQuantiser(2, 8, -60)),
        "six_channels": random_scene(4, 40, 6, rate=8000, n_samples=2_000, off_grid=0.05, silent=0.5).replace(
            quantiser=GaborQuantiser(64, 1024, -100), metadata=Metadata(encoder="test", options={"windows": [512]}, stop_reason="stalled")
        ),
        "free": random_scene(5, 20, 1, n_samples=6_000, off_grid=1.0, silent=0).replace(quantiser=GaborQuantiser(4, 32, -40)),
        "line": Scene(44100, 12_000, 1, line, GaborQuantiser(2, 16, -16)),
    }


def integers(scene: Scene) -> dict[str, np.ndarray]:
    """The events of a rounded scene as integers."""
    assert scene.quantiser is not None
    return vars(to_integers(scene.gabor, scene.sample_rate_hz, scene.quantiser))


def audio(scene: Scene) -> np.ndarray:
    """What it sounds like, by definition."""
    return render_gabor_oracle(scene.gabor, scene.sample_rate_hz, scene.n_samples, scene.n_channels).astype(np.float32)


def main() -> None:
    for name, scene in scenes().items():
        data = dumps(scene)
        decoded = loads(data)
        (FOLDER / f"{name}.mote").write_bytes(data)
        np.savez_compressed(FOLDER / f"{name}.npz", audio=audio(decoded), **integers(decoded))
        print(f"{name}: {len(data)} bytes, {len(decoded.gabor)} events")


if __name__ == "__main__":
    main()
