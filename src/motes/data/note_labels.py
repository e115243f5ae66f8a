"""Labels of notes in files: CSV as MusicNet has it (samples) or in seconds, JSON, MIDI."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motes import places
from motes.data.label_rows import MUSICNET_RATE_HZ, LabelRows, faults
from motes.data.midi_file import read_midi_file
from motes.errors import ParameterError
from motes.events.notes import DRUMS, NO_PROGRAM, Notes, Reals, hz_to_pitch

EXTENSIONS = frozenset({".csv", ".tsv", ".json", ".mid", ".midi", ".rmi"})
MOST_BYTES = 64 * 2**20
# By what a column says, the names that it may have; of MusicNet's first, then of tables in seconds.
_SAMPLES = {"onset": ("start_time",), "end": ("end_time",), "pitch": ("note",), "program_from_1": ("instrument",)}
_SECONDS = {
    "onset": ("onset_s", "start_s", "start_time_s"),
    "end": ("end_s", "offset_s", "end_time_s"),
    "pitch": ("pitch", "pitch_midi", "note"),
    "f0_hz": ("f0_hz", "frequency_hz"),
    "strength": ("strength",),
    "velocity": ("velocity",),
    "program": ("instrument", "program"),
}
_WANTED = "start_time, end_time, note (MusicNet, in samples) or onset_s, end_s, pitch (in seconds)"


def read_notes(path: str | os.PathLike[str]) -> Notes:
    """The notes that a file of labels holds.

    CSV or TSV with a header row, either MusicNet's (`start_time, end_time, instrument, note`, times in samples at
    44,100 Hz, General MIDI programs from 1, 129 for drums) or in seconds (`onset_s, end_s` and `pitch`, a MIDI number,
    or `f0_hz`; also `strength` or `velocity`, and `instrument`, a program from 0); JSON, a list of objects with these
    names, or an object whose `notes` is one; MIDI, whose pedals are not followed. Drums have no pitch.
    Raises ParameterError, one line, for what is none of these, and for labels that make no sense; AudioError for a
    damaged MIDI file.
    """
    rows = read_rows(path)
    for fault in faults(rows):
        if fault.is_error:
            raise ParameterError(f"{rows.path}: {fault.text}")
    return rows.notes()


def read_rows(path: str | os.PathLike[str]) -> LabelRows:
    """The labels of a file as they stand there; ParameterError or AudioError where it cannot be read as such."""
    shown = os.fspath(path)
    extension = Path(shown).suffix.lower()
    if extension not in EXTENSIONS:
        raise ParameterError(f"{shown} is no file of labels by its name: CSV, JSON and MIDI are read")
    if extension in (".mid", ".midi", ".rmi"):
        return _midi_rows(shown)
    text = _text(shown)
    return _json_rows(shown, text) if extension == ".json" else _csv_rows(shown, text)


def _text(path: str) -> str:
    try:
        if places.n_bytes(path) > MOST_BYTES:
            raise ParameterError(f"{path} has more than {MOST_BYTES >> 20} MiB: is it a file of labels?")
        text = places.read_text(path)
    except UnicodeDecodeError:
        raise ParameterError(f"{path} is not text in UTF-8: is it a file of labels?") from None
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {error.strerror or error}") from None
    if not text.strip():
        raise ParameterError(f"{path} is empty: was its download interrupted?")
    return text


def _csv_rows(path: str, text: str) -> LabelRows:
    lines = text.splitlines()
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = [name.strip().lower() for name in next(reader)]
        # Programs that write a list into the last column give rows more fields than the header has.
        records = [(reader.line_num, dict(zip(header, row, strict=False))) for row in reader if any(row)]
    except csv.Error as error:
        raise ParameterError(f"{path} cannot be read as CSV (line {reader.line_num}: {error})") from None
    if header and _is_number(header[0]):
        raise ParameterError(f"{path} begins without a row of names: labels have {_WANTED}")
    return _Table(path, "line", records, _columns_of(path, header)).rows()


def _json_rows(path: str, text: str) -> LabelRows:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{path} cannot be read as JSON ({error})") from None
    items = found.get("notes") if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ParameterError(f"{path} holds no list of notes: labels are objects with {_WANTED}")
    records = list(enumerate(items, 1))
    names = list(dict.fromkeys(name for item in items for name in item))
    return _Table(path, "note", records, _columns_of(path, names) if items else {"onset": "", "end": ""}).rows()


def _midi_rows(path: str) -> LabelRows:
    if not os.path.exists(path):
        raise ParameterError(f"cannot read {path}: there is no such file")
    found = read_midi_file(path)
    table = np.array(
        [
            (each.onset_s, each.end_s, each.key, each.velocity / 127, DRUMS if each.is_drum else each.program)
            for each in found
        ],
        np.float64,
    ).reshape(-1, 5)
    return LabelRows(path, "note", range(1, len(found) + 1), *table.T)


def _columns_of(path: str, header: Sequence[str]) -> dict[str, str]:
    """By what it says, the name that a column has; in samples where the header is MusicNet's."""
    for roles in (_SAMPLES, _SECONDS):
        columns = {role: name for role, names in roles.items() for name in reversed(names) if name in header}
        if {"onset", "end"} <= set(columns) and {"pitch", "f0_hz"} & set(columns):
            return columns
    raise ParameterError(f"{path} has the columns {', '.join(header):.80}: labels have {_WANTED}")


