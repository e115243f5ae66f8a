"""Requests for what is played: the instrument of a revision, as the page's worklet takes it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Response

from motes.library.exports.tempo import tempo_of
from motes.report.instrument_page import playable
from motes.studio.errors import NotFound
from motes.studio.http.dependencies import IMMUTABLE, REVISION_PATH, RevisionDep

router = APIRouter(tags=["playing"])


@router.get(REVISION_PATH + "/instrument", summary="The instrument of a revision, to play", response_class=Response)
def get_instrument(revision: RevisionDep) -> Response:
    if not revision.scene.instruments:
        raise NotFound("this scene holds no instrument: encode with the encoder instrument")
    scene = revision.scene
    text = json.dumps(
        playable(scene) | {"tempo_bpm": tempo_of(scene.strike.time_s)}, allow_nan=False, separators=(",", ":")
    )
    return Response(text, media_type="application/json", headers=IMMUTABLE)
