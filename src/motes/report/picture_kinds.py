"""The events of a picture that are not atoms: noise as an image of its bands, strikes as ticks on lanes, any other kind by what its table tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.report.items import bands, strengths
from motes.scene.kinds import Array, EventTable
from motes.scene.scene import Scene
from motes.scene.strike import Strike
from motes.scene.texture import Texture, erb_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

KIND_COLOURS = {"texture": "#9a6b1f", "strike": "#8a3ea0", "splat": "#b3215f", "vector": "#6b5b00"}
OTHER = "#595d68"
MOST_OF_A_KIND = 5000
_RANGE_DB = 50.0  # of events' opacity
LANES_HEIGHT = 0.2  # of the lanes of strikes, against what is above them
_NOISE_OPACITY = 0.6
_PIECES = 12  # of a line that fades


def draw_kinds(axes: Axes, lanes: Axes | None, scene: Scene, start_s: float, end_s: float, top_hz: float) -> list[tuple[str, str]]:
    """Draw all that are not atoms in the stretch, strikes on `lanes`; returns the kinds that occur with their colours."""
    drawn = []
    for table in scene.tables:
        here = np.flatnonzero((table.end_s > start_s) & (table.start_s < end_s))
        if table.KIND == "gabor" or not len(here):
            continue
        strongest = here[np.argsort(-strengths(table)[here], kind="stable")][:MOST_OF_A_KIND]
        shown, colour = table.take(np.sort(strongest)), KIND_COLOURS.get(table.KIND, OTHER)
        if isinstance(shown, Texture):
            _draw_noise(axes, shown, colour, (start_s, end_s, float(erb_rate(top_hz))))
        elif isinstance(shown, Strike) and lanes is not None:
            _draw_lanes(lanes, shown, colour)
        else:
            _draw_lines(axes, shown, colour)
        drawn.append((table.KIND, colour))
    return drawn


def has_lanes(scene: Scene, start_s: float, end_s: float) -> bool:
    """Whether strikes are to be drawn."""
    return bool(np.any((scene.strike.end_s > start_s) & (scene.strike.start_s < end_s)))


def handles(kinds: list[tuple[str, str]]) -> list[Line2D]:
    """For a legend."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], color=colour, linewidth=2.5, solid_capstyle="round", label=kind) for kind, colour in kinds]


def _opacity(decibels: Array, loudest: float) -> Array:
    return np.asarray(np.clip(1 + (decibels - loudest) / _RANGE_DB, 0, 1) ** 1.2)


def _coloured(colour: Any, opacity: Array) -> NDArray[np.float64]:
    """The colour as RGBA, `(…, 4)`."""
    from matplotlib.colors import to_rgb

    rgba = np.empty((*opacity.shape, 4))
    rgba[..., :3], rgba[..., 3] = to_rgb(colour), opacity
    return rgba


def _draw_noise(axes: Axes, table: Texture, colour: str, bounds: tuple[float, float, float]) -> None:
    """Each event's levels: bands are equally wide on the axis, as they are in the event; backward ones are mirrored in time."""
    from matplotlib.patches import Rectangle

    shapes = zip(table.n_frames.tolist(), table.n_bands.tolist(), strict=True)
    power = [np.mean(10 ** (part.reshape(*shape, -1) / 10), axis=2) for part, shape in zip(table.ragged("level_db"), shapes, strict=True)]
    levels = [10 * np.log10(np.maximum(part, 1e-20)) for part in power]
    loudest = max(float(part.max(initial=-200.0)) for part in levels)
    for i, level in enumerate(levels):
        n_frames = len(level)
        image = _NOISE_OPACITY * _opacity(level.T, loudest) ** 1.5
        low, high = (float(erb_rate(hz * table.frequency_ratio[i])) for hz in (table.low_hz[i], table.high_hz[i]))
        first, last = float(table.start_s[i]), float(table.end_s[i])
        length, into = n_frames * float(table.frame_s[i]), float(table.into_s[i])
        left, right = (last + into - length, last + into) if table.backward[i] else (first - into, first - into + length)
        drawn = axes.imshow(
            _coloured(colour, image[:, ::-1] if table.backward[i] else image), extent=(left, right, low, high), origin="lower", aspect="auto",
            interpolation="nearest", zorder=1.5,
        )  # fmt: skip
        first, last, high = max(first, bounds[0]), min(last, bounds[1]), min(high, bounds[2])
        drawn.set_clip_path(Rectangle((first, low), max(last - first, 0), max(high - low, 0), transform=axes.transData))


def _draw_lanes(axes: Axes, table: Strike, colour: str) -> None:
    """A tick for each strike, on the lane of its control."""
    from matplotlib.collections import LineCollection

    played, lane = np.unique(np.stack([table.instrument_id, table.control]), axis=1, return_inverse=True)
    n_lanes, middle = played.shape[1], lane.reshape(-1)
    ticks = np.stack([np.stack([table.time_s, middle - 0.42], -1), np.stack([table.time_s, middle + 0.42], -1)], axis=1)
    decibels = 20 * np.log10(np.maximum(table.amplitude, 1e-10))
    strength = _opacity(decibels, float(decibels.max()))
    axes.hlines(np.arange(n_lanes), 0, 1, colors=colour, linewidths=0.4, alpha=0.3, transform=axes.get_yaxis_transform(), zorder=1)
    tint = _coloured(colour, 0.35 + 0.65 * strength)
    axes.add_collection(LineCollection(list(ticks), colors=tint, linewidths=1.2 + 1.4 * strength, zorder=3), autolim=False)
    axes.set_ylim(-0.7, max(n_lanes, 2) - 0.3)
    axes.set_yticks([(n_lanes - 1) / 2], [f"{n_lanes} control{'s' if n_lanes > 1 else ''}"])


def _draw_lines(axes: Axes, table: EventTable, colour: str) -> None:
    """A line at the frequency of each event, fading if it dies away; a bar over its band where it has no one frequency."""
    from matplotlib.collections import LineCollection, PolyCollection

    low, high = bands(table)
    bottom, top = erb_rate(np.maximum(low, 0.0)), erb_rate(np.maximum(high, 0.0))
    decibels = 10 * np.log10(np.maximum(strengths(table), 1e-20))
    strength = 0.15 + 0.85 * _opacity(decibels, float(decibels.max()))
    start, end = table.start_s, table.end_s
    wide = high > low
    if wide.any():
        corners = np.stack([np.stack([start, bottom], -1), np.stack([end, bottom], -1), np.stack([end, top], -1), np.stack([start, top], -1)], axis=1)
        tint = _coloured(colour, 0.3 * strength[wide])
        axes.add_collection(PolyCollection(list(corners[wide]), facecolors=tint, edgecolors="none", zorder=2), autolim=False)
        edge = np.stack([np.stack([start, bottom], -1), np.stack([start, top], -1)], axis=1)[wide]
        axes.add_collection(LineCollection(list(edge), colors=_coloured(colour, strength[wide]), linewidths=1.5, zorder=2), autolim=False)
    fades = "t60_s" in {param.name for param in table.PARAMS}
    lines, opacity = [], []
    for i in np.flatnonzero(~wide).tolist():
        edges = np.linspace(start[i], end[i], _PIECES + 1) if fades else np.array([start[i], end[i]])
        lines += [[(a, bottom[i]), (b, bottom[i])] for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
        opacity += [strength[i] * (1 - k / _PIECES) for k in range(len(edges) - 1)]
    if lines:
        tint = _coloured(colour, np.array(opacity))
        axes.add_collection(LineCollection(lines, colors=tint, linewidths=2.0, capstyle="butt", zorder=2.2), autolim=False)
