"""Requests about documents: opening, saving, editing, choosing and reading events."""

from __future__ import annotations

import os
import tempfile
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.scene.scene import Scene
from motes.studio.answers import DocumentAnswer, EditedAnswer, EventAnswer, GroupAnswer, SelectedAnswer, TableAnswer
from motes.studio.document.table import groups, one_event, page
from motes.studio.document_answers import CandidateAnswer, HistoryAnswer
from motes.studio.errors import NotFound
from motes.studio.http.dependencies import (
    IMMUTABLE,
    REVISION_PATH,
    DocumentDep,
    NonNegative,
    RevisionDep,
    StudioDep,
    time_range,
)
from motes.studio.schemas import EditBody, EventFilter, OpenBody, SaveBody, SourceBody, StepBody, TableBody
from motes.studio.sound.recording import DecodedRecording

router = APIRouter(tags=["documents"])
TYPES = {
    ".mote": "application/octet-stream",
    ".wav": "audio/wav",
    ".csv": "text/csv; charset=utf-8",
    ".png": "image/png",
}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.partition(";")[0]: {} for kind in TYPES.values()}}}


@router.post("/documents", summary="Open a scene, a recording, or unsaved work", status_code=201)
def post_document(studio: StudioDep, body: OpenBody) -> DocumentAnswer:
    return studio.open(body).to_json()


@router.get("/documents", summary="All open documents")
def get_documents(studio: StudioDep) -> list[DocumentAnswer]:
    return [document.to_json() for document in studio.documents]


@router.get("/documents/{document}", summary="An open document")
def get_document(document: DocumentDep) -> DocumentAnswer:
    return document.to_json()


@router.delete("/documents/{document}", summary="Close a document", status_code=204)
def delete_document(studio: StudioDep, document: DocumentDep, discard: bool = False) -> Response:
    studio.close_document(document.id, discard)
    return Response(status_code=204)


@router.post("/documents/{document}/original", summary="Take a recording for the original of a document")
def post_original(studio: StudioDep, document: DocumentDep, body: SourceBody) -> DocumentAnswer:
    path, name, _ = studio.source(body)
    recording = DecodedRecording(path, studio.options.limits)
    recording.name = name
    with document.lock:
        if recording.n_samples != document.history[0].scene.n_samples:
            n = document.history[0].scene.n_samples
            raise ParameterError(
                f"{name} has {recording.n_samples} samples, the scene {n}: is it the recording it was made from?"
            )
        document.use_recording(recording)
    studio.feed.publish("document", document.to_json())
    return document.to_json()


@router.get("/documents/{document}/recordings", summary="Recordings of the folder that a document may be of")
def get_recordings(studio: StudioDep, document: DocumentDep) -> list[CandidateAnswer]:
    return studio.candidates(document)


@router.delete("/documents/{document}/original", summary="Leave out the original of a document")
def delete_original(studio: StudioDep, document: DocumentDep) -> DocumentAnswer:
    document.use_recording(None)
    studio.feed.publish("document", document.to_json())
    return document.to_json()


@router.post("/documents/{document}/save", summary="Save a document as a .mote file")
def post_save(studio: StudioDep, document: DocumentDep, body: SaveBody) -> DocumentAnswer:
    studio.save(document, body.path, body.overwrite, body.muted == "keep")
    return document.to_json()


@router.post("/documents/{document}/edits", summary="Edit events")
def post_edit(studio: StudioDep, document: DocumentDep, body: EditBody) -> EditedAnswer:
    edited = document.edit(body, studio.clip)
    studio.changed(document)
    return edited


@router.post("/documents/{document}/undo", summary="One edit back")
def post_undo(studio: StudioDep, document: DocumentDep) -> EditedAnswer:
    edited = document.undo()
    studio.changed(document)
    return edited


@router.post("/documents/{document}/redo", summary="One edit forward again")
def post_redo(studio: StudioDep, document: DocumentDep) -> EditedAnswer:
    edited = document.redo()
    studio.changed(document)
    return edited


@router.get("/documents/{document}/history", summary="All states that undo and redo lead to")
def get_history(document: DocumentDep) -> HistoryAnswer:
    return document.history_json()


