"""Whether a folder of recordings is whole: what it is, what is missing, and which labels make no sense."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from motes.arguments import checked
from motes.data.label_rows import MUSICNET_RATE_HZ, faults
from motes.data.musicnet import PARTS, Dataset, Folder, Track, recordings_in
from motes.data.note_labels import read_rows
from motes.errors import MotesError, MotesWarning

# How many recordings MusicNet has, and their numbers.
N_MUSICNET, MUSICNET_IDS = {"train": 320, "test": 10}, range(1727, 2679)
_UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".aria2", ".opdownload")
_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
_MIDI = (".mid", ".midi")
# By how much the length that metadata give may differ: they have whole seconds.
_METADATA_S = 1.5
# A recording that is cut short lacks its end: so much of it is decoded.
_END_S = 0.1
_NAMED = 8


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file of the folder ("" for the whole), in one line. What is no error is worth knowing."""

    file: str
    what: str
    text: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.file}: {self.text}" if self.file else self.text


@dataclass(frozen=True)
class DataReport:
    """What a folder of recordings is and what is wrong with it.

    `layout`: "musicnet" for MusicNet, whole or in part, "labelled" for another set laid out so, "recordings" for any
    other folder, "midi" where it holds no sound but MIDI files, "nothing" where neither. `n_recordings` that can be
    read last `duration_s`; `n_labelled` of them have labels of `n_notes` notes.
    """

    folder: str
    layout: str
    n_recordings: int
    n_labelled: int
    n_notes: int
    duration_s: float
    problems: tuple[Problem, ...]

    @property
    def is_ok(self) -> bool:
        """Whether nothing is wrong."""
        return not any(problem.is_error for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """What `motes data check --json` prints."""
        return {"ok": self.is_ok} | asdict(self) | {"problems": [asdict(problem) for problem in self.problems]}


@checked
def check_data(folder: Folder | None = None) -> DataReport:
    """What a folder of recordings, by default AUDIO_PATH, is (MusicNet, another set laid out so, any recordings), what
    is missing or damaged, and which labels make no sense; ParameterError if it is not there.
    """
    return report_of(Dataset(folder))


def report_of(dataset: Dataset) -> DataReport:
    """What a set is and what is wrong with it. Every file is opened, and the end of every recording decoded."""
    problems = list(_unfinished(dataset))
    n_recordings = n_labelled = n_notes = 0
    duration_s = 0.0
    for track in dataset.tracks:
        lasting_s, found = _recording(track, dataset)
        problems += found
        if lasting_s is None:
            continue
        n_recordings, duration_s = n_recordings + 1, duration_s + lasting_s
        if track.labels_path is not None:
            n, found = _labels(track, dataset)
            n_labelled, n_notes = n_labelled + (n > 0), n_notes + n
            problems += found
    problems += _missing(dataset)
    layout = _layout(dataset)
    return DataReport(
        str(dataset.folder), layout, n_recordings, n_labelled, n_notes, round(duration_s, 3), tuple(problems)
    )


def _layout(dataset: Dataset) -> str:
    if not dataset.tracks:
        return "midi" if _holds_midi(dataset.folder) else "nothing"
    if not dataset.has_layout:
        return "recordings"
    return "musicnet" if all(_is_musicnet_id(track.audio_path.stem) for track in dataset.tracks) else "labelled"


def _is_musicnet_id(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) in MUSICNET_IDS


def _holds_midi(folder: Path) -> bool:
    return any(name.lower().endswith(_MIDI) for _, _, names in os.walk(folder) for name in names)


def _recording(track: Track, dataset: Dataset) -> tuple[float | None, list[Problem]]:
    """How long a recording lasts, None where it cannot be read, and what is wrong with it."""
    name, found = _name(track.audio_path, dataset), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MotesWarning)
        try:
            source = track.source
            n = min(source.n_samples, round(_END_S * source.sample_rate_hz))
            source.stretch(source.n_samples - n, n)
        except (MotesError, OSError) as error:
            return None, [Problem(name, "unreadable", _line(error, track.audio_path))]
    found += [Problem(name, "odd", _line(each.message, track.audio_path), False) for each in caught]
    duration_s = track.duration_s
    if source.n_samples == 0:
        found.append(Problem(name, "no_sound", "it holds no sound"))
    if dataset.has_layout and source.sample_rate_hz != MUSICNET_RATE_HZ:
        text = (
            f"it has {source.sample_rate_hz} Hz, where MusicNet has {MUSICNET_RATE_HZ}: its labels count at that rate"
        )
        found.append(Problem(name, "sample_rate", text, False))
    try:
        promised_s = float(track.metadata.get("seconds") or duration_s)
    except ValueError:
        promised_s = duration_s
    if abs(promised_s - duration_s) > _METADATA_S:
        text = f"it lasts {duration_s:.1f} s, {promised_s:g} s by the metadata: was its download interrupted?"
        found.append(Problem(name, "length", text))
    return duration_s, found


