"""Draw the pictures of docs/splats.md.

python benchmarks/splat_pictures.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.kinds.splat.table import Splat
from motes.report.pictures.picture import band_levels_db, shade
from motes.report.pictures.splat_picture import splat_picture
from motes.scene.scene import Scene
from motes.units import erb_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGES = Path(__file__).parents[1] / "docs/images"
RATE, SECONDS, TOP_HZ = 16000, 0.7, 6000.0
# What the small pictures start from, one parameter of it changed in each.
PLAIN: dict[str, Any] = {
    "time_s": 0.1,
    "width_s": 0.004,
    "f0_hz": 440.0,
    "centre_hz": 900.0,
    "width_octaves": 1.2,
    "t60_s": 0.5,
    "gain_db": -20.0,
    "rolloff_db": 3.0,
    "damping_slope": 0.4,
}
SHOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it starts", {}),
    ("width_s = 0.06", {"width_s": 0.06}),
    ("shape = 1.2, as wide", {"shape": 1.2, "width_s": 0.06}),
    ("f0_hz = 880", {"f0_hz": 880.0}),
    ("inharmonicity = 0.02", {"inharmonicity": 0.02}),
    ("n_partials = 3", {"n_partials": 3}),
    ("centre_hz = 3000", {"centre_hz": 3000.0}),
    ("width_octaves = 0.4", {"width_octaves": 0.4}),
    ("rolloff_db = 12", {"rolloff_db": 12.0}),
    ("t60_s = 0.15", {"t60_s": 0.15}),
    ("damping_slope = 1.5", {"damping_slope": 1.5}),
    ("glide_per_s = 0.6", {"glide_per_s": 0.6}),
    ("cutoff_start_hz = 500", {"cutoff_start_hz": 500.0, "cutoff_end_hz": 20000.0, "crossfade_s": 0.05}),
    ("cutoff_end_hz = 400", {"cutoff_end_hz": 400.0, "crossfade_s": 0.03}),
    ("tremolo = 0.9, 12 Hz", {"tremolo": 0.9, "modulation_hz": 12.0}),
    ("vibrato_cents = 120", {"vibrato_cents": 120.0, "modulation_hz": 8.0}),
    ("noise = 0.8, wider", {"noise": 0.8, "seed": 1, "width_s": 0.04}),
    ("backward", {"backward": 1, "time_s": 0.5}),
)


def example() -> Scene:
    """A struck string: a short burst, partials that decay the faster the higher they are, and a low-pass that
    closes.
    """
    event = Splat(
        time_s=[0.2],
        width_s=[0.004],
        f0_hz=[440.7],
        centre_hz=[500],
        width_octaves=[1.0],
        t60_s=[0.4],
        gain_db=np.array([[-20.0]]),
        shape=[2.5],
        inharmonicity=[1e-3],
        rolloff_db=[6],
        damping_slope=[0.5],
        cutoff_start_hz=[2000],
        cutoff_end_hz=[600],
        crossfade_s=[0.05],
    )
    return Scene(16000, 16000, 1).with_tables([event])


def one(**changed: Any) -> Scene:
    """A scene of one splat, with parameters unlike those of PLAIN."""
    values = {name: np.array([[value]] if name == "gain_db" else [value]) for name, value in (PLAIN | changed).items()}
    return Scene(RATE, round(SECONDS * RATE), 1).with_tables([Splat(**values)])


def parameters_picture(path: Path) -> None:
    """The spectrogram of a splat with each parameter changed in turn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(3, 6, sharex=True, sharey=True).ravel()
    for i, (axes, (label, changed)) in enumerate(zip(panels, SHOWN, strict=True)):
        _draw(axes, one(**changed), label, first=i % 6 == 0, last=i >= 12)
    figure.savefig(path, dpi=120, facecolor="#ffffff", metadata={"Software": "motes"})


def _draw(axes: Axes, scene: Scene, label: str, *, first: bool, last: bool) -> None:
    decibels, _ = band_levels_db(scene.render()[None], RATE, TOP_HZ)
    extent = (0.0, SECONDS, 0.0, float(erb_rate(TOP_HZ)))
    axes.imshow(
        shade(decibels, decibels.max()).T, origin="lower", aspect="auto", extent=extent, cmap="Greys", vmin=0, vmax=1.1
    )
    axes.set_title(label, fontsize=8.5, color="#26262e", loc="left")
    axes.set_yticks(erb_rate(np.array([500.0, 1000.0, 2000.0, 5000.0])), ["500 Hz", "1 kHz", "2 kHz", "5 kHz"])
    axes.set_xticks([0.0, 0.3, 0.6], ["0", "0.3 s", "0.6 s"])
    axes.tick_params(length=0, labelsize=8, labelcolor="#26262e", labelleft=first, labelbottom=last)
    for side in axes.spines.values():
        side.set_color("#c8c8d0")


def main() -> None:
    """Draw them."""
    splat_picture(example(), 0, IMAGES / "splat.png")
    parameters_picture(IMAGES / "splat_parameters.png")


if __name__ == "__main__":
    main()
