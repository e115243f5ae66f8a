"""Notes as CSV, JSON or Parquet: a row each, which `motes.data.note_labels` reads as labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from motes.errors import MissingExtraError
from motes.library.exports.chosen_notes import Chosen
from motes.notes.note import Note

# Columns with their units.
UNITS = {
    "number": "",
    "onset_s": "s",
    "end_s": "s",
    "f0_hz": "Hz",
    "pitch": "MIDI number",
    "name": "",
    "cents": "cent",
    "gain_db": "dBFS",
    "sureness": "",
    "part": "",
    "program": "",
}
# Digits after the point of what is not exact anyway.
_DIGITS = {"onset_s": 3, "end_s": 3, "f0_hz": 3, "pitch": 2, "cents": 0, "gain_db": 1, "sureness": 3}


def note_rows(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """A row for each note by the names of UNITS: times rounded to 1 ms, pitches to cents; None where a note has no
    pitch, or its program is not known.
    """
    return [_row(note) for note in notes]


def _row(note: Note) -> dict[str, Any]:
    row = {name: getattr(note, name) for name in UNITS} | {"program": None if note.program < 0 else note.program}
    for name, digits in _DIGITS.items():
        if row[name] is not None:
            row[name] = round(row[name], digits) + 0.0
    return row


def write_csv(chosen: Chosen, handle: BinaryIO) -> None:
    """A line of names, then one for each note; cells are empty where there is nothing to say."""
    text = io.StringIO()
    writer = csv.DictWriter(text, UNITS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(note_rows(chosen.notes))
    handle.write(text.getvalue().encode())


def write_json(chosen: Chosen, handle: BinaryIO) -> None:
    """An object: `units` by column, and `notes`, an object each."""
    handle.write(msgspec.json.encode({"units": UNITS, "notes": note_rows(chosen.notes)}) + b"\n")


def write_parquet(chosen: Chosen, handle: BinaryIO) -> None:
    """The columns of the CSV file."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("a Parquet file", "export") from None
    whole, text = pyarrow.int64(), pyarrow.string()
    kinds = {"number": whole, "part": whole, "program": whole, "name": text}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in UNITS])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(note_rows(chosen.notes), schema), handle)
