"""Edits of notes that no edit of events can be: one as two, several as one, and new ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.edit.note_columns import known_notes
from motes.errors import ParameterError
from motes.scene.scene import Scene
from motes.studio.document.editing import EditResult
from motes.studio.document.history import Revision
from motes.studio.document.note_choice import carried, own_events

# Methods of scenes, and what a history calls them.
NOTE_EDITS = {"split_note": "split", "merge_notes": "merge", "add_note": "add"}


def note_edits() -> list[str]:
    """Which of these edits there are."""
    return [name for name in NOTE_EDITS if hasattr(Scene, name)]


def edited_notes(revision: Revision, body: Any) -> EditResult:
    """The revision with notes split, merged or added; those that are new, or were kept, are selected."""
    scene = revision.scene
    method = getattr(scene, body.op, None)
    if method is None:
        raise ParameterError(f"this version of motes cannot {NOTE_EDITS[body.op]} notes")
    if body.op == "split_note":
        made = method(body.note, at_s=body.at_s)
    elif body.op == "merge_notes":
        made = method(*body.notes)
    else:
        made = method(pitch=body.pitch, onset_s=body.onset_s, like=body.like)
    before, after = known_notes(scene).id, known_notes(made).id
    new = np.setdiff1d(after, before).tolist()
    old = [number for number in notes_named(body) if number in after]
    names = {
        "split_note": f"note {notes_named(body)[0]}",
        "merge_notes": f"{len(notes_named(body))} notes",
        "add_note": "a note",
    }
    muted = carried(scene, made, revision.muted)
    if len(muted) != made.n_events:
        muted = np.zeros(made.n_events, np.bool_)
    chosen = new if body.op == "add_note" else [*old, *new]
    return EditResult(made, muted, own_events(chosen, made), f"{NOTE_EDITS[body.op]} {names[body.op]}")


def notes_named(body: Any) -> list[int]:
    """The notes that a request names."""
    if body.op == "merge_notes":
        return list(body.notes)
    return [body.note] if body.op == "split_note" else [body.like]
