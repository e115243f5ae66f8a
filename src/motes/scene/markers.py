"""Markers and regions of a scene: set, moved along with edits of its time, and written as labels for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from motes.errors import ParameterError
from motes.scene.metadata import Marker
from motes.scene.scene import Scene
from motes.units import require_finite

MOST_MARKERS, LONGEST_NAME = 500, 100
# Times that a scene may have, at either side of 0.
LATEST_S = 1e6


def with_markers(scene: Scene, markers: Iterable[Marker]) -> Scene:
    """The scene with these markers in place of its own, in order of time; ParameterError where there are more than 500,
    a name is longer than 100 characters or takes more than a line, or an end is not after its start.
    """
    checked = sorted((_checked(one) for one in markers), key=lambda one: (one.start_s, one.name))
    if len(checked) > MOST_MARKERS:
        raise ParameterError(f"a scene has at most {MOST_MARKERS} markers, not {len(checked)}")
    return _with(scene, markers=tuple(checked))


def with_group_names(scene: Scene, names: Mapping[int, str]) -> Scene:
    """The scene with these names for its groups, by their ids; an empty one takes the name away. ParameterError for a
    group that is not there.
    """
    held = {number: name for number, name in scene.metadata.group_names.items() if int(number) in scene.groups.id}
    for number, name in names.items():
        if int(number) not in scene.groups.id:
            raise ParameterError(f"there is no group {number}")
        held[str(int(number))] = _checked_name(name)
    if len(held) > MOST_MARKERS:
        raise ParameterError(f"a scene has at most {MOST_MARKERS} named groups, not {len(held)}")
    return _with(scene, group_names={number: name for number, name in held.items() if name})


def with_moved(scene: Scene, to: Callable[[float], float]) -> Scene:
    """The scene with its markers where `to` takes their times."""
    markers = scene.metadata.markers
    return _with(scene, markers=moved(markers, to)) if markers else scene


def with_cut(scene: Scene, first_s: float, last_s: float) -> Scene:
    """A scene that was cut out of another, whose markers it still has, with those of this stretch."""
    markers = scene.metadata.markers
    return _with(scene, markers=cut(markers, first_s, last_s)) if markers else scene


def with_those_of(scene: Scene, other: Scene, later_s: float, above: int) -> Scene:
    """The scene with the markers of another, which is later by `later_s`, and the names of its groups, whose ids are
    higher by `above`.
    """
    theirs = moved(other.metadata.markers, lambda at_s: at_s + later_s)
    both = sorted((*scene.metadata.markers, *theirs), key=lambda one: (one.start_s, one.name))[:MOST_MARKERS]
    names = {str(int(number) + above): name for number, name in other.metadata.group_names.items()}
    if not theirs and not names:
        return scene
    return _with(scene, markers=tuple(both), group_names=scene.metadata.group_names | names)


def _with(scene: Scene, **changes: Any) -> Scene:
    return scene.replace(metadata=msgspec.structs.replace(scene.metadata, **changes)).keeping(scene.derived)


def _checked(marker: Marker) -> Marker:
    start_s = require_finite("start_s", marker.start_s)
    end_s = None if marker.end_s is None else require_finite("end_s", marker.end_s)
    if abs(start_s) > LATEST_S or (end_s is not None and not start_s < end_s <= LATEST_S):
        raise ParameterError(
            f"a marker lies within {LATEST_S:g} s and a region ends after it starts, not at {start_s:g} … {end_s}"
        )
    return Marker(start_s=start_s, end_s=end_s, name=_checked_name(marker.name))


def _checked_name(name: str) -> str:
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ParameterError(f"a name has one line of at most {LONGEST_NAME} characters, not {name[:40]!r}")
    return name


# What edits of time do to them.


def moved(markers: Iterable[Marker], to: Callable[[float], float]) -> tuple[Marker, ...]:
    """Markers whose times are what `to` makes of them; turned round where it runs backwards."""
    made = []
    for one in markers:
        ends = sorted(to(at_s) for at_s in (one.start_s, one.end_s) if at_s is not None)
        made.append(Marker(start_s=ends[0], end_s=ends[1] if one.end_s is not None else None, name=one.name))
    return tuple(sorted(made, key=lambda one: (one.start_s, one.name)))


def cut(markers: Iterable[Marker], first_s: float, last_s: float) -> tuple[Marker, ...]:
    """Markers from one time to another, from the first of these on; regions are cut there."""
    kept = []
    for one in markers:
        end_s = one.start_s if one.end_s is None else one.end_s
        if one.start_s > last_s or end_s < first_s:
            continue
        start_s, stop_s = max(one.start_s, first_s) - first_s, min(end_s, last_s) - first_s
        is_region = one.end_s is not None and stop_s > start_s
        kept.append(Marker(start_s=start_s, end_s=stop_s if is_region else None, name=one.name))
    return tuple(kept)


# For other programs.


def audacity_labels(scene: Scene) -> str:
    """Labels as Audacity imports them: start, end and name with tabs between, a line each."""
    rows = ((one.start_s, one.start_s if one.end_s is None else one.end_s, one.name) for one in scene.metadata.markers)
    return "".join(f"{start_s:.6f}\t{end_s:.6f}\t{name}\n" for start_s, end_s, name in rows)


def markers_csv(scene: Scene) -> str:
    """A table of `start_s`, `end_s` (empty for places) and `name`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("start_s", "end_s", "name"))
    table.writerows((one.start_s, "" if one.end_s is None else one.end_s, one.name) for one in scene.metadata.markers)
    return text.getvalue()
