"""A file elsewhere, of which only what is read is fetched."""

from __future__ import annotations

import io
import os
import tempfile
from typing import Any

from motes.places.address import Address
from motes.places.place_error import PlaceError
from motes.places.stores import obstore, store_of

# What is fetched at least; reading on doubles it up to the most.
BLOCK, MOST = 1 << 16, 1 << 22
# Up to here blocks are kept in memory, beyond it in a temporary file.
_IN_MEMORY = 32 << 20


class RemoteFile(io.RawIOBase):
    """A file that is read by ranges: each block of 64 KiB is fetched once, when something in it is read, and more of
    them at a time as reading goes on. From a server that knows no ranges it is fetched whole.

    Raises PlaceError where the file is not there, cannot be reached, or changes while it is read.
    """

    def __init__(self, address: Address) -> None:
        super().__init__()
        self.name, self._address = str(address), address
        if not address.key or address.key.endswith("/"):
            raise PlaceError(f"there is no file {address}: it is a {'bucket or ' * address.is_bucket}folder")
        self._place, self._library = store_of(address), obstore()
        self._kept: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (lives as long as we do)
        self._there: set[int] = set()
        self._at = self._n_bytes = 0
        self._ahead, self._next = 1, 0
        self._version: str | None = None
        self._begin()

    def _begin(self) -> None:
        """Fetch the first block, and with it how long the file is."""
        try:
            found = self._get({"range": (0, BLOCK)})
        except FileNotFoundError as error:
            raise PlaceError(self._missing(error)) from None
        except PlaceError:
            raise
        except Exception:  # an empty file has no range, and some servers have none
            self._fetch_whole()
            return
        self._n_bytes, self._version = found.meta["size"], found.meta["e_tag"]
        self._keep(0, self._bytes_of(found))

    def _fetch_whole(self) -> None:
        found = self._tried({})
        try:
            for chunk in found.stream(min_chunk_size=MOST):
                self._kept.write(chunk)
                self._n_bytes += len(chunk)
        except Exception as error:
            raise PlaceError(self._place.why(error, "read")) from None
        self._there = set(range(-(-self._n_bytes // BLOCK)))

    def _get(self, options: dict[str, Any]) -> Any:
        return self._library.get(self._place.store, self._address.key, options=options)

    def _tried(self, options: dict[str, Any]) -> Any:
        try:
            return self._get(options)
        except FileNotFoundError as error:
            raise PlaceError(self._missing(error)) from None
        except self._library.exceptions.PreconditionError:
            raise PlaceError(f"{self._address} changed while it was being read: start again") from None
        except Exception as error:
            raise PlaceError(self._place.why(error, "read")) from None

    def _missing(self, error: Exception) -> str:
        return self._place.why(error, "read") if "NoSuchBucket" in str(error) else f"there is no file {self._address}"

    def _bytes_of(self, found: Any) -> bytes:
        try:
            return bytes(found.bytes())
        except Exception as error:
            raise PlaceError(self._place.why(error, "read")) from None

    def _keep(self, first: int, data: bytes) -> None:
        """Blocks from the first on."""
        self._kept.seek(first * BLOCK)
        self._kept.write(data)
        self._there.update(range(first, first + -(-len(data) // BLOCK)))

    def _need(self, start: int, end: int) -> None:
        """Fetch what is missing of these bytes, and somewhat more where reading goes on where it was."""
        first, last = start // BLOCK, -(-end // BLOCK)
        while first < last:
            if first in self._there:
                first += 1
                continue
            self._ahead = min(2 * self._ahead, MOST // BLOCK) if first == self._next else 1
            stop = max(min(last, first + MOST // BLOCK), first + self._ahead)
            stop = next((block for block in range(first + 1, stop) if block in self._there), stop)
            low, high = first * BLOCK, min(stop * BLOCK, self._n_bytes)
            options: dict[str, Any] = {"range": (low, high)}
            if self._version and not self._version.startswith("W/"):
                options["if_match"] = self._version
            data = self._bytes_of(self._tried(options))
            if len(data) != high - low:
                raise PlaceError(f"{self._address} changed while it was being read: start again")
            self._keep(first, data)
            self._next = first = stop

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._n_bytes)
        if end <= self._at:
            return 0
        self._need(self._at, end)
        self._kept.seek(self._at)
        n_bytes = 0
        while n_bytes < end - self._at:
            piece = self._kept.read(end - self._at - n_bytes)
            view[n_bytes : n_bytes + len(piece)] = piece
            n_bytes += len(piece)
        self._at = end
        return n_bytes

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._n_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed and hasattr(self, "_kept"):
            self._kept.close()
        super().close()
