"""Pieces of time: the events there, and a scene of them alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from motes.edit import note_changes
from motes.edit.tables import changed, column, kept, require_time
from motes.errors import ParameterError
from motes.events.event_table import Mask
from motes.scene import markers
from motes.scene.rooms import tail_s
from motes.scene.scene import Scene


def cut(scene: Scene, start_s: float | None = None, end_s: float | None = None, with_overhang: bool = False) -> Scene:
    """What lies from `start_s` to `end_s`, starting at 0: the events whose centre is there, or with overhang all that
    sound there.

    Noise is cut in two. Slices share out the events: joined again they are the scene. With overhang a slice renders
    just as that stretch of the scene does.
    """
    first, last = _sample_range(scene, start_s, end_s)
    rate = scene.sample_rate_hz
    if with_overhang:
        audible_s = np.concatenate([table.end_s + tail_s(scene, table) for table in scene.tables])
        mask = (audible_s * rate > first) & (column(scene, "start_s") * rate < last)
    else:
        tables = [table.cut(first / rate, 1 / rate).cut(last / rate, 1 / rate) for table in scene.tables]
        scene = scene.with_tables(tables)
        mask = within(scene, first / rate if first else None, last / rate if last < scene.n_samples else None)
    part = replace(kept(scene.select(), mask), mask=np.ones(np.count_nonzero(mask), np.bool_))
    moved = changed(part, lambda events, _: events.moved(np.full(len(events), -first / rate)), n_samples=last - first)
    part_scene = note_changes.cut(moved.scene, first / rate, (last - first) / rate)
    return markers.with_cut(part_scene, first / rate, last / rate)


def within(scene: Scene, start_s: float | None, end_s: float | None) -> Mask:
    """Which events have their time in start_s ≤ time_s < end_s."""
    _sample_range(scene, start_s, end_s)
    low, high = -math.inf if start_s is None else start_s, math.inf if end_s is None else end_s
    time_s = column(scene, "placed_s")
    return np.asarray((time_s >= low) & (time_s < high))


def slice_seconds(what: Any) -> tuple[float | None, float | None]:
    """Both ends of `scene[2.0:5.0]`."""
    if not isinstance(what, slice) or what.step is not None:
        raise ParameterError("a scene is cut by seconds, as in scene[2.0:5.0]")
    return what.start, what.stop


def _sample_range(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """First sample and the one past the last."""
    ends = {}
    for name, value, default in (("start", start_s, 0), ("end", end_s, scene.n_samples)):
        at = default if value is None else require_time(name, value) * scene.sample_rate_hz
        ends[name] = round(min(at, scene.n_samples + 1))  # any number is a time, infinite ones as samples too
        if ends[name] > scene.n_samples:
            raise ParameterError(
                f"{name} {value:g} s is past the end, {scene.duration_s:g} s: were these samples, not seconds?"
            )
    if ends["end"] < ends["start"]:
        raise ParameterError(f"the stretch ends ({end_s:g} s) before it starts ({start_s:g} s)")
    return ends["start"], ends["end"]
