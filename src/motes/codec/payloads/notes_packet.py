"""The packet of notes: when each sounds, how high and how strong it is, and which part plays it.

Readers that do not know it may skip it: what is heard does not depend on it. docs/format.md specifies it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError, ParameterError
from motes.events.event_table import Ints
from motes.events.groups import ROLES, Groups
from motes.events.note_table import NoteTable, from_integers, to_integers

_MAX_ID = 1 << 40
_LATEST = 10**10
_NOTE, _PART = ROLES.index("note"), ROLES.index("part")


class NotesOfFile(NamedTuple):
    """The ids of parts, ascending; notes, and for each the number of its part from 1, 0 for none."""

    parts: Ints
    notes: NoteTable
    part_of: Ints

    @classmethod
    def of(cls, groups: Groups) -> NotesOfFile:
        """What a file says of these groups beside `without_parts`."""
        parts = groups.with_role("part")
        parent = groups.parent[np.isin(groups.id, groups.notes.id)]
        return cls(parts, groups.notes, np.where(np.isin(parent, parts), np.searchsorted(parts, parent) + 1, 0))

    def __bool__(self) -> bool:
        return len(self.parts) + len(self.notes) > 0

    def added_to(self, groups: Groups) -> Groups:
        """The inverse of `of`; ParameterError where both make no sense together."""
        ids = np.concatenate([groups.id, self.parts])
        order = np.argsort(ids, kind="stable")
        parent = groups.parent.copy()
        if not np.all(np.isin(self.notes.id, groups.with_role("note"))):
            raise ParameterError("a note must be a group of the role note")
        at, in_part = np.searchsorted(groups.id, self.notes.id), self.part_of > 0
        if np.any(parent[at[in_part]] > 0):
            raise ParameterError("a note is in one group, or in one part")
        parent[at[in_part]] = self.parts[self.part_of[in_part] - 1]
        role = np.concatenate([groups.role, np.full(len(self.parts), _PART)])
        return Groups(ids[order], np.append(parent, np.zeros_like(self.parts))[order], role[order], self.notes)


def without_parts(groups: Groups) -> Groups:
    """The groups that the packet of groups holds."""
    return groups.only(groups.role != _PART).with_notes(NoteTable.empty())


def pack_notes(found: NotesOfFile) -> bytes:
    """The payload: parts, then notes, each with the increase of its id and of its onset."""
    rows = [varints(len(found.parts), len(found.notes), *np.diff(found.parts, prepend=0).tolist())]
    before = last = 0
    for row, part in zip(to_integers(found.notes).tolist(), found.part_of.tolist(), strict=True):
        number, onset, length, cents, level, sureness, program = row
        rows.append(varints(number - before, zigzag(onset - last), length, cents, zigzag(level)))
        rows.append(varints(sureness, program, part))
        before, last = number, onset
    return b"".join(rows)


def unpack_notes(reader: Reader) -> NotesOfFile:
    """From its payload; FormatError, which names the packet, where it makes no sense."""
    n_parts, n_notes = reader.varint(len(reader)), reader.varint(len(reader))
    if not n_parts + n_notes:
        raise FormatError(f"{reader.name}: it holds no notes")
    parts = np.cumsum([reader.varint(_MAX_ID) for _ in range(n_parts)], dtype=np.int64)
    rows, number, onset = [], 0, 0
    for _ in range(n_notes):
        number += reader.varint(_MAX_ID)
        onset += reader.zigzag(_LATEST)
        length, cents, level = reader.varint(_LATEST), reader.varint(1 << 15), reader.zigzag(1 << 11)
        sureness, program, part = reader.varint(32), reader.varint(255), reader.varint(n_parts)
        rows.append((number, onset, length, cents, level, sureness, program, part))
    reader.finish()
    columns = np.array(rows, np.int64).reshape(-1, 8)
    if number > _MAX_ID or (n_parts and not 0 < parts[-1] <= _MAX_ID):
        raise FormatError(f"{reader.name}: an id is out of range")
    try:
        return NotesOfFile(parts, from_integers(columns[:, :7]), columns[:, 7])
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
