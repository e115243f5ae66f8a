"""Which notes a request means. They are known by their numbers, which edits leave as they are; they have events of
their own in a state in which the atoms that they share are divided.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from motes import kinds
from motes.edit.note_columns import WORDS, columns_of, group_ids, known_notes, note_of_groups
from motes.edit.selection import Selection, choose, parse
from motes.edit.tables import numbers_of
from motes.errors import ParameterError
from motes.events.event_table import Ints, Mask
from motes.scene.scene import Scene
from motes.studio.document.history import Revision
from motes.studio.document.selecting import chosen
from motes.studio.drawing.geometry import Geometry, geometry_of
from motes.studio.schemas import EventFilter


class Chosen(NamedTuple):
    """Events of a state, and the notes that are meant as wholes. The state may be one that sounds like that asked for,
    with the atoms of notes divided.
    """

    revision: Revision
    mask: Mask
    notes: list[int]


def notes_meant(what: EventFilter, scene: Scene) -> list[int] | None:
    """The notes of which a request asks for nothing but what they are; None where it asks for events too."""
    asked = what.model_dump(exclude={"notes", "expression"}, exclude_defaults=True)
    if asked or (what.notes is None and not _asks_of_notes(what)):
        return None
    notes = known_notes(scene)
    mask = np.ones(len(notes), np.bool_)
    if what.notes is not None:
        _check(what.notes, notes.id)
        mask = mask & np.isin(notes.id, what.notes)
    if what.expression is not None:
        expression = parse(what.expression)
        if not expression.names <= set(WORDS):
            return None
        mask = mask & expression.evaluate(columns_of(scene, notes), len(notes))
    return [int(number) for number in notes.id[mask]]


def _asks_of_notes(what: EventFilter) -> bool:
    return what.expression is not None and not parse(what.expression).names.isdisjoint(WORDS)


def _check(asked: list[int], known: Ints) -> None:
    unknown = np.setdiff1d(asked, known)
    if len(unknown):
        there = f"they are numbered {known.min()} … {known.max()}" if len(known) else "the scene has none"
        raise ParameterError(f"there is no note {unknown[0]}: {there}")


def own_events(notes: list[int], scene: Scene) -> Mask:
    """The events that these notes have of their own as the scene stands, `(n_events,)`."""
    return np.isin(note_of_groups(scene.groups, group_ids(scene)), notes)


def divided(what: EventFilter, revision: Revision, geometry: Callable[[], Geometry]) -> Chosen:
    """What a request means, notes with the events that are theirs."""
    if what.notes is None and not _asks_of_notes(what):
        return Chosen(revision, chosen(what, revision, geometry), [])
    scene = revision.scene
    notes = notes_meant(what, scene)
    selection = _chosen(scene, what.expression, what.notes) if notes is None else _chosen(scene, None, notes or None)
    made, at = revision, geometry
    if selection.scene is not scene:
        made = Revision(revision.number, selection.scene, carried(scene, selection.scene, revision.muted))
        at = partial(geometry_of, selection.scene)
    if notes is not None:
        return Chosen(made, own_events(notes, made.scene), notes)
    mask = chosen(what.model_copy(update={"notes": None}), made, at)
    if what.notes is not None:
        mask = mask & own_events(what.notes, made.scene)
    return Chosen(made, mask, [])


def all_divided(revision: Revision) -> Chosen:
    """All events but those that pictures show as images, which is noise, with the atoms of notes divided."""
    notes = known_notes(revision.scene).id.tolist()
    made = revision
    if notes:
        made = divided(EventFilter(notes=notes), revision, lambda: geometry_of(revision.scene)).revision
    is_image = [np.full(len(table), kinds.of(table).look.shape == "image") for table in made.scene.tables]
    return Chosen(made, ~np.concatenate(is_image), [])


def _chosen(scene: Scene, expression: str | None, notes: list[int] | None) -> Selection:
    """Events by their notes, in a scene in which detail stays whole: edits give them their shares of it."""
    return choose(scene, expression, note=notes, with_detail=False)


def notes_within(scene: Scene, mask: Mask) -> list[int]:
    """The notes all of whose events, of which there are some, are in `mask`, `(n_events,)`."""
    of_event = note_of_groups(scene.groups, group_ids(scene))
    found = np.setdiff1d(np.unique(of_event[mask]), np.unique(of_event[~mask]))
    return [int(number) for number in found[np.isin(found, known_notes(scene).id)]]


def carried(before: Scene, after: Scene, mask: Mask) -> Mask:
    """A mask over the events of a scene as one over those of the same scene with atoms divided: of each atom, its
    parts.
    """
    if not mask.any():
        return np.zeros(after.n_events, np.bool_)
    atoms = numbers_of(before, "gabor")
    keys, is_in = _keys(before), mask[atoms].tolist()
    outside = {key for key, inside in zip(keys, is_in, strict=True) if not inside}
    inside = set(keys) - outside
    known = inside | outside
    parts = np.array([(key if key in known else _whole(key)) in inside for key in _keys(after)], np.bool_)
    return np.concatenate([mask[: atoms.start], parts, mask[atoms.stop :]])


def _keys(scene: Scene) -> list[tuple[float, float, float, int]]:
    """What tells atoms from each other, those of notes from those of none."""
    atoms = scene.gabor
    of_note = note_of_groups(scene.groups, atoms.group_id)
    columns = (atoms.time_s, atoms.frequency_hz, atoms.window_s)
    return list(zip(*(values.tolist() for values in columns), of_note.tolist(), strict=True))


def _whole(key: tuple[float, float, float, int]) -> tuple[float, float, float, int]:
    """The atom that one of a note was a part of."""
    return (*key[:3], 0)


def extent(notes: list[int], scene: Scene) -> tuple[float, float, float | None, float | None] | None:
    """From when to when these notes sound, and between which fundamentals; None where there are none."""
    known = known_notes(scene)
    mine = known.only(np.isin(known.id, notes))
    if not len(mine):
        return None
    heights = mine.f0_hz[~np.isnan(mine.f0_hz)]
    low, high = (float(heights.min()), float(heights.max())) if len(heights) else (None, None)
    return float(mine.onset_s.min()), float(mine.end_s.max()), low, high
