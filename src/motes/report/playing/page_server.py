"""A page served on this machine until Ctrl-C, so that browsers give it what they keep from files: MIDI and motion."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from motes.errors import ParameterError

LOCAL = "127.0.0.1"


def server_of(page: bytes, port: int = 0) -> ThreadingHTTPServer:
    """A server of this page, at `/` of its own address on this machine; 0 is any free port. ParameterError where the
    port cannot be used.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *values: object) -> None:  # noqa: A002
            """Nothing: requests are no news."""

    try:
        return ThreadingHTTPServer((LOCAL, port), Handler)
    except (OSError, OverflowError) as error:
        raise ParameterError(
            f"port {port} cannot be used: {getattr(error, 'strerror', None) or error} (--port 0 takes a free one)"
        ) from None


def serve_page(page: bytes, port: int, browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until interrupted; `tell` gets the address, and the browser opens it if it is to."""
    with server_of(page, port) as server:
        address = f"http://{LOCAL}:{server.server_address[1]}/"
        tell(f"{address} (Ctrl-C ends)")
        if browser:
            webbrowser.open(address)
        server.serve_forever()
