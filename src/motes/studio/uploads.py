"""Files that pages have sent."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from motes.audio import open_source
from motes.studio.answers import UploadAnswer
from motes.studio.errors import NotFound
from motes.studio.folder import checked_file_type
from motes.studio.options import Limits
from motes.studio.sound.recording import check_length, check_seconds

_MOST_REFUSED = 64


@dataclass(frozen=True)
class Upload:
    """A file that a page has sent."""

    name: str
    path: Path


class Uploads:
    """Uploads by their ids, in a folder that ends with the studio."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._arrived: dict[str, Upload] = {}
        # Files that were deleted, of which answers still speak.
        self._refused: dict[str, str] = {}

    def __getitem__(self, identity: str) -> Upload:
        if (found := self._arrived.get(identity)) is None:
            raise NotFound(f"there is no upload {identity[:40]}")
        return found

    def __len__(self) -> int:
        return len(self._arrived)

    def new(self, name: str) -> tuple[str, Path]:
        """An id, and the file to write to; ParameterError for what the studio cannot read."""
        checked_file_type(name)
        identity = f"u{secrets.token_hex(6)}"
        return identity, self._folder / f"{identity}{os.path.splitext(name)[1].lower()}"

    def add(self, identity: str, name: str, path: Path, n_bytes: int) -> UploadAnswer:
        """What has arrived; refused, and deleted, where it is no sound or lasts too long."""
        file_type = checked_file_type(name)
        self._arrived[identity] = Upload(name, path)
        try:
            seconds = self._duration_s(file_type, name, path)
        except BaseException:
            path.unlink(missing_ok=True)
            self._refused = dict([*self._refused.items(), (path.name, name)][-_MOST_REFUSED:])
            del self._arrived[identity]
            raise
        return {"upload": identity, "name": name, "n_bytes": n_bytes, "type": file_type, "duration_s": seconds}

    def named(self, text: str) -> str:
        """A text in which files of this folder are called as the page called them."""
        text = text.replace(f"{self._folder}{os.sep}", "")
        for stored, name in [*self._refused.items(), *((one.path.name, one.name) for one in self._arrived.values())]:
            text = text.replace(stored, name)
        return text

    def _duration_s(self, file_type: str, name: str, path: Path) -> float:
        if file_type == "recording":
            source = check_length(open_source(path), self._limits)
            return source.n_samples / source.sample_rate_hz
        from motes.codec import info

        seconds = info(path).duration_s
        check_seconds(name, seconds, self._limits)
        return seconds
