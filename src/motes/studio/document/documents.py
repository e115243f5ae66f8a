"""A document: a scene, all its states, what it sounds like and where it came from."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.events.event_table import Mask
from motes.library.work import _store
from motes.notes.note import notes_of
from motes.notes.splitting import division_of
from motes.scene.markers import with_group_names, with_markers
from motes.scene.metadata import Marker
from motes.scene.scene import Scene
from motes.studio.answers import DocumentAnswer, EditedAnswer, SelectedAnswer
from motes.studio.document.about import about
from motes.studio.document.editing import EditResult, apply, further
from motes.studio.document.history import STEP, History, Revision
from motes.studio.document.note_choice import (
    Chosen,
    all_divided,
    divided,
    extent,
    notes_meant,
    notes_within,
    own_events,
)
from motes.studio.document.note_edits import NOTE_EDITS, edited_notes, notes_named
from motes.studio.document.note_rows import Curves
from motes.studio.document.note_work import NoteWork
from motes.studio.document.ranges import ranges_of
from motes.studio.document.selecting import summary
from motes.studio.document_answers import HistoryAnswer
from motes.studio.drawing.geometry import Geometry, geometry_of
from motes.studio.errors import Conflict, NotFound
from motes.studio.schemas import EditBody, EventFilter
from motes.studio.sound.changed import changed
from motes.studio.sound.recording import DecodedRecording
from motes.studio.sound.sound import Sound

_GEOMETRIES = 2
# Spectrogram tiles kept, 64 kB each.
_TILES = 400


class Document:
    """One open scene. Requests come from several threads: `lock` is held by what changes it, so that an edit and its
    answer are of one revision.
    """

    def __init__(
        self,
        identity: str,
        name: str,
        scene: Scene,
        *,
        path: Path | None = None,
        shown_path: str | None = None,
        muted: Mask | None = None,
        folder: Path | None = None,
    ) -> None:
        self.id, self.name, self.path, self.shown_path = identity, name, path, shown_path
        self.lock = threading.RLock()
        self.history, self.sound = History(scene, muted, folder), Sound()
        self.saved_revision: int | None = 0 if muted is None else None  # what is recovered was never saved
        self.recording: DecodedRecording | None = None
        self._geometries: OrderedDict[int, Geometry] = OrderedDict()
        self.tiles: OrderedDict[Any, Any] = OrderedDict()
        self.curves, self.note_work = Curves(), NoteWork()
        self.stamp = _stamp(path)
        self.sound.follow(None, self.history.current)

    def use_recording(self, recording: DecodedRecording | None) -> None:
        """Take this for the original, or none; ParameterError where it cannot be."""
        if recording is not None:
            recording.check(self.history.current.scene)
        self.recording = self.sound.recording = recording
        self.forget_tiles("original", "residual")

    @property
    def is_dirty(self) -> bool:
        """Whether there is something to lose."""
        return self.history.current.number != self.saved_revision and (
            self.history.current.number > 0 or self.history.current.scene.n_events > 0
        )

    def geometry(self, revision: Revision) -> Geometry:
        """Where its events stand, kept for the latest revisions asked for."""
        with self.lock:
            found = self._geometries.pop(revision.number, None) or geometry_of(revision.scene)
            self._geometries[revision.number] = found
            while len(self._geometries) > _GEOMETRIES:
                self._geometries.popitem(last=False)
            return found

    def cached(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` returned for this key, kept for a while; made without the lock, so perhaps twice."""
        with self.lock:
            if key in self.tiles:
                self.tiles.move_to_end(key)
                return self.tiles[key]
        made = make()
        with self.lock:
            self.tiles[key] = made
            while len(self.tiles) > _TILES:
                self.tiles.popitem(last=False)
        return made

    def forget_tiles(self, *tracks: str) -> None:
        """Drop what was drawn of these tracks: it no longer holds."""
        with self.lock:
            for key in [key for key in self.tiles if key[0] in tracks]:
                del self.tiles[key]

    def chosen(self, what: EventFilter | None, revision: Revision) -> Chosen:
        """What a request means of a revision, notes with what is theirs."""
        if what is None:
            return Chosen(revision, np.ones(revision.scene.n_events, np.bool_), [])
        return divided(what, revision, partial(self.geometry, revision))

    def mask_of(self, what: EventFilter | None, revision: Revision) -> Mask:
        """The events of a revision that a request means; of notes those that are theirs as it stands."""
        if what is not None and (notes := notes_meant(what, revision.scene)) is not None:
            return own_events(notes, revision.scene)
        found = self.chosen(what, revision)
        if found.revision is not revision:
            raise ParameterError("conditions on notes and on events together are for selecting: select first")
        return found.mask

    def selected(self, what: EventFilter, revision: Revision) -> SelectedAnswer:
        """What a request selects. Where it asks for some of the events of notes, the state in force becomes one in
        which the atoms of these are divided.
        """
        if (notes := notes_meant(what, revision.scene)) is not None:
            mask = own_events(notes, revision.scene)
            answer = summary(mask, revision, self.geometry(revision))
            answer["notes"] = notes
            if (edges := extent(notes, revision.scene)) is not None:
                answer["start_s"], answer["end_s"], answer["low_hz"], answer["high_hz"] = edges
            return answer
        found = self.chosen(what, revision)
        made = found.revision if found.revision is revision else self._work_with(found.revision, revision)
        return summary(found.mask, made, self.geometry(made))

    def _work_with(self, made: Revision, revision: Revision) -> Revision:
        """A state that sounds as the one in force does, in place of it."""
        with self.lock:
            self._check(revision.number)
            now = self.history.current
            exchanged = self.history.exchange(made.scene, made.muted)
            if self.saved_revision == now.number:
                self.saved_revision = exchanged.number
            self.sound.follow(now, exchanged)
            return exchanged

    def _check(self, revision: int) -> None:
        """Conflict unless this is the revision in force."""
        now = self.history.current.number
        if revision != now:
            raise Conflict(f"revision {now} is the current one, not {revision}: the document has been edited meanwhile")

    def edit(self, body: EditBody, clip: Callable[[str, int, EventFilter], Selection]) -> EditedAnswer:
        """The answer to an edit, done here; Conflict where it was meant for another revision."""
        self._check(body.revision)
        now, op = self.history.current, body.edit.op
        # Whose atoms are is found without the lock: who finds it tells how far it has come, and waits for that.
        if op in NOTE_EDITS:
            if len(now.scene.gabor):
                division_of(now.scene)
            found = Chosen(now, np.zeros(now.scene.n_events, np.bool_), notes_named(body.edit))
        elif op in ("paste", "play"):
            found = Chosen(now, np.zeros(now.scene.n_events, np.bool_), [])
            if op == "paste":
                clipped = clip(body.edit.document, body.edit.revision, body.what)
        elif op == "chance":
            found = self._drawn_from(body)
        else:
            found = self.chosen(body.what, now)
            if found.notes and not found.mask.any():
                raise ParameterError(
                    f"{_named(found.notes, now.scene)} has no events of its own: what is heard of it is in the noise"
                )
        with self.lock:
            self._check(body.revision)
            if op in NOTE_EDITS:
                done = further(edited_notes(now, body.edit), body.then)
            else:
                edits, name = [body.edit, *body.then], _named(found.notes, now.scene)
                done = apply(found.revision, found.mask, edits, lambda *_: clipped, name)
            before = found.mask if found.revision is now else np.zeros(now.scene.n_events, np.bool_)
            return self._added(done, before, found.notes, bool(found.notes) or op in NOTE_EDITS, body.gesture)

    def _drawn_from(self, body: EditBody) -> Chosen:
        """The events that chance is to change, of the revision that it draws from."""
        asked = body.edit.of
        before = self.history.current if asked is None else self.history[asked]
        return self.chosen(body.what, before) if body.what.model_dump(exclude_defaults=True) else all_divided(before)

    def resume(self, kept: dict[str, Any]) -> None:
        """Take in the history of a document that is recovered, as `kept` has it."""
        with self.lock, contextlib.suppress(TypeError, ValueError, KeyError, AttributeError):
            now = self.history.current
            now.tell(kept[STEP])
            self.history.resume(kept["history"])
            saved = kept.get("saved_revision")
            self.saved_revision = (
                saved if kept.get("path") and saved in [one.number for one in self.history.steps()] else None
            )
            self.sound = Sound()
            self.sound.follow(None, now)

    def know(self, scene: Scene, label: str) -> EditedAnswer:
        """The answer to a step after which the scene knows more of its events, which are the same."""
        with self.lock:
            now = self.history.current
            none = np.zeros(now.scene.n_events, np.bool_)
            return self._added(EditResult(scene, now.muted, none, label), none)

    def name_parts(self, revision: int, markers: list[Marker] | None, names: dict[int, str]) -> EditedAnswer:
        """The answer to a step that sets all markers, where they are given, and names of groups."""
        with self.lock:
            self._check(revision)
            scene = self.history.current.scene
            scene = scene if markers is None else with_markers(scene, markers)
            scene = with_group_names(scene, names) if names else scene
            return self.know(scene, "set markers" if markers is not None else "name a group")

    def put(self, scene: Scene, label: str) -> EditedAnswer:
        """The answer to an edit that exchanges the whole scene."""
        with self.lock:
            everything = np.ones(scene.n_events, np.bool_)
            before = np.zeros(self.history.current.scene.n_events, np.bool_)
            return self._added(EditResult(scene, ~everything, everything, label), before)

    def _added(
        self,
        done: EditResult,
        mask: Mask,
        notes: Sequence[int] = (),
        is_of_notes: bool = False,
        gesture: str | None = None,
    ) -> EditedAnswer:
        made = self.history.made(done.scene, done.muted, done.label, mask, done.mask)
        made.notes_before, made.gesture = list(notes), gesture
        made.notes_after = notes_within(done.scene, done.mask) if is_of_notes else []
        stretch = self.sound.follow(self.history.current, made)
        self.history.add(made)
        return self._edited(made.label, stretch, done.mask, made.notes_after)

    def undo(self) -> EditedAnswer:
        """The answer to going one edit back."""
        with self.lock:
            left = self.history.undo()
            now = self.history.current
            return self._edited(f"undo {left.label}", self._apart(left, now), left.before, left.notes_before)

    def redo(self) -> EditedAnswer:
        """The answer to doing again the edit that was taken back last."""
        with self.lock:
            left = self.history.redo()
            now = self.history.current
            return self._edited(f"redo {now.label}", self._apart(left, now), now.after, now.notes_after)

    def go_to(self, revision: int) -> EditedAnswer:
        """The answer to going to any step of the history, back or forward."""
        with self.lock:
            steps = [step.number for step in self.history.steps()]
            left = self.history.go_to(revision)
            now, is_back = self.history.current, steps.index(revision) < steps.index(left.number)
            # Selected is what the step nearest to this state was done to.
            near = self.history[steps[steps.index(revision) + 1]] if is_back else now
            mask, notes = (near.before, near.notes_before) if is_back else (near.after, near.notes_after)
            return self._edited(f"go to {now.label or 'the beginning'}", self._apart(left, now), mask, notes)

    def history_json(self) -> HistoryAnswer:
        """The steps of the history as in answers of the API."""
        with self.lock:
            return self.history.to_json(self.saved_revision)

    def _apart(self, one: Revision, other: Revision) -> tuple[float, float] | None:
        found = changed(one.audible, other.audible)
        return None if found is None else (found.start_s, found.end_s)

    def _edited(
        self, label: str, stretch: tuple[float, float] | None, mask: Mask | None, notes: list[int]
    ) -> EditedAnswer:
        n_events = self.history.current.scene.n_events
        if mask is None or len(mask) != n_events:  # a state has been exchanged for one with other numbers
            mask = np.zeros(n_events, np.bool_)
        return {
            "revision": self.history.current.number,
            "label": label,
            "changed": None if stretch is None else {"start_s": stretch[0], "end_s": stretch[1]},
            "selection": {"n": int(np.count_nonzero(mask)), "ranges": ranges_of(mask), "notes": notes},
            "document": self.to_json(),
        }

    def save(self, path: Path, shown_path: str, overwrite: bool, keeps_muted: bool = False) -> None:
        """Write the current state to a file, which may keep muted events; Conflict where it is not what was read."""
        with self.lock:
            own = self.path is not None and path == self.path
            if own and not overwrite and self.stamp != _stamp(path) and path.exists():
                raise Conflict(
                    f"{path.name} has been changed by another program since it was opened: overwrite it, or save "
                    "under another name"
                )
            if not own and not overwrite and os.path.lexists(path):
                raise Conflict(f"{path.name} exists already: choose another name, or overwrite it")
            now = self.history.current
            _store(now.scene if keeps_muted else now.without_muted, str(path), overwrite or own)
            self.path, self.shown_path, self.name = path, shown_path, path.name
            self.saved_revision, self.stamp = now.number, _stamp(path)

    def to_json(self) -> DocumentAnswer:
        """The document as in answers of the API."""
        with self.lock:
            return about(self)


