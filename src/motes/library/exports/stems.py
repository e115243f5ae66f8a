"""Stems: a WAV of each part or note, and one of what is left of the recording; they sum to it to the last bit."""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source, open_source, write_audio
from motes.edit.note_columns import group_ids, note_of_groups
from motes.edit.selection import Selection
from motes.errors import AudioError, MotesWarning, ParameterError
from motes.files import folder_in_making, refuse_existing
from motes.library.batch import Progress
from motes.library.exports.chosen_notes import Chosen, divided
from motes.library.work import _rendered
from motes.notes.note import Note
from motes.scene.scene import Scene
from motes.units import SILENCE_DB, power_to_db

BY = ("part", "note")
# Of full scale in whole numbers: WAVs of 24 bits.
FULL = 1 << 23
# Whole numbers are held in 32 bits until all of them are known.
_MOST = 1 << 31
REST = "rest.wav"
_NAMES = re.compile(r"(part\d+|note\d+(-[A-G][#b]?-?\d+)?|rest)\.wav")
_READ_SAMPLES = 65536

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class StemOptions:
    """A stem for each `by`, "part" or "note"; with the rest they sum to `reference`, the recording, or else to what
    `motes decode` writes. Noise is in the rest, or `with_noise` each note has its part of it.
    """

    by: str = "part"
    reference: str | os.PathLike[str] | None = None
    with_noise: bool = False

    def __post_init__(self) -> None:
        if self.by not in BY:
            raise ParameterError(f"by must be part or note, not {self.by!r}")


