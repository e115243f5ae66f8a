"""Pictures of what the losses compare, for docs/losses.md: scattering and auditory image of a vowel, a chirp and rain.

    python benchmarks/loss_pictures.py docs/images     # MOTES_SHARED names the folder that holds audio/rain.flac

The vowel is a pulse train at 110 Hz through three resonances, the chirp rises from 100 Hz to 8 kHz.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib
import numpy as np
import soundfile
import soxr
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from motes.losses.auditory import N_BANDS, auditory_image, filter_bank
from motes.losses.scattering import Scattering

matplotlib.use("Agg")
from matplotlib import pyplot

Array = NDArray[np.float64]
RATE, SECONDS = 22050, 2.0
N = int(RATE * SECONDS)
OCTAVES, PER_OCTAVE = 9, 12
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
INK, FAINT = "#26262e", "#8a8a94"
TICKS_HZ = (100, 200, 500, 1000, 2000, 5000)


def vowel() -> Array:
    """A pulse train at 110 Hz through resonances at 700, 1200 and 2600 Hz: an “a”, swelling slowly."""
    from scipy.signal import lfilter

    x = np.zeros(N)
    x[np.round(np.arange(0, N, RATE / 110)).astype(int).clip(max=N - 1)] = 1
    for hertz, width in ((700, 90), (1200, 110), (2600, 160)):
        radius = np.exp(-np.pi * width / RATE)
        x = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * hertz / RATE), radius**2], x)
    return x * np.hanning(N) ** 0.5


def chirp() -> Array:
    t = np.arange(N) / RATE
    ratio = np.log(8000 / 100) / SECONDS
    return np.sin(2 * np.pi * 100 * (np.exp(ratio * t) - 1) / ratio) * np.minimum(1, 20 * np.minimum(t, SECONDS - t))


def rain() -> Array:
    audio, rate = soundfile.read(FOLDER / "rain.flac")
    return soxr.resample(audio, rate, RATE)[RATE : RATE + N]


SOUNDS = (("vowel on pulses at 110 Hz", vowel), ("chirp, 100 Hz to 8 kHz", chirp), ("rain", rain))


def signals() -> list[tuple[str, torch.Tensor]]:
    return [
        (name, torch.from_numpy(0.1 * x / np.sqrt(np.mean(x**2)))[None, None])
        for name, x in ((name, make()) for name, make in SOUNDS)
    ]


def frequency_axis(axes: Axes, centre_hz: Array) -> None:
    """Ticks in Hz where rows are bands."""
    ticks = [f for f in TICKS_HZ if centre_hz[0] <= f <= centre_hz[-1]]
    axes.set_yticks(np.interp(ticks, centre_hz, np.arange(len(centre_hz))), [f"{f:,}" for f in ticks])


def tidy(axes: Axes) -> None:
    axes.tick_params(colors=INK, length=2.5, width=0.6)
    for side in axes.spines.values():
        side.set_visible(False)


def in_decibels(values: Array, depth: float) -> Array:
    return np.clip(20 * np.log10(np.maximum(values, 1e-12) / values.max()), -depth, 0)


def draw_scattering(folder: Path) -> None:
    transform = Scattering(N, OCTAVES, PER_OCTAVE)
    # The linearly spaced wavelets below the constant-Q ones crowd the axis: left out of the picture.
    constant_q = [
        w
        for w in (path.wavelets[0] for path in transform.paths if path.order == 1)
        if w.sigma > 1.0001 * transform.paths[-1].wavelets[0].sigma
    ]
    rows = [i for i, path in enumerate(transform.paths) if path.order == 1 and path.wavelets[0] in constant_q][::-1]
    centre_hz = np.array([transform.paths[i].wavelets[0].centre * RATE for i in rows])
    second = sorted({path.wavelets[1].centre for path in transform.paths if path.order == 2})
    place = {path.wavelets: i for i, path in enumerate(transform.paths)}
    figure, axes = pyplot.subplots(2, 3, figsize=(9.6, 5.2), layout="constrained", sharey=True)
    for column, (name, signal) in enumerate(signals()):
        s = transform(signal)[0, 0].numpy()
        top, bottom = axes[0, column], axes[1, column]
        extent = (0, SECONDS, -0.5, len(rows) - 0.5)
        top.imshow(
            in_decibels(s[rows], 40),
            aspect="auto",
            origin="lower",
            cmap="magma",
            vmin=-40,
            vmax=0,
            extent=extent,
            interpolation="nearest",
        )
        top.set_xticks([0, 0.5, 1, 1.5])
        top.set_title(name, loc="left", color=INK, fontsize=9.5)
        mean = np.full((len(rows), len(second)), np.nan)
        for i, row in enumerate(rows):
            first = transform.paths[row].wavelets[0]
            for wavelets, k in place.items():
                if len(wavelets) == 2 and wavelets[0] == first:
                    mean[i, second.index(wavelets[1].centre)] = s[k].mean() / (s[row].mean() + 1e-6)
        image = bottom.imshow(
            mean, aspect="auto", origin="lower", cmap="magma", vmin=0, vmax=0.6, interpolation="nearest"
        )
        bottom.set_xticks(range(0, len(second), 2), [f"{second[k] * RATE:,.0f}" for k in range(0, len(second), 2)])
        top.set_xlabel("time, s", color=INK)
        bottom.set_xlabel("modulation, Hz", color=INK)
        for each in (top, bottom):
            frequency_axis(each, centre_hz)
            tidy(each)
            each.set_facecolor("#eeeeec")
    axes[0, 0].set_ylabel("first order: frequency, Hz", color=INK)
    axes[1, 0].set_ylabel("second over first: frequency, Hz", color=INK)
    figure.colorbar(axes[0, 2].images[0], ax=axes[0, :], pad=0.01, aspect=18, label="dB").outline.set_visible(False)
    figure.colorbar(image, ax=axes[1, :], pad=0.01, aspect=18, label="share modulated").outline.set_visible(False)
    figure.savefig(folder / "scattering.png", dpi=150, facecolor="white", metadata={"Software": "motes"})


def draw_auditory_images(folder: Path) -> None:
    figure, axes = pyplot.subplots(2, 3, figsize=(9.6, 4.9), layout="constrained", sharex=True, height_ratios=(4, 1))
    for column, (name, signal) in enumerate(signals()):
        image, hop_s, lag_s = auditory_image(signal, RATE)
        at_s = 1.0
        frame = image[0, 0, round(at_s / hop_s)].numpy()
        centre_hz = (
            filter_bank(N, RATE, N_BANDS, 60.0, torch.float32, torch.device("cpu")).centre_hz.numpy().astype(float)
        )
        top, bottom = axes[:, column]
        extent = (0, frame.shape[1] * lag_s * 1000, -0.5, N_BANDS - 0.5)
        top.imshow(
            frame / np.percentile(frame, 99.7),
            aspect="auto",
            origin="lower",
            cmap="magma",
            vmin=0,
            vmax=1,
            extent=extent,
        )
        top.set_title(f"{name}, at {at_s:g} s", loc="left", color=INK, fontsize=9.5)
        frequency_axis(top, centre_hz)
        profile = frame.mean(0)
        lags = np.arange(len(profile)) * lag_s * 1000
        bottom.fill_between(lags, profile / profile.max(), color="#3d1f5c", linewidth=0)
        bottom.set_ylim(0, 1)
        bottom.set_xlim(0, extent[1])
        bottom.set_yticks([])
        bottom.set_xlabel("lag, ms", color=INK)
        if column == 0:
            for multiple in range(1, 4):
                bottom.annotate(
                    f"{multiple}/f₀" if multiple > 1 else "1/f₀",
                    (multiple * 1000 / 110, 1.0),
                    ha="center",
                    va="bottom",
                    fontsize=7.5,
                    color=FAINT,
                )
        for each in (top, bottom):
            tidy(each)
    axes[0, 0].set_ylabel("centre frequency, Hz", color=INK)
    axes[1, 0].set_ylabel("mean", color=INK)
    figure.savefig(folder / "auditory_image.png", dpi=150, facecolor="white", metadata={"Software": "motes"})


def main() -> None:
    torch.set_num_threads(1)
    pyplot.rcParams.update({"font.size": 8.5, "font.family": "DejaVu Sans", "axes.labelsize": 8.5})
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    draw_scattering(folder)
    draw_auditory_images(folder)


if __name__ == "__main__":
    main()