def _named(notes: list[int], scene: Scene) -> str:
    """What a history calls these notes; "" for none."""
    if len(notes) != 1:
        return f"{len(notes):,} notes" if notes else ""
    pitch = next((note.name for note in notes_of(scene) if note.number == notes[0]), "")
    return f"note {notes[0]}" + (f" ({pitch})" if pitch else "")


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """A stamp of a file: another one where it is no longer what it was."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class Documents:
    """The open documents, by their ids."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self._run, self._n = secrets.token_hex(3), 0
        # Requests open and close documents in several threads: ids are given once, and lists are of one moment.
        self._lock = threading.Lock()

    def new_id(self) -> str:
        """An id that no document has had, of this studio or of one before it that a page still speaks to."""
        with self._lock:
            self._n += 1
            return f"d{self._n}.{self._run}"

    def add(self, document: Document) -> Document:
        """The document, open from now on."""
        with self._lock:
            self._open[document.id] = document
        return document

    def __getitem__(self, identity: str) -> Document:
        with self._lock:
            if (found := self._open.get(identity)) is None:
                raise NotFound(f"there is no document {identity[:40]}")
        return found

    def __iter__(self) -> Iterator[Document]:
        with self._lock:
            return iter(list(self._open.values()))

    def remove(self, identity: str) -> None:
        """Close it."""
        with self._lock:
            self._open.pop(identity, None)

    def opened_from(self, path: Path) -> Document | None:
        """The document of this file, where it is open."""
        return next((document for document in self if document.path == path), None)
