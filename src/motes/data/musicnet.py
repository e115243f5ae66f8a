"""MusicNet (Thickstun, Harchaoui and Kakade 2017) on this machine, any set in its layout, or any folder of recordings.

The folder is the setting AUDIO_PATH, which may be the folder of MusicNet or `train_data` in it:

    musicnet/train_data/1727.wav     musicnet/train_labels/1727.csv
    musicnet/test_data/1759.wav      musicnet/test_labels/1759.csv
    musicnet/musicnet_metadata.csv   (or beside musicnet/)

`validation_data` is known too. Nothing is read before it is asked for.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motes.audio import RECORDINGS, Block, FileSource, open_source, read_audio
from motes.data.note_labels import read_notes
from motes.errors import ParameterError
from motes.events.notes import Notes
from motes.settings import load_settings
from motes.units import require_positive

if TYPE_CHECKING:
    from motes.data.dataset_check import DataReport

PARTS = ("train", "validation", "test")
METADATA = "musicnet_metadata.csv"
Folder = str | os.PathLike[str]


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording: `audio` `(n_channels, n)`, and the notes that sound in it, from its start; None where
    the recording has no labels. A note that began before has a negative onset.
    """

    track_id: str
    start_s: float
    audio: Block
    sample_rate_hz: int
    notes: Notes | None


@dataclass(frozen=True)
class Track:
    """A recording and, where there are such, its labels and what the metadata say of it. `part` is that of MusicNet it
    is in, "train" or "test", "" in other folders.
    """

    track_id: str
    audio_path: Path
    labels_path: Path | None = None
    part: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> FileSource:
        """The recording, opened; AudioError where it cannot be read."""
        return _source(self.audio_path, _changed_ns(self.audio_path))

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""
        return self.source.sample_rate_hz

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.source.n_samples / self.source.sample_rate_hz

    @property
    def audio(self) -> tuple[Block, int]:
        """All of it, `(n,)` when mono, else `(channels, n)`, read-only, and its sample rate in Hz; the last few are
        kept in memory.
        """
        return _audio(self.audio_path, _changed_ns(self.audio_path))

    @property
    def notes(self) -> Notes | None:
        """Its labels; None where it has none, ParameterError where they make no sense."""
        return None if self.labels_path is None else _notes(self.labels_path, _changed_ns(self.labels_path))

    def segment(self, start_s: float, duration_s: float) -> Segment:
        """What sounds from `start_s` on for `duration_s`; only that is decoded, where the format lets it.
        ParameterError where it is outside the recording.
        """
        source = self.source
        rate = source.sample_rate_hz
        first, n = round(start_s * rate), round(require_positive("duration_s", duration_s) * rate)
        audio, notes = source.stretch(first, n), self.notes
        if notes is not None:
            notes = notes.between(first / rate, (first + n) / rate)
        return Segment(self.track_id, first / rate, audio, rate, notes)


