"""The events of a scene drawn on a picture, by the primitives that their kinds make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.events.event_table import Array
from motes.kinds.drawing import Bars, Image, Lanes, Lines, Primitive, View
from motes.kinds.kind import Kind
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# The height of the lanes, against what is above them.
LANES_HEIGHT = 0.2
# After Okabe & Ito, distinct to any eye: short windows … long ones.
_SHADES = ("#d55e00", "#e69f00", "#009e73", "#2b9fd6", "#0063a8", "#8e4ba8")


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a kind's events, and in which colour."""

    kind: Kind
    primitives: list[Primitive]

    @property
    def colour(self) -> str:
        """The kind's colour over a grey spectrogram."""
        return self.kind.look.picture or self.kind.look.light

    @property
    def has_lanes(self) -> bool:
        """Whether it needs lanes below the picture."""
        return any(isinstance(primitive, Lanes) for primitive in self.primitives)

    def legend(self) -> list[tuple[str, Any]]:
        """Names and their colours: of its shades, or its own."""
        shaded = [p for p in self.primitives if isinstance(p, Lines) and p.shades]
        if not shaded:
            return [(self.kind.name, self.colour)]
        return [pair for p in shaded for pair in zip(p.shades, _spread(len(p.shades)), strict=True)]


def drawn_of(scene: Scene, view: View) -> list[Drawn]:
    """The kinds that have events in a view."""
    found = [Drawn(kinds.of(table), kinds.of(table).drawing.primitives(table, view)) for table in scene.tables]
    return [drawn for drawn in found if drawn.primitives]


def draw(axes: Axes, lanes: Axes | None, drawn: list[Drawn]) -> None:
    """Draw these kinds; what stands on lanes on axes of its own, the lanes of one kind above those of another."""
    first_lane = 0
    for kind in drawn:
        for primitive in kind.primitives:
            match primitive:
                case Lines():
                    _draw_lines(axes, primitive, kind.colour)
                case Bars():
                    _draw_bars(axes, primitive, kind.colour)
                case Image():
                    _draw_image(axes, primitive, kind.colour)
                case Lanes():
                    assert lanes is not None
                    first_lane = _draw_lanes(lanes, primitive, kind.colour, first_lane)


def handles(drawn: list[Drawn]) -> list[Line2D]:
    """For a legend."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=colour, linewidth=2.5, solid_capstyle="round", label=name)
        for kind in drawn
        for name, colour in kind.legend()
    ]


def _spread(n_shades: int) -> list[Any]:
    """As many colours, short windows warm and long ones cool."""
    if n_shades <= 1:
        return [_SHADES[0]] * n_shades
    if n_shades > len(_SHADES):
        from matplotlib import colormaps

        return [colormaps["plasma"](0.9 - 0.85 * i / (n_shades - 1))[:3] for i in range(n_shades)]
    return [_SHADES[round(i * (len(_SHADES) - 2) / (n_shades - 1))] for i in range(n_shades)]


def _coloured(colour: Any, opacity: Array) -> NDArray[np.float64]:
    """The colour as RGBA, `(…, 4)`."""
    from matplotlib.colors import to_rgb

    rgba = np.empty((*opacity.shape, 4))
    rgba[..., :3], rgba[..., 3] = to_rgb(colour), opacity
    return rgba


def _draw_lines(axes: Axes, lines: Lines, colour: str) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb

    if not len(lines.ends):
        return
    tint, cap = _coloured(colour, lines.opacity), "butt"
    if lines.shade is not None:
        tint[:, :3], cap = np.array([to_rgb(one) for one in _spread(len(lines.shades))])[lines.shade], "round"
    axes.add_collection(
        LineCollection(list(lines.ends), colors=tint, linewidths=lines.width, capstyle=cap, zorder=lines.layer),
        autolim=False,
    )


def _draw_bars(axes: Axes, bars: Bars, colour: str) -> None:
    from matplotlib.collections import PolyCollection

    if len(bars.corners):
        tint = _coloured(colour, bars.opacity)
        axes.add_collection(
            PolyCollection(list(bars.corners), facecolors=tint, edgecolors="none", zorder=2), autolim=False
        )


def _draw_image(axes: Axes, image: Image, colour: str) -> None:
    from matplotlib.patches import Rectangle

    drawn = axes.imshow(
        _coloured(colour, image.opacity),
        extent=(image.left_s, image.right_s, image.low, image.high),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=1.5,
    )
    width, height = max(image.last_s - image.first_s, 0), max(image.top - image.low, 0)
    drawn.set_clip_path(Rectangle((image.first_s, image.low), width, height, transform=axes.transData))


def _draw_lanes(axes: Axes, lanes: Lanes, colour: str, first: int) -> int:
    """Draw lanes from number `first` on; the number of the next lane."""
    from matplotlib.collections import LineCollection

    end = first + int(lanes.lane.max()) + 1
    low, high = (np.stack([lanes.time_s, first + lanes.lane + side], -1) for side in (-0.42, 0.42))
    axes.hlines(
        np.arange(first, end),
        0,
        1,
        colors=colour,
        linewidths=0.4,
        alpha=0.3,
        transform=axes.get_yaxis_transform(),
        zorder=1,
    )
    tint = _coloured(colour, 0.35 + 0.65 * lanes.strength)
    ticks = list(np.stack([low, high], axis=1))
    axes.add_collection(
        LineCollection(ticks, colors=tint, linewidths=1.2 + 1.4 * lanes.strength, zorder=3), autolim=False
    )
    axes.set_ylim(-0.7, max(end, 2) - 0.3)
    labels = [label.get_text() for label in axes.get_yticklabels()] if first else []
    axes.set_yticks([*(axes.get_yticks() if first else ()), (first + end - 1) / 2], [*labels, lanes.label])
    return end
