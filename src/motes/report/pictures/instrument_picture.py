"""An instrument as a picture: its modes, when its controls are struck, and what energy its modes hold."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from motes.errors import ParameterError
from motes.events.instrument import Instrument, Reals
from motes.kinds.strike.table import Strike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from motes.scene.scene import Scene

_INK, _DOT, _STRIKE = "#26262e", "#0063a8", "#d55e00"
_RANGE_DB = 60.0


def instrument_picture(scene: Scene, width_inches: float = 10.0) -> bytes:
    """Three panels as a PNG: modes by frequency and decay time, controls over time, and the energy that the modes hold.

    ParameterError if the scene holds no instrument.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not scene.instruments:
        raise ParameterError("the scene holds no instrument: motes encode --encoder instrument makes one")
    instrument, strikes = scene.instruments[0], scene.strike.take(scene.strike.instrument_id == 0)
    figure = Figure(figsize=(width_inches, 0.36 * width_inches), layout="constrained")
    FigureCanvasAgg(figure)
    modes, roll, energy = figure.subplots(1, 3)
    _draw_modes(modes, instrument)
    _draw_roll(roll, instrument, strikes, scene.duration_s)
    _draw_energy(energy, instrument, strikes, scene.duration_s)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=130, facecolor="#ffffff", metadata={"Software": "motes"})
    return buffer.getvalue()


def _sizes(power: Reals) -> Reals:
    """Areas of dots by level, over 60 dB."""
    level = 10 * np.log10(np.maximum(power, 1e-300) / max(float(power.max(initial=0.0)), 1e-300))
    area: Reals = 2 + 60 * np.clip(1 + level / _RANGE_DB, 0, 1) ** 2
    return area


def _dress(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_modes(axes: Axes, instrument: Instrument) -> None:
    power = np.max(np.abs(instrument.weights) ** 2, axis=0, initial=0.0) * instrument.energy()
    axes.scatter(instrument.frequency_hz, instrument.t60_s, s=_sizes(power), color=_DOT, alpha=0.5, linewidths=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _dress(axes, f"{instrument.n_modes} modes", "frequency, Hz", "time to fall by 60 dB, s")


def _draw_roll(axes: Axes, instrument: Instrument, strikes: Strike, duration_s: float) -> None:
    power = (np.abs(instrument.weights) ** 2 @ instrument.energy())[strikes.control] * strikes.amplitude**2
    axes.scatter(strikes.time_s, strikes.control, s=_sizes(power), color=_STRIKE, alpha=0.8, linewidths=0)
    axes.set_xlim(0, max(duration_s, 1e-3))
    _dress(axes, f"{len(strikes)} strikes of {instrument.n_controls} controls", "time, s", "control")


def _draw_energy(axes: Axes, instrument: Instrument, strikes: Strike, duration_s: float) -> None:
    """Energy of the state, with what modes would still sound of it: falls between strikes, always."""
    times = np.linspace(0, duration_s, 600)
    decay, omega = instrument.rate() * instrument.sample_rate_hz
    state, place, levels = np.zeros(instrument.n_modes, np.complex128), 0.0, []
    events, weight = sorted(zip(strikes.time_s.tolist(), range(len(strikes)), strict=True)), instrument.energy()
    for now in times:
        while events and events[0][0] <= now:
            at, i = events.pop(0)
            state = state * np.exp((decay + 1j * omega) * (at - place))
            state, place = state + strikes.amplitude[i] * instrument.weights[strikes.control[i]], at
        state, place = state * np.exp((decay + 1j * omega) * (now - place)), now
        levels.append(float(np.sum(np.abs(state) ** 2 * weight)))
    level_db = 10 * np.log10(np.maximum(levels, 1e-30))
    axes.plot(times, level_db, color=_INK, linewidth=1.0)
    axes.set_ylim(level_db.max() - 70, level_db.max() + 3)
    _dress(axes, "energy held by the modes", "time, s", "dB")
