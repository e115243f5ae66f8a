"""What the page has to know of each kind of event to name it, colour it and draw it. The page itself knows no kind by
name.

A kind that is not among `LOOKS` is called by its name, is grey, and is drawn as lines and bars.
"""

from __future__ import annotations

from dataclasses import dataclass

from motes.events.event_table import EventTable
from motes.kinds.splat.table import FALL, T60
from motes.scene.scene import KINDS
from motes.studio.answers import KindAnswer, ParamAnswer, Shape


@dataclass(frozen=True)
class Look:
    """How the events of a kind are called and drawn; colours are for light and for dark pages.

    shape
        `line`: at its frequency, or a bar over its band where it has one. `bar`: a bar over its band. `image`: such a
        bar over an image of levels, which is the spectrogram track of the kind's name. `lane`: a tick on the lane that
        the column `lane` numbers. `burst`: a bar that rises and falls, and the partials that ring on after it.
    aux, more
        The columns that tiles of events hold beside those of every kind; `""` for none.
    ring_t60s
        For how many times `t60_s` the end of an event counts what rings on; 0 where nothing does.
    """

    label: str
    plural: str
    light: str
    dark: str
    shape: Shape = "line"
    aux: tuple[str, str] = ("", "")
    more: tuple[str, ...] = ()
    lane: str = ""
    ring_t60s: float = 0.0
    has_partials: bool = False


LOOKS: dict[str, Look] = {
    "gabor": Look("atom", "atoms", "#c25700", "#ffa552", aux=("window_s", ""), has_partials=True),
    "texture": Look("texture", "textures", "#007a55", "#43d3a0", "image", aux=("n_bands", "frame_s")),
    "strike": Look(
        "strike", "strikes", "#8a3ea0", "#d69bea", "lane", aux=("control", "frequency_ratio"), lane="control"
    ),
    "splat": Look(
        "splat",
        "splats",
        "#b3215f",
        "#ff86b4",
        "burst",
        aux=("t60_s", "f0_hz"),
        more=("peak_s", "partials", "noise", "backward"),
        ring_t60s=FALL / T60,
    ),
}
N_MORE = 4  # further columns in tiles of scenes whose kinds have any


def look_of(kind: str) -> Look:
    """The look of a kind by its name."""
    return LOOKS.get(kind) or Look(kind, f"{kind}s", "#595d68", "#a3a8b4")


def kinds() -> list[KindAnswer]:
    """Every kind in the order of `motes.scene.scene.KINDS`, which numbers them in tiles."""
    return [_kind(kind) for kind in KINDS]


def _kind(kind: type[EventTable]) -> KindAnswer:
    look = look_of(kind.KIND)
    return {
        "kind": kind.KIND,
        "label": look.label,
        "plural": look.plural,
        "colour": {"light": look.light, "dark": look.dark},
        "shape": look.shape,
        "lane": look.lane,
        "ring_t60s": look.ring_t60s,
        "has_partials": look.has_partials,
        "params": _params(kind),
        "ragged": list(kind.RAGGED),
        "aux": look.aux,
        "more": list(look.more),
    }


def _params(kind: type[EventTable]) -> list[ParamAnswer]:
    return [
        {
            "name": param.name,
            "unit": param.unit,
            "low": param.low,
            "high": param.high,
            "default": param.default,
            "whole": param.whole,
            "per_channel": param.per_channel,
            "meaning": param.meaning,
            "editable": True,
            "measured": param.name in kind.COUNTS,
        }
        for param in kind.PARAMS
        if param.told
    ]