@dataclass(frozen=True)
class _Table:
    """Records of a file, each with its number, and what their columns say."""

    path: str
    unit: str
    records: Sequence[tuple[int, Mapping[str, Any]]]
    columns: Mapping[str, str]

    def rows(self) -> LabelRows:
        onset, end = self._column("onset"), self._column("end")
        in_samples = self.columns["onset"] in _SAMPLES["onset"]
        whole = not in_samples or bool(np.all(onset == np.round(onset)) and np.all(end == np.round(end)))
        per_s = MUSICNET_RATE_HZ if in_samples else 1
        return LabelRows(
            self.path,
            self.unit,
            [number for number, _ in self.records],
            onset / per_s,
            end / per_s,
            self._pitch(),
            self._column("strength", math.nan)
            if "strength" in self.columns
            else self._column("velocity", math.nan) / 127,
            self._program(),
            in_samples,
            whole,
        )

    def _pitch(self) -> Reals:
        if "pitch" in self.columns:
            return self._column("pitch", None if self.columns["pitch"] in _SAMPLES["pitch"] else math.nan)
        frequency = self._column("f0_hz", math.nan)
        for (number, _), value in zip(self.records, frequency, strict=True):
            if value <= 0:
                raise ParameterError(f"{self.path}, {self.unit} {number}: f0_hz is {value:g}, which is no frequency")
        return hz_to_pitch(frequency)

    def _program(self) -> Reals:
        if "program_from_1" in self.columns:
            return self._column("program_from_1", NO_PROGRAM + 1) - 1
        return self._column("program", NO_PROGRAM)

    def _column(self, role: str, default: float | None = None) -> Reals:
        """The numbers of a column; `default` for those that are left open, if they may be."""
        name = self.columns.get(role)
        if name is None:
            return np.full(len(self.records), math.nan if default is None else default)
        return np.array(list(self._numbers(name, default)), np.float64)

    def _numbers(self, name: str, default: float | None) -> Iterator[float]:
        for number, record in self.records:
            value = record.get(name)
            if value is None or value == "":
                if default is None:
                    raise ParameterError(f"{self.path}, {self.unit} {number}: it has no {name}: was it cut short?")
                yield default
            elif isinstance(value, bool) or not _is_number(value):
                raise ParameterError(f"{self.path}, {self.unit} {number}: {name} is {value!r:.40}, not a finite number")
            else:
                yield float(value)


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False
