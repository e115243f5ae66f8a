"""Requests about the studio: what is there, files, uploads, jobs, and the feed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from motes.studio.answers import FolderAnswer, JobAnswer, RoomAnswer, StudioAnswer, UploadAnswer
from motes.studio.errors import NotFound, TooLarge
from motes.studio.http.dependencies import NO_STORE, StudioDep
from motes.studio.rooms import known_rooms
from motes.studio.schemas import FolderBody, JobBody

router = APIRouter(tags=["studio"])


@router.get("/studio", summary="All a page needs to start, or to come back after a reload")
def get_studio(studio: StudioDep) -> StudioAnswer:
    return studio.to_json()


@router.get("/folder", summary="Folders, scenes and recordings in a folder")
def get_folder(
    studio: StudioDep, path: Annotated[str, Query(max_length=4096, description="relative to the opened folder")] = ""
) -> FolderAnswer:
    return studio.folder.listing(path)


@router.post("/folder", summary="Make a folder", status_code=201)
def post_folder(studio: StudioDep, body: FolderBody) -> FolderAnswer:
    return studio.folder.make(body.path)


@router.put("/uploads", summary="Send a file: the body is its bytes", status_code=201)
async def put_upload(
    request: Request, studio: StudioDep, name: Annotated[str, Query(min_length=1, max_length=255)]
) -> UploadAnswer:
    from anyio import to_thread
    from starlette.requests import ClientDisconnect

    name = name.replace("\\", "/").rpartition("/")[2]
    identity, path = studio.uploads.new(name)
    n_bytes = 0
    handle = await to_thread.run_sync(path.open, "wb")
    try:
        async for chunk in request.stream():
            n_bytes += len(chunk)
            if n_bytes > studio.options.upload_bytes:
                raise TooLarge(f"{name} has more than {studio.options.upload_bytes} bytes")
            await to_thread.run_sync(handle.write, chunk)
    except ClientDisconnect:
        path.unlink(missing_ok=True)
        raise TooLarge(f"{name} did not arrive, or has more than {studio.options.upload_bytes} bytes") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        handle.close()
    return await to_thread.run_sync(studio.uploads.add, identity, name, path, n_bytes)


_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}},
    503: {"description": "too many listen already"},
}


@router.get(
    "/feed",
    summary="What happens, as it happens: server-sent events",
    response_class=StreamingResponse,
    responses=_EVENTS,
)
async def get_feed(studio: StudioDep) -> StreamingResponse:
    studio.feed.check_room()
    headers = NO_STORE | {"X-Accel-Buffering": "no"}
    return StreamingResponse(studio.feed.listen(studio.to_json), media_type="text/event-stream", headers=headers)


@router.get("/rooms", summary="Rooms that events can be sent to")
def get_rooms() -> list[RoomAnswer]:
    return known_rooms()


@router.delete("/recovered/{recovered}", summary="Forget unsaved work of a studio that ended", status_code=204)
def delete_recovered(studio: StudioDep, recovered: str) -> Response:
    studio.autosaver.store.drop(recovered)
    return Response(status_code=204)


@router.post("/jobs", summary="Encode a recording", status_code=202)
def post_job(studio: StudioDep, body: JobBody) -> JobAnswer:
    return studio.encode(body).to_json()


@router.get("/jobs", summary="All jobs")
def get_jobs(studio: StudioDep) -> list[JobAnswer]:
    return [job.to_json() for job in studio.jobs]


@router.get("/jobs/{job}", summary="How far a job has come")
def get_job(studio: StudioDep, job: str) -> JobAnswer:
    return studio.jobs[job].to_json()


_TILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    "/jobs/{job}/events",
    summary="The events of a fit as they stand, as a tile of events",
    response_class=Response,
    responses=_TILE,
)
def get_job_events(studio: StudioDep, job: str) -> Response:
    found = studio.jobs[job]
    if found.picture is None:
        raise NotFound(f"job {job} has nothing to show yet: only fits show how they grow")
    return Response(found.picture.tile, media_type="application/octet-stream", headers=NO_STORE)


@router.delete("/jobs/{job}", summary="Cancel a job")
def delete_job(studio: StudioDep, job: str) -> JobAnswer:
    found = studio.jobs[job]
    studio.jobs.cancel(found)
    return found.to_json()
