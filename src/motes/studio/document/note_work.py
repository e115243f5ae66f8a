"""Work on notes in the background: finding them in the recording of a document or its sound, and then which parts of
atoms are whose.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from motes.audio import open_source
from motes.audio.source import ArraySource, Source
from motes.edit.note_columns import known_notes
from motes.errors import MotesError, ParameterError
from motes.notes.finding import SURENESS, Found, find, notes_in, with_found
from motes.notes.splitting import division_of
from motes.scene.scene import Scene
from motes.studio.document_answers import NotesState, NotesWork
from motes.studio.errors import Conflict

if TYPE_CHECKING:
    from motes.encoders.progress import Progress
    from motes.studio.document.documents import Document

# How much further the work has to be before it is told.
_STEP = 0.02


class NoteWork:
    """The one thing at a time that is done about the notes of a document; `on_change` is called as it goes on."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._work: NotesWork = "none"
        self._fraction = 0.0
        self._error: str | None = None
        self._n_changes = 0
        # Requests ask for work from several threads; held to start and to end it, never while it is done.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked_again = False
        self._cancelled = threading.Event()

    def to_json(self, n_notes: int) -> NotesState:
        """The work as in answers of the API."""
        with self._lock:
            self._n_changes += 1
            state = self._work, self._fraction, self._error
            return {"change": self._n_changes, "n": n_notes, "work": state[0], "fraction": state[1], "error": state[2]}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being done."""
        with self._lock:
            return self._thread is None

    def find(self, document: Document, sureness: float | None) -> None:
        """Begin to look for notes; Conflict where something is being done already."""
        scene = document.history.current.scene
        if not scene.n_events:
            raise ParameterError("there are no events to find notes in: encode the recording first")
        with self._lock:
            if self._work == "finding":
                raise Conflict("notes are being looked for already")
            self._cancelled.clear()
            self._work, self._fraction, self._error = "finding", 0.0, None
            before = self._thread
            self._thread = threading.Thread(
                target=self._find, args=(document, sureness or SURENESS, before), name="notes", daemon=True
            )
            self._thread.start()
        self.on_change()

    def divide(self, document: Document) -> None:
        """Find, in the background, which parts of its atoms are whose, unless that is known."""
        with self._lock:
            if self._thread is not None:
                self._asked_again = True
                return
            if not len(known_notes(document.history.current.scene)):
                self._work = "none"
                return
            self._thread = threading.Thread(target=self._divide, args=(document,), name="shares", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Leave out the notes that are being looked for."""
        self._cancelled.set()

    def _find(self, document: Document, sureness: float, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        try:
            made = self._with_notes(document, sureness)
            if not self._cancelled.is_set():
                self._take_in(document, made)
        except (MotesError, MemoryError) as error:
            self._error = str(error) or "there is not enough memory"
        self._divide(document)

    def _with_notes(self, document: Document, sureness: float) -> Found | Scene:
        """The notes that are heard; of a scene without atoms, it with its events as notes."""
        scene = document.history.current.scene
        if not len(scene.gabor) and scene.n_events > len(scene.texture):
            return find(scene)
        return notes_in(_listened_to(document), sureness, self._tell)

    def _take_in(self, document: Document, made: Found | Scene) -> None:
        """Notes as a step of the document, which may have been edited meanwhile."""
        with document.lock:
            now = document.history.current.scene
            scene = find(now) if isinstance(made, Scene) else with_found(now, made)
            n_new = len(known_notes(scene)) - len(known_notes(now))
            document.know(scene, f"find {n_new} notes")
            self._fraction = 0.0

    def _tell(self, progress: Progress | float) -> None:
        fraction = progress if isinstance(progress, float) else progress.fraction
        if fraction >= self._fraction + _STEP:
            self._fraction = min(1.0, float(fraction))
            self.on_change()

    def _divide(self, document: Document) -> None:
        is_left = True
        while is_left:
            scene = document.history.current.scene
            has_notes = len(known_notes(scene)) > 0
            if has_notes and self._work != "ready":
                self._work = "dividing"
                self.on_change()
            try:
                if has_notes and len(scene.gabor):
                    division_of(scene, self._tell)
            except (MotesError, MemoryError) as error:
                self._error = str(error) or "there is not enough memory"
            with self._lock:
                is_left, self._asked_again = self._asked_again, False
                if not is_left:
                    before, self._work = self._work, "ready" if has_notes else "none"
                    self._fraction, self._thread = 1.0, None
        if before != self._work or self._error:
            self.on_change()


def _listened_to(document: Document) -> Source:
    """The recording of a document, or what it renders."""
    recording, scene = document.recording, document.history.current.scene
    if recording is not None and recording.n_samples == scene.n_samples:
        return open_source(recording.path)
    return ArraySource(scene.render(), scene.sample_rate_hz)
