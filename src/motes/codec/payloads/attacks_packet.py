"""Until when the notes in some layers of atoms are not made longer, though edits stretch them: at most one packet a
file. docs/format.md specifies it.
"""

from __future__ import annotations

import numpy as np

from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import EventTable
from motes.events.packet import MAX_LAYER, Columns

# Times are whole numbers of these in a second.
TIMES_PER_S = 1000
_LATEST = 10**9


def attacks_of(events: EventTable) -> dict[int, int]:
    """The times in 1/1000 s by layers, which count from 0 in the order of their numbers."""
    if events.at_default("edit_from_s"):
        return {}
    layer = np.unique(events.column("edit_layer"), return_inverse=True)[1].reshape(-1)
    from_s = events.column("edit_from_s")
    sounding = (from_s > 0) & (events.column("edit_gain") > 0)
    return {int(one): round(float(from_s[layer == one].max()) * TIMES_PER_S) for one in np.unique(layer[sounding])}


def pack_attacks(found: dict[int, int]) -> bytes:
    """The payload: how many layers, then each as it differs from the one before, with its time."""
    layers = sorted(found)
    rows = [
        number
        for step, layer in zip(np.diff(layers, prepend=0), layers, strict=True)
        for number in (step, found[layer])
    ]
    return varints(len(layers), *map(int, rows))


def unpack_attacks(reader: Reader) -> dict[int, int]:
    """The inverse; FormatError where that makes no sense."""
    n_layers, found, layer = reader.varint(len(reader)), {}, 0
    for i in range(n_layers):
        step, time = reader.varint(MAX_LAYER), reader.varint(_LATEST)
        layer += step
        if layer > MAX_LAYER or (i and not step) or not time:
            raise FormatError(f"{reader.name}: a layer or time is out of range")
        found[layer] = time
    reader.finish()
    if not found:
        raise FormatError(f"{reader.name}: it tells of no layer")
    return found


def add_attacks(parts: list[Columns], found: dict[int, int]) -> None:
    """Add the column `edit_from_s` to columns of gabor events."""
    for part in parts:
        n_events = len(part["time_s"])
        layer = part.get("edit_layer", np.zeros(n_events, np.int64))
        times = np.zeros(n_events)
        for one, time in found.items():
            times[layer == one] = time / TIMES_PER_S
        part["edit_from_s"] = times
