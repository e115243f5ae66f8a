"""The events of a picture that are not atoms: noise as an image of its bands, strikes as ticks on lanes, splats as
partials that decay, any other kind by what its table tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, EventTable
from motes.kinds.splat.table import Splat, burst, crossed, low_pass
from motes.kinds.strike.table import Strike
from motes.kinds.texture.table import Texture, erb_rate
from motes.report.items import bands, strengths
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

KIND_COLOURS = {"texture": "#9a6b1f", "strike": "#8a3ea0", "splat": "#b3215f"}
OTHER = "#595d68"
MOST_OF_A_KIND = 5000
_RANGE_DB = 50.0  # of events' opacity
LANES_HEIGHT = 0.2  # of the lanes of strikes, against what is above them
_NOISE_OPACITY = 0.6
_PIECES = 12  # of a line that fades
_MOST_PARTIALS = 40_000  # of all splats together


def draw_kinds(
    axes: Axes, lanes: Axes | None, scene: Scene, start_s: float, end_s: float, top_hz: float
) -> list[tuple[str, str]]:
    """Draw all that are not atoms in the stretch, strikes on `lanes`; returns the kinds that occur with their
    colours.
    """
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
        elif isinstance(shown, Splat):
            _draw_splats(axes, shown, colour)
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
    """Each event's levels: bands are equally wide on the axis, as they are in the event; backward ones are mirrored
    in time.
    """
    from matplotlib.patches import Rectangle

    shapes = zip(table.n_frames.tolist(), table.n_bands.tolist(), strict=True)
    power = [
        np.mean(10 ** (part.reshape(*shape, -1) / 10), axis=2)
        for part, shape in zip(table.ragged("level_db"), shapes, strict=True)
    ]
    levels = [10 * np.log10(np.maximum(part, 1e-20)) for part in power]
    loudest = max(float(part.max(initial=-200.0)) for part in levels)
    for i, level in enumerate(levels):
        n_frames = len(level)
        image = _NOISE_OPACITY * _opacity(level.T, loudest) ** 1.5
        low, high = (float(erb_rate(hz * table.frequency_ratio[i])) for hz in (table.low_hz[i], table.high_hz[i]))
        first, last = float(table.start_s[i]), float(table.end_s[i])
        length, into = n_frames * float(table.frame_s[i]), float(table.into_s[i])
        left, right = (
            (last + into - length, last + into) if table.backward[i] else (first - into, first - into + length)
        )
        drawn = axes.imshow(
            _coloured(colour, image[:, ::-1] if table.backward[i] else image),
            extent=(left, right, low, high),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            zorder=1.5,
        )
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
    axes.hlines(
        np.arange(n_lanes),
        0,
        1,
        colors=colour,
        linewidths=0.4,
        alpha=0.3,
        transform=axes.get_yaxis_transform(),
        zorder=1,
    )
    tint = _coloured(colour, 0.35 + 0.65 * strength)
    axes.add_collection(
        LineCollection(list(ticks), colors=tint, linewidths=1.2 + 1.4 * strength, zorder=3), autolim=False
    )
    axes.set_ylim(-0.7, max(n_lanes, 2) - 0.3)
    axes.set_yticks([(n_lanes - 1) / 2], [f"{n_lanes} control{'s' if n_lanes > 1 else ''}"])


def _draw_splats(axes: Axes, table: Splat, colour: str) -> None:
    """Each partial as it rises with the burst and decays, the fainter the weaker; a bar over the burst's spectrum
    where noise is in it.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    partials = [table.partials(i) for i in range(len(table))]
    level = 10 ** (table.gain_db.max(axis=1) / 20)
    loudest = max(float(part[1].max()) * level[i] for i, part in enumerate(partials)) if len(table) else 0.0
    floor, most = max(loudest, 1e-10) * 10 ** (-_RANGE_DB / 20), max(1, _MOST_PARTIALS // len(table))
    lines, decibels = [], []
    for i, (frequency, amplitude, decay) in enumerate(partials):
        strength = level[i] * amplitude * (1 - table.noise[i])
        for k in np.argsort(-strength, kind="stable")[:most].tolist():
            if strength[k] > floor:
                points, decibel = _fading(table, i, float(frequency[k]), float(strength[k]), float(decay[k]), floor)
                lines.append(points)
                decibels.append(decibel)
    if lines:
        tint = _coloured(colour, _opacity(np.concatenate(decibels), 20 * float(np.log10(loudest))))
        axes.add_collection(
            LineCollection(list(np.concatenate(lines)), colors=tint, linewidths=1.8, capstyle="butt", zorder=2.2),
            autolim=False,
        )
    noisy = np.flatnonzero((table.noise > 0) & (level * table.noise > floor))
    if len(noisy):
        bars = _bars(table, noisy)
        tint = _coloured(
            colour,
            0.4 * _opacity(20 * np.log10(level[noisy] * table.noise[noisy]), 20 * float(np.log10(max(loudest, 1e-10)))),
        )
        axes.add_collection(PolyCollection(list(bars), facecolors=tint, edgecolors="none", zorder=2), autolim=False)


def _fading(table: Splat, i: int, hz: float, strength: float, decay: float, floor: float) -> tuple[Array, Array]:
    """Pieces of the line of one partial, `(_PIECES, 2, 2)` in s and ERB, and the level of each in dB: of the burst,
    and of what rings on after it.
    """
    lasts = min(float(table.reach_s()[1][i]), 3 * float(table.width_s[i]) + np.log(strength / floor) / decay)
    since = np.linspace(-min(float(table.reach_s()[0][i]), 3 * float(table.width_s[i])), lasts, _PIECES + 1)
    middle = (since[1:] + since[:-1]) / 2
    envelope = np.maximum(burst(table, i, middle), (middle > 0) * np.exp(-decay * np.maximum(middle, 0.0)))
    early, late = (low_pass(hz, float(cutoff[i])) for cutoff in (table.cutoff_start_hz, table.cutoff_end_hz))
    envelope *= early + (late - early) * crossed(table, i, middle)
    height = erb_rate(np.maximum(hz * (1 + table.glide_per_s[i] * since), 0.0))
    at = table.time_s[i] + (-since if table.backward[i] else since)
    points = np.stack([at, height], -1)
    return np.stack([points[:-1], points[1:]], axis=1), 20 * np.log10(np.maximum(strength * envelope, 1e-10))


def _bars(table: Splat, which: NDArray[np.intp]) -> Array:
    """Corners of where the noise of splats is loud: two deviations of the burst in time, and of its spectrum."""
    spread = 2.0 ** table.width_octaves[which]
    bottom, top = (
        erb_rate(np.clip(hz, table.low_hz[which], table.high_hz[which]))
        for hz in (table.centre_hz[which] / spread, table.centre_hz[which] * spread)
    )
    left, right = table.time_s[which] - table.width_s[which], table.time_s[which] + table.width_s[which]
    return np.stack(
        [np.stack([x, y], -1) for x, y in ((left, bottom), (right, bottom), (right, top), (left, top))], axis=1
    )


def _draw_lines(axes: Axes, table: EventTable, colour: str) -> None:
    """A line at the frequency of each event, fading if it dies away; a bar over its band where it has no one
    frequency.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    low, high = bands(table)
    bottom, top = erb_rate(np.maximum(low, 0.0)), erb_rate(np.maximum(high, 0.0))
    decibels = 10 * np.log10(np.maximum(strengths(table), 1e-20))
    strength = 0.15 + 0.85 * _opacity(decibels, float(decibels.max()))
    start, end = table.start_s, table.end_s
    wide = high > low
    if wide.any():
        corners = np.stack(
            [
                np.stack([start, bottom], -1),
                np.stack([end, bottom], -1),
                np.stack([end, top], -1),
                np.stack([start, top], -1),
            ],
            axis=1,
        )
        tint = _coloured(colour, 0.3 * strength[wide])
        axes.add_collection(
            PolyCollection(list(corners[wide]), facecolors=tint, edgecolors="none", zorder=2), autolim=False
        )
        edge = np.stack([np.stack([start, bottom], -1), np.stack([start, top], -1)], axis=1)[wide]
        axes.add_collection(
            LineCollection(list(edge), colors=_coloured(colour, strength[wide]), linewidths=1.5, zorder=2),
            autolim=False,
        )
    fades = "t60_s" in {param.name for param in table.PARAMS}
    lines, opacity = [], []
    for i in np.flatnonzero(~wide).tolist():
        edges = np.linspace(start[i], end[i], _PIECES + 1) if fades else np.array([start[i], end[i]])
        lines += [
            [(a, bottom[i]), (b, bottom[i])] for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        ]
        opacity += [strength[i] * (1 - k / _PIECES) for k in range(len(edges) - 1)]
    if lines:
        tint = _coloured(colour, np.array(opacity))
        axes.add_collection(
            LineCollection(lines, colors=tint, linewidths=2.0, capstyle="butt", zorder=2.2), autolim=False
        )
