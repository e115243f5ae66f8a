"""The packet of groups: those that do not follow from the events."""

from __future__ import annotations

import numpy as np

from motes.coding.varints import Reader, varint, varints
from motes.errors import FormatError, ParameterError
from motes.events.groups import ROLES, Groups

_MAX_ID = 1 << 40


def pack_groups(groups: Groups) -> bytes:
    """A table of groups as a payload: how many, and for each the increase of its id, its role and its parent."""
    parts, before = [varint(len(groups))], 0
    for number, parent, role in zip(groups.id.tolist(), groups.parent.tolist(), groups.role.tolist(), strict=True):
        parts.append(varints(number - before, role, parent))
        before = number
    return b"".join(parts)


def unpack_groups(reader: Reader) -> Groups:
    """From its payload; FormatError, which names the packet, where it makes no sense."""
    n_groups, number, rows = reader.varint(len(reader)), 0, []
    if not n_groups:
        raise FormatError(f"{reader.name}: it holds no groups")
    for _ in range(n_groups):
        number += reader.varint(_MAX_ID)
        if number > _MAX_ID:
            raise FormatError(f"{reader.name}: an id is out of range")
        rows.append((number, reader.varint(255), reader.varint(_MAX_ID)))
    reader.finish()
    ids, roles, parents = np.array(rows, np.int64).T
    try:
        groups = Groups(ids, parents, roles)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if np.any(roles == ROLES.index("part")):
        raise FormatError(f"{reader.name}: it tells of parts, which stand with the notes")
    if not groups.stored().equals(groups):
        raise FormatError(f"{reader.name}: it tells of partials that need no telling")
    return groups
