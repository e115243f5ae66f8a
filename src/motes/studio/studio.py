"""The state of a studio: what is open, what is being encoded, what has been uploaded, what is not saved."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motes.audio import open_source
from motes.edit.selection import Selection
from motes.encoders import ENCODERS, encoder_named
from motes.errors import MotesError, ParameterError
from motes.events.groups import ROLES
from motes.kinds.gabor.edited import prepare
from motes.kinds.gabor.table import Gabor
from motes.library.work import load_scene
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.studio.answers import LimitsAnswer, StudioAnswer, UploadAnswer
from motes.studio.document.autosave import Autosave
from motes.studio.document.documents import Document, Documents
from motes.studio.document.editing import described as edits_described
from motes.studio.document.history import Revision
from motes.studio.document.table import sortable
from motes.studio.folder import SCENE, Folder, sort_of
from motes.studio.forms import described, work_of
from motes.studio.http.errors import Absent, Conflict, TooLarge
from motes.studio.http.feed import Feed
from motes.studio.http.schemas import JobBody, OpenBody, SourceBody, What
from motes.studio.jobs import EncodingJob, Jobs
from motes.studio.kinds import kinds
from motes.studio.options import StudioOptions
from motes.studio.rooms import tails_end_s
from motes.studio.sound.recording import Unpacked, check_length, recording_of
from motes.version import __version__

_MOST_SOUNDS = 64
# Atoms of scenes that are looked through for lines as they are opened: more would keep the interpreter from requests.
_MOST_PREPARED = 50_000


@dataclass(frozen=True)
class Upload:
    """A file that a page has sent."""

    id: str
    name: str
    path: Path
    n_bytes: int


@dataclass(frozen=True)
class Solo:
    """A selection as a sound of its own: samples from `first` of the timeline on."""

    id: str
    scene: Scene
    first: int
    n_samples: int


class Studio:
    """Everything that requests share."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.folder = Folder(options.folder)
        self.documents, self.feed = Documents(), Feed()
        self.autosave = Autosave(options.state)
        self._temporary = Path(tempfile.mkdtemp(prefix="motes-studio-"))
        self.jobs = Jobs(self._temporary, self._encoded, lambda job: self.feed.tell("job", job.told()))
        self.uploads: dict[str, Upload] = {}
        self.sounds: dict[str, Solo] = {}
        self.opened: str | None = None
        self.opened_job: str | None = None
        self._unsaved: dict[str, float] = {}
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._ended = False
        self._saver = threading.Thread(target=self._save_by_and_by, name="autosave", daemon=True)
        self._saver.start()

    # --- as a whole ---

    def told(self) -> StudioAnswer:
        """All a page needs to start."""
        limits: LimitsAnswer = {"upload_bytes": self.options.upload_bytes, "upload_s": self.options.upload_s}
        return {
            "version": __version__,
            "folder": self.folder.root.name,
            "can_upload": True,
            "limits": limits,
            "kinds": kinds(),
            "encoders": [described(encoder) for encoder in ENCODERS],
            "edits": edits_described(),
            "roles": list(ROLES),
            "select_columns": sortable(),
            "documents": [document.told() for document in self.documents],
            "jobs": [job.told() for job in self.jobs],
            "recovered": self.autosave.found(),
            "opened": self.opened,
            "opened_job": self.opened_job,
        }

    def close(self) -> None:
        """End jobs and streams, and keep what is not saved."""
        self.feed.close()
        self.jobs.close()
        self._ended = True
        self._wake.set()
        self._saver.join(10)
        self._save_due(everything=True)
        self.autosave.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    # --- documents ---

    def open(self, body: OpenBody) -> Document:
        """Open a scene, a recording, or unsaved work."""
        if sum(value is not None for value in (body.path, body.upload, body.recovered)) != 1:
            raise ParameterError("tell one of path, upload and recovered")
        if body.recovered is not None:
            return self._recover(body.recovered)
        path, name, shown = self.source(SourceBody(path=body.path, upload=body.upload))
        if sort_of(name) == "scene":
            if (document := self.documents.opened_from(path)) is not None:
                return document
            own = path if shown is not None else None
            document = self._with_recording(
                self._document(name, load_scene(str(path)), path=own, shown_path=shown), path
            )
        else:
            recording = Unpacked(path, self.options.upload_s)
            document = self._document(os.path.splitext(name)[0] + SCENE, _no_events(recording))
            recording.name = name
            document.use_recording(recording)
        return self._opened(document)

    def _document(self, name: str, scene: Scene, **more: Any) -> Document:
        """A new document, with a folder of its own for what does not fit into memory."""
        identity = self.documents.new_id()
        folder = self._temporary / identity
        folder.mkdir()
        return Document(identity, name, scene, folder=folder, **more)

    def _opened(self, document: Document) -> Document:
        self.documents.add(document)
        self.feed.tell("document", document.told())
        self._prepare(document)
        return document

    def _prepare(self, document: Document) -> None:
        """In the background, find what the first edits and pictures will ask for."""
        revision = document.history.current

        def find() -> None:
            with contextlib.suppress(MotesError, MemoryError):
                document.geometry(revision)
                if len(revision.scene.gabor) <= _MOST_PREPARED:
                    prepare(revision.scene.gabor, revision.scene.sample_rate_hz)

        threading.Thread(target=find, name="prepare", daemon=True).start()

    def _with_recording(self, document: Document, path: Path) -> Document:
        """The document with the recording that is found for it; one that cannot be read is as if it were not there."""
        digest = document.history.current.scene.metadata.source_digest
        with contextlib.suppress(MotesError):
            if (
                digest
                and (recording := recording_of(path, digest, self.options.recordings, self.options.upload_s))
                is not None
            ):
                document.use_recording(recording)
        return document

    def _recover(self, identity: str) -> Document:
        scene, muted, about = self.autosave.load(identity)
        document = self._document(str(about.get("name") or "recovered.mote"), scene, muted=muted)
        recording = about.get("recording")
        with contextlib.suppress(MotesError, OSError):
            if recording and Path(recording).is_file():
                document.use_recording(Unpacked(Path(recording), self.options.upload_s))
        with contextlib.suppress(MotesError):
            if about.get("path"):  # where it came from: to save there is to overwrite
                path = self.folder.inside(str(about["path"]))
                document.path, document.shown_path = path, self.folder.shown(path)
                stamp = about.get("stamp")
                document.stamp = (int(stamp[0]), int(stamp[1])) if stamp else None
        self.save_soon(document)
        self._save_due(everything=True)
        self.autosave.drop(identity)
        return self._opened(document)

    def close_document(self, identity: str, discard: bool) -> None:
        """Close a document; Conflict where that would lose something."""
        document = self.documents[identity]
        if document.is_dirty and not discard:
            raise Conflict(f"{document.name} has changes that are not saved: save it, or discard them")
        self.documents.remove(identity)
        with self._lock:
            self._unsaved.pop(identity, None)
        self.autosave.forget(identity)
        shutil.rmtree(self._temporary / identity, ignore_errors=True)
        self.feed.tell("closed", {"id": identity})

    def changed(self, document: Document) -> None:
        """Tell everybody, and keep what is not saved."""
        self.feed.tell("document", document.told())
        self.save_soon(document)

    def clip(self, document: str, revision: int, what: What) -> Selection:
        """Events of a document to paste."""
        held = self.documents[document]
        there: Revision = held.history[revision]
        return Selection(there.scene, held.chosen(what, there))

    def save(self, document: Document, path: str | None, overwrite: bool) -> None:
        """Save a document where it came from, or as a file in the folder."""
        if path is None and document.path is None:
            raise Conflict("the document has no file yet: name one")
        if path is not None and not path.lower().endswith(SCENE):
            raise ParameterError(
                f"{path} does not end in {SCENE}: what is saved is a scene; other formats are exported"
            )
        target = self.folder.inside(path) if path is not None else document.path
        assert target is not None
        if (other := self.documents.opened_from(target)) is not None and other is not document:
            raise Conflict(f"{target.name} is open as another document: close that first")
        document.save(target, self.folder.shown(target), overwrite)
        self.autosave.forget(document.id)
        self.changed(document)

    # --- files ---

    def source(self, body: SourceBody | OpenBody) -> tuple[Path, str, str | None]:
        """The file a request means, its name, and its path in the folder if it is there."""
        if (body.path is None) == (body.upload is None):
            raise ParameterError("tell either a path or an upload")
        if body.upload is not None:
            if (upload := self.uploads.get(body.upload)) is None:
                raise Absent(f"there is no upload {body.upload[:40]}")
            path, name, shown = upload.path, upload.name, None
        else:
            assert body.path is not None
            path = self.folder.file(body.path)
            name, shown = path.name, self.folder.shown(path)
        if sort_of(name) is None:
            raise ParameterError(f"{name} is neither a .mote file nor a recording, by its name")
        return path, name, shown

    def new_upload(self, name: str) -> tuple[str, Path]:
        """An id, and the file to write to."""
        if sort_of(name) is None:
            raise ParameterError(f"{name[:80]} is neither a .mote file nor a recording, by its name")
        identity = f"u{secrets.token_hex(6)}"
        return identity, self._temporary / f"{identity}{os.path.splitext(name)[1].lower()}"

    def take_upload(self, identity: str, name: str, path: Path, n_bytes: int) -> UploadAnswer:
        """An upload that has arrived; refused where it is no sound or lasts too long."""
        sort = sort_of(name)
        assert sort is not None  # `new_upload` took it
        try:
            if sort == "scene":
                from motes.codec import info

                seconds = info(path).duration_s
                if seconds > self.options.upload_s:
                    raise TooLarge(
                        f"{name} lasts {seconds:.0f} s, the studio takes at most {self.options.upload_s:.0f} s"
                    )
            else:
                source = check_length(open_source(path), self.options.upload_s)
                seconds = source.n_samples / source.sample_rate_hz
        except MotesError as error:
            path.unlink(missing_ok=True)
            raise type(error)(str(error).replace(str(path), name)) from None
        self.uploads[identity] = Upload(identity, name, path, n_bytes)
        return {"upload": identity, "name": name, "n_bytes": n_bytes, "type": sort, "duration_s": seconds}

    # --- jobs ---

    def encode(self, body: JobBody) -> EncodingJob:
        """Queue an encoding."""
        encoder = encoder_named(body.encoder)
        work = work_of(encoder, body.options)
        if body.document is not None:
            if body.path is not None or body.upload is not None:
                raise ParameterError("tell one of document, path and upload")
            document = self.documents[body.document]
            if document.recording is None:
                raise Absent("the recording of this document is not at hand")
            path, name = document.recording.path, document.recording.name
        else:
            path, name, _ = self.source(SourceBody(path=body.path, upload=body.upload))
            if sort_of(name) != "recording":
                raise ParameterError(f"{name} is a scene already: open it")
            check_length(open_source(path), self.options.upload_s)
        return self.jobs.add(name, path, encoder.name, work, body.options, body.document)

    def _encoded(self, job: EncodingJob, path: Path) -> str:
        """Take in what a job has made: as a new state of a document, or as a new document."""
        scene = load_scene(str(path))
        label = f"encode by {job.encoder}"
        document = None
        if job.into is not None:
            with contextlib.suppress(Absent):
                document = self.documents[job.into]
        if document is None:
            recording = Unpacked(job.source, self.options.upload_s)
            recording.name = job.name
            document = self._document(os.path.splitext(job.name)[0] + SCENE, _no_events(recording))
            document.use_recording(recording)
            document.put(scene, label)
            self._opened(document)
        else:
            document.put(scene, label)
            self._prepare(document)
        self.changed(document)
        return document.id

    # --- sounds ---

    def solo(self, document: Document, revision: Revision, what: What) -> Solo:
        """A selection as a sound of its own."""
        mask = document.chosen(what, revision)
        geometry = document.geometry(revision)
        rate = revision.scene.sample_rate_hz
        start = float(geometry.start_s[mask].min()) if mask.any() else 0.0
        end = tails_end_s(revision.scene, mask)
        first = min(max(0, int(np.floor(start * rate))), revision.scene.n_samples)
        last = min(max(first, int(np.ceil(end * rate)) + 1), revision.scene.n_samples)
        made = Solo(f"s{secrets.token_hex(6)}", Selection(revision.scene, mask).only(), first, last - first)
        with self._lock:
            self.sounds[made.id] = made
            while len(self.sounds) > _MOST_SOUNDS:
                del self.sounds[next(iter(self.sounds))]
        return made

    # --- unsaved work ---

    def save_soon(self, document: Document) -> None:
        """Keep the document's state a little later."""
        with self._lock:
            self._unsaved.setdefault(document.id, time.monotonic() + self.options.autosave_s)
        self._wake.set()

    def _save_by_and_by(self) -> None:
        while not self._ended:
            with self._lock:
                due = min(self._unsaved.values(), default=None)
            self._wake.wait(None if due is None else max(0.0, due - time.monotonic()))
            self._wake.clear()
            with contextlib.suppress(MotesError, OSError):
                self._save_due()

    def _save_due(self, everything: bool = False) -> None:
        now = time.monotonic()
        with self._lock:
            due = [identity for identity, at in self._unsaved.items() if everything or at <= now]
            for identity in due:
                del self._unsaved[identity]
        for identity in due:
            with contextlib.suppress(Absent):
                self._save_one(self.documents[identity])

    def _save_one(self, document: Document) -> None:
        if not document.is_dirty:
            self.autosave.forget(document.id)
            return
        with document.lock:
            revision, recording = document.history.current, document.recording
            about: dict[str, Any] = {
                "name": document.name,
                "path": document.shown_path,
                "recording": str(recording.path) if recording else None,
            }
            about["stamp"] = document.stamp
        self.autosave.store(document.id, revision, about)
        self.feed.tell("autosaved", {"id": document.id, "revision": revision.number})


def _no_events(recording: Unpacked) -> Scene:
    """A scene of a recording before it is encoded."""
    n = recording.n_channels
    metadata = Metadata(source_digest=recording.digest, version=__version__)
    return Scene(recording.sample_rate_hz, recording.n_samples, n, Gabor.empty(n), metadata=metadata)
