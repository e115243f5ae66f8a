"""motes notes."""

from __future__ import annotations

import csv as tables
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from motes.cli.console import UsageError, print_json, tell
from motes.cli.inspect import Csv, all_files, each_file
from motes.cli.many import Json, Output, shown
from motes.library.find_notes import Row, found_notes, rows_of

if TYPE_CHECKING:
    from motes.scene.scene import Scene


def notes(  # noqa: PLR0913 (the options of a verb)
    *files: str,
    output: Output = None,
    reference: Annotated[str | None, Parameter(name=["--reference", "-r"])] = None,
    sureness: float | None = None,
    instruments: int | None = None,
    vectors: bool = False,
    again: bool = False,
    dry_run: bool = False,
    force: bool = False,
    json: Json = False,
    csv: Csv = False,
) -> int:
    """List the notes of .mote files: number, onset, end, pitch, cents, level, sureness, part.

    Where a file has no notes they are found and written into it: it sounds as before, to the bit.

    Parameters
    ----------
    files
        .mote files, or folders of them; `-` is standard input.
    output
        Write the file with its notes here, and leave the one read as it is.
    reference
        Listen to the recording that the file was made from, rather than to the file.
    sureness
        Leave out notes that are less likely than this, 0.03 … 0.99. [default: 0.4]
    instruments
        So many instruments play, besides drums: notes come in so many parts. How many is found by default.
    vectors
        Store the sixteen numbers of each too, some 45 bits a note, which --json lists.
    again
        Find them again; notes that were edited or grouped by hand stay.
    dry_run
        Write nothing.
    force
        Overwrite the output.
    """
    if json and csv:
        raise UsageError("--json or --csv, not both")
    files = all_files(files)
    if len(files) > 1 and (output is not None or reference is not None):
        raise UsageError(f"--output and --reference are of one file, and these are {len(files)}")
    writer = tables.writer(sys.stdout, lineterminator="\n")
    if csv:
        writer.writerow(["file", *Row._fields[:-1]])

    def show(path: str) -> None:
        scene, written = found_notes(path, output, reference, sureness, instruments, again, dry_run, force, vectors)
        rows = rows_of(scene, sureness)
        # Where the file goes to standard output the table would be part of it.
        if written == "-":
            pass
        elif json:
            print_json({"file": path, "notes": [row._asdict() for row in rows]})
        elif csv:
            writer.writerows([path, *row[:-1]] for row in rows)
        else:
            title = [f"{shown(path)}: {len(rows)} notes"] if len(files) > 1 else []
            print("\n".join([*title, *_lines(scene, rows)]), end="\n\n" if len(files) > 1 else "\n")
        if written:
            tell(f"{shown(path)}: {len(rows)} notes found, written to {shown(written, 'standard output')}")

    return each_file(files, show)


def _lines(scene: Scene, rows: list[Row]) -> list[str]:
    """A table for people."""
    if not rows:
        return ["no notes"]
    lines = ["note   onset s    end s  pitch  cents  level dB  sure  part"]
    for row in rows:
        pitch = f"{row.pitch:<5}  {row.cents:5.0f}" if row.pitch else "—          "
        times = f"{row.onset_s:9.3f}{row.end_s:9.3f}"
        lines.append(f"{row.number:4d} {times}  {pitch}  {row.gain_db:8.1f}  {row.sureness:4.2f}  {row.part:4d}")
    return lines
