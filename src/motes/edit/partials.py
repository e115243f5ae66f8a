"""The partials of a scene: a row for each, its atoms grouped by them, and how each runs under its atoms."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from motes.edit.note_columns import note_of_groups
from motes.events.event_table import Array
from motes.events.groups import ROLES, Groups
from motes.kinds.gabor.edited import partial_frequencies, partial_numbers
from motes.kinds.gabor.partials import tracking
from motes.scene.scene import Scene


class Partial(NamedTuple):
    """A line through time that ends where its sound ends, as `scene.partials` lists it."""

    # As in the condition `partial == 3`, from 1 in order of time.
    number: int
    # Where the windows of its atoms, above a half, begin and end.
    start_s: float
    end_s: float
    # The median along it by energy, and how far that is from the nearest pitch (A4 = 440 Hz), −50 … 50.
    frequency_hz: float
    cents: float
    # Of its strongest atom, full scale = 0.
    level_db: float
    n_atoms: int
    # The note that most of its energy is in, None where that is in none.
    note: int | None = None


def partials(scene: Scene) -> list[Partial]:
    """A row for each partial of a scene, in order of time; found once for each table of atoms."""
    atoms, rate = scene.gabor, scene.sample_rate_hz
    if not len(atoms):
        return []
    number, frequency_hz = partial_numbers(atoms, rate), partial_frequencies(atoms, rate)
    energy = np.sum(np.square(atoms.amplitude), axis=1) * atoms.window_s
    note = note_of_groups(scene.groups, atoms.group_id)
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(1, int(number.max()) + 2))
    rows = []
    for k, (low, high) in enumerate(pairwise(bounds.tolist()), 1):
        mine = order[low:high]
        if not len(mine):
            continue
        half = atoms.window_s[mine] / 4
        rising = mine[np.argsort(frequency_hz[mine], kind="stable")]
        so_far = np.cumsum(energy[rising])
        median = float(frequency_hz[rising[int(np.searchsorted(so_far, so_far[-1] / 2))]])
        held, which = np.unique(note[mine], return_inverse=True)
        most = int(held[np.argmax(np.bincount(which.reshape(-1), energy[mine]))])
        semitones = 12 * np.log2(max(median, 1e-3) / 440)
        rows.append(
            Partial(
                number=k,
                start_s=float((atoms.time_s[mine] - half).min()),
                end_s=float((atoms.time_s[mine] + half).max()),
                frequency_hz=median,
                cents=float(100 * (semitones - np.rint(semitones))),
                level_db=float(20 * np.log10(max(np.abs(atoms.amplitude[mine]).max(), 1e-10))),
                n_atoms=len(mine),
                note=most or None,
            )
        )
    return rows


def link(scene: Scene, n_threads: int = 0) -> Scene:
    """The scene with its atoms grouped into partials, whatever partials there were before; other groups stay. The
    number of threads changes nothing.
    """
    number = tracking.find_partials(scene.gabor, scene.sample_rate_hz, n_threads).number
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
        gabor=events.replace(group_id=group_id),
        groups=Groups(np.concatenate([kept, found]), parents, roles, scene.groups.notes),
    )


def instantaneous(scene: Scene) -> tuple[Array, Array]:
    """Of each atom the frequency of its partial in Hz at the atom's centre, and the phase in rad that this has run
    through since its first atom, both `(n_events,)`; of an atom in no partial its own frequency and 0.
    """
    return tracking.instantaneous(scene.gabor, scene.sample_rate_hz)
