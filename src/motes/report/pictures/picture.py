"""A scene as a picture: the spectrogram of what it sounds like, and its events drawn on it."""

from __future__ import annotations

import html
import os
from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.audio import write_audio
from motes.errors import ParameterError
from motes.files import atomic_output
from motes.kinds.drawing import View
from motes.report.pictures.picture_kinds import LANES_HEIGHT, Drawn, draw, drawn_of, handles
from motes.stft import stft_blocks
from motes.units import erb_rate, erb_rate_to_hz

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from motes.scene.scene import Scene

Array = NDArray[np.float64]
# How much of a long scene is drawn.
LONGEST_S = 30.0
# All channels together: what a notebook carries as a 16-bit WAV of at most 8 MB.
MOST_SAMPLES = 4_000_000
_RANGE_DB = 70.0  # of the spectrogram
_N_BANDS, _N_COLUMNS = 320, 1100
PAPER, _INK, _FAINT = "#ffffff", "#26262e", "#8a8a94"
_TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)


def scene_picture(
    scene: Scene,
    path: str | os.PathLike[str] | None = None,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    width_inches: float = 9.0,
    overwrite: bool = True,
    svg: bool = False,
) -> bytes:
    """Draw a scene, from `start_s` to `end_s` and at most `LONGEST_S` of it, as a PNG or an SVG; written to `path` if
    one is given, and returned.

    Grey: the spectrogram of the rendered scene, 70 dB deep, over a frequency axis as the ear spaces it (ERB rate;
    Glasberg & Moore 1990). Each atom is a bar at its frequency, as long as the half of its window where it is loud, the
    stronger the louder; its colour tells the window. Textures are images of their levels, strikes ticks on a lane for
    each control, other kinds lines or bars over their bands. Raises AudioError where `path` cannot be written,
    ParameterError for a stretch outside the scene.
    """
    figure = scene_figure(scene, start_s, end_s, width_inches)
    buffer = BytesIO()
    if svg:
        save_svg(figure, buffer)
    else:
        figure.savefig(buffer, format="png", dpi=160, facecolor=PAPER, metadata={"Software": "motes"})
    if path is not None:
        with atomic_output(path, overwrite) as handle:
            handle.write(buffer.getvalue())
    return buffer.getvalue()


