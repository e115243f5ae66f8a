"""All rows of a scene for a catalogue."""

from __future__ import annotations

from motes.library.catalogue.atom_rows import note_rows, partial_rows
from motes.library.catalogue.event_rows import splat_rows, strike_rows, vector_rows
from motes.library.catalogue.rows import Rows, joined
from motes.scene.scene import Scene


def rows_of(scene: Scene) -> Rows:
    """A row for each note, splat, strike, vector and partial, in this order, those of a kind by their numbers."""
    return joined([make(scene) for make in (note_rows, splat_rows, strike_rows, vector_rows, partial_rows)])
