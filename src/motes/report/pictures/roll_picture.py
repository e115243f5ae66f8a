"""The notes of a scene as a piano roll: bars over the spectrogram of what it sounds like, keys at the left."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.notes import pitch_name, pitch_to_hz
from motes.files import atomic_output
from motes.report.pictures.picture import LONGEST_S, PAPER, draw_shaded, save_svg, shade
from motes.stft import stft_blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from motes.notes.note import Note
    from motes.scene.scene import Scene

Array = NDArray[np.float64]
# Of the parts, in order; those after the last begin anew.
COLOURS = ("#d1495b", "#2e86ab", "#e09f3e", "#4f8a5b", "#7b4fa3", "#8c6d46", "#3b3b98", "#b0578d")
_INK, _KEYS = "#26262e", "#d9d9e0"
# Semitones above and below the notes, and fewest that are drawn.
_MARGIN, _FEWEST = 4, 24
# The lane of what has no pitch, in semitones below the lowest that is drawn.
_LANE = 2.0
_N_COLUMNS, _ROWS_PER_SEMITONE = 1100, 6
_BLACK = (1, 3, 6, 8, 10)


def notes_picture(
    scene: Scene,
    path: str | os.PathLike[str] | None = None,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    overwrite: bool = True,
    svg: bool = False,
) -> bytes:
    """Draw the notes of a scene, from `start_s` to `end_s` and at most `LONGEST_S` of it, as a PNG or SVG, written to
    `path` if one is given, and returned.

    Grey: the spectrogram of the rendered scene over a scale of pitch. Each note is a bar at its pitch, fainter the less
    sure it is, in the colour of its part, with the curve of its pitch; what has no pitch is a tick below. Raises
    ParameterError for a stretch outside the scene, AudioError where `path` cannot be written.
    """
    figure, buffer = notes_figure(scene, start_s, end_s), BytesIO()
    if svg:
        save_svg(figure, buffer)
    else:
        figure.savefig(buffer, format="png", dpi=160, facecolor=PAPER, metadata={"Software": "motes"})
    if path is not None:
        with atomic_output(path, overwrite) as handle:
            handle.write(buffer.getvalue())
    return buffer.getvalue()


def notes_figure(scene: Scene, start_s: float = 0.0, end_s: float | None = None, width_inches: float = 9.0) -> Figure:
    """What `notes_picture` draws, as a figure of matplotlib."""
    if not 0 <= start_s <= scene.duration_s or (end_s is not None and end_s < start_s):
        raise ParameterError(f"cannot draw from {start_s:g} s to {end_s} s of a scene of {scene.duration_s:g} s")
    end_s = min(scene.duration_s, start_s + LONGEST_S, np.inf if end_s is None else end_s)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, 0.46 * width_inches), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    notes = [note for note in scene.notes if note.onset_s < end_s and note.end_s > start_s]
    low, high = _range(notes)
    _draw_spectrogram(axes, scene, (start_s, end_s), (low, high))
    for note in notes:
        _draw_note(axes, note, low)
    _draw_keys(axes, (start_s, end_s), (low, high), any(note.f0_hz is None for note in notes))
    n_parts = len({note.part for note in notes if note.part})
    parts = f" in {n_parts} part{'s' * (n_parts != 1)}" if n_parts > 1 else ""
    axes.set_title(f"{len(notes)} notes{parts}", loc="left", fontsize=10, color=_INK, pad=8)
    return figure


def _range(notes: list[Note]) -> tuple[int, int]:
    """The lowest and the highest pitch that are drawn."""
    pitches = [note.pitch for note in notes if note.pitch is not None]
    if not pitches:
        return 48, 48 + 2 * _FEWEST
    low, high = int(np.floor(min(pitches))) - _MARGIN, int(np.ceil(max(pitches))) + _MARGIN
    missing = max(_FEWEST - (high - low), 0)
    return low - missing // 2, high + (missing + 1) // 2


def _draw_spectrogram(axes: Axes, scene: Scene, times: tuple[float, float], pitches: tuple[int, int]) -> None:
    rate = scene.sample_rate_hz
    audio = np.atleast_2d(scene.render(*times))
    n_fft = 2 ** round(np.log2(max(64, 0.12 * rate)))
    hop = max(n_fft // 32, audio.shape[1] // _N_COLUMNS, 1)
    power = np.concatenate([np.mean(np.abs(block) ** 2, axis=0) for block in stft_blocks(audio, n_fft, hop)])
    low, high = pitches
    rows = low + np.arange(0, (high - low) * _ROWS_PER_SEMITONE + 1) / _ROWS_PER_SEMITONE
    at = np.minimum(pitch_to_hz(rows) * n_fft / rate, power.shape[1] - 2)
    below = np.floor(at).astype(int)
    part = at - below
    seen = power[:, below] * (1 - part) + power[:, below + 1] * part
    decibels = 10 * np.log10(np.maximum(seen, 1e-20))
    shaded = shade(decibels, float(decibels.max(initial=-200)))
    extent = (times[0] - hop / rate / 2, times[0] + (len(shaded) - 0.5) * hop / rate, low, high)
    draw_shaded(axes, shaded, extent, 1.6)


def _draw_note(axes: Axes, note: Note, low: int) -> None:
    colour = COLOURS[(note.part - 1) % len(COLOURS)]
    if note.pitch is None:
        axes.plot(
            [note.onset_s] * 2, [low - _LANE, low - 0.4], color=colour, linewidth=2, alpha=0.35 + 0.65 * note.sureness
        )
        return
    from matplotlib.patches import Rectangle

    length = max(note.end_s - note.onset_s, 0.01)
    bar = Rectangle(
        (note.onset_s, note.pitch - 0.4),
        length,
        0.8,
        facecolor=colour,
        edgecolor=colour,
        linewidth=0.8,
        alpha=0.25 + 0.4 * note.sureness,
        zorder=3,
    )
    axes.add_patch(bar)
    curve = note.pitch_curve
    if len(curve.time_s) > 1:
        pitch = 69 + 12 * np.log2(curve.f0_hz / 440)
        axes.plot(curve.time_s, pitch, color=_INK, linewidth=0.7, zorder=4)


def _draw_keys(axes: Axes, times: tuple[float, float], pitches: tuple[int, int], has_lane: bool) -> None:
    low, high = pitches
    axes.set_xlim(times[0], max(times[1], times[0] + 1e-3))
    axes.set_ylim(low - (_LANE if has_lane else 0), high)
    for key in range(low, high + 1):
        if key % 12 in _BLACK:
            axes.axhspan(key - 0.5, key + 0.5, color=_KEYS, alpha=0.35, linewidth=0, zorder=1)
        if key % 12 == 0:
            axes.axhline(key - 0.5, color=_KEYS, linewidth=0.8, zorder=1)
    named = [key for key in range(low, high + 1) if key % 12 in (0, 5)]
    axes.set_yticks(named, [pitch_name(key) for key in named])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} s")
    axes.tick_params(length=0, labelsize=9, labelcolor=_INK, pad=5)
    for side in axes.spines.values():
        side.set_visible(False)
