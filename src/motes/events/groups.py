"""Groups of events: a partial (atoms along one line), a note, a voice, the user's own, or a part: notes of one
instrument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from motes.errors import ParameterError
from motes.events.event_table import Ints, Mask
from motes.events.frozen import Frozen
from motes.events.note_table import NoteTable

ROLES = ("partial", "note", "voice", "own", "part")


@dataclass(frozen=True, eq=False)
class Groups(Frozen):
    """A table of groups, `(n,)` int64 each and read-only: `id` from 1 upwards in ascending order, `parent` (0 for
    none), `role` (place in ROLES).

    `notes` says of some of the groups of the role note when they sound and how high. Events name theirs by `group_id`,
    0 for none. Raises ParameterError where ids are not ascending, or a parent, role or note is unknown.
    """

    id: Ints
    parent: Ints
    role: Ints
    notes: NoteTable = field(default_factory=NoteTable.empty)

    def __post_init__(self) -> None:
        for name in ("id", "parent", "role"):
            column = np.array(getattr(self, name), np.int64)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if not self.id.ndim == 1 or self.parent.shape != self.id.shape or self.role.shape != self.id.shape:
            raise ParameterError(
                f"groups need one id, parent and role each: {self.id.shape}, {self.parent.shape}, {self.role.shape}"
            )
        if len(self) and (self.id[0] < 1 or np.any(np.diff(self.id) <= 0)):
            raise ParameterError("the ids of groups must ascend from 1")
        if np.any((self.role < 0) | (self.role >= len(ROLES))):
            raise ParameterError(f"the role of a group is its place in {ROLES}")
        if not np.all((self.parent == 0) | np.isin(self.parent, self.id)):
            raise ParameterError("a group's parent must be a group, or 0")
        if not np.all(np.isin(self.notes.id, self.with_role("note"))):
            raise ParameterError("a note must be a group of the role note")
        is_part = self.role == ROLES.index("part")
        in_part = np.isin(self.parent, self.id[is_part])
        if np.any(in_part & ~np.isin(self.id, self.notes.id)) or np.any(self.parent[is_part]):
            raise ParameterError("a part is in no group, and only notes are in parts")

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    @lru_cache(maxsize=1)
    def empty(cls) -> Groups:
        """No groups, one object for all."""
        none = np.empty(0, np.int64)
        return cls(none, none, none)

    @classmethod
    def partials(cls, ids: ArrayLike) -> Groups:
        """A partial without a parent for each of these ids, ascending."""
        found = np.asarray(ids, np.int64)
        return cls(found, np.zeros_like(found), np.full_like(found, ROLES.index("partial")))

    def stored(self) -> Groups:
        """Those that a file holds: all but partials that are in no other group, which follow from the events."""
        return self if not len(self) else self.only((self.role != ROLES.index("partial")) | (self.parent != 0))

    def with_role(self, role: str) -> Ints:
        """The ids of the groups of this role, ascending."""
        return np.asarray(self.id[self.role == ROLES.index(role)])

    def only(self, kept: Mask) -> Groups:
        """The groups in `kept`, `(n,)`, whose parents are none where these are not kept."""
        ids = self.id[kept]
        parent = np.where(np.isin(self.parent[kept], ids), self.parent[kept], 0)
        return Groups(ids, parent, self.role[kept], self.notes.only(np.isin(self.notes.id, ids)))

    def joined(self, other: Groups, above: int) -> Groups:
        """These, then the groups of `other`, with `above` added to their ids."""
        parent = np.where(other.parent > 0, other.parent + above, 0)
        return Groups(
            np.concatenate([self.id, other.id + above]),
            np.concatenate([self.parent, parent]),
            np.concatenate([self.role, other.role]),
            self.notes.joined(other.notes.replace(id=other.notes.id + above)),
        )

    def with_notes(self, notes: NoteTable) -> Groups:
        """These groups, with this known of those that are notes."""
        return Groups(self.id, self.parent, self.role, notes)

    def within(self, ids: ArrayLike) -> Ints:
        """The ids of these groups and of all that are in them, at any depth, ascending; ParameterError where there
        is no such group.
        """
        wanted = np.unique(np.atleast_1d(np.asarray(ids)))
        if wanted.ndim != 1 or (wanted.size and not np.issubdtype(wanted.dtype, np.integer)):
            raise ParameterError(f"groups are named by their ids, whole numbers, not by {ids!r}")
        unknown = wanted[~np.isin(wanted, self.id)]
        if len(unknown):
            held = f"they are {_listed(self.id)}" if len(self) else "the scene has none (partials.link finds partials)"
            raise ParameterError(f"there is no group {unknown[0]}: {held}")
        found = np.isin(self.id, wanted)
        while True:
            more = found | np.isin(self.parent, self.id[found])
            if np.array_equal(more, found):
                return self.id[found]
            found = more

    def equals(self, other: Groups) -> bool:
        """Whether both hold the same groups."""
        columns = ("id", "parent", "role")
        same = all(np.array_equal(getattr(self, name), getattr(other, name)) for name in columns)
        return same and self.notes.equals(other.notes)


def _listed(ids: Ints) -> str:
    """A few ids, or the first and the last of many."""
    return ", ".join(map(str, ids)) if len(ids) <= 8 else f"{len(ids)} from {ids[0]} to {ids[-1]}"
