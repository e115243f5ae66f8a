"""The folder that a studio has opened: what lies in it, and nothing outside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from motes.errors import ParameterError
from motes.library.plan import RECORDINGS
from motes.studio.answers import EntryAnswer, FileType, FolderAnswer
from motes.studio.errors import Conflict, Forbidden, NotFound

SCENE = ".mote"
# Of names and paths on all that motes runs on.
_NAME_BYTES, _PATH_BYTES = 255, 4000


class Folder:
    """Paths relative to `root`, with `/` between; links are followed, and refused where they lead out."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def inside(self, path: str) -> Path:
        """The real path of what is called so; Forbidden where that is outside the folder."""
        if not _is_path(path):
            raise Forbidden("that is not a path")
        if path.startswith(("/", "\\")) or Path(path).is_absolute():
            raise Forbidden(f"{path} is not a path within the folder: the studio opens nothing else")
        try:
            real = Path(os.path.realpath(self.root / path))
        except (OSError, ValueError) as error:
            raise Forbidden(f"{path} cannot be followed: {error}") from None
        if any(len(os.fsencode(part)) > _NAME_BYTES for part in real.parts):
            raise NotFound(f"{path[:60]} … is too long for the name of a file: {_NAME_BYTES} bytes at most")
        if real != self.root and self.root not in real.parents:
            raise Forbidden(f"{path} leads out of {self.root.name}, the folder that the studio has opened")
        return real

    def file(self, path: str) -> Path:
        """The real path of a file that is there."""
        real = self.inside(path)
        if real.is_dir():
            raise NotFound(f"{path} is a folder")
        if not real.is_file():
            raise NotFound(f"there is no file {path}")
        return real

    def shown(self, real: Path) -> str:
        """A real path inside as it is called."""
        return real.relative_to(self.root).as_posix()

    def make(self, path: str) -> FolderAnswer:
        """What is in a folder that has been made; the one that it is in is there."""
        here = self.inside(path)
        if here.exists():
            raise Conflict(f"{path} exists already: choose another name")
        try:
            here.mkdir()
        except OSError as error:
            raise Forbidden(f"cannot make the folder {path}: {error.strerror or error}") from None
        return self.listing(self.shown(here))

    def listing(self, path: str) -> FolderAnswer:
        """Folders, scenes and recordings in a folder, by name; what leads out is left out."""
        here = self.inside(path)
        if not here.is_dir():
            raise NotFound(f"there is no folder {path}")
        try:
            found = [
                entry
                for child in sorted(here.iterdir(), key=lambda child: child.name.casefold())
                if (entry := self._entry(child))
            ]
        except OSError as error:
            raise Forbidden(f"cannot read {path}: {error.strerror or error}") from None
        own = self.shown(here)
        return {
            "path": "" if own == "." else own,
            "parent": None if here == self.root else _up(self.shown(here.parent)),
            "entries": found,
        }

    def _entry(self, child: Path) -> EntryAnswer | None:
        if child.name.startswith("."):
            return None
        try:
            real = self.inside(child.relative_to(self.root).as_posix())
            about = real.stat()
        except (Forbidden, OSError):
            return None
        kind: FileType | None = "folder" if real.is_dir() else file_type(child.name) if real.is_file() else None
        if kind is None:
            return None
        path = child.relative_to(self.root).as_posix()
        return {
            "name": child.name,
            "path": path,
            "type": kind,
            "n_bytes": 0 if kind == "folder" else about.st_size,
            "modified": about.st_mtime,
        }


def file_type(name: str) -> Literal["scene", "recording"] | None:
    """Whether a file is a scene or a recording, by its name; None for anything else."""
    extension = os.path.splitext(name)[1].lower()
    return "scene" if extension == SCENE else "recording" if extension in RECORDINGS else None


def checked_file_type(name: str) -> Literal["scene", "recording"]:
    """The type of a file; ParameterError for anything else than a scene or a recording."""
    if (found := file_type(name)) is None:
        raise ParameterError(f"{name[:80]} is neither a .mote file nor a recording, by its name")
    return found


def _is_path(path: str) -> bool:
    """Whether a file could be called so."""
    try:
        return "\0" not in path and len(os.fsencode(path)) <= _PATH_BYTES
    except UnicodeEncodeError:
        return False


def _up(path: str) -> str:
    return "" if path == "." else path
