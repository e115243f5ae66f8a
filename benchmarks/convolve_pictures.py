"""Pictures for docs/convolve.md: time against error of every method, and how many shared kernels a bank needs.

python benchmarks/convolve_pictures.py docs/images     # MOTES_SHARED names the folder that holds impulse_responses/
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np

from bench_convolve import best_ms, families, scipy_ms
from convolve_families import RATE, Array, decaying_noise, fitted, moved_sources, music, real_rooms, resonances, snr_db
from motes.convolve import Bank, Exact, Modal, PartitionedKernel, Stream, estimate_convolution, find_modes
from motes.errors import ParameterError

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

INK, FAINT = "#26262e", "#8a8a94"
COLOURS = {
    "SciPy": "#8a8a94",
    "exact": "#26262e",
    "modal": "#2a7f62",
    "partition SVD": "#c8553d",
    "stream, late highs left out": "#3d6fb4",
    "sketch": "#a06cd5",
}
EXACT_DB = 130.0


def points(h: Array, x: Array) -> dict[str, list[tuple[float, float]]]:
    """For each method, `(milliseconds, output SNR in dB)`."""
    engine = Exact(h)
    reference = engine(x)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COLOURS}
    found["SciPy"] = [(scipy_ms(x, h), EXACT_DB)]
    found["exact"] = [(best_ms(lambda: engine(x)), EXACT_DB)]
    for asked in (-10.0, -20.0, -40.0, -60.0, -80.0):
        lowered = PartitionedKernel(h, asked)
        if lowered.rank <= 40:
            found["partition SVD"].append((best_ms(lambda m=lowered: m(x), 0, 1), snr_db(lowered(x), reference)))
        try:
            ringing = Modal(find_modes(h, asked), tail_db=asked - 10)
            found["modal"].append((best_ms(lambda m=ringing: m(x), 1), min(snr_db(ringing(x), reference), EXACT_DB)))
        except ParameterError:
            pass
        stream = Stream(h, 256, error_db=asked)
        y = stream.push(np.pad(x, (0, 256)))[256:]
        found["stream, late highs left out"].append(
            (best_ms(lambda s=stream: s.push(x), 0.5), snr_db(y, reference[: len(x)]))
        )
    for n_draws in (1, 4, 16):
        y = estimate_convolution(x, h, 2, n_draws)
        found["sketch"].append(
            (best_ms(lambda n=n_draws: estimate_convolution(x, h, 2, n), 0, 1), snr_db(y, reference))
        )
    return found


def finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.grid(color="#e8e8ec", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=FAINT, labelsize=8)


def methods(path: Path) -> None:
    x = music(10)
    kinds = families(2.0)
    figure, panels = pyplot.subplots(2, 2, figsize=(10, 7.5), sharex=True, sharey=True, layout="constrained")
    for axes, (name, h) in zip(panels.ravel(), kinds.items(), strict=False):
        for method, places in points(h, x).items():
            if places:
                ms, snr = np.array(places).T
                axes.plot(ms, snr, "o-", color=COLOURS[method], markersize=5, linewidth=1, label=method)
        axes.set_xscale("log")
        finish(axes, name)
    for axes in panels[1]:
        axes.set_xlabel("milliseconds for 10 s of music", color=INK)
    for axes in panels[:, 0]:
        axes.set_ylabel("SNR of what comes out, dB", color=INK)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    figure.suptitle("A kernel of 2 s: up and left is better", color=INK, fontsize=12)
    figure.savefig(path, dpi=110)


def ranks(path: Path) -> None:
    banks = {
        f"source moved by {p:g} m, {k} places, 0.5 s": (moved_sources(k, 0.5, p), colour)
        for p, k, colour in ((0.1, 256, "#7fb8a4"), (0.5, 256, "#2a7f62"))
    }
    banks["one body struck in 256 places, 0.5 s"] = resonances(256, RATE // 2), "#3d6fb4"
    banks["decaying noise, 256, 0.5 s"] = decaying_noise(256, RATE // 2), "#c8553d"
    rooms = real_rooms()
    if rooms:
        banks[f"real rooms, {len(rooms)}, 0.5 s"] = fitted(list(rooms.values()), RATE // 2), "#26262e"
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for name, (kernels, colour) in banks.items():
        errors = Bank(kernels, error_db=-60).rank_errors_db
        axes.plot(np.arange(len(errors)) / (len(errors) - 1) * 100, errors, color=colour, label=name, linewidth=1.6)
    axes.axhline(-40, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, 100)
    axes.set_ylim(-80, 3)
    axes.set_xlabel("shared kernels, % of the bank", color=INK)
    axes.set_ylabel("error of the worst kernel, dB", color=INK)
    finish(axes, "How many shared kernels a bank needs")
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0.3, 0.08))
    figure.savefig(path, dpi=110)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    methods(folder / "convolve_methods.png")
    ranks(folder / "convolve_rank.png")


if __name__ == "__main__":
    main()
