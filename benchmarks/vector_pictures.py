"""Draw the picture of docs/vectors.md: what each of the sixteen numbers does.

python benchmarks/vector_pictures.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motes.events.event_table import Array
from motes.kinds.vector.decoder import CURRENT, Decoder
from motes.kinds.vector.decoding import current
from motes.kinds.vector.table import NUMBERS, Vector
from motes.report.pictures.picture import band_levels_db, shade
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PATH = Path(__file__).parents[1] / "docs/images/vector_numbers.png"
RATE, SECONDS, TOP_HZ = 16000, 1.0, 6000.0
# Standard deviations from the mean.
STEPS = (-1.5, 0.0, 1.5)


def scene_of(numbers: Array) -> Scene:
    """A scene of one vector."""
    numbers = numbers.copy()
    numbers[NUMBERS.index("noise")] = np.clip(numbers[NUMBERS.index("noise")], 0, 1)
    vector = Vector(np.array([0.1]), **dict(zip(NUMBERS, numbers[:, None], strict=True)))
    return Scene(RATE, round(SECONDS * RATE), 1, vector=vector, models=(current(),))


def main() -> None:
    """Draw it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    prior = Decoder.named(CURRENT).prior
    deviation = np.sqrt(np.diag(prior.covariance))
    figure = Figure(figsize=(10, 8.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(4, 4, sharex=True, sharey=True).ravel()
    for k, (axes, name) in enumerate(zip(panels, NUMBERS, strict=True)):
        change = np.eye(len(NUMBERS))[k] * deviation
        _draw(axes, [scene_of(prior.mean + step * change) for step in STEPS], name)
    figure.savefig(PATH, dpi=80, facecolor="#ffffff", metadata={"Software": "motes"})


def _draw(axes: Axes, scenes: list[Scene], name: str) -> None:
    """The spectrograms of some scenes side by side."""
    levels = [band_levels_db(scene.render()[None], RATE, TOP_HZ)[0] for scene in scenes]
    loudest = max(decibels.max() for decibels in levels)
    picture = np.concatenate([shade(decibels, loudest) for decibels in levels])
    axes.imshow(picture.T, origin="lower", aspect="auto", cmap="Greys", vmin=0, vmax=1.1)
    for i in range(1, len(scenes)):
        axes.axvline(i * len(picture) / len(scenes) - 0.5, color="#c8c8d0", linewidth=0.8)
    axes.set_title(name, fontsize=8.5, color="#26262e", loc="left")
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_color("#c8c8d0")


if __name__ == "__main__":
    main()
