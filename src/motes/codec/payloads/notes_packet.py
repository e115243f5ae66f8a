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
# Limits of what is read, so that sums of such numbers are whole numbers still; NoteTable has those of the values.
_LATEST, _HIGHEST, _LOUDEST, _MAX_CODE = 10**10, 1 << 15, 1 << 12, 255
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
        """The inverse of `of`, with groups for notes that have none; ParameterError where that makes no sense."""
        new = self.notes.id[~np.isin(self.notes.id, groups.id)]
        ids = np.concatenate([groups.id, new, self.parts])
        role = np.concatenate([groups.role, np.full(len(new), _NOTE), np.full(len(self.parts), _PART)])
        parent = np.concatenate([groups.parent, np.zeros(len(new) + len(self.parts), np.int64)])
        order = np.argsort(ids, kind="stable")
        ids, role, parent = ids[order], role[order], parent[order]
        in_part = self.part_of > 0
        at = np.searchsorted(ids, self.notes.id[in_part])
        if np.any(parent[at] > 0):
            raise ParameterError("a note is in one group, or in one part")
        parent[at] = self.parts[self.part_of[in_part] - 1]
        return Groups(ids, parent, role, self.notes)


def without_parts(groups: Groups) -> Groups:
    """The groups that the packet of groups holds."""
    return groups.only(groups.role != _PART).with_notes(NoteTable.empty())


def pack_notes(found: NotesOfFile) -> bytes:
    """The payload: parts, then notes, each as it differs from the one before."""
    rows = [varints(len(found.parts), len(found.notes), *np.diff(found.parts, prepend=0).tolist())]
    before, at, loud, played = 0, 0, 0, (0, 0)
    for row, part in zip(to_integers(found.notes).tolist(), found.part_of.tolist(), strict=True):
        number, onset, length, cents, level, sureness, program = row
        skips, other = number != before + 1, (program, part) != played
        rows.append(varints(sureness << 2 | other << 1 | skips, *[number - before] * skips))
        rows.append(varints(zigzag(onset - at), length, cents, zigzag(level - loud), *(program, part) * other))
        before, at, loud, played = number, onset, level, (program, part)
    return b"".join(rows)


def unpack_notes(reader: Reader) -> NotesOfFile:
    """From its payload; FormatError, which names the packet, where it makes no sense."""
    n_parts, n_notes = reader.varint(len(reader)), reader.varint(len(reader))
    if not n_parts + n_notes:
        raise FormatError(f"{reader.name}: it holds no notes")
    parts, rows = [0], []
    for _ in range(n_parts):
        parts.append(_id_after(reader, parts[-1], 1))
    number, onset, level, played = 0, 0, 0, (0, 0)
    for _ in range(n_notes):
        sureness, flags = divmod(reader.varint(_MAX_CODE), 4)
        number = _id_after(reader, number, 2) if flags & 1 else number + 1
        onset += reader.zigzag(_LATEST)
        length, cents = reader.varint(_LATEST), reader.varint(_HIGHEST)
        level += reader.zigzag(_LOUDEST)
        if flags & 2:
            before, played = played, (reader.varint(_MAX_CODE), reader.varint(n_parts))
            if played == before:
                raise FormatError(f"{reader.name}: a note is told to be played by another, and is not")
        rows.append((number, onset, length, cents, level, sureness, *played))
    reader.finish()
    columns = np.array(rows, np.int64).reshape(-1, 8)
    try:
        return NotesOfFile(np.array(parts[1:], np.int64), from_integers(columns[:, :7]), columns[:, 7])
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None


def _id_after(reader: Reader, before: int, least: int) -> int:
    """An id that is at least so much above the one before."""
    step = reader.varint(_MAX_ID)
    if not least <= step <= _MAX_ID - before:
        raise FormatError(f"{reader.name}: an id is out of range, or stands twice")
    return before + step
