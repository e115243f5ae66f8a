"""The notes of a scene that are exported: those of a stretch of time for which a condition on notes is true."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from motes.edit.note_columns import WORDS, columns_of, known_notes
from motes.edit.selection import parse
from motes.errors import MotesWarning, ParameterError
from motes.library.exports.strike_notes import with_strike_notes
from motes.notes.note import Note
from motes.scene.scene import Scene

NONE = "the scene has no notes yet: motes notes FILE.mote finds them"


class Chosen(NamedTuple):
    """A scene, or a stretch of one, and those of its notes that are chosen, in order of onset."""

    scene: Scene
    notes: tuple[Note, ...]


def chosen_notes(
    scene: Scene, select: str | None = None, start_s: float | None = None, end_s: float | None = None
) -> Chosen:
    """The notes of all the scene or of a stretch in seconds, whose start is then 0; `select` is a condition on notes
    alone. Of a scene of strikes those of a clear pitch are notes.

    ParameterError where the scene has none, or the condition asks of events.
    """
    if not scene.notes and len(scene.strike):
        scene = with_strike_notes(scene)
    if not scene.notes:
        raise ParameterError(NONE)
    if (start_s, end_s) != (None, None):
        scene = scene.slice(start_s, end_s)
    notes = scene.notes
    if select is not None and notes:
        notes = _selected(scene, select)
        if not notes:
            warnings.warn(MotesWarning(f"none of {len(scene.notes)} notes is selected"), stacklevel=2)
    return Chosen(scene, tuple(sorted(notes, key=lambda note: (note.onset_s, note.pitch or 0.0, note.number))))


def _selected(scene: Scene, select: str) -> tuple[Note, ...]:
    expression, table = parse(select), known_notes(scene)
    if others := expression.names - set(WORDS):
        raise ParameterError(f"{min(others)} is of events: notes are chosen by {', '.join(WORDS)}")
    mask = np.broadcast_to(expression.evaluate(columns_of(scene, table), len(table)), len(table))
    return tuple(note for note, is_chosen in zip(scene.notes, mask.tolist(), strict=True) if is_chosen)


def divided(notes: Sequence[Note], with_noise: bool = False) -> tuple[Note, ...]:
    """These notes in a scene in which each has events of its own, all divided at once, and `with_noise` noise too."""
    if not notes:
        return ()
    numbers = [note.number for note in notes]
    scene = notes[0].scene.select(note=numbers, with_noise=with_noise).scene
    by_number = {note.number: note for note in scene.notes}
    return tuple(by_number[note.number] for note in notes)
