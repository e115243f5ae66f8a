"""What was played on an instrument, as further strikes of its scene: each with how the instrument was deformed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from motes.edit.joining import joined
from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.events.deformation import NEUTRAL, Deformation
from motes.events.event_table import Array, Ints
from motes.events.room import Room
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.synth.player import ROOM_S

# A scene keeps a further instrument for each way in which strikes were deformed, up to so many.
MOST_DEFORMATIONS = 64
LONGEST_TAIL_S = 10.0


def overdubbed(
    scene: Scene, time_s: Array, control: Ints, amplitude: Array, deformations: Sequence[Deformation]
) -> Selection:
    """The scene with strikes of its first instrument beside what it has, which are selected: when, which control and
    how strongly, `(n_strikes,)` each, and the deformation of each. `spread` is passed over in mono.

    ParameterError where the scene has no instrument, or no such control, or strikes were deformed in too many ways.
    """
    if not scene.instruments:
        raise ParameterError("the scene holds no instrument to play: motes encode --encoder instrument makes one")
    instrument = scene.instruments[0]
    if scene.n_channels < 2:
        deformations = [replace(each, spread=0.0) for each in deformations]
    # Of the strike, not of the instrument, are its pitch and how much goes into a room.
    ways = [replace(each, transpose=0.0, send=0.0) for each in deformations]
    kinds = list(dict.fromkeys(ways))
    if len(kinds) > MOST_DEFORMATIONS:
        raise ParameterError(
            f"the strikes were deformed in {len(kinds)} ways, of which a scene keeps {MOST_DEFORMATIONS}: hold them "
            "for longer, or play fewer"
        )
    instruments = tuple(instrument if kind == NEUTRAL else kind.of(instrument) for kind in kinds)
    number = np.array([kinds.index(way) for way in ways], np.int64)
    _require_controls(control, instrument.n_controls)
    rings = [np.minimum(each.ring_s(), 1e5) for each in instruments]
    send = np.array([each.send for each in deformations])
    strikes = Strike(
        np.asarray(time_s, np.float64),
        np.asarray(control, np.int64),
        np.asarray(amplitude, np.float64),
        np.array([rings[i][k] for i, k in zip(number, control, strict=True)]),
        number,
        np.array([each.ratio for each in deformations]),
    ).replace(room_id=(send > 0).astype(np.int64), wetness=send)
    room = scene.rooms[0] if scene.rooms else Room.synthetic(ROOM_S)
    last_s = float(np.max(strikes.time_s + np.minimum(strikes.ring_s, LONGEST_TAIL_S), initial=0.0))
    played = Scene(
        scene.sample_rate_hz,
        int(np.ceil(last_s * scene.sample_rate_hz)),
        scene.n_channels,
        strike=strikes,
        rooms=(room,) if send.any() else (),
        instruments=instruments,
    )
    return joined(scene, played, 0.0)


def _require_controls(control: Ints, n_controls: int) -> None:
    if len(control) and not 0 <= np.min(control) <= np.max(control) < n_controls:
        raise ParameterError(f"the instrument has the controls 0 … {n_controls - 1}, not {np.max(control)}")
