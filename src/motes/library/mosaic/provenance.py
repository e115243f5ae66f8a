"""What the metadata of a mosaic say of the sounds that it is made of."""

from __future__ import annotations

import warnings
from typing import Any

import msgspec

from motes.errors import MotesWarning

# So many bytes the sources may take; all metadata may take 64 KiB.
MOST_BYTES = 56_000


def described(files: list[str], numbers: list[int], digests: dict[str, str]) -> list[dict[str, Any]]:
    """The sources of notes 1, 2 …, which are notes of these files: an entry for each file, with its digest, and pairs
    of the note of the mosaic and that of the file. Where that is too much for a file, what is left out is warned of.
    """
    found: list[dict[str, Any]] = []
    for file in sorted(set(files)):
        pairs = [[i, number] for i, (each, number) in enumerate(zip(files, numbers, strict=True), 1) if each == file]
        found.append({"file": file, "digest": digests[file], "notes": pairs})
    if len(msgspec.json.encode(found)) <= MOST_BYTES:
        return found
    without: list[dict[str, Any]] = [{"file": one["file"], "digest": one["digest"]} for one in found]
    while len(msgspec.json.encode(without)) > MOST_BYTES:
        without = without[: len(without) // 2]
    left = "which of their notes" if len(without) == len(found) else f"{len(found) - len(without)} of them, and which"
    warnings.warn(
        MotesWarning(f"{len(found)} sources are too many for the metadata, which leave out {left}"), stacklevel=2
    )
    return without
