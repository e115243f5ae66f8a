"""Pictures of edited recordings, for docs/edit.md: spectrograms before, three semitones up, and half as long again.

    python benchmarks/edit_pictures.py docs/images     # MOTES_SHARED names the folder that holds audio/NAME.flac

Each is encoded at 30 dB. Grey: 70 dB of the spectrogram, over a frequency axis as the ear spaces it.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import soundfile
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

import motes
from motes.report.pictures.picture import erb_rate
from motes.stft import stft

matplotlib.use("Agg")
from matplotlib import pyplot

FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
# The stretch of each that is drawn, in seconds.
CLIPS = {"piano": (0.0, 2.4), "singing": (0.0, 2.4), "strings": (1.0, 3.4)}
SEMITONES, FACTOR = 3, 1.5
TOP_HZ, RANGE_DB = 6000.0, 70.0
N_FFT, N_BANDS, HOP_S = 4096, 200, 0.006
TICKS_HZ = (100, 200, 500, 1000, 2000, 5000)
INK = "#26262e"


def draw(axes: Axes, audio: NDArray[np.float32], rate: int) -> None:
    """The spectrogram, power read off at frequencies evenly spaced in ERB rate."""
    hop = round(HOP_S * rate)
    level = 20 * np.log10(np.abs(stft(audio, N_FFT, hop)[0]) + 1e-6)
    at_hz = (10 ** ((np.arange(N_BANDS) + 0.5) / N_BANDS * erb_rate(TOP_HZ) / 21.4) - 1) / 0.00437
    bands = np.array([np.interp(at_hz, np.arange(level.shape[1]) * rate / N_FFT, frame) for frame in level])
    extent = (0, len(audio) / rate, 0, float(erb_rate(TOP_HZ)))
    axes.imshow(
        bands.T,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap="Greys",
        vmin=level.max() - RANGE_DB,
        vmax=level.max(),
    )
    axes.set_yticks(
        erb_rate(np.array(TICKS_HZ, float)), [f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz" for hz in TICKS_HZ]
    )
    axes.tick_params(colors=INK, length=2.5, width=0.6)
    for side in axes.spines.values():
        side.set_visible(False)


def picture(name: str) -> pyplot.Figure:
    start_s, end_s = CLIPS[name]
    audio, rate = soundfile.read(FOLDER / f"{name}.flac")
    scene = motes.encode(audio[round(start_s * rate) : round(end_s * rate)], sample_rate_hz=rate, snr_db=30)
    drawn = {
        name: scene,
        f"{SEMITONES} semitones up": scene.transpose(SEMITONES),
        f"{FACTOR:g} times as long": scene.stretch(FACTOR),
    }
    figure, panels = pyplot.subplots(
        1, 3, figsize=(9.6, 2.7), layout="constrained", sharey=True, width_ratios=(1, 1, FACTOR)
    )
    for axes, (title, shown) in zip(panels, drawn.items(), strict=True):
        draw(axes, shown.render(), rate)
        axes.set_title(title, loc="left", color=INK, fontsize=9.5)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} s")
    return figure


def main() -> None:
    pyplot.rcParams.update({"font.size": 8.5, "font.family": "DejaVu Sans"})
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name in CLIPS:
        buffer = BytesIO()
        picture(name).savefig(buffer, dpi=110, facecolor="white")
        grey = Image.open(buffer).convert("L").point([round(value / 255 * 31) * 255 // 31 for value in range(256)])
        grey.save(folder / f"edit_{name}.png", optimize=True)  # 32 greys: a third of the bytes


if __name__ == "__main__":
    main()
