"""The thread that keeps unsaved work: each document a little after it has changed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motes.errors import MotesError
from motes.studio.document.autosave import Autosave
from motes.studio.document.documents import Document, Documents
from motes.studio.document.memory import give_back
from motes.studio.errors import NotFound


class Autosaver:
    """Stores documents with unsaved changes `delay_s` after the first of them; `on_stored` is called with a document's
    id and the revision that was kept.
    """

    def __init__(
        self, state: Path, documents: Documents, delay_s: float, on_stored: Callable[[str, int], None]
    ) -> None:
        self.store = Autosave(state)
        self._documents, self._delay_s, self._on_stored = documents, delay_s, on_stored
        # When each changed document is to be stored; requests add to it while the thread takes from it, hence the lock.
        self._due_s: dict[str, float] = {}
        self._lock, self._wake = threading.Lock(), threading.Event()
        # Held while files are written or dropped, so that what is forgotten is not written afterwards.
        self._files = threading.RLock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be stored."""
        return not self._due_s

    def save_soon(self, document: Document) -> None:
        """Keep the document's state a little later."""
        with self._lock:
            self._due_s.setdefault(document.id, time.monotonic() + self._delay_s)
        self._wake.set()

    def save_all(self) -> None:
        """Keep all that is to be kept now."""
        self._save_until(float("inf"))

    def forget(self, identity: str) -> None:
        """Drop a document of which nothing is unsaved any more."""
        with self._lock:
            self._due_s.pop(identity, None)
        with self._files:
            self.store.forget(identity)

    def close_document(self, identity: str) -> None:
        """Drop all of a document that is closed."""
        with self._files:
            self.forget(identity)
            self.store.forget_steps(identity)

    def close(self) -> None:
        """End the thread, and keep what is not saved for the next studio."""
        self._ended = True
        self._wake.set()
        self._thread.join(10)
        self.save_all()
        self.store.close()

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                due_s = min(self._due_s.values(), default=None)
            self._wake.wait(None if due_s is None else max(0.0, due_s - time.monotonic()))
            self._wake.clear()
            with contextlib.suppress(MotesError, OSError):
                if self._save_until(time.monotonic()):
                    give_back()  # of states that are on disk now, and of the bytes that were written

    def _save_until(self, moment_s: float) -> int:
        """How many documents were due before a moment, and are stored."""
        with self._lock:
            due = [identity for identity, at_s in self._due_s.items() if at_s <= moment_s]
            for identity in due:
                del self._due_s[identity]
        for identity in due:
            with contextlib.suppress(NotFound), self._files:
                self._save(self._documents[identity])
        return len(due)

    def _save(self, document: Document) -> None:
        if not document.is_dirty:
            self.store.forget(document.id)
            return
        with document.lock:
            revision, recording = document.history.current, document.recording
            about: dict[str, Any] = {
                "name": document.name,
                "path": document.shown_path,
                "recording": str(recording.path) if recording else None,
                "stamp": document.stamp,
                "saved_revision": document.saved_revision,
                "history": document.history.about(),
            }
            others = [step for step in document.history.steps() if step is not revision]
        for step in others:
            step.store(self.store.steps(document.id))
        self.store.store(document.id, revision, about)
        with document.lock:
            document.history.put_away(writes=True)
        self._on_stored(document.id, revision.number)