def _labels(track: Track, dataset: Dataset) -> tuple[int, list[Problem]]:
    """How many notes the labels of a recording have, and what is wrong with them."""
    assert track.labels_path is not None
    name = _name(track.labels_path, dataset)
    try:
        rows = read_rows(track.labels_path)
    except MotesError as error:
        return 0, [Problem(name, "unreadable", _line(error, track.labels_path))]
    found = faults(rows, track.duration_s, track.sample_rate_hz)
    return len(rows.onset_s), [Problem(name, fault.what, fault.text, fault.is_error) for fault in found]


def _unfinished(dataset: Dataset) -> Iterator[Problem]:
    """Downloads that were interrupted or never unpacked, in the folder and those of its parts."""
    inside = [dataset.folder / f"{part}_{what}" for part in PARTS for what in ("data", "labels")]
    for folder in [dataset.folder, *inside]:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = _name(path, dataset)
            if path.name.lower().endswith(_UNFINISHED):
                yield Problem(name, "unfinished", f"a download that was interrupted ({path.stat().st_size} bytes)")
            elif path.name.lower().endswith(_ARCHIVES) and not dataset.tracks:
                yield Problem(name, "packed", "an archive that is not unpacked")


def _missing(dataset: Dataset) -> Iterator[Problem]:
    if not dataset.tracks:
        yield _no_recordings(dataset)
    if not dataset.has_layout:
        return
    without = [track.track_id for track in dataset.tracks if track.labels_path is None]
    if without:
        some = len(without) < len(dataset.tracks)
        yield Problem("", "no_labels", f"{len(without)} recordings have no labels: {_named(without)}", some)
    yield from _labels_alone(dataset)
    known = {track.audio_path.stem for track in dataset.tracks}
    if lacking := sorted(set(dataset.metadata) - known):
        text = f"{len(lacking)} of {len(dataset.metadata)} recordings of the metadata are missing: {_named(lacking)}"
        yield Problem("", "missing", text)
    elif not dataset.metadata and _layout(dataset) == "musicnet":
        for part, n in N_MUSICNET.items():
            there = sum(track.part == part for track in dataset.tracks)
            if there != n:
                text = f"{there} of MusicNet's {n} recordings are in {part}_data; musicnet_metadata.csv has their ids"
                yield Problem("", "missing", text, False)


def _no_recordings(dataset: Dataset) -> Problem:
    if _holds_midi(dataset.folder):
        return Problem(
            "", "midi_only", "there are MIDI files only, no sound: the recordings are in train_data of MusicNet"
        )
    return Problem("", "no_recordings", "there is no recording")


def _labels_alone(dataset: Dataset) -> Iterator[Problem]:
    for part in PARTS:
        folder = dataset.folder / f"{part}_labels"
        known = {path.stem for path in recordings_in(dataset.folder / f"{part}_data")}
        alone = [path.stem for path in sorted(folder.glob("*.csv")) if path.stem not in known]
        if alone:
            text = f"{len(alone)} files in {part}_labels have no recording in {part}_data: {_named(alone)}"
            yield Problem("", "no_recording", text)


def _name(path: Path, dataset: Dataset) -> str:
    return path.relative_to(dataset.folder).as_posix() if path.is_relative_to(dataset.folder) else str(path)


def _line(message: object, path: Path) -> str:
    """One line, without the path that is named before it."""
    text = " ".join(str(message).split())
    return text.removeprefix(str(path)).lstrip(":, ") or text


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
