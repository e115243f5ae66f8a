"""What paths of requests name: the studio, a document, a revision. Looked up at once, without a change of threads."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import Depends, Path, Request
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.scene.scene import Scene
from motes.studio.answers import Track
from motes.studio.document.documents import Document
from motes.studio.document.history import Revision
from motes.studio.errors import NotFound
from motes.studio.http.wav import Reader
from motes.studio.studio import Studio

_MOST = 2**31 - 1
DocumentId = Annotated[str, Path(description="id of an open document", max_length=40)]
RevisionNumber = Annotated[int, Path(description="a revision of the document", ge=0, le=_MOST)]
NonNegative = Annotated[int, Path(ge=0, le=_MOST)]


async def studio_of(request: Request) -> Studio:
    """The studio of the application."""
    studio: Studio = request.app.state.studio
    return studio


StudioDep = Annotated[Studio, Depends(studio_of)]


async def document_of(studio: StudioDep, document: DocumentId) -> Document:
    """The open document."""
    return studio.documents[document]


DocumentDep = Annotated[Document, Depends(document_of)]


async def revision_of(document: DocumentDep, revision: RevisionNumber) -> Revision:
    """The revision of the document."""
    return document.history[revision]


RevisionDep = Annotated[Revision, Depends(revision_of)]
REVISION_PATH = "/documents/{document}/revisions/{revision}"
# What a revision is never changes.
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
NO_STORE = {"Cache-Control": "no-store"}


def sample_range(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """The first sample of a stretch, and the one behind its last."""
    low, high = time_range(start_s, end_s, scene.duration_s)
    return round(low * scene.sample_rate_hz), min(scene.n_samples, round(high * scene.sample_rate_hz))


def track_samples(document: Document, revision: Revision, track: Track, first: int) -> Reader:
    """What reads samples of a track, counted from `first` on; NotFound where the recording is not at hand."""
    if track != "reconstruction" and document.recording is None:
        raise NotFound("the recording that this scene was made from is not at hand")

    def read(a: int, b: int) -> NDArray[np.float32]:
        return document.sound.samples(track, revision, first + a, first + b)

    return read


def time_range(start_s: float | None, end_s: float | None, duration_s: float) -> tuple[float, float]:
    """Both ends of a stretch inside of 0 … duration_s."""
    low, high = 0.0 if start_s is None else max(0.0, start_s), duration_s if end_s is None else min(end_s, duration_s)
    if low > high:
        raise ParameterError(f"the stretch ends ({high:g} s) before it starts ({low:g} s)")
    return low, high
