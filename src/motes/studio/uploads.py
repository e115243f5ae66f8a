"""Files that pages have sent."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from motes.audio import open_source
from motes.errors import MotesError
from motes.studio.answers import UploadAnswer
from motes.studio.errors import NotFound, TooLarge
from motes.studio.folder import checked_file_type
from motes.studio.sound.recording import check_length


@dataclass(frozen=True)
class Upload:
    """A file that a page has sent."""

    name: str
    path: Path


class Uploads:
    """Uploads by their ids, in a folder that ends with the studio."""

    def __init__(self, folder: Path, longest_s: float) -> None:
        self._folder, self._longest_s = folder, longest_s
        self._arrived: dict[str, Upload] = {}

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
        try:
            seconds = self._duration_s(file_type, name, path)
        except MotesError as error:
            path.unlink(missing_ok=True)
            raise type(error)(str(error).replace(str(path), name)) from None
        self._arrived[identity] = Upload(name, path)
        return {"upload": identity, "name": name, "n_bytes": n_bytes, "type": file_type, "duration_s": seconds}

    def _duration_s(self, file_type: str, name: str, path: Path) -> float:
        if file_type == "recording":
            source = check_length(open_source(path), self._longest_s)
            return source.n_samples / source.sample_rate_hz
        from motes.codec import info

        seconds = info(path).duration_s
        if seconds > self._longest_s:
            raise TooLarge(f"{name} lasts {seconds:.0f} s, the studio takes at most {self._longest_s:.0f} s")
        return seconds
