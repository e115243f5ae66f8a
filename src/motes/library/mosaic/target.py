"""The recording, or scene, that a mosaic is made after: its notes and their sixteen numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from motes.edit.note_columns import known_notes
from motes.errors import ParameterError
from motes.events.event_table import Array
from motes.events.note_table import NoteTable
from motes.library.catalogue.atom_rows import note_rows
from motes.library.catalogue.rows import DESCRIPTOR, Rows
from motes.library.mosaic.adaptation import energies
from motes.library.work import as_scene
from motes.notes.splitting import split

if TYPE_CHECKING:
    from motes.library.work import Given
    from motes.scene.scene import Scene


@dataclass(frozen=True)
class Target:
    """What a mosaic is made after: a scene, its notes in order of onset, numbered so, and for each a row and the energy
    of its atoms, `(n_notes,)`, 0 where it has none.
    """

    scene: Scene
    notes: NoteTable
    rows: Rows
    energy: Array


def target_of(given: Given, model: str) -> Target:
    """The notes of a .mote file or scene, or of a recording, which is encoded as `motes encode --notes` does, with the
    numbers of this model; ParameterError where it has no notes, or they have no such numbers.
    """
    scene = _scene_of(given, model)
    if not len(known_notes(scene)):
        raise ParameterError(f"no notes were found in {_name(given)}: there is nothing to make a mosaic of")
    rows = note_rows(scene)
    if model != DESCRIPTOR and not (rows.columns["model"] == model).all():
        raise ParameterError(
            f"the catalogue has numbers of the model {model}, and notes of {_name(given)} have none: "
            "motes notes --again --vectors finds them"
        )
    known = known_notes(scene)
    order = known.onset_s.argsort(kind="stable")
    columns = {each.name: getattr(known, each.name)[order] for each in fields(known)}
    notes = NoteTable(**columns | {"id": np.arange(1, len(known) + 1)})
    energy = energies(split(scene, known.id), known.id)
    return Target(scene, notes, rows.take(order), energy[order])


def _scene_of(given: Given, model: str) -> Scene:
    """The scene with its notes; without numbers of a model where those of the catalogue are of none."""
    from motes.library.find_notes import notes

    vectors = model != DESCRIPTOR
    if isinstance(given, str | os.PathLike) and os.fspath(given) != "-" and not os.fspath(given).endswith(".mote"):
        return _encoded(os.fspath(given), vectors)
    scene = as_scene(given)
    found = scene if len(known_notes(scene)) else notes(scene, vectors=vectors)
    table = found.groups.notes
    if vectors or not table.has_vector.any():
        return found
    return found.with_tables((), groups=found.groups.with_notes(table.replace(numbers=None)))


def _encoded(path: str, vectors: bool) -> Scene:
    from motes.audio import open_source
    from motes.encoders import encoder_of
    from motes.encoders.pursuit import PursuitOptions
    from motes.notes.encoding import encode_with_notes

    source, options = open_source(path), PursuitOptions()
    return encode_with_notes(source, options, lambda how: encoder_of(how).encode(source, how), vectors)


def _name(given: Given) -> str:
    return os.fspath(given) if isinstance(given, str | os.PathLike) else "the scene"
