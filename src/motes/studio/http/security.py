"""Who may ask: requests from this machine's pages only, and with a token where others could reach the server."""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

COOKIE = "motes_token"
JSON_BYTES = 32 << 20
# Styles may stand in elements, which frameworks place things with; scripts come from the server only.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self' "
    "'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Stands before the application: Host, Origin, token and the size of bodies; and puts the policy on every
    answer.
    """

    def __init__(self, app: App, token: str = "", hosts: tuple[str, ...] = (), upload_bytes: int = 1 << 30) -> None:
        self.app, self.token, self.hosts, self.upload_bytes = (
            app,
            token,
            frozenset(host.lower() for host in hosts),
            upload_bytes,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused, and pass on any other (ASGI)."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if refusal := self._refusal(scope, headers):
            await _answer(send, *refusal)
            return
        if self.token and not self._has_token(headers):
            await self._ask_for_token(scope, send)
            return
        limit = self.upload_bytes if scope["path"].startswith("/api/uploads") else JSON_BYTES
        try:
            if int(headers.get("content-length") or 0) > limit:
                await _answer(send, 413, f"the body has {headers['content-length']} bytes, at most {limit} are taken")
                return
        except ValueError:
            await _answer(send, 400, "Content-Length is not a number")
            return
        await self.app(scope, _bounded(receive, limit), _with_policy(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._is_own_host(host):
            return 403, f"this server is not called {host[:80]!r}: open it as localhost"
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope.get('scheme', 'http')}://{host}":
            return 403, f"requests from {origin[:80]!r} are not answered"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and (
            scope["path"].startswith("/api") or scope["method"] not in ("GET", "HEAD")
        ):
            return 403, "requests from other pages are not answered"
        if scope["method"] in ("POST", "PUT", "PATCH") and not scope["path"].startswith("/api/uploads"):
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json" and (
                int(headers.get("content-length") or 0) if headers.get("content-length", "0").isdigit() else 1
            ):
                return 415, f"the body must be application/json, not {kind[:80] or 'unnamed'}"
        return None

    def _is_own_host(self, host: str) -> bool:
        """Whether the server has this name; others can make names point here, but not localhost nor an address."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name == "localhost" or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _has_token(self, headers: dict[str, str]) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            try:
                cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
            except CookieError:
                cookie = None
            given = cookie.value if cookie else ""
        return secrets.compare_digest(given.strip().encode(), self.token.encode())

    async def _ask_for_token(self, scope: Scope, send: Send) -> None:
        """A page opened with the token gets a cookie, and an address without it."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        given = query.pop("token", [""])[0]
        if (
            scope["method"] != "GET"
            or scope["path"].startswith("/api")
            or not secrets.compare_digest(given.encode(), self.token.encode())
        ):
            await _answer(send, 401, "open the address that motes studio printed: it holds a token")
            return
        rest = urlencode(query, doseq=True)
        place = "/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else "")
        cookie = f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        headers = [
            (b"location", place.encode("latin-1", "replace")),
            (b"set-cookie", cookie.encode()),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _bounded(receive: Receive, limit: int) -> Receive:
    """A body that ends the connection where it is longer than it said it would be."""
    taken = 0

    async def take() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if taken > limit else message

    return take


def _with_policy(send: Send) -> Send:
    async def put(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_POLICY_HEADERS]
        await send(message)

    return put


_POLICY_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


async def _answer(send: Send, status: int, text: str) -> None:
    body = json.dumps({"error": text}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_POLICY_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
