"""Where files lie: in a folder of this machine, in a bucket that speaks S3 (`s3://bucket/key`), or at a web address
(`https://…`, single files, to read only). What is asked here of a path is asked of all three alike.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO, TypeAlias, cast

from motes.places.address import address_of, below, is_remote, join, text
from motes.places.place_error import PlaceError

__all__ = [
    "PlaceError",
    "address_of",
    "below",
    "exists",
    "files_in",
    "is_file",
    "is_folder",
    "is_remote",
    "join",
    "n_bytes",
    "open_file",
    "read_bytes",
    "read_text",
    "text",
]

Path: TypeAlias = str | os.PathLike[str]


def open_file(path: Path) -> BinaryIO:
    """A file, open for reading at its first byte. Of one that lies elsewhere only the blocks are fetched in which
    something is read, each once; PlaceError, an OSError, where that fails or the file changes meanwhile.
    """
    address = address_of(path)
    if address is None:
        return open(path, "rb")
    from motes.places.remote_file import RemoteFile

    return cast("BinaryIO", RemoteFile(address))


def read_bytes(path: Path) -> bytes:
    """All of a file; an OSError where it cannot be read."""
    with open_file(path) as handle:
        return handle.read()


def n_bytes(path: Path) -> int:
    """How long a file is; an OSError where it cannot be read."""
    if not is_remote(path):
        return os.path.getsize(path)
    with open_file(path) as handle:
        return handle.seek(0, os.SEEK_END)


def read_text(path: Path) -> str:
    """All of a text in UTF-8, each line ended as Python ends it; UnicodeDecodeError where it is none."""
    with io.TextIOWrapper(open_file(path), encoding="utf-8-sig") as handle:
        return handle.read()


def is_folder(path: Path) -> bool:
    """Whether it is a folder; in a bucket, whether keys begin with it and a slash. A web address never is one,
    and where nobody can be asked, it is none: opening it says why.
    """
    address = address_of(path)
    if address is None:
        return os.path.isdir(path)
    from motes.places.objects import is_prefix

    try:
        return is_prefix(address)
    except PlaceError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is such a file; PlaceError where nobody can be asked."""
    address = address_of(path)
    if address is None:
        return os.path.isfile(path)
    from motes.places.objects import is_object

    return is_object(address)


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; PlaceError where nobody can be asked."""
    return os.path.exists(path) if address_of(path) is None else is_file(path) or is_folder(path)


def files_in(folder: Path) -> list[str]:
    """The names of all files in a folder and the folders in it, below it, in order; what is hidden is left out."""
    address, found = address_of(folder), []
    if address is None:
        for here, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [os.path.relpath(os.path.join(here, name), folder) for name in names]
    else:
        from motes.places.objects import names_below

        found = names_below(address)
    return sorted(
        (name for name in found if not any(part.startswith(".") for part in name.split("/"))),
        key=lambda name: name.split("/"),
    )
