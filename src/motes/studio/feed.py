"""What happens in the studio, sent to every page as it happens: server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from motes.studio.errors import Busy

_KEEP_ALIVE_S = 15.0
_MOST_WAITING = 1000
_MOST_LISTENERS = 64


class Feed:
    """Messages to all who listen; `publish` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[bytes | None], asyncio.AbstractEventLoop] = {}
        # Threads publish while event loops come and go.
        self._lock = threading.Lock()
        self._closed = False

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        """Send a message to every listener."""
        message = sse_message(name, data)
        with self._lock:
            for queue, loop in list(self._listeners.items()):
                try:
                    loop.call_soon_threadsafe(_put, queue, message)
                except RuntimeError:  # its loop has ended
                    del self._listeners[queue]

    def close(self) -> None:
        """End all streams: the server ends."""
        with self._lock:
            self._closed = True
            for queue, loop in self._listeners.items():
                try:
                    loop.call_soon_threadsafe(queue.put_nowait, None)
                except RuntimeError:
                    continue

    def check_room(self) -> None:
        """Busy where as many listen as may."""
        with self._lock:
            if len(self._listeners) >= _MOST_LISTENERS:
                raise Busy(f"{_MOST_LISTENERS} pages listen already: close some of them")

    async def listen(self, state: Callable[[], Mapping[str, Any]]) -> AsyncIterator[bytes]:
        """All messages from now on, `hello` with the state of everything first."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        with self._lock:
            if self._closed or len(self._listeners) >= _MOST_LISTENERS:
                return
            self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield sse_message("hello", await asyncio.to_thread(state))
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if message is None:
                    return
                yield message
        finally:
            with self._lock:
                self._listeners.pop(queue, None)


def _put(queue: asyncio.Queue[bytes | None], message: bytes) -> None:
    if queue.qsize() < _MOST_WAITING:  # a page that sleeps gets `hello` when it comes back
        queue.put_nowait(message)
    else:
        queue.put_nowait(None)


def sse_message(name: str, data: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n".encode()
