"""A scene as arrays and plain values, equal to the bit, and back: for what keeps scenes without rounding them as .mote
files do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.events.event_table import EventTable
from motes.events.groups import Groups
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.events.note_table import NoteTable
from motes.events.room import Room
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene

Arrays = dict[str, NDArray[Any]]
Part = TypeVar("Part")


def to_arrays(scene: Scene) -> tuple[Arrays, dict[str, Any]]:
    """Arrays by names such as `gabor.time_s` and `rooms.0.response`, and the rest of a scene as JSON can hold it.

    Kinds without events and columns at their defaults are left out.
    """
    arrays: Arrays = {}

    def put(name: str, part: Any) -> dict[str, Any]:
        """The plain values of a part, whose arrays are put among the others."""
        plain = {}
        for field in fields(part):
            value = getattr(part, field.name)
            if not isinstance(value, np.ndarray):
                plain[field.name] = value.item() if isinstance(value, np.generic) else value
            elif not (isinstance(part, EventTable) and part.at_default(field.name)):
                arrays[f"{name}.{field.name}"] = value
        return plain

    for table in scene.tables:
        if len(table):
            put(table.KIND, table)
    put("groups", scene.groups)
    if len(scene.groups.notes):
        put("groups.notes", scene.groups.notes)
    return arrays, {
        "sample_rate_hz": scene.sample_rate_hz,
        "n_samples": scene.n_samples,
        "n_channels": scene.n_channels,
        "quantiser": msgspec.to_builtins(scene.quantiser),
        "metadata": msgspec.to_builtins(scene.metadata),
        "instruments": [put(f"instruments.{i}", one) for i, one in enumerate(scene.instruments)],
        "rooms": [put(f"rooms.{i}", room) for i, room in enumerate(scene.rooms)],
        "models": [put(f"models.{i}", model) for i, model in enumerate(scene.models)],
        "tags": {name: list(texts) for name, texts in scene.tags.items()},
        "format_version": scene.format_version,
        "layered": scene.layered,
    }


def from_arrays(arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Scene:
    """The scene that `to_arrays` took apart. Raises KeyError, TypeError or ValueError where something does not fit."""
    by_part: dict[str, Arrays] = {}
    for name, array in arrays.items():
        part, _, column = name.rpartition(".")
        by_part.setdefault(part, {})[column] = array

    def made(kind: type[Part], name: str, values: Mapping[str, Any]) -> Part:
        return kind(**by_part.get(name, {}), **values)

    has_notes = "groups.notes" in by_part
    scene = Scene(
        plain["sample_rate_hz"],
        plain["n_samples"],
        plain["n_channels"],
        quantiser=msgspec.convert(plain["quantiser"], GaborQuantiser | None),
        metadata=msgspec.convert(plain["metadata"], Metadata),
        groups=made(Groups, "groups", {"notes": made(NoteTable, "groups.notes", {})} if has_notes else {}),
        instruments=tuple(made(Instrument, f"instruments.{i}", one) for i, one in enumerate(plain["instruments"])),
        rooms=tuple(made(Room, f"rooms.{i}", room) for i, room in enumerate(plain["rooms"])),
        models=tuple(made(Model, f"models.{i}", one) for i, one in enumerate(plain.get("models", ()))),
        tags=plain.get("tags"),
        format_version=plain.get("format_version", 1),
        layered=plain.get("layered", False),
    )
    return scene.with_tables(made(kind.table, kind.name, {}) for kind in kinds.KINDS if kind.name in by_part)
