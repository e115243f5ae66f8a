"""A state of a document to a file and back, to the last bit: unrounded, unlike a .mote file, and read by the version
of motes that wrote it. The file is an .npz archive, written and read array by array: a large scene is not in memory
a second time.
"""

from __future__ import annotations

import json
import zipfile
from typing import IO, Any

import msgspec
import numpy as np
from numpy.lib.npyio import NpzFile

from motes.errors import FormatError
from motes.events.event_table import Mask
from motes.scene.arrays import from_arrays, to_arrays
from motes.scene.scene import Scene
from motes.version import __version__

# What bytes that are damaged, or no archive at all, can raise on their way through NumPy into a scene.
_DAMAGED = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, OSError, MemoryError, NotImplementedError),
    *(zipfile.BadZipFile, msgspec.ValidationError),
)


def pack(handle: IO[bytes], scene: Scene, muted: Mask, about: dict[str, Any]) -> None:
    """Write a scene, what of it is muted, and what else there is to know in plain values."""
    arrays, plain = to_arrays(scene)
    head = json.dumps({"version": __version__, "about": about, "scene": plain}, separators=(",", ":"))
    arrays |= {"muted": muted, "head": np.frombuffer(head.encode(), np.uint8)}
    np.savez(handle, **arrays)  # type: ignore[arg-type]  # none is called as one of its options


def about_of(handle: IO[bytes]) -> dict[str, Any]:
    """What else there is to know; FormatError where this is no such file."""
    with _opened(handle) as archive:
        return dict(_head(archive)["about"])


def marks_of(handle: IO[bytes]) -> tuple[Mask, dict[str, Any]]:
    """What of the scene is muted, and what else there is to know; FormatError as for `unpack`."""
    with _opened(handle) as archive:
        head = _head(archive)
        try:
            muted = np.asarray(archive["muted"], np.bool_)
        except _DAMAGED as error:
            raise FormatError(f"the unsaved work is damaged ({type(error).__name__})") from None
    return muted, dict(head["about"])


def unpack(handle: IO[bytes]) -> tuple[Scene, Mask, dict[str, Any]]:
    """What was packed; FormatError where the file is damaged or of another version."""
    with _opened(handle) as archive:
        head = _head(archive)
        try:
            scene = from_arrays({name: archive[name] for name in archive.files if "." in name}, head["scene"])
            muted = archive["muted"]
            if muted.dtype != np.bool_ or muted.shape != (scene.n_events,):
                raise ValueError
        except _DAMAGED as error:
            raise FormatError(f"the unsaved work is damaged ({type(error).__name__})") from None
    return scene, muted, head["about"]


def _opened(handle: IO[bytes]) -> NpzFile:
    try:
        archive = np.load(handle, allow_pickle=False)
    except _DAMAGED:
        archive = None
    if not isinstance(archive, NpzFile):
        raise FormatError("the unsaved work is damaged, or no work of motes")
    return archive


def _head(archive: NpzFile) -> dict[str, Any]:
    try:
        head: dict[str, Any] = json.loads(archive["head"].tobytes())
        version = head["version"]
    except _DAMAGED:
        raise FormatError("the unsaved work is damaged, or no work of motes") from None
    if version != __version__:
        raise FormatError(f"the unsaved work is of motes {version}, this is {__version__}")
    return head
