"""Requests about documents: opening, saving, editing, choosing and reading events."""

from __future__ import annotations

from fastapi import APIRouter, Response

from motes.errors import ParameterError
from motes.scene.metadata import Marker
from motes.studio.answers import DocumentAnswer, EditedAnswer, EventAnswer, GroupAnswer, SelectedAnswer, TableAnswer
from motes.studio.document.table import groups, one_event, page
from motes.studio.document_answers import CandidateAnswer, HistoryAnswer
from motes.studio.http.dependencies import REVISION_PATH, DocumentDep, NonNegative, RevisionDep, StudioDep
from motes.studio.schemas import EditBody, EventFilter, NamesBody, OpenBody, SaveBody, SourceBody, StepBody, TableBody
from motes.studio.sound.recording import DecodedRecording

router = APIRouter(tags=["documents"])


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


@router.post("/documents/{document}/names", summary="Set markers, and names of groups")
def post_names(studio: StudioDep, document: DocumentDep, body: NamesBody) -> EditedAnswer:
    markers = None if body.markers is None else [Marker(**one.model_dump()) for one in body.markers]
    names = {int(number): name for number, name in (body.group_names or {}).items()}
    edited = document.name_parts(body.revision, markers, names)
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