@router.post("/documents/{document}/history", summary="To one of these states")
def post_history(studio: StudioDep, document: DocumentDep, body: StepBody) -> EditedAnswer:
    edited = document.go_to(body.revision)
    studio.changed(document)
    return edited


@router.post(REVISION_PATH + "/select", summary="Which events hold these conditions")
def post_select(studio: StudioDep, document: DocumentDep, revision: RevisionDep, body: EventFilter) -> SelectedAnswer:
    selected = document.selected(body, revision)
    if selected["revision"] != revision.number:
        studio.changed(document)
    return selected


@router.post(REVISION_PATH + "/table", summary="A piece of the table of events")
def post_table(document: DocumentDep, revision: RevisionDep, body: TableBody) -> TableAnswer:
    mask, geometry = document.mask_of(body.what, revision), document.geometry(revision)
    return page(revision, geometry, mask, body)


@router.get(REVISION_PATH + "/groups", summary="The groups of events")
def get_groups(document: DocumentDep, revision: RevisionDep) -> list[GroupAnswer]:
    return groups(revision.scene, document.geometry(revision))


@router.get(REVISION_PATH + "/events/{event}", summary="One event with all its parameters")
def get_event(document: DocumentDep, revision: RevisionDep, event: NonNegative) -> EventAnswer:
    return one_event(revision, document.geometry(revision), event)


@router.get(
    REVISION_PATH + "/export/{name}",
    summary="A revision as a .mote, .wav, .csv or .png file",
    response_class=Response,
    responses=_FILES,
)
def get_export(
    document: DocumentDep,
    revision: RevisionDep,
    name: Annotated[str, Path(max_length=255)],
    start_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    what: Annotated[
        str | None, Query(max_length=1_000_000, description="a Selection as JSON: only these events")
    ] = None,
) -> Response:
    extension = next((kind for kind in TYPES if name.lower().endswith(kind)), None)
    if extension is None:
        raise NotFound(f"{name[:80]} is not exported: names end in {', '.join(TYPES)}")
    scene = revision.without_muted
    if what is not None:
        found = document.chosen(_selection(what), revision)
        scene = Selection(found.revision.scene, found.mask & ~found.revision.muted).only()
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    headers = IMMUTABLE | {"Content-Disposition": f'attachment; filename="{safe}"'}
    low, high = time_range(start_s, end_s, scene.duration_s)
    if extension == ".wav":
        path = _wav_file(scene, low, high)
        return FileResponse(
            path, media_type=TYPES[extension], headers=headers, background=BackgroundTask(os.unlink, path)
        )
    return Response(_exported(scene, extension, low, high), media_type=TYPES[extension], headers=headers)


def _selection(text: str) -> EventFilter:
    from pydantic import ValidationError

    try:
        return EventFilter.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(f"what: {'.'.join(map(str, first['loc']))} {first['msg']}") from None


def _exported(scene: Scene, extension: str, start_s: float, end_s: float) -> bytes:
    """The bytes of a file."""
    from motes.codec import dumps
    from motes.report.pictures.picture import scene_picture
    from motes.report.tables import write_csv

    if extension == ".mote":
        return dumps(scene)
    if extension == ".png":
        return scene_picture(scene, start_s=start_s, end_s=end_s)
    buffer = BytesIO()
    write_csv(scene if (start_s, end_s) == (0.0, scene.duration_s) else scene.slice(start_s, end_s), buffer)
    return buffer.getvalue()


def _wav_file(scene: Scene, start_s: float, end_s: float) -> str:
    """A temporary file with the sound: an hour of it would not fit into memory."""
    from motes.audio import write_audio
    from motes.synth.render import render_blocks, stretch_samples

    first, last = stretch_samples(scene, start_s, end_s)
    handle, path = tempfile.mkstemp(".wav", "motes-export-")
    os.close(handle)
    try:
        blocks = render_blocks(scene, first=first, last=last)
        write_audio(path, blocks, scene.sample_rate_hz, scene.n_channels, overwrite=True, n_samples=last - first)
    except BaseException:
        os.unlink(path)
        raise
    return path
