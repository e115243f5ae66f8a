"""The state of a studio: what is open, what is being encoded, what has been uploaded, what is not saved."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from motes.audio import open_source
from motes.edit.selection import Selection
from motes.encoders import ENCODERS, encoder_named
from motes.errors import MotesError, ParameterError
from motes.events.groups import ROLES
from motes.kinds.gabor.edited import USUAL, forget, prepare
from motes.kinds.gabor.table import Gabor
from motes.library.work import load_scene
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.studio.answers import LimitsAnswer, StudioAnswer
from motes.studio.document.autosaver import Autosaver
from motes.studio.document.documents import Document, Documents
from motes.studio.document.editing import described as edits_described
from motes.studio.document.history import Revision
from motes.studio.document.memory import give_back
from motes.studio.document.note_edits import note_edits
from motes.studio.document.table import sortable
from motes.studio.document_answers import CandidateAnswer
from motes.studio.errors import Conflict, NotFound
from motes.studio.feed import Feed
from motes.studio.folder import SCENE, Folder, checked_file_type, file_type
from motes.studio.forms import described, work_of
from motes.studio.jobs import EncodingJob, Jobs
from motes.studio.kinds import kinds
from motes.studio.options import StudioOptions
from motes.studio.schemas import EventFilter, JobBody, OpenBody, SourceBody
from motes.studio.sound.recording import DecodedRecording, candidates, check_length, recording_of
from motes.studio.sound.solo import Solos
from motes.studio.uploads import Uploads
from motes.version import __version__

# Atoms of scenes of which more than lines is found as they are opened: more would keep the interpreter from requests.
_MOST_PREPARED = 50_000
_GIVE_BACK_S = 0.5


class Studio:
    """Everything that requests share."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.folder = Folder(options.folder)
        self.documents, self.feed, self.solos = Documents(), Feed(), Solos()
        self.autosaver = Autosaver(options.state, self.documents, options.autosave_s, self._autosaved)
        self._temporary = Path(tempfile.mkdtemp(prefix="motes-studio-"))
        self.jobs = Jobs(self._temporary, self._encoded, lambda job: self.feed.publish("job", job.to_json()))
        self.uploads = Uploads(self._temporary, options.limits)
        # What the command line has asked for: a document, and a job that encodes its recording.
        self.opened: str | None = None
        self.opened_job: str | None = None

    # --- as a whole ---

    def to_json(self) -> StudioAnswer:
        """All a page needs to start."""
        limits: LimitsAnswer = {
            "upload_bytes": self.options.upload_bytes,
            "upload_s": self.options.upload_s,
            "decoded_samples": self.options.decoded_samples,
        }
        return {
            "version": __version__,
            "folder": self.folder.root.name,
            "can_upload": True,
            "limits": limits,
            "kinds": kinds(),
            "encoders": [described(encoder) for encoder in ENCODERS],
            "edits": edits_described(),
            "note_edits": note_edits(),
            "roles": list(ROLES),
            "select_columns": sortable(),
            "documents": [document.to_json() for document in self.documents],
            "jobs": [job.to_json() for job in self.jobs],
            "recovered": self.autosaver.store.found(),
            "opened": self.opened,
            "opened_job": self.opened_job,
        }

    def close(self) -> None:
        """End jobs and streams, and keep what is not saved."""
        self.feed.close()
        self.jobs.close()
        self.autosaver.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def named(self, text: str) -> str:
        """A line for the user in which files are called as the page knows them, not by where they lie."""
        return self.uploads.named(text).replace(f"{self.folder.root}{os.sep}", "")

    # --- documents ---

    def open(self, body: OpenBody) -> Document:
        """The document of a scene, of a recording, or of unsaved work: opened, unless it is open."""
        if sum(value is not None for value in (body.path, body.upload, body.recovered)) != 1:
            raise ParameterError("tell one of path, upload and recovered")
        if body.recovered is not None:
            return self._recover(body.recovered)
        path, name, shown = self.source(SourceBody(path=body.path, upload=body.upload))
        if file_type(name) == "scene":
            if (document := self.documents.opened_from(path)) is not None:
                return document
            own = path if shown is not None else None
            document = self._with_recording(
                self._document(name, load_scene(str(path)), path=own, shown_path=shown), path
            )
        else:
            recording = DecodedRecording(path, self.options.limits)
            document = self._document(os.path.splitext(name)[0] + SCENE, _no_events(recording))
            recording.name = name
            document.use_recording(recording)
        return self._opened(document)

    def _document(self, name: str, scene: Scene, **more: Any) -> Document:
        """A new document, with a folder of its own for what does not fit into memory."""
        identity = self.documents.new_id()
        return Document(identity, name, scene, folder=self.autosaver.store.steps(identity), **more)

    def _opened(self, document: Document) -> Document:
        self.documents.add(document)
        document.note_work.on_change = lambda: self._notes_changed(document)
        self.feed.publish("document", document.to_json())
        self._prepare(document)
        return document

    def _prepare(self, document: Document) -> None:
        """Find, in the background, what the first edits and pictures will ask for."""
        revision = document.history.current

        def find() -> None:
            with contextlib.suppress(MotesError, MemoryError):
                document.geometry(revision)
                atoms, rate = revision.scene.gabor, revision.scene.sample_rate_hz
                prepare(atoms, rate, USUAL if len(atoms) <= _MOST_PREPARED else ())
            give_back()

        threading.Thread(target=find, name="prepare", daemon=True).start()
        document.note_work.divide(document)

    def _notes_changed(self, document: Document) -> None:
        """Publish what is being done about the notes of a document, and keep those that were found."""
        if document in self.documents:
            self.feed.publish("document", document.to_json())
            if document.is_dirty:
                self.autosaver.save_soon(document)

    def _with_recording(self, document: Document, path: Path) -> Document:
        """The document with the recording that is found for it; one that cannot be read is as if it were not there."""
        with contextlib.suppress(MotesError):
            scene, folders = document.history.current.scene, tuple(map(Path, self.options.recordings))
            if (recording := recording_of(path, scene, folders, self.options.limits)) is not None:
                document.use_recording(recording)
        return document

    def candidates(self, document: Document) -> list[CandidateAnswer]:
        """The recordings of the folder that may be those of a document."""
        path = document.path or self.folder.root / document.name
        found = candidates(path, document.history[0].scene, (self.folder.root,))
        return [{"path": self.folder.shown(one.path), "match": one.match} for one in found]

    def _recover(self, identity: str) -> Document:
        scene, muted, about = self.autosaver.store.load(identity)
        document = self._document(str(about.get("name") or "recovered.mote"), scene, muted=muted)
        self.autosaver.store.take_steps(identity, document.id)
        document.resume(about)
        recording = about.get("recording")
        with contextlib.suppress(MotesError, OSError):
            if recording and Path(recording).is_file():
                document.use_recording(DecodedRecording(Path(recording), self.options.limits))
        with contextlib.suppress(MotesError):
            if about.get("path"):  # where it came from: to save there is to overwrite
                path = self.folder.inside(str(about["path"]))
                document.path, document.shown_path = path, self.folder.shown(path)
                stamp = about.get("stamp")
                document.stamp = (int(stamp[0]), int(stamp[1])) if stamp else None
        self._opened(document)
        self.autosaver.save_soon(document)  # as this studio's own, before it is dropped as that of another
        self.autosaver.save_all()
        self.autosaver.store.drop(identity)
        return document

    def close_document(self, identity: str, discard: bool) -> None:
        """Close a document; Conflict where that would lose something."""
        document = self.documents[identity]
        if document.is_dirty and not discard:
            raise Conflict(f"{document.name} has changes that are not saved: save it, or discard them")
        self.documents.remove(identity)
        scene = document.history.current.scene
        forget(scene.gabor, scene.sample_rate_hz)
        self.autosaver.close_document(identity)
        threading.Timer(_GIVE_BACK_S, give_back).start()  # when those who close it have let go of it
        self.feed.publish("closed", {"id": identity})

    def changed(self, document: Document) -> None:
        """Publish that a document has changed, and keep what is not saved."""
        self.feed.publish("document", document.to_json())
        self.autosaver.save_soon(document)
        document.note_work.divide(document)

    def _autosaved(self, identity: str, revision: int) -> None:
        self.feed.publish("autosaved", {"id": identity, "revision": revision})

    def clip(self, document: str, revision: int, what: EventFilter) -> Selection:
        """Events of a document to paste."""
        held = self.documents[document]
        there: Revision = held.history[revision]
        found = held.chosen(what, there)
        return Selection(found.revision.scene, found.mask)

    def save(self, document: Document, path: str | None, overwrite: bool, keeps_muted: bool = False) -> None:
        """Save a document where it came from, or as a file in the folder; with its muted events, or without them."""
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
        document.save(target, self.folder.shown(target), overwrite, keeps_muted)
        self.autosaver.forget(document.id)
        self.changed(document)

    # --- files ---

    def source(self, body: SourceBody | OpenBody) -> tuple[Path, str, str | None]:
        """The file a request means, its name, and its path in the folder if it is there."""
        if (body.path is None) == (body.upload is None):
            raise ParameterError("tell either a path or an upload")
        if body.upload is not None:
            upload = self.uploads[body.upload]
            path, name, shown = upload.path, upload.name, None
        else:
            assert body.path is not None
            path = self.folder.file(body.path)
            name, shown = path.name, self.folder.shown(path)
        checked_file_type(name)
        return path, name, shown

    # --- jobs ---

    def encode(self, body: JobBody) -> EncodingJob:
        """A queued encoding."""
        encoder = encoder_named(body.encoder)
        work = work_of(encoder, body.options)
        if body.document is not None:
            if body.path is not None or body.upload is not None:
                raise ParameterError("tell one of document, path and upload")
            document = self.documents[body.document]
            if document.recording is None:
                raise NotFound("the recording of this document is not at hand")
            path, name = document.recording.path, document.recording.name
        else:
            path, name, _ = self.source(SourceBody(path=body.path, upload=body.upload))
            if file_type(name) != "recording":
                raise ParameterError(f"{name} is a scene already: open it")
        source = check_length(open_source(path), self.options.limits)
        expected_s = work.expected_s(source.n_samples, source.n_channels, source.sample_rate_hz)
        return self.jobs.add(name, path, encoder, work, body.options, body.document, expected_s)

    def _encoded(self, job: EncodingJob, path: Path) -> str:
        """The id of the document whose next state is what a job has made: a new one, where that which was meant has
        events that somebody works on.
        """
        scene = load_scene(str(path))
        label = f"encode by {job.encoder}"
        document = None
        if job.into_document is not None:
            with contextlib.suppress(NotFound):
                document = self.documents[job.into_document]
        if document is None or document.history.current.scene.n_events:
            recording = DecodedRecording(job.source, self.options.limits)
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


def _no_events(recording: DecodedRecording) -> Scene:
    """A scene of a recording before it is encoded."""
    n = recording.n_channels
    metadata = Metadata(source_digest=recording.digest, version=__version__)
    return Scene(recording.sample_rate_hz, recording.n_samples, n, Gabor.empty(n), metadata=metadata)
