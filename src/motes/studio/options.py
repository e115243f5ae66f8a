"""What a studio is started with."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

UPLOAD_BYTES = 1 << 30
UPLOAD_S = 3 * 3600.0
# What 1 GB of WAV in 16 bits unpacks to; compressed files of a few kB may hold as much.
DECODED_SAMPLES = 1 << 29


class Limits(NamedTuple):
    """How long a recording may be: in seconds, and in samples of all its channels."""

    seconds: float = UPLOAD_S
    samples: int = DECODED_SAMPLES


@dataclass(frozen=True)
class StudioOptions:
    """`folder` confines what can be opened and saved; `state` is where unsaved work is kept; a `token` is asked for
    where it is not empty.

    `hosts` are names under which the server may be addressed, beside localhost and literal addresses. `recordings` are
    folders in which the recording of a scene is looked for too.
    """

    folder: Path
    state: Path
    token: str = ""
    hosts: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    upload_bytes: int = UPLOAD_BYTES
    upload_s: float = UPLOAD_S
    decoded_samples: int = DECODED_SAMPLES
    autosave_s: float = 1.0

    @property
    def limits(self) -> Limits:
        """How long recordings may be."""
        return Limits(self.upload_s, self.decoded_samples)


def state_folder() -> Path:
    """The user's folder for unsaved work: `MOTES_STATE`, or what the platform calls it."""
    if chosen := os.environ.get("MOTES_STATE"):
        return Path(chosen) / "studio"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "motes" / "studio"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/motes/studio"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "motes" / "studio"
