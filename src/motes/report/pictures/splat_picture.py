"""One splat as a picture: how its burst and its partials rise and fall, and its spectrum at first and later."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from motes.errors import ParameterError
from motes.files import atomic_output
from motes.kinds.splat.table import FALL, Splat, burst, crossed, low_pass, ringing
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAPER, _INK, _BURST, _PARTIAL, _LATER = "#ffffff", "#26262e", "#8a8a94", "#b3215f", "#2b6fb3"
_POINTS = 600
_DEPTH_DB = 70.0
# The second spectrum is that of this part of `t60_s` after the burst.
LATER = 0.5


def splat_picture(
    scene: Scene,
    event: int,
    path: str | os.PathLike[str] | None = None,
    *,
    width_inches: float = 9.0,
    overwrite: bool = True,
) -> bytes:
    """Draw splat number `event` of a scene as a PNG, written to `path` if one is given, and returned.

    Left: levels in dB of the burst (grey) and of each partial (red) over seconds since `time_s`. Right: levels of the
    partials over frequency as the burst has excited them (red), half of `t60_s` later (blue); grey: the burst's
    spectrum. Raises ParameterError where there is no such event, AudioError where `path` cannot be written.
    """
    if not 0 <= event < len(scene.splat):
        raise ParameterError(f"there is no splat {event}: the scene has {len(scene.splat)}, counted from 0")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, 0.4 * width_inches), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_time(left, scene.splat, event)
    _draw_spectrum(right, scene.splat, event)
    figure.suptitle(title(scene.splat, event), fontsize=10, color=_INK, x=0.01, ha="left")
    for axes in (left, right):
        axes.set_ylim(-_DEPTH_DB, 5)
        axes.set_ylabel("dB", fontsize=9)
        axes.tick_params(length=0, labelsize=9, labelcolor=_INK)
        axes.grid(alpha=0.25, linewidth=0.5)
        for side in axes.spines.values():
            side.set_visible(False)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=160, facecolor=_PAPER, metadata={"Software": "motes"})
    if path is not None:
        with atomic_output(path, overwrite) as handle:
            handle.write(buffer.getvalue())
    return buffer.getvalue()


def title(events: Splat, i: int) -> str:
    """What a splat is, in a line."""
    envelope = "gaussian" if events.shape[i] == 0 else f"gamma of shape {events.shape[i]:.3g}"
    noise = f", {100 * events.noise[i]:.0f} % noise" if events.noise[i] > 0 else ""
    where = f"{events.f0_hz[i]:.4g} Hz at {events.time_s[i]:.3f} s, {events.gain_db[i].max():.1f} dB"
    return f"splat {i}: {where}, {envelope} of {1000 * events.width_s[i]:.3g} ms, t60 {events.t60_s[i]:.3g} s{noise}"


def _level(amplitude: np.ndarray) -> np.ndarray:
    return np.asarray(20 * np.log10(np.maximum(amplitude, 1e-10)))


def _draw_time(axes: Axes, events: Splat, i: int) -> None:
    start, end = float(events.start_s[i] - events.time_s[i]), float(events.end_s[i] - events.time_s[i])
    if events.backward[i]:
        start, end = -end, -start
    end = min(end, start + (end - start) * 0.8 + 0.05 * FALL * events.width_s[i])
    since = np.linspace(start, end, _POINTS)
    _, amplitude, decay = events.partials(i)
    audible = amplitude > 10 ** (-_DEPTH_DB / 20) * amplitude.max(initial=0.0)
    sounds = ringing(events, i, decay[audible], start, (end - start) / (_POINTS - 1), _POINTS) * amplitude[audible]
    shown = -since if events.backward[i] else since
    axes.plot(shown, _level(burst(events, i, since)), color=_BURST, linewidth=1.2, label="burst")
    for k, sound in enumerate(sounds.T):
        axes.plot(
            shown,
            _level(sound),
            color=_PARTIAL,
            linewidth=1.0,
            alpha=max(0.2, 1 / (k + 1)),
            label="partials" if k == 0 else None,
        )
    axes.set_xlabel("s", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="upper right")


def _draw_spectrum(axes: Axes, events: Splat, i: int) -> None:
    frequency, amplitude, decay = events.partials(i)
    later_s = LATER * float(events.t60_s[i])
    across = crossed(events, i, np.array([0.0, later_s]))
    early, late = (
        low_pass(frequency, float(events.cutoff_start_hz[i])),
        low_pass(frequency, float(events.cutoff_end_hz[i])),
    )
    spectra = [
        amplitude * (early + (late - early) * part) * np.exp(-decay * at)
        for part, at in zip(across, (0.0, later_s), strict=True)
    ]
    for spectrum, colour, label, shift in zip(
        spectra, (_PARTIAL, _LATER), ("at first", f"{later_s:.2g} s later"), (1.0, 1.01), strict=True
    ):
        axes.vlines(frequency * shift, -_DEPTH_DB, _level(spectrum), colors=colour, linewidths=1.6, label=label)
    hz = np.geomspace(0.5 * frequency[0], 2 * frequency[-1], 300)
    axes.plot(hz, _level(events.spectrum(i, hz)), color=_BURST, linewidth=1.0, label="burst")
    axes.set_xscale("log")
    axes.set_xlabel("Hz", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="upper right")