def write_stems(
    chosen: Chosen,
    folder: str | os.PathLike[str],
    options: StemOptions | None = None,
    overwrite: bool = False,
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """What became of them: `n_stems`, `rest_db` (the rest beside the recording), `subtype`, `n_bytes`.

    Samples are whole numbers on the grid of 24 bits; the rest has those of the recording less theirs. Where one of them
    leaves full scale all files are 64-bit floats of these numbers / 2²³, else 24-bit WAVs. The folder is written whole
    or not at all: in one that exists nothing is replaced unless `overwrite`, which also removes earlier stems. Raises
    AudioError where it cannot be written, or the recording is not that of the scene.
    """
    how, target = options or StemOptions(), Path(os.path.normpath(folder))
    scene = chosen.scene
    if not chosen.notes:
        raise ParameterError("no note is selected, so there is no stem")
    stale = _earlier(target, overwrite)
    recording = None if how.reference is None else _recording(scene, how.reference)
    stems = _stems(chosen.notes, how)
    try:
        with folder_in_making(target.parent) as making:
            report = _Spooled(scene, making).write(stems, recording, progress)
            _put_in_place(making, target, stale)
    except OSError as error:
        raise AudioError(f"cannot write {target}: {error.strerror or error}") from error
    return report


def _earlier(target: Path, overwrite: bool) -> list[Path]:
    """Stems that are in the folder and go when others come; AudioError where they may not."""
    if target.exists() and not target.is_dir():
        raise AudioError(f"cannot write stems into {target}: it is a file, not a folder")
    if not target.parent.is_dir():
        raise AudioError(f"cannot write {target}: there is no folder {target.parent}")
    held = sorted(target.iterdir()) if target.is_dir() else []
    stale = [path for path in held if _NAMES.fullmatch(path.name)]
    for path in stale:
        refuse_existing(path, overwrite)
    return stale


def _put_in_place(making: Path, target: Path, stale: Sequence[Path]) -> None:
    if not target.exists():
        making.rename(target)
        return
    made = sorted(making.iterdir())
    for path in made:
        path.replace(target / path.name)
    for path in stale:
        if path.name not in {each.name for each in made}:
            path.unlink()


def _recording(scene: Scene, path: str | os.PathLike[str]) -> Source:
    source = open_source(path, any_level=True)
    for what, theirs, ours in (
        ("samples per second", source.sample_rate_hz, scene.sample_rate_hz),
        ("channels", source.n_channels, scene.n_channels),
        ("samples", source.n_samples, scene.n_samples),
    ):
        if theirs != ours:
            raise AudioError(
                f"{os.fspath(path)} has {theirs} {what}, the scene {ours}: is it the recording that it was made from?"
            )
    return source


def _stems(notes: Sequence[Note], how: StemOptions) -> dict[str, Scene]:
    """The scene of each stem, by the name of its file."""
    apart = divided(notes, how.with_noise)
    whole, by = apart[0].scene, how.by
    ids: dict[str, list[int]] = {}
    for note in sorted(apart, key=lambda note: (note.part, note.number)):
        name = f"part{note.part}" if by == "part" else f"note{note.number:03d}" + (f"-{note.name}" if note.name else "")
        ids.setdefault(f"{name}.wav", []).append(note.number)
    of_event = note_of_groups(whole.groups, group_ids(whole))
    return {name: Selection(whole, np.isin(of_event, held)).only() for name, held in ids.items()}


class _Spooled:
    """Stems as whole numbers on disk, until it is known how they can be written."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene, self._folder = scene, folder
        self._lowest = self._highest = 0
        self._power = {"recording": 0.0, "rest": 0.0}

    def write(self, stems: dict[str, Scene], recording: Source | None, progress: Progress) -> dict[str, Any]:
        n = len(stems) + 1
        for k, (name, stem) in enumerate(stems.items()):
            self._spool(name, _whole(_rendered(stem, 0, stem.n_samples, _share_of(progress, k, n))))
        self._spool(REST, self._rest(list(stems), recording, _share_of(progress, n - 1, n)))
        subtype = "PCM_24" if self._lowest >= -FULL and self._highest < FULL else "DOUBLE"
        n_bytes = sum(self._to_wav(name, subtype) for name in (*stems, REST))
        powers = self._power
        rest_db = power_to_db(powers["rest"] / powers["recording"]) if powers["recording"] else SILENCE_DB
        return {"n_stems": len(stems), "rest_db": max(rest_db, SILENCE_DB), "subtype": subtype, "n_bytes": n_bytes}

    def _rest(self, names: Sequence[str], recording: Source | None, progress: Progress) -> Iterator[Whole]:
        if recording is None:
            blocks: Iterator[Any] = _rendered(self._scene, 0, self._scene.n_samples, progress)
        else:
            blocks = recording.blocks()
        others = [self._read(name, self._scene.n_samples) for name in names]
        done, is_finer = 0, False
        for block in blocks:
            exact = block.astype(np.float64) * FULL
            all_of_it = np.rint(exact).astype(np.int64)
            if recording is None:
                all_of_it = np.clip(all_of_it, -FULL, FULL - 1)
            is_finer = is_finer or (recording is not None and bool(np.any(exact != all_of_it)))
            rest = all_of_it - sum(other[done : done + block.shape[1]].T.astype(np.int64) for other in others)
            done += block.shape[1]
            self._power["recording"] += float(np.sum(np.square(all_of_it.astype(np.float64))))
            self._power["rest"] += float(np.sum(np.square(rest.astype(np.float64))))
            yield rest
        if is_finer and recording is not None:
            warnings.warn(
                MotesWarning(f"{recording.name} is finer than 24 bits: stems and rest sum to its samples, rounded"),
                stacklevel=2,
            )

    def _spool(self, name: str, blocks: Iterator[Whole]) -> None:
        with open(self._path(name), "wb") as handle:
            for block in blocks:
                low, high = int(block.min(initial=0)), int(block.max(initial=0))
                if max(-low, high) >= _MOST:
                    over_db = 20 * math.log10(max(-low, high) / FULL)
                    raise ParameterError(f"{name} would lie {over_db:.0f} dB above full scale")
                self._lowest, self._highest = min(self._lowest, low), max(self._highest, high)
                handle.write(np.ascontiguousarray(block.T, np.int32).tobytes())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.whole"

    def _read(self, name: str, n_samples: int) -> Any:
        if not n_samples:
            return np.zeros((0, self._scene.n_channels), np.int32)
        return np.memmap(self._path(name), np.int32, "r", shape=(n_samples, self._scene.n_channels))

    def _to_wav(self, name: str, subtype: str) -> int:
        """Write one and return its size."""
        n, scene = self._scene.n_samples, self._scene
        held = self._read(name, n)
        blocks = (held[first : first + _READ_SAMPLES].T / FULL for first in range(0, n, _READ_SAMPLES))
        write_audio(self._folder / name, blocks, scene.sample_rate_hz, scene.n_channels, subtype=subtype, n_samples=n)
        del held
        self._path(name).unlink()
        return (self._folder / name).stat().st_size


def _whole(blocks: Iterator[Any]) -> Iterator[Whole]:
    for block in blocks:
        yield np.rint(block.astype(np.float64) * FULL).astype(np.int64)


def _share_of(progress: Progress, k: int, n: int) -> Progress:
    return lambda fraction, *_: progress((k + fraction) / n)
