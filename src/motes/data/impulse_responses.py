"""Rooms in a folder: impulse responses as WAV, FLAC or AIFF, of any sample rate and number of channels. The folder is
the setting IMPULSE_RESPONSE_PATH, which may be a single file too.

- `rooms()` are all that can be read, or synthetic ones where no folder is set: the candidates of a fit;
- `room(name)` is one of them by its name, or `synthetic:1.2` by its reverberation time;
- `look_through(folder)` finds in each file a room, or why there is none;
- `finder()` gives rooms that a file names by their digest their responses back.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from motes.arguments import checked
from motes.audio import open_source
from motes.errors import AudioError, MotesError, ParameterError
from motes.events.room import LONGEST_S, MAX_NAME, Room
from motes.settings import load_settings

EXTENSIONS = frozenset({".wav", ".flac", ".aif", ".aiff", ".aifc", ".rf64", ".w64"})
# The rooms there are where no folder is set.
SYNTHETIC_RT60_S = (0.3, 0.6, 1.2, 2.4, 4.8)
SYNTHETIC = "synthetic:"

Folder = str | os.PathLike[str]


@dataclass(frozen=True)
class Found:
    """A file of a folder: its room, or in one line why it has none."""

    path: Path
    name: str
    room: Room | None
    reason: str = ""


def folder_in_force() -> Path | None:
    """The setting IMPULSE_RESPONSE_PATH."""
    return load_settings().impulse_response_path.value


def files(folder: Folder) -> list[tuple[str, Path]]:
    """Name and path of each sound file in a folder and the folders in it, in order of name; or of the one file.
    ParameterError if it is not there.
    """
    root = Path(folder)
    if root.is_file():
        return [(_printable(root.name), root)]
    if not root.is_dir():
        raise ParameterError(f"there is no folder or file {root}: IMPULSE_RESPONSE_PATH names one of impulse responses")
    found = []
    for here, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(here, name) for name in names if not name.startswith(".") and Path(name).suffix.lower() in EXTENSIONS
        ]
    return sorted((_printable(path.relative_to(root).as_posix()), path) for path in found)


def read(path: Folder, name: str | None = None) -> Room:
    """The room whose response is in a file; AudioError or ParameterError where there is none in it."""
    source = open_source(path)
    if source.n_samples > LONGEST_S * source.sample_rate_hz:
        seconds = source.n_samples / source.sample_rate_hz
        raise AudioError(
            f"{source.name} lasts {seconds:.1f} s, a response at most {LONGEST_S:g} s: is it a recording, not an "
            "impulse response?"
        )
    audio = np.concatenate([np.empty((source.n_channels, 0), np.float32), *source.blocks()], axis=1)
    return Room.of(audio, source.sample_rate_hz, name or _printable(Path(path).name), source.digest())


def look_through(folder: Folder) -> Iterator[Found]:
    """Every file of a folder, in order of name; one that cannot be used does not stop the others."""
    for name, path in files(folder):
        try:
            yield Found(path, name, read(path, name))
        except MotesError as error:
            yield Found(path, name, None, " ".join(str(error).split()))


@checked
def rooms(folder: Folder | None = None) -> list[Room]:
    """All rooms of a folder, by default that of the settings, that can be read; where none is set, synthetic ones."""
    folder = folder_in_force() if folder is None else folder
    if folder is None:
        return [Room.synthetic(rt60_s) for rt60_s in SYNTHETIC_RT60_S]
    return [found.room for found in look_through(folder) if found.room is not None]


@checked
def room(name: str, folder: Folder | None = None) -> Room:
    """The room of a folder with this name, with or without its extension, and without the folder it is in where it is
    the only one so called; or `synthetic:RT60[:SEED]`. ParameterError if there is none.
    """
    if name.startswith(SYNTHETIC):
        return _synthetic(name)
    folder = folder_in_force() if folder is None else folder
    if folder is None:
        raise ParameterError(
            f"there is no room {name!r}: set IMPULSE_RESPONSE_PATH to a folder of impulse responses, or take "
            "synthetic:1.2"
        )
    known = files(folder)
    for same in (lambda n: n == name, lambda n: _stem(n) == name, lambda n: _stem(n).lower() == _stem(name).lower()):
        matching = [(found, path) for found, path in known if same(found)]
        if matching:
            return read(matching[0][1], matching[0][0])
    bare = _stem(name).lower()
    matching = [(found, path) for found, path in known if _stem(found.rpartition("/")[2]).lower() == bare]
    if len(matching) == 1:
        return read(matching[0][1], matching[0][0])
    if matching:
        raise ParameterError(f"{name!r} may be {' or '.join(found for found, _ in matching[:4])}: name its folder too")
    near = difflib.get_close_matches(name, [_stem(found) for found, _ in known], 1)
    hint = f"did you mean {near[0]}?" if near else "motes rooms lists them"
    raise ParameterError(f"there is no room {name!r} in {os.fspath(folder)}: {hint}")


def finder(where: Folder | Sequence[Room] | None = None) -> Callable[[Room], Room]:
    """What gives a room its response back by its digest: from these rooms, or from a folder, by default that of the
    settings, which is not looked at before it has to be. A room that is not there stays as it is.
    """

    def find(missing: Room) -> Room:
        if where is not None and not isinstance(where, str | os.PathLike):
            return next(
                (
                    replace(given, name=missing.name)
                    for given in where
                    if given.digest == missing.digest and not given.is_missing
                ),
                missing,
            )
        folder = folder_in_force() if where is None else where
        if folder is None or not os.path.exists(folder):
            return missing
        likely = sorted(files(folder), key=lambda file: file[0] != missing.name)  # the name is a hint
        for _, path in likely:
            try:
                if _digest_of(path) == missing.digest:
                    return read(path, missing.name)
            except (MotesError, OSError):
                continue
        return missing

    return find


def _digest_of(path: Path) -> str:
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, changed_ns: int) -> str:
    return open_source(path).digest()


def _synthetic(name: str) -> Room:
    rt60, _, seed = name.removeprefix(SYNTHETIC).partition(":")
    try:
        return Room.synthetic(float(rt60), int(seed or 0))
    except ValueError as error:
        reason = (
            str(error)
            if isinstance(error, ParameterError)
            else "it is synthetic:RT60 in seconds, as in synthetic:1.2, or synthetic:RT60:SEED"
        )
        raise ParameterError(f"{name!r}: {reason}") from None


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _printable(name: str) -> str:
    """A name that a room can have."""
    clean = "".join(c if c.isprintable() else "?" for c in name.encode(errors="replace").decode())
    while len(clean.encode()) > MAX_NAME:
        clean = clean[1:]
    return clean
