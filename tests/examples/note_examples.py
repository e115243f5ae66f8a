"""Notes, parts and atoms in parts, for tests of groups, files and exports."""

import numpy as np
from codec_scenes import random_scene

from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable
from motes.events.shares import SHARE_UNITS, WHOLE, parts
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

NOTE, VOICE, OWN, PART = (ROLES.index(role) for role in ("note", "voice", "own", "part"))


def notes(ids=(2, 3, 5, 9), seed=0) -> NoteTable:
    """Notes at random, by the steps of a file; the last one without a pitch."""
    random, n = np.random.default_rng(seed), len(ids)
    onset_s = np.sort(random.uniform(-0.1, 2, n))
    return NoteTable(
        np.array(ids),
        onset_s,
        onset_s + random.uniform(0, 1, n),
        np.append(random.uniform(60, 2000, n - 1), np.nan) if n else np.empty(0),
        random.uniform(-60, 0, n),
        random.uniform(0, 1, n),
        random.integers(-1, 129, n),
    ).rounded()


def groups() -> Groups:
    """Four notes, of which 2 and 9 are in part 4, 3 in part 7 and 5 in the voice 6; note 8, of which nothing is known;
    and 1, the user's own.
    """
    ids = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9])
    parent = np.array([0, 4, 7, 0, 6, 0, 0, 0, 4])
    return Groups(ids, parent, np.array([OWN, NOTE, NOTE, PART, NOTE, VOICE, PART, NOTE, NOTE]), notes())


def in_parts(events: Gabor, which, shares, group_id=0, layer=0) -> Gabor:
    """Events of which those at `which` are two each: a share in 1/64 `(n, 2)` in this group and layer, and the rest."""
    whole, others = events.take(which), np.setdiff1d(np.arange(len(events)), which)
    share = np.asarray(shares, np.int64)
    part = parts(whole, share).replace(group_id=np.full(len(whole), group_id), edit_layer=np.full(len(whole), layer))
    return events.take(others).with_more(part, parts(whole, WHOLE - share))


def some_shares(n, seed=0):
    """Shares at random, none of them nothing or the whole, `(n, 2)`."""
    random = np.random.default_rng(seed)
    return np.stack([random.integers(2, SHARE_UNITS - 2, n), random.integers(-24, 25, n)], axis=1)


def shared_scene(n_channels=1, seed=1, layer=0, rate=22050, n_events=80) -> Scene:
    """A rounded scene of atoms, a third of them in two parts, one of these in note 2; with groups and notes."""
    scene = random_scene(seed, n_events, n_channels, rate=rate, n_samples=60_000, off_grid=0.1)
    scene = scene.replace(quantiser=GaborQuantiser(2, 8, -60)).quantise()
    which = np.arange(0, len(scene.gabor), 3)
    gabor = in_parts(scene.gabor, which, some_shares(len(which), seed), group_id=2, layer=layer)
    return scene.replace(gabor=gabor, groups=groups()).quantise()
