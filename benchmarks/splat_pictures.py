"""Draw the pictures of docs/splats.md.

python benchmarks/splat_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motes.report.splat_picture import splat_picture
from motes.scene.scene import Scene
from motes.scene.splat import Splat

IMAGES = Path(__file__).parents[1] / "docs/images"


def example() -> Scene:
    """A struck string: a short burst, partials that decay the faster the higher they are, and a low-pass that closes."""
    event = Splat(
        time_s=[0.2], width_s=[0.004], f0_hz=[440.7], centre_hz=[500], width_octaves=[1.0], t60_s=[0.4], gain_db=np.array([[-20.0]]), shape=[2.5],
        inharmonicity=[1e-3], rolloff_db=[6], damping_slope=[0.5], cutoff_start_hz=[2000], cutoff_end_hz=[600], crossfade_s=[0.05],
    )  # fmt: skip
    return Scene(16000, 16000, 1).with_tables([event])


def main() -> None:
    splat_picture(example(), 0, IMAGES / "splat.png")


if __name__ == "__main__":
    main()
