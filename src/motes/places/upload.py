"""Files to a bucket, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, cast

from motes.places.address import Address
from motes.places.place_error import PlaceError
from motes.places.stores import obstore, store_of

CONTENT_TYPES = {
    ".mote": "application/x-mote",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg; codecs=opus",
    ".mp3": "audio/mpeg",
    ".mid": "audio/midi",
    ".pdf": "application/pdf",
}
UNKNOWN_TYPE = "application/octet-stream"
# Bytes of a part of a large upload.
PART = 8 << 20
# Up to here what is written waits in memory, beyond it in a temporary file.
_IN_MEMORY = 32 << 20


def content_type(name: str) -> str:
    """What a file is, as browsers call it, by its extension."""
    return CONTENT_TYPES.get(os.path.splitext(name)[1].lower(), UNKNOWN_TYPE)


@contextlib.contextmanager
def upload(address: Address) -> Iterator[BinaryIO]:
    """A handle, readable and seekable too, whose bytes become the object when the block ends well: until then, and when
    it does not, nothing can be seen of it. PlaceError where it cannot be sent.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        yield cast("BinaryIO", kept)
        kept.seek(0)
        send(kept, address)


def send(data: IO[bytes], address: Address) -> None:
    """What is left to read of a file, as an object; a large one in parts, which become it together."""
    place, library = store_of(address), obstore()
    attributes: Any = {"Content-Type": content_type(address.key)}
    try:
        # It aborts the parts where one fails.
        library.put(place.store, address.key, data, attributes=attributes, chunk_size=PART)
    except Exception as error:
        raise PlaceError(place.why(error)) from None


def check_writable(address: Address) -> None:
    """PlaceError where nothing can be written to an address: that of the web, or one without a name."""
    if not address.is_bucket:
        raise PlaceError("nothing is written to web addresses: name a file, or s3://bucket/key")
    if not address.key or address.key.endswith("/"):
        raise PlaceError("it is a folder")
