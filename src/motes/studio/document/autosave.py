"""Unsaved work, kept on disk as it changes, and found again after a crash."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import IO, Any

from motes.errors import FormatError, MotesError
from motes.files import atomic_output
from motes.studio.answers import RecoveredAnswer
from motes.studio.document.history import STEP, Revision
from motes.studio.document.snapshot import about_of, pack, unpack
from motes.studio.errors import NotFound

_SUFFIX = ".unsaved"
_STEPS = ".steps"


class Autosave:
    """A folder for this studio's unsaved documents within `state`, locked as long as it runs: what lies in unlocked
    ones is to be recovered.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state / secrets.token_hex(8)
        self.folder.mkdir(parents=True, mode=0o700)
        self._lock = _locked(self.folder)
        for other in self._free():
            _tidy(other)

    def steps(self, document: str) -> Path:
        """The folder for the states of a document, which are found with it after a crash."""
        folder = self.folder / f"{document}{_STEPS}"
        folder.mkdir(exist_ok=True)
        return folder

    def store(self, document: str, revision: Revision, about: dict[str, Any]) -> None:
        """Keep a state of a document, in place of the one before, and with its other states."""
        about = about | {
            STEP: revision.about(),
            "saved_at": time.time(),
            "n_events": revision.scene.n_events,
            "duration_s": revision.scene.duration_s,
        }
        path, step = self.folder / f"{document}{_SUFFIX}", self.steps(document) / f"{revision.number}.revision"
        with atomic_output(path, overwrite=True) as handle:
            pack(handle, revision.scene, revision.muted, about)
        with contextlib.suppress(OSError):  # where there are no such links it is stored as the other states are
            step.unlink(missing_ok=True)
            os.link(path, step)
            revision.is_stored_as(step)

    def forget(self, document: str) -> None:
        """Drop a document of which nothing is unsaved any more."""
        with contextlib.suppress(OSError):
            (self.folder / f"{document}{_SUFFIX}").unlink()

    def forget_steps(self, document: str) -> None:
        """Drop the states of a document that is closed."""
        shutil.rmtree(self.folder / f"{document}{_STEPS}", ignore_errors=True)

    def close(self) -> None:
        """End the lock: unsaved work stays for the next studio."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        _tidy(self.folder)

    def found(self) -> list[RecoveredAnswer]:
        """Unsaved documents of studios that have ended, the latest first; what cannot be read is passed over."""
        found = []
        for path in self._orphans():
            with contextlib.suppress(OSError, MotesError, TypeError, ValueError), path.open("rb") as handle:
                found.append(_recovered(_identity(path), about_of(handle)))
        return sorted(found, key=lambda one: -one["saved_at"])

    def load(self, identity: str) -> tuple[Any, Any, dict[str, Any]]:
        """Scene, what is muted, and what was stored beside them, of a document that was found."""
        try:
            with self._orphan(identity).open("rb") as handle:
                return unpack(handle)
        except OSError as error:
            raise FormatError(f"the unsaved work cannot be read: {error.strerror or error}") from None

    def take_steps(self, identity: str, document: str) -> Path:
        """The folder for the states of a document, with those of one that was found."""
        folder = self.steps(document)
        for path in self._orphan(identity).with_suffix(_STEPS).glob("*.revision"):
            try:
                os.link(path, folder / path.name)
            except OSError:
                with contextlib.suppress(OSError):
                    shutil.copyfile(path, folder / path.name)
        return folder

    def drop(self, identity: str) -> None:
        """Forget a document that was found."""
        path = self._orphan(identity)
        path.unlink(missing_ok=True)
        _tidy(path.parent)

    def _orphan(self, identity: str) -> Path:
        for path in self._orphans():
            if _identity(path) == identity:
                return path
        raise NotFound(f"there is no unsaved work {identity[:40]}")

    def _orphans(self) -> list[Path]:
        return [path for folder in self._free() for path in _kept(folder)]

    def _free(self) -> list[Path]:
        """The folders of studios that have ended."""
        with contextlib.suppress(OSError):
            return [
                folder
                for folder in self.state.iterdir()
                if folder != self.folder and folder.is_dir() and _is_free(folder)
            ]
        return []


def _recovered(identity: str, about: dict[str, Any]) -> RecoveredAnswer:
    path = about.get("path")
    return {
        "id": identity,
        "name": str(about.get("name") or "recovered.mote"),
        "path": None if path is None else str(path),
        "saved_at": float(about.get("saved_at") or 0),
        "n_events": int(about.get("n_events") or 0),
        "duration_s": float(about.get("duration_s") or 0),
    }


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _identity(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def _locked(folder: Path) -> IO[bytes] | None:
    """A lock that ends with the process, however that ends; None where it is taken."""
    handle = open(folder / "lock", "ab")  # noqa: SIM115 (held)
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # no such locks on this platform: studios side by side see each other's work
        return handle
    except OSError:
        handle.close()
        return None
    return handle


def _is_free(folder: Path) -> bool:
    if not (folder / "lock").is_file():
        return True
    lock = _locked(folder)
    if lock is not None:
        lock.close()
    return lock is not None


def _tidy(folder: Path) -> None:
    """Remove the states of documents of which nothing is unsaved, and a folder in which there is nothing left."""
    kept = _kept(folder)
    for steps in folder.glob(f"*{_STEPS}"):
        if steps.with_suffix(_SUFFIX) not in kept:
            shutil.rmtree(steps, ignore_errors=True)
    with contextlib.suppress(OSError):
        if not kept:
            (folder / "lock").unlink(missing_ok=True)
            folder.rmdir()