class Dataset:
    """The recordings of a folder, by default AUDIO_PATH. ParameterError where there is no such folder.

    `folder` is that of the set (of MusicNet the one that holds `train_data`), `has_layout` whether it is laid out as
    MusicNet; `tracks` are its recordings in order of their ids.
    """

    def __init__(self, folder: Folder | None = None) -> None:
        given = _given(folder)
        root = _root_of(given)
        self.has_layout, self.folder = root is not None, given if root is None else root
        self.metadata = _metadata(self.folder) if root is not None else {}
        found = _tracks_in_parts(self.folder, self.metadata) if root is not None else _tracks_below(given)
        self._tracks = {track.track_id: track for track in sorted(found, key=lambda track: track.track_id)}

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All recordings."""
        return tuple(self._tracks.values())

    @property
    def track_ids(self) -> tuple[str, ...]:
        """The ids of all recordings: of MusicNet their numbers, elsewhere their paths without extension."""
        return tuple(self._tracks)

    def track(self, track_id: str) -> Track:
        """The recording of this id; ParameterError if there is none."""
        if track_id not in self._tracks:
            raise ParameterError(f"there is no recording {track_id!r} in {self.folder}: it has {len(self._tracks)}")
        return self._tracks[track_id]

    def load_tracks(self) -> dict[str, Track]:
        """All recordings by their ids."""
        return dict(self._tracks)

    def choice(self, seed: int | None = None) -> Track:
        """One of them by chance; ParameterError where there is none."""
        self._require_some()
        return self.tracks[int(np.random.default_rng(seed).integers(len(self._tracks)))]

    def validate(self) -> DataReport:
        """What is missing, damaged or makes no sense; see `motes.check_data`."""
        from motes.data.dataset_check import report_of

        return report_of(self)

    def splits(self, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> dict[str, tuple[Track, ...]]:
        """Recordings by "train", "validation" and "test". Where a recording goes follows from its id and the seed
        alone, whatever else there is; those in a part of MusicNet that is no `train_data` stay there, and with such a
        test part no other recording is for tests.

        `validation` and `test` are shares of all, in the mean; ParameterError where they are none.
        """
        if not (0 <= validation <= 1 and 0 <= test <= 1 and validation + test <= 1):
            raise ParameterError(f"validation and test are shares of 1, not {validation:g} and {test:g}")
        parts = {track.part for track in self.tracks}
        shares = {"test": 0.0 if "test" in parts else test, "validation": 0.0 if "validation" in parts else validation}
        found: dict[str, list[Track]] = {part: [] for part in PARTS}
        for track in self.tracks:
            fixed = track.part if track.part not in ("", "train") else None
            found[fixed or _part_by_hash(track.track_id, shares, seed)].append(track)
        return {part: tuple(tracks) for part, tracks in found.items()}

    def segments(
        self, duration_s: float, n_segments: int, seed: int = 0, tracks: Sequence[Track] | None = None
    ) -> Iterator[Segment]:
        """Stretches at random places, by default of all recordings: each moment is as likely as any other, the same
        ones for the same seed. Recordings that are shorter are left out; ParameterError where all are.
        """
        tracks = self.tracks if tracks is None else tracks
        room_s = np.array([max(0.0, track.duration_s - duration_s) for track in tracks])
        lasting = np.array([track.duration_s >= duration_s for track in tracks])
        if not lasting.any():
            raise ParameterError(f"no recording in {self.folder} lasts {duration_s:g} s")
        # One that lasts no longer than the stretch can be taken too.
        chance = np.where(lasting, room_s + duration_s, 0.0)
        random = np.random.default_rng(seed)
        for which in random.choice(len(tracks), n_segments, p=chance / chance.sum()):
            yield tracks[which].segment(float(random.uniform(0, room_s[which])), duration_s)

    def _require_some(self) -> None:
        if not self._tracks:
            raise ParameterError(f"there is no recording in {self.folder}")


def _given(folder: Folder | None) -> Path:
    path = load_settings().audio_path.value if folder is None else Path(folder).expanduser()
    if path is None:
        raise ParameterError("no folder is given: AUDIO_PATH, in the environment or .env, names one of recordings")
    if path.is_file():
        packed = path.name.lower().endswith((".tar.gz", ".tgz", ".tar", ".zip"))
        raise ParameterError(f"{path} is a file, not a folder{': unpack it first' if packed else ''}")
    if not path.is_dir():
        raise ParameterError(f"there is no folder {path}: AUDIO_PATH names one of recordings")
    return path


def _root_of(folder: Path) -> Path | None:
    """The folder that holds `train_data` and its kin, given that or one of these; None for any other folder."""
    absolute = Path(os.path.abspath(folder))
    if absolute.name in {f"{part}_data" for part in PARTS}:
        return absolute.parent
    for root in (folder, folder / "musicnet"):
        if any((root / f"{part}_{what}").is_dir() for part in PARTS for what in ("data", "labels")):
            return root
    return None


def recordings_in(folder: Path) -> list[Path]:
    """The files of a folder that are recordings by their names."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in RECORDINGS and path.name[0] != ".")


def _tracks_in_parts(root: Path, metadata: Mapping[str, Mapping[str, str]]) -> Iterator[Track]:
    seen: set[str] = set()
    for part in PARTS:
        for path in recordings_in(root / f"{part}_data"):
            labels = root / f"{part}_labels" / f"{path.stem}.csv"
            track_id = path.stem if path.stem not in seen else f"{part}/{path.name}"
            seen.add(track_id)
            yield Track(track_id, path, labels if labels.is_file() else None, part, metadata.get(path.stem, {}))


def _tracks_below(folder: Path) -> Iterator[Track]:
    seen: set[str] = set()
    for here, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in recordings_in(Path(here)):
            name = path.relative_to(folder)
            track_id = (
                name.with_suffix("").as_posix() if name.with_suffix("").as_posix() not in seen else name.as_posix()
            )
            seen.add(track_id)
            yield Track(track_id, path)


def _metadata(root: Path) -> dict[str, dict[str, str]]:
    """What the metadata say of each recording, by its id; nothing where they are not there or cannot be read."""
    for path in (root / METADATA, root.parent / METADATA):
        if path.is_file():
            try:
                rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), restval=""))
            except (OSError, UnicodeDecodeError, csv.Error):
                return {}
            return {row["id"]: {k: v for k, v in row.items() if k} for row in rows if row.get("id")}
    return {}


def _part_by_hash(track_id: str, shares: Mapping[str, float], seed: int) -> str:
    digest = hashlib.sha256(f"{seed}:{track_id}".encode(errors="surrogateescape")).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    for part, share in shares.items():
        if place < share:
            return part
        place -= share
    return "train"


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1024)
def _source(path: Path, changed_ns: int) -> FileSource:
    return open_source(path)


@lru_cache(maxsize=4)
def _audio(path: Path, changed_ns: int) -> tuple[Block, int]:
    audio, rate = read_audio(path)
    audio.setflags(write=False)
    return audio, rate


@lru_cache(maxsize=1024)
def _notes(path: Path, changed_ns: int) -> Notes:
    return read_notes(path)
