"""The partials of a scene: its atoms grouped by them, and how each runs under its atoms."""

from __future__ import annotations

import numpy as np

from motes.events.event_table import Array
from motes.events.groups import ROLES, Groups
from motes.kinds.gabor.partials import tracking
from motes.scene.scene import Scene


def link(scene: Scene, n_threads: int = 0) -> Scene:
    """The scene with its atoms grouped into partials, whatever partials there were before; other groups stay. The
    number of threads changes nothing.
    """
    number = tracking.find_lines(scene.gabor, scene.sample_rate_hz, n_threads).number
    others = scene.groups.role != ROLES.index("partial")
    kept, events = scene.groups.id[others], scene.gabor
    mine = np.where(np.isin(events.group_id, kept), events.group_id, 0)
    above = int(kept.max(initial=0))
    group_id = np.where(mine > 0, mine, np.where(number > 0, number + above, 0))
    found = np.unique(group_id[group_id > above])
    parents = np.concatenate(
        [np.where(np.isin(scene.groups.parent[others], kept), scene.groups.parent[others], 0), np.zeros_like(found)]
    )
    roles = np.concatenate([scene.groups.role[others], np.full_like(found, ROLES.index("partial"))])
    return scene.replace(
        gabor=events.replace(group_id=group_id), groups=Groups(np.concatenate([kept, found]), parents, roles)
    )


def instantaneous(scene: Scene) -> tuple[Array, Array]:
    """Of each atom the frequency of its partial in Hz at the atom's centre, and the phase in rad that this has run
    through since its first atom, both `(n_events,)`; of an atom in no partial its own frequency and 0.
    """
    return tracking.instantaneous(scene.gabor, scene.sample_rate_hz)
