"""The application: all requests, behind the guard, with every error as one line of JSON."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.staticfiles import StaticFiles

from motes.errors import MotesError
from motes.studio.errors import status_of
from motes.studio.http import documents_api, drawing_api, export_api, notes_api, playing_api, sound_api, studio_api
from motes.studio.http.security import Guard
from motes.studio.options import StudioOptions
from motes.studio.studio import Studio
from motes.version import __version__

PAGE = Path(__file__).parents[1] / "page"
NO_PAGE = (
    "the page of the studio is not built: run `make web` in the checkout, or install motes from a wheel (its "
    "API: /api/openapi.json)"
)
_ABOUT = (
    "What the page of motes studio speaks with its server; see docs/studio-api.md. Times in seconds, frequencies "
    "in Hz, levels in dB re full scale."
)
_PARTS = (studio_api, documents_api, export_api, notes_api, sound_api, playing_api, drawing_api)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_STATUSES = {
    400: "not JSON",
    401: "the token is missing",
    403: "from elsewhere, or outside of the folder",
    404: "there is no such thing",
    409: "another revision is current",
    413: "too large or too long",
    415: "the body is not JSON",
    422: "a value makes no sense, or a file is broken",
}


def create_app(options: StudioOptions) -> FastAPI:
    """The application of a studio, which is at `app.state.studio`; it ends with the application."""
    studio = Studio(options)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        from asyncio import to_thread

        await to_thread(studio.close)

    app = FastAPI(
        title="motes studio",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={
            status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
            for status, text in _STATUSES.items()
        },
    )
    app.state.studio = studio
    for part in _PARTS:
        app.include_router(part.router, prefix="/api")
    _answer_others(app)
    _catch_errors(app, studio)
    _serve_page(app)
    app.add_middleware(Guard, token=options.token, hosts=options.hosts, upload_bytes=options.upload_bytes)
    return app


_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string", "description": "one line for the user"}},
    "required": ["error"],
}


def _answer_others(app: FastAPI) -> None:
    """Answer what no route takes: another method of an address with all that it has, or no address at all."""

    @app.api_route("/api/{path:path}", methods=_METHODS, include_in_schema=False)
    async def other(request: Request) -> Response:
        allowed = [method for method in _METHODS if _takes(method, request.path_params["path"])]
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)}) if allowed else HTTPException(404)


def _takes(method: str, path: str) -> bool:
    """Whether there is a route of this address for a method."""
    scope = {"type": "http", "method": method, "path": f"/{path}", "root_path": ""}
    return any(route.matches(scope)[0] is Match.FULL for part in _PARTS for route in part.router.routes)


def _catch_errors(app: FastAPI, studio: Studio) -> None:
    @app.exception_handler(MotesError)
    async def refused(request: Request, error: MotesError) -> Response:
        return _error(status_of(error), studio.named(str(error)))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body")
        unread = first["type"] == "json_invalid"
        return _error(
            400 if unread else 422,
            "the body is not JSON" if unread else f"{place}: {first['msg']}" if place else first["msg"],
        )

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return _error(
            error.status_code, f"{request.method} {request.url.path}: {error.detail}", dict(error.headers or {})
        )

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        if os.environ.get("MOTES_DEBUG"):
            traceback.print_exception(error)
        if isinstance(error, MemoryError):
            return _error(500, "there is not enough memory")
        what = (error.strerror or "") if isinstance(error, OSError) else studio.named(str(error))
        return _error(500, f"this is a bug in motes, please report it: {type(error).__name__}: {what}")


def _error(status: int, text: object, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": " ".join(str(text).split())[:1000]}, status, headers)


def _serve_page(app: FastAPI) -> None:
    """The built page, where there is one."""
    if (PAGE / "index.html").is_file():
        app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    def no_page() -> Any:
        return HTMLResponse(f"<!doctype html><title>motes studio</title><p>{NO_PAGE.replace('`', '')}</p>")