def save_svg(figure: Figure, buffer: BytesIO) -> None:
    """The spectrogram as an image in it, all else as lines and letters; the same bytes for the same scene."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "motes"}):
        figure.savefig(buffer, format="svg", dpi=160, facecolor=PAPER, metadata={"Creator": "motes", "Date": None})


def scene_figure(scene: Scene, start_s: float = 0.0, end_s: float | None = None, width_inches: float = 9.0) -> Figure:
    """What `scene_picture` draws, as a figure of matplotlib."""
    if not 0 <= start_s <= scene.duration_s or (end_s is not None and end_s < start_s):
        raise ParameterError(f"cannot draw from {start_s:g} s to {end_s} s of a scene of {scene.duration_s:g} s")
    end_s = min(scene.duration_s, start_s + LONGEST_S, np.inf if end_s is None else end_s)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(width_inches, 0.46 * width_inches), layout="constrained"
    )  # not pyplot: no state that outlives the call
    FigureCanvasAgg(figure)
    view = View(start_s, end_s, top_frequency(scene), scene.sample_rate_hz)
    drawn = drawn_of(scene, view)
    below = [LANES_HEIGHT] if any(kind.has_lanes for kind in drawn) else []
    axes, *lanes = figure.subplots(1 + len(below), 1, height_ratios=[1.0, *below], sharex=True, squeeze=False)[:, 0]
    _draw_spectrogram(axes, scene, view)
    draw(axes, lanes[0] if lanes else None, drawn)
    _draw_frame(axes, scene, view)
    _draw_legend(axes, drawn)
    return figure


def top_frequency(scene: Scene) -> float:
    """Nyquist, or less where nothing but a thousandth of the energy lies up there."""
    nyquist = scene.sample_rate_hz / 2
    energy = np.sum(scene.gabor.amplitude**2, axis=1) * scene.gabor.window_s
    if not energy.any():
        return nyquist
    order = np.argsort(scene.gabor.frequency_hz)
    below = np.cumsum(energy[order]) / energy.sum()
    highest = scene.gabor.frequency_hz[order][np.searchsorted(below, 1 - 1e-5)]
    return float(min(nyquist, max(1.15 * highest, 4000.0)))


def _draw_spectrogram(axes: Axes, scene: Scene, view: View) -> None:
    audio = np.atleast_2d(scene.render(view.start_s, view.end_s))
    decibels, hop_s = band_levels_db(audio, scene.sample_rate_hz, view.top_hz)
    shaded = shade(decibels, decibels.max(initial=-200))
    left, right = view.start_s - hop_s / 2, view.start_s + (len(decibels) - 0.5) * hop_s
    extent = (left, right, 0, float(erb_rate(view.top_hz)))
    draw_shaded(axes, shaded, extent, 2.0)


def draw_shaded(axes: Axes, shaded: Array, extent: tuple[float, float, float, float], black: float) -> None:
    """Darkness `(frames, bands)` as an image below all else, in grey up to `black`, which would be all of it."""
    axes.imshow(
        shaded.T,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap="Greys",
        vmin=0,
        vmax=black,
        interpolation="bilinear",
        zorder=0,
    )


def band_levels_db(audio: NDArray[np.float32], sample_rate_hz: int, top_hz: float) -> tuple[Array, float]:
    """Levels `(frames, bands)` of `(channels, n)` audio over a frequency axis as the ear spaces it, and the seconds
    from frame to frame.
    """
    n_fft = 2 ** round(np.log2(max(64, 0.08 * sample_rate_hz)))
    hop = max(n_fft // 32, audio.shape[1] // _N_COLUMNS, 1)
    power = np.concatenate([np.mean(np.abs(block) ** 2, axis=0) for block in stft_blocks(audio, n_fft, hop)])
    bands = _in_bands(power, sample_rate_hz / n_fft, top_hz)
    return 10 * np.log10(np.maximum(bands, 1e-20)), hop / sample_rate_hz


def shade(decibels: Array, loudest_db: float) -> Array:
    """Levels as darkness from 0 to 1, the loudest 1, those 70 dB below 0."""
    return np.clip(1 + (decibels - loudest_db) / _RANGE_DB, 0, 1) if loudest_db > -190 else np.zeros_like(decibels)


def _in_bands(power: NDArray[Any], bin_hz: float, top_hz: float) -> Array:
    """Power read off at `_N_BANDS` frequencies evenly spaced in ERB rate, `(frames, bands)`."""
    rates = (np.arange(_N_BANDS) + 0.5) / _N_BANDS * erb_rate(top_hz)
    at = erb_rate_to_hz(rates) / bin_hz
    low = np.clip(np.floor(at).astype(int), 0, power.shape[1] - 2)
    part = at - low
    return np.asarray(power[:, low] * (1 - part) + power[:, low + 1] * part, np.float64)


def _draw_frame(axes: Axes, scene: Scene, view: View) -> None:
    start_s, end_s, top_hz = view.start_s, view.end_s, view.top_hz
    axes.set_xlim(start_s, max(end_s, start_s + 1e-3))
    axes.set_ylim(0, float(erb_rate(top_hz)))
    ticks = [hz for hz in _TICKS_HZ if hz < 0.97 * top_hz]
    axes.set_yticks(
        erb_rate(np.array(ticks, float)), [f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz" for hz in ticks]
    )
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} s")
    for part in axes.figure.axes:
        part.tick_params(length=0, labelsize=9, labelcolor=_INK, pad=5)
        for side in part.spines.values():
            side.set_visible(False)
    for height in erb_rate(np.array(ticks, float)):
        axes.axhline(height, color=_FAINT, linewidth=0.4, alpha=0.35, zorder=1)
    whole = (
        ""
        if end_s - start_s >= scene.duration_s - 1e-9
        else f", {start_s:g} to {end_s:g} s of {scene.duration_s:.0f} s"
    )
    count = f"{scene.n_events:,}".replace(",", "\u202f")
    per_second = f", {scene.n_events / scene.duration_s:.0f} per second" if scene.duration_s else ""
    axes.set_title(f"{count} events{per_second}{whole}", loc="left", fontsize=10, color=_INK, pad=8)


def _draw_legend(axes: Axes, drawn: list[Drawn]) -> None:
    shown = handles(drawn)
    if shown:
        axes.legend(
            handles=shown,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(shown),
            frameon=False,
            fontsize=9,
            handlelength=1.2,
            columnspacing=1.2,
            handletextpad=0.5,
            labelcolor=_INK,
            borderaxespad=0.2,
        )


def scene_html(scene: Scene) -> str:
    """Picture and player as HTML with everything inside it; of a long scene its beginning, and then it says so."""
    seconds = min(scene.duration_s, LONGEST_S, MOST_SAMPLES / (scene.n_channels * scene.sample_rate_hz))
    cut = f" (the first {seconds:.0f} s are shown)" if seconds < scene.duration_s else ""
    parts = [f"<div><code>{html.escape(repr(scene))}</code>{cut}</div>"]
    if scene.n_samples:
        picture = b64encode(scene_picture(scene, end_s=seconds)).decode()
        parts.append(
            f'<img src="data:image/png;base64,{picture}" alt="spectrogram of the scene with its events" '
            'style="max-width:100%;width:900px">'
        )
        parts.append(
            f'<audio controls preload="metadata" src="data:audio/wav;base64,{_sound(scene, seconds)}" '
            'style="display:block"></audio>'
        )
    return "\n".join(parts)


def _sound(scene: Scene, seconds: float) -> str:
    wav = BytesIO()
    n_channels = min(scene.n_channels, 2)  # what browsers play
    audio = scene.render(0.0, seconds).reshape(scene.n_channels, -1)[:n_channels]
    write_audio(wav, audio, scene.sample_rate_hz, n_channels, subtype="PCM_16")
    return b64encode(wav.getvalue()).decode()
