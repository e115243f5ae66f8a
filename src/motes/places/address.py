"""Addresses of files that do not lie on this machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from motes.places.place_error import PlaceError

# One slash is what pathlib leaves of two.
_SCHEME = re.compile(r"(s3|https?):/{1,2}(?=[^/])")


@dataclass(frozen=True)
class Address:
    """Where a file lies: `scheme` is s3, https or http, `root` its bucket or host and port, `key` its name there;
    `query` is what a web address has behind a question mark.
    """

    scheme: str
    root: str
    key: str
    query: str = ""

    @property
    def is_bucket(self) -> bool:
        """Whether it can be listed and written to."""
        return self.scheme == "s3"

    def __str__(self) -> str:
        key = self.key if self.is_bucket else quote(self.key)
        return f"{self.scheme}://{self.root}/{key}" + (f"?{self.query}" if self.query else "")

    def below(self, name: str) -> Address:
        """The address of a file in the folder that this is."""
        return replace(self, key="/".join(filter(None, (self.key.rstrip("/"), name))))


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Whether it is the address of a bucket or of the web; a folder of that name here is `./s3:`."""
    return isinstance(path, str | os.PathLike) and _SCHEME.match(os.fspath(path)) is not None


def address_of(path: str | os.PathLike[str]) -> Address | None:
    """The address that a path is, or None where it is one of this machine; PlaceError where it makes no sense."""
    if not is_remote(path):
        return None
    given = text(path)
    scheme, _, rest = given.partition("://")
    root, _, key = rest.partition("/")
    if scheme == "s3":
        return Address(scheme, root, key)
    parts = urlsplit(given)
    if not parts.hostname:
        raise PlaceError(f"{given} names no host")
    return Address(scheme, parts.netloc, unquote(parts.path.lstrip("/")), parts.query)


def text(path: str | os.PathLike[str]) -> str:
    """A path as it was meant: pathlib makes one slash of two."""
    return _SCHEME.sub(r"\1://", os.fspath(path), count=1) if is_remote(path) else os.fspath(path)


def below(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> str:
    """What a file in a folder is called, seen from there."""
    if is_remote(folder):
        return text(path).removeprefix(text(folder).rstrip("/") + "/")
    return os.path.relpath(path, folder)


def join(folder: str | os.PathLike[str], name: str) -> str:
    """The path of a file in a folder."""
    if is_remote(folder):
        return "/".join(filter(None, (text(folder).rstrip("/"), name)))
    return str(Path(folder, name))
