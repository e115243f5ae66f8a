"""What happens in the studio, told to every page as it happens: server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

_BEAT_S = 15.0
_MOST_WAITING = 1000


class Feed:
    """Messages to all who listen; `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[bytes | None], asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        self._closed = False

    def tell(self, name: str, data: Mapping[str, Any]) -> None:
        """One message."""
        message = encoded(name, data)
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

    async def listen(self, hello: Callable[[], Mapping[str, Any]]) -> AsyncIterator[bytes]:
        """All messages from now on, the state of everything first."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        with self._lock:
            if self._closed:
                return
            self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield encoded("hello", await asyncio.to_thread(hello))
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), _BEAT_S)
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


def encoded(name: str, data: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n".encode()
