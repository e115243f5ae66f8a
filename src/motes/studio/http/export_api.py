"""Requests for files of a revision: its sound, whole or in part, its events, and a picture of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from io import BytesIO
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from numpy.typing import NDArray
from pydantic import ValidationError
from starlette.background import BackgroundTask

from motes.edit.selection import Selection
from motes.errors import ParameterError
from motes.scene.markers import audacity_labels, cut, markers_csv
from motes.scene.metadata import Marker
from motes.scene.scene import Scene
from motes.studio.answers import Track
from motes.studio.document.documents import Document
from motes.studio.document.history import Revision
from motes.studio.errors import NotFound
from motes.studio.http.dependencies import (
    IMMUTABLE,
    REVISION_PATH,
    DocumentDep,
    RevisionDep,
    sample_range,
    time_range,
    track_samples,
)
from motes.studio.http.wav import Reader, add_cue_points
from motes.studio.schemas import EventFilter

router = APIRouter(tags=["documents"])
SOUNDS = {".wav": "audio/wav", ".flac": "audio/flac", ".opus": "audio/ogg"}
LABELS = {".labels.txt": "text/plain; charset=utf-8", ".markers.csv": "text/csv; charset=utf-8"}
TYPES = SOUNDS | LABELS | {".mote": "application/octet-stream", ".csv": "text/csv; charset=utf-8", ".png": "image/png"}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.partition(";")[0]: {} for kind in TYPES.values()}}}
Bits = Literal["16", "24", "32"]
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32": "FLOAT"}
# Sample rates that Opus knows; others become the last.
_OPUS_HZ = (8000, 12000, 16000, 24000, 48000)
_BLOCK = 1 << 16
Seconds = Annotated[float | None, Query(allow_inf_nan=False)]
SelectionText = Annotated[str | None, Query(max_length=1_000_000, description="a Selection as JSON: only these events")]


class _Sound(NamedTuple):
    """A sound to write: its samples from one to another `(n_channels, n)`, how many there are, rate and channels."""

    read: Reader
    n_samples: int
    rate: int
    n_channels: int

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """All of them in turn."""
        for first in range(0, self.n_samples, _BLOCK):
            yield self.read(first, min(first + _BLOCK, self.n_samples))


@router.get(
    REVISION_PATH + "/export/{name}",
    summary="A revision as a .mote, .csv or .png file, or its sound as .wav, .flac or .opus",
    response_class=Response,
    responses=_FILES,
)
def get_export(
    document: DocumentDep,
    revision: RevisionDep,
    name: Annotated[str, Path(max_length=255)],
    start_s: Seconds = None,
    end_s: Seconds = None,
    what: SelectionText = None,
    track: Annotated[Track, Query(description="of sounds of all events")] = "reconstruction",
    bits: Annotated[Bits, Query(description="of .wav and .flac; 32 are floats, which .flac has not")] = "24",
) -> Response:
    extension = next((kind for kind in TYPES if name.lower().endswith(kind)), None)
    if extension is None:
        raise NotFound(f"{name[:80]} is not exported: names end in {', '.join(TYPES)}")
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    headers = IMMUTABLE | {"Content-Disposition": f'attachment; filename="{safe}"'}
    if extension in LABELS:
        text = audacity_labels(revision.scene) if extension == ".labels.txt" else markers_csv(revision.scene)
        return Response(text, media_type=LABELS[extension], headers=headers)
    if extension in SOUNDS and what is None:
        path = _sound_file(_of_track(document, revision, track, start_s, end_s), extension, bits)
        if extension == ".wav":
            add_cue_points(path, _markers_in(revision.scene, start_s, end_s), revision.scene.sample_rate_hz)
    else:
        scene = _scene(document, revision, what)
        low, high = time_range(start_s, end_s, scene.duration_s)
        if extension not in SOUNDS:
            return Response(_exported(scene, extension, low, high), media_type=TYPES[extension], headers=headers)
        path = _sound_file(_of_scene(scene, low, high), extension, bits)
    return FileResponse(path, media_type=TYPES[extension], headers=headers, background=BackgroundTask(os.unlink, path))


def _markers_in(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[Marker, ...]:
    """The markers of a stretch, from its start on."""
    low, high = time_range(start_s, end_s, scene.duration_s)
    return cut(scene.metadata.markers, low, high)


def _scene(document: Document, revision: Revision, what: str | None) -> Scene:
    """The scene without what is muted, and where events are named with these alone."""
    if what is None:
        return revision.without_muted
    found = document.chosen(_selection(what), revision)
    return Selection(found.revision.scene, found.mask & ~found.revision.muted).only()


def _selection(text: str) -> EventFilter:
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

    is_whole = (start_s, end_s) == (0.0, scene.duration_s)
    if extension == ".mote":
        return dumps(scene if is_whole else scene.slice(start_s, end_s))
    if extension == ".png":
        return scene_picture(scene, start_s=start_s, end_s=end_s)
    buffer = BytesIO()
    write_csv(scene if is_whole else scene.slice(start_s, end_s), buffer)
    return buffer.getvalue()


def _of_track(
    document: Document, revision: Revision, track: Track, start_s: float | None, end_s: float | None
) -> _Sound:
    scene = revision.scene
    first, last = sample_range(scene, start_s, end_s)
    read = track_samples(document, revision, track, first)
    return _Sound(read, last - first, scene.sample_rate_hz, scene.n_channels)


def _of_scene(scene: Scene, start_s: float, end_s: float) -> _Sound:
    from motes.synth.render import Renderer, stretch_samples

    first, last = stretch_samples(scene, start_s, end_s)
    renderer = Renderer(scene)

    def read(a: int, b: int) -> NDArray[np.float32]:
        return renderer.samples(first + a, first + b)

    return _Sound(read, last - first, scene.sample_rate_hz, scene.n_channels)


def _sound_file(sound: _Sound, extension: str, bits: Bits) -> str:
    """A temporary file with the sound: an hour of it would not fit into memory."""
    from motes.audio import resample_blocks, write_audio

    if extension == ".flac" and bits == "32":
        raise ParameterError("FLAC has 16 or 24 bits, not floats of 32: take WAV for these")
    rate, subtype = sound.rate, None if extension == ".opus" else _SUBTYPES[bits]
    if extension == ".opus" and rate not in _OPUS_HZ:
        rate = _OPUS_HZ[-1]
    handle, path = tempfile.mkstemp(extension, "motes-export-")
    os.close(handle)
    try:
        blocks = resample_blocks(sound.blocks(), sound.n_channels, sound.rate, rate)
        n = sound.n_samples
        write_audio(path, blocks, rate, sound.n_channels, overwrite=True, subtype=subtype, n_samples=n)
    except BaseException:
        os.unlink(path)
        raise
    return path
