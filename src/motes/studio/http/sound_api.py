"""Requests for sound: tracks, single events, selections alone, and how loud they are."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from motes.errors import ParameterError
from motes.studio.answers import LevelsAnswer, SoundAnswer, Track, TrackLevels
from motes.studio.document.documents import Document
from motes.studio.document.history import Revision
from motes.studio.errors import NotFound
from motes.studio.http.dependencies import (
    IMMUTABLE,
    REVISION_PATH,
    DocumentDep,
    NonNegative,
    RevisionDep,
    StudioDep,
    sample_range,
    track_samples,
)
from motes.studio.http.wav import Reader, WavRange, requested_range
from motes.studio.schemas import EventFilter, SoundBody
from motes.studio.sound.solo import Solo
from motes.studio.sound.sound import TRACKS
from motes.studio.sound.speeds import n_samples_at
from motes.studio.sound.track_levels import equal_loudness, measured
from motes.studio.studio import Studio
from motes.synth.render import Renderer
from motes.units import SILENCE_DB

router = APIRouter(tags=["sound"])
MOST_SAMPLES = 1 << 22
Bits = Literal["16", "32"]
First = Annotated[int, Query(ge=0, le=2**48)]
Samples = Annotated[int, Query(ge=0, le=MOST_SAMPLES)]
# How fast, at the pitch there is: 0.5 takes twice as long.
Speed = Annotated[float, Query(ge=0.25, le=4.0, allow_inf_nan=False)]
_WAV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}},
    206: {
        "description": "the bytes that Range asked for",
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    },
    416: {"description": "there are no such bytes"},
}
_FLOATS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    REVISION_PATH + "/audio/{track}.f32",
    summary="Samples of a track as float32, channel after channel",
    response_class=Response,
    responses=_FLOATS,
)
def get_samples(
    document: DocumentDep,
    revision: RevisionDep,
    track: Track,
    first: First = 0,
    n: Samples = MOST_SAMPLES,
    speed: Speed = 1.0,
) -> Response:
    scene = revision.scene
    if speed != 1.0:
        if track != "reconstruction":
            raise ParameterError(f"only the reconstruction can be played at another speed, not the {track}")
        return _floats(
            partial(document.sound.samples_at, revision, speed),
            first,
            n,
            n_samples_at(scene.n_samples, speed),
            scene.sample_rate_hz,
            scene.n_channels,
        )
    return _floats(
        partial(document.sound.samples, track, revision),
        first,
        n,
        scene.n_samples,
        scene.sample_rate_hz,
        scene.n_channels,
    )


@router.get(
    REVISION_PATH + "/audio/{track}.wav",
    summary="A stretch of a track as WAV; Range is answered",
    response_class=Response,
    responses=_WAV,
)
def get_wav(
    request: Request,
    document: DocumentDep,
    revision: RevisionDep,
    track: Track,
    start_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    bits: Bits = "16",
) -> Response:
    scene = revision.scene
    first, last = sample_range(scene, start_s, end_s)
    read = track_samples(document, revision, track, first)
    return _wav(request, read, last - first, scene.sample_rate_hz, scene.n_channels, bits)


@router.get(REVISION_PATH + "/levels", summary="How loud the tracks are, and what makes them equally loud")
def get_levels(
    document: DocumentDep,
    revision: RevisionDep,
    start_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    end_s: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> LevelsAnswer:
    scene = revision.scene
    first, last = sample_range(scene, start_s, end_s)
    tracks: tuple[Track, ...] = TRACKS if document.recording is not None else ("reconstruction",)
    found = {
        track: measured(
            partial(document.sound.samples, track, revision), first, last, scene.n_channels, scene.sample_rate_hz
        )
        for track in tracks
    }
    gains = equal_loudness(list(found.values()))
    levels: TrackLevels = {}
    for (track, one), gain in zip(found.items(), gains, strict=True):
        levels[track] = {
            "loudness_lufs": one.loudness_lufs,
            "rms_db": one.rms_db,
            "peak_db": 20 * math.log10(max(one.peak, 10 ** (SILENCE_DB / 20))),
            "gain": gain,
        }
    return {"reference": tracks[0], "tracks": levels}


@router.get(
    REVISION_PATH + "/events/{event}/sound.wav", summary="One event alone", response_class=Response, responses=_WAV
)
def get_event_sound(
    request: Request,
    studio: StudioDep,
    document: DocumentDep,
    revision: RevisionDep,
    event: NonNegative,
    bits: Bits = "16",
) -> Response:
    if event >= revision.scene.n_events:
        raise NotFound(f"there is no event {event}: they are numbered 0 … {revision.scene.n_events - 1}")
    one = EventFilter(ids=[event])
    made = document.cached(("event", event, revision.number), lambda: _solo(studio, document, revision, one))
    response = _solo_wav(request, made, bits)
    response.headers["X-Start-S"] = repr(made.first / made.scene.sample_rate_hz)
    return response


@router.post(REVISION_PATH + "/sounds", summary="A selection as a sound of its own", status_code=201)
def post_sound(studio: StudioDep, document: DocumentDep, revision: RevisionDep, body: SoundBody) -> SoundAnswer:
    made = _solo(studio, document, revision, body.what)
    rate = made.scene.sample_rate_hz
    return {
        "sound": made.id,
        "start_s": made.first / rate,
        "end_s": (made.first + made.n_samples) / rate,
        "n_samples": made.n_samples,
        "first": made.first,
        "url_wav": f"/api/sounds/{made.id}.wav",
        "url_f32": f"/api/sounds/{made.id}.f32",
    }


@router.get("/sounds/{sound}.wav", summary="A selection alone as WAV", response_class=Response, responses=_WAV)
def get_sound_wav(request: Request, studio: StudioDep, sound: str, bits: Bits = "16") -> Response:
    return _solo_wav(request, studio.solos[sound], bits)


@router.get(
    "/sounds/{sound}.f32",
    summary="A selection alone as float32, channel after channel",
    response_class=Response,
    responses=_FLOATS,
)
def get_sound_samples(studio: StudioDep, sound: str, first: First = 0, n: Samples = MOST_SAMPLES) -> Response:
    made = studio.solos[sound]
    return _floats(_reader(made), first, n, made.n_samples, made.scene.sample_rate_hz, made.scene.n_channels)


def _solo(studio: Studio, document: Document, revision: Revision, what: EventFilter) -> Solo:
    found = document.chosen(what, revision)
    return studio.solos.add(found.revision.scene, found.mask)


def _reader(made: Solo) -> Reader:
    renderer = Renderer(made.scene)
    return lambda low, high: renderer.samples(made.first + low, made.first + high)


def _solo_wav(request: Request, made: Solo, bits: Bits) -> Response:
    return _wav(request, _reader(made), made.n_samples, made.scene.sample_rate_hz, made.scene.n_channels, bits)


def _floats(read: Reader, first: int, n: int, n_samples: int, rate: int, n_channels: int) -> Response:
    first = min(first, n_samples)
    audio = read(first, min(first + n, n_samples))
    headers = IMMUTABLE | {
        "X-Sample-Rate": str(rate),
        "X-Channels": str(n_channels),
        "X-First": str(first),
        "X-Samples": str(audio.shape[1]),
    }
    return Response(
        np.ascontiguousarray(audio, "<f4").tobytes(), media_type="application/octet-stream", headers=headers
    )


def _wav(request: Request, read: Reader, n_samples: int, rate: int, n_channels: int, bits: Bits) -> Response:
    file = WavRange(read, n_samples, n_channels, rate, int(bits))
    requested = requested_range(request.headers.get("range"), file.n_bytes)
    first, last = requested or (0, file.n_bytes)
    headers = IMMUTABLE | {"Accept-Ranges": "bytes", "Content-Length": str(last - first)}
    if requested:
        headers["Content-Range"] = f"bytes {first}-{last - 1}/{file.n_bytes}"
    return StreamingResponse(file.part(first, last), 206 if requested else 200, headers, "audio/wav")
