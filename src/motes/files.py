"""Writing files so that nothing is lost: the whole file appears at once, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from motes import places
from motes.errors import AudioError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # not on Windows: what is left behind there stays
    fcntl = None

# What the names of files begin and end with while they are written.
_PART = (".motes-", ".part")
_STALE_S = 60.0
_EXISTS = "{} exists already: choose another name, or --force (overwrite=True) to replace it"
# Folders in which this process has looked for what others have left.
_looked_through: set[Path] = set()


@contextlib.contextmanager
def atomic_output(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[BinaryIO]:
    """A binary handle (readable and seekable too) whose bytes become `path` when the block ends well, and vanish when
    it does not.

    They are written under a temporary name in the same folder, synced and renamed. Where `path` is a symbolic link its
    target is replaced; a device or pipe is written directly; the address of a bucket becomes an object there. Raises
    AudioError, one line, if `path` exists and `overwrite` is false, is a folder, or cannot be written (any OSError
    inside the block counts as that).
    """
    if places.is_remote(path):
        with _remote_output(path, overwrite) as sent:
            yield sent
        return
    shown, target = os.fspath(path), Path(os.path.realpath(path))
    refuse_existing(path, overwrite)
    try:
        if target.exists() and not target.is_file():
            with open(target, "wb") as handle:
                yield handle
            return
        _remove_stale(target.parent)
        temporary = target.with_name(f"{_PART[0]}{secrets.token_hex(6)}{_PART[1]}")
        try:
            with open(temporary, "x+b") as handle:  # not mkstemp: the user's umask decides who may read the result
                _lock(handle)
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            refuse_existing(path, overwrite)  # it may have appeared meanwhile
            _keep_mode(target, temporary)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise AudioError(f"cannot write {shown}: {_reason(error, target.parent)}") from error


@contextlib.contextmanager
def _remote_output(path: str | os.PathLike[str], overwrite: bool) -> Iterator[BinaryIO]:
    """A handle whose bytes become an object in a bucket."""
    from motes.places.upload import upload

    address = places.address_of(path)
    assert address is not None
    refuse_existing(path, overwrite)
    try:
        with upload(address) as handle:
            yield handle
            refuse_existing(path, overwrite)  # it may have appeared meanwhile
    except OSError as error:
        raise AudioError(f"cannot write {address}: {error.strerror or error}") from error


@contextlib.contextmanager
def folder_in_making(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, to be renamed when all that it is for is in it; what is left of it when the block ends
    vanishes. OSError where it cannot be made.
    """
    _remove_stale(parent)
    making, lock = parent / f"{_PART[0]}{secrets.token_hex(6)}{_PART[1]}", None
    making.mkdir()
    try:
        lock = _folder_lock(making)
        yield making
    finally:
        shutil.rmtree(making, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def refuse_existing(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Raise AudioError if `path` is a folder, or exists and may not be replaced: asked before long work begins."""
    if places.is_remote(path):
        _refuse_existing_object(path, overwrite)
        return
    if os.path.isdir(path):
        raise AudioError(f"cannot write {os.fspath(path)}: it is a folder")
    if not overwrite and os.path.lexists(path) and (os.path.isfile(path) or not os.path.exists(path)):
        raise AudioError(_EXISTS.format(os.fspath(path)))


def _refuse_existing_object(path: str | os.PathLike[str], overwrite: bool) -> None:
    """As of files: asked of a bucket."""
    from motes.places.upload import check_writable

    address = places.address_of(path)
    assert address is not None
    try:
        check_writable(address)
        is_there = not overwrite and places.is_file(path)
    except OSError as error:
        raise AudioError(f"cannot write {address}: {error}") from error
    if is_there:
        raise AudioError(_EXISTS.format(address))


def _folder_lock(folder: Path) -> int | None:
    """What keeps others from taking a folder for one that was left behind, until it is closed; None where it is theirs,
    or folders cannot be locked.
    """
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    if _lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _lock(handle: BinaryIO | int) -> bool:
    """Whether a file or folder is ours alone now, until it is closed or the process ends, however it ends."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_stale(folder: Path) -> None:
    """Remove what a process of this user that was killed has left in a folder: files and folders that nobody locks any
    longer.
    """
    if folder in _looked_through or fcntl is None:
        return
    _looked_through.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PART[0]) and entry.name.endswith(_PART[1]):
                remove = _remove_folder_if_stale if entry.is_dir(follow_symlinks=False) else _remove_if_stale
                remove(Path(entry.path))


def _remove_if_stale(path: Path) -> None:
    with contextlib.suppress(OSError), open(path, "r+b") as handle:
        if _is_old(os.fstat(handle.fileno())) and _lock(handle):
            path.unlink()


def _remove_folder_if_stale(path: Path) -> None:
    with contextlib.suppress(OSError):
        if _is_old(path.stat()) and (lock := _folder_lock(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _is_old(status: os.stat_result) -> bool:
    """Whether it is of this user and not just made: then it may not be locked yet."""
    return status.st_uid == os.getuid() and time.time() - status.st_mtime > _STALE_S


def _keep_mode(target: Path, temporary: Path) -> None:
    """A replaced file keeps its permissions."""
    with contextlib.suppress(OSError):
        temporary.chmod(target.stat().st_mode & 0o777)


def _reason(error: OSError, folder: Path) -> str:
    if not folder.exists():
        return f"there is no folder {folder}"
    return error.strerror or str(error) or type(error).__name__


def digest_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file, here or elsewhere, in hexadecimal; an OSError where it cannot be read."""
    with places.open_file(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]  # it has readinto
