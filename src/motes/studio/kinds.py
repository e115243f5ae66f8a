"""What the page has to know of each kind of event to name it, colour it and draw it, from `motes.kinds`. The page
itself knows no kind by name.
"""

from __future__ import annotations

import motes.kinds
from motes.kinds.kind import Kind
from motes.studio.answers import KindAnswer, ParamAnswer


def kinds() -> list[KindAnswer]:
    """Every kind in the order of `motes.kinds.KINDS`, which numbers them in tiles."""
    return [_kind(kind) for kind in motes.kinds.KINDS]


def _kind(kind: Kind) -> KindAnswer:
    look = kind.look
    return {
        "kind": kind.name,
        "label": kind.label,
        "plural": kind.plural,
        "colour": {"light": look.light, "dark": look.dark},
        "shape": look.shape,
        "lane": look.lane,
        "ring_t60s": look.ring_t60s,
        "has_partials": look.has_partials,
        "params": _params(kind),
        "ragged": list(kind.table.RAGGED),
        "aux": look.aux,
        "more": list(look.more),
    }


def _params(kind: Kind) -> list[ParamAnswer]:
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
            "measured": param.name in kind.table.COUNTS,
        }
        for param in kind.table.PARAMS
        if param.public
    ]
