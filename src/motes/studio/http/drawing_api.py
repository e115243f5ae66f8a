"""Requests for what is drawn: tiles of events and of spectrograms, and partials as lines."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from numpy.typing import NDArray

from motes.edit.tables import numbers_of
from motes.studio.document.documents import Document
from motes.studio.document.history import Revision
from motes.studio.document_answers import MapAnswer
from motes.studio.drawing.channels import Channel, mixed
from motes.studio.drawing.item_map import MapOf, item_map
from motes.studio.drawing.notes_of_events import notes_of_events
from motes.studio.drawing.partials import partial_lines
from motes.studio.drawing.spectrogram import WINDOW_S, Reader, detail_tile, packed, png, spectrogram_tile, texture_tile
from motes.studio.drawing.spectrum import SpectrumAnswer, spectrum_at
from motes.studio.drawing.tiles import MOST_EVENTS, check_tile, event_tile, span_s
from motes.studio.drawing.waveform import packed_waveform, waveform_tile
from motes.studio.http.dependencies import IMMUTABLE, REVISION_PATH, DocumentDep, NonNegative, RevisionDep, time_range

router = APIRouter(tags=["drawing"])
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
_BINARY = "application/octet-stream"
Track = Literal["original", "reconstruction", "residual", "texture", "detail"]
Recorded = Literal["original", "reconstruction", "residual"]
# A window's length, s; taken is the nearest power of two of samples.
Window = Annotated[float, Query(ge=0.001, le=1.0, allow_inf_nan=False)]


@router.get(
    REVISION_PATH + "/events/{level:int}/{index:int}",  # whole numbers: `/events/{event}/sound.wav` is another path
    summary="The events that sound in a tile, the strongest first",
    response_class=Response,
    responses=_BYTES,
)
def get_events(
    document: DocumentDep,
    revision: RevisionDep,
    level: NonNegative,
    index: NonNegative,
    limit: Annotated[int, Query(ge=0, le=1_000_000)] = MOST_EVENTS,
) -> Response:
    data = event_tile(
        document.geometry(revision), revision.muted, level, index, revision.number, revision.scene.duration_s, limit
    )
    return Response(data, media_type=_BINARY, headers=IMMUTABLE)


@router.get(
    REVISION_PATH + "/notes-of-events",
    summary="The note that each event is of, most of it",
    response_class=Response,
    responses=_BYTES,
)
def get_notes_of_events(document: DocumentDep, revision: RevisionDep) -> Response:
    notes = document.cached(("notes of events", revision.number), lambda: notes_of_events(revision.scene))
    return Response(notes.astype("<u4").tobytes(), media_type=_BINARY, headers=IMMUTABLE)


@router.get(REVISION_PATH + "/map", summary="The map and matrix of notes or events")
def get_map(
    revision: RevisionDep, response: Response, of: MapOf = "events", method: Literal["PCA", "t-SNE"] = "PCA"
) -> MapAnswer:
    response.headers.update(IMMUTABLE)
    return item_map(revision.scene, of, method)


@router.get(
    REVISION_PATH + "/partials",
    summary="Partials as lines through their atoms",
    response_class=Response,
    responses=_BYTES,
)
def get_partials(
    document: DocumentDep,
    revision: RevisionDep,
    start_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    limit: Annotated[int, Query(ge=0, le=100_000)] = 2000,
) -> Response:
    low, high = time_range(start_s, end_s, revision.scene.duration_s)
    return Response(
        partial_lines(revision.scene, document.geometry(revision), low, high, limit, revision.number),
        media_type=_BINARY,
        headers=IMMUTABLE,
    )


@router.get(
    REVISION_PATH + "/spectrogram/{track}/{level}/{index}",
    summary="The spectrogram of a tile",
    response_class=Response,
    responses={200: {"content": {**_BYTES[200]["content"], "image/png": {}}}},
)
def get_spectrogram(
    document: DocumentDep,
    revision: RevisionDep,
    track: Track,
    level: NonNegative,
    index: NonNegative,
    window_s: Window = WINDOW_S,
    channel: Channel = "all",
    format: Literal["raw", "png"] = "raw",  # noqa: A002
) -> Response:
    scene = revision.scene
    check_tile(level, index, scene.duration_s)
    levels = document.cached(
        (track, level, index, window_s, channel, _content(document, revision, track, level, index, window_s)),
        lambda: _tile(document, revision, track, level, index, window_s, channel),
    )
    if format == "png":
        return Response(png(levels), media_type="image/png", headers=IMMUTABLE)
    return Response(
        packed(levels, level, index, revision.number, scene.sample_rate_hz), media_type=_BINARY, headers=IMMUTABLE
    )


@router.get(
    REVISION_PATH + "/waveform/{track}/{level}/{index}",
    summary="The waveform of a tile",
    response_class=Response,
    responses=_BYTES,
)
def get_waveform(
    document: DocumentDep,
    revision: RevisionDep,
    track: Recorded,
    level: NonNegative,
    index: NonNegative,
    channel: Channel = "all",
) -> Response:
    scene = revision.scene
    check_tile(level, index, scene.duration_s)
    columns = document.cached(
        (track, "waveform", level, index, channel, _content(document, revision, track, level, index, 0.0)),
        lambda: waveform_tile(
            *_readers(document, revision, track, channel), scene.n_samples, scene.sample_rate_hz, level, index
        ),
    )
    return Response(packed_waveform(columns, level, index, revision.number), media_type=_BINARY, headers=IMMUTABLE)


@router.get(REVISION_PATH + "/spectrum/{track}", summary="The level at a time and frequency, and the peak beside it")
def get_spectrum(
    document: DocumentDep,
    revision: RevisionDep,
    track: Recorded,
    time_s: Annotated[float, Query(ge=0, le=1e7, allow_inf_nan=False)],
    frequency_hz: Annotated[float, Query(ge=0, le=1e7, allow_inf_nan=False)],
    window_s: Window = WINDOW_S,
    channel: Channel = "all",
) -> SpectrumAnswer:
    read, _ = _readers(document, revision, track, channel)
    scene = revision.scene
    return spectrum_at(read, scene.n_samples, scene.sample_rate_hz, time_s, frequency_hz, window_s)


def _content(document: Document, revision: Revision, track: str, level: int, index: int, window_s: float) -> Any:
    """A key of what a tile shows, equal in revisions that differ elsewhere only."""
    if track in ("original", "texture", "detail"):
        return 0 if track == "original" else revision.number
    rate, span = revision.scene.sample_rate_hz, span_s(level)
    around = 2 * window_s * rate
    return document.sound.origin_of(
        revision, int(index * span * rate - around), int((index + 1) * span * rate + around)
    )


def _readers(document: Document, revision: Revision, track: str, channel: Channel) -> tuple[Reader, Reader]:
    """What reads stretches of a track, and what reads such whose neighbours are not wanted."""
    sound = document.sound

    def read(first: int, last: int) -> NDArray[np.float32]:
        return mixed(sound.samples(track, revision, first, last), channel)

    def sparse(first: int, last: int) -> NDArray[np.float32]:
        return mixed(sound.samples_uncached(track, revision, first, last), channel)

    return read, sparse


def _tile(
    document: Document,
    revision: Revision,
    track: str,
    level: int,
    index: int,
    window_s: float = WINDOW_S,
    channel: Channel = "all",
) -> Any:
    scene = revision.scene
    if track == "texture":
        muted = revision.muted[numbers_of(scene, "texture")]
        return texture_tile(scene.texture, muted, scene.duration_s, scene.sample_rate_hz, level, index)
    if track == "detail":
        muted = revision.muted[numbers_of(scene, "detail")]
        return detail_tile(scene.detail, muted, scene.duration_s, scene.sample_rate_hz, level, index)
    readers = _readers(document, revision, track, channel)
    return spectrogram_tile(*readers, scene.n_samples, scene.sample_rate_hz, level, index, window_s)
