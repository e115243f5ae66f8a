"""Running the studio until Ctrl-C: the address, the browser, and the end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motes.errors import MissingExtraError, ParameterError
from motes.studio.folder import file_type
from motes.studio.options import StudioOptions

if TYPE_CHECKING:
    import uvicorn

    from motes.studio.studio import Studio

LOCAL = "127.0.0.1"


def serve(
    options: StudioOptions,
    host: str,
    port: int,
    *,
    target: Path | None = None,
    browser: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve until interrupted. `target` is opened at once; `tell` gets the address. Elsewhere than on this machine, a
    token is asked for.

    Raises MissingExtraError without what the studio needs, ParameterError where the address cannot be used.
    """
    try:
        import uvicorn

        from motes.studio.document.memory import share_one_arena
        from motes.studio.http.app import NO_PAGE, PAGE, create_app
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "uvicorn", "pydantic", "starlette"):
            raise
        raise MissingExtraError("the studio", "studio") from None
    listener = _listener(host, port)
    if not _is_local(host):
        names = (host, socket.gethostname(), socket.getfqdn())
        options = replace(options, token=secrets.token_urlsafe(24), hosts=names)
    share_one_arena()
    app = create_app(options)
    with contextlib.closing(listener):
        if target is not None:
            _open(app.state.studio, target)
        server = _server(
            uvicorn.Config(app, timeout_graceful_shutdown=2, **_QUIET),
            app.state.studio,
            lambda: _announce(host, listener.getsockname()[1], options.token, browser, tell),
        )
        if not (PAGE / "index.html").is_file():
            tell(f"motes: {NO_PAGE}")
        sys.setswitchinterval(0.001)  # threads that draw and render do not keep the others waiting
        asyncio.run(server.serve(sockets=[listener]))
    raise KeyboardInterrupt


# uvicorn's settings: what it would say itself is said by `tell`, and answers have no more headers than they need.
_QUIET: dict[str, Any] = {
    "log_level": "error",
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "ws": "none",
}


def _open(studio: Studio, target: Path) -> None:
    """Open a file that the command line names, and begin to encode it where it is a recording."""
    from motes.studio.schemas import JobBody, OpenBody

    try:
        studio.opened = studio.open(OpenBody(path=studio.folder.shown(target))).id
        if file_type(target.name) != "scene":
            studio.opened_job = studio.encode(JobBody(document=studio.opened)).id
    except BaseException:
        studio.close()
        raise


def _server(config: uvicorn.Config, studio: Studio, on_started: Callable[[], None]) -> uvicorn.Server:
    """A server that says when it listens, and ends its streams when it is asked to stop."""

    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_started()

        def handle_exit(self, sig: int, frame: Any) -> None:
            studio.feed.close()
            self.should_exit = True

        @contextlib.contextmanager
        def capture_signals(self) -> Any:
            import signal

            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server(config)


def _announce(host: str, port: int, token: str, browser: bool, tell: Callable[[str], None]) -> None:
    shown = host if host not in ("0.0.0.0", "::") else socket.gethostname()
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
    tell(f"{address} (Ctrl-C ends it)")
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _is_local(host: str) -> bool:
    return host in (LOCAL, "localhost", "::1")


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens; ParameterError where the port is taken or the host is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise ParameterError(
            f"there is no host {host!r}: --host takes an address of this machine, or 0.0.0.0 for all"
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ParameterError(
                f"port {port} is taken, perhaps by another studio: choose one with --port, or --port 0 for any "
                "that "
                "is free"
            ) from None
        if error.errno == errno.EACCES:
            raise ParameterError(
                f"port {port} may not be used by everybody: choose one above 1023 with --port"
            ) from None
        raise ParameterError(f"cannot listen at {host}:{port}: {error.strerror or error}") from None
    return listener
