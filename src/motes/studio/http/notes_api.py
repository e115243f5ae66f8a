"""Requests about notes: finding them, reading them, and what one consists of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from motes.studio.answers import DocumentAnswer
from motes.studio.document.note_rows import note_detail, note_rows
from motes.studio.document_answers import CurvesAnswer, NoteDetailAnswer, NotesAnswer
from motes.studio.errors import NotFound
from motes.studio.http.dependencies import REVISION_PATH, DocumentDep, NonNegative, RevisionDep, StudioDep, time_range
from motes.studio.schemas import EventFilter, FindNotesBody

router = APIRouter(tags=["notes"])
# How long a request for curves takes at most, in seconds.
_CURVES_S = 0.4


@router.post("/documents/{document}/notes", summary="Find the notes of a document", status_code=202)
def post_notes(studio: StudioDep, document: DocumentDep, body: FindNotesBody) -> DocumentAnswer:
    document.note_work.find(document, body.sureness)
    return document.to_json()


@router.delete("/documents/{document}/notes", summary="Leave out the notes that are being looked for")
def delete_notes(document: DocumentDep) -> DocumentAnswer:
    document.note_work.cancel()
    return document.to_json()


@router.get(REVISION_PATH + "/notes", summary="The notes of a revision")
def get_notes(revision: RevisionDep) -> NotesAnswer:
    return note_rows(revision)


@router.get(REVISION_PATH + "/curves", summary="The pitch curves of the notes that sound in a stretch")
def get_curves(
    document: DocumentDep,
    revision: RevisionDep,
    start_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> CurvesAnswer:
    low, high = time_range(start_s, end_s, revision.scene.duration_s)
    rows = note_rows(revision)["notes"]
    numbers = [row["note"] for row in rows if row["end_s"] > low and row["onset_s"] < high]
    curves, n_left = document.curves.of(revision.scene, numbers, _CURVES_S)
    return {"revision": revision.number, "curves": curves, "n_left": n_left}


@router.get(REVISION_PATH + "/notes/{note}", summary="What a note consists of")
def get_note(document: DocumentDep, revision: RevisionDep, note: NonNegative) -> NoteDetailAnswer:
    if note not in {row["note"] for row in note_rows(revision)["notes"]}:
        raise NotFound(f"there is no note {note}")
    found = document.chosen(EventFilter(notes=[note]), revision)
    return note_detail(found.revision.scene, note)
