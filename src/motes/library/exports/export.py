"""Exporting scenes: each export takes a job, or a scene and a name, and leaves a whole file or none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motes.arguments import checked
from motes.errors import ParameterError
from motes.files import atomic_output
from motes.library.batch import Progress
from motes.library.exports.midi import MidiOptions
from motes.library.exports.stems import StemOptions
from motes.library.plan import Job
from motes.library.work import _only, as_scene, load_scene

if TYPE_CHECKING:
    from motes.library.exports.chosen_notes import Chosen
    from motes.library.work import Given
    from motes.scene.scene import Scene

    File = str | os.PathLike[str]

# What of a scene is exported, by the formats that hold it.
EVENTS = ("csv", "json", "parquet", "png", "svg", "instrument.json", "event.png", "notes.png", "notes.svg")
NOTES = ("notes.csv", "notes.json", "notes.parquet", "midi", "jams", "stems")
EXPORTS = (*EVENTS, "sdif", *NOTES)
# How names of files end, where not as the format is called.
ENDINGS = {"midi": "mid"}


@dataclass(frozen=True)
class Export:
    """.mote file to a table, a picture or notes: `to` is one of EXPORTS. What is exported is of start_s … end_s, and
    of that what `select` picks: events, or where notes are exported these.
    """

    to: str
    start_s: float | None = None
    end_s: float | None = None
    overwrite: bool = False
    select: str | None = None
    midi: MidiOptions = field(default_factory=MidiOptions)
    stems: StemOptions = field(default_factory=StemOptions)

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Export one file."""
        about = {"source": job.source, "output": job.output}
        scene = load_scene(job.source)
        if self.to == "stems":
            return about | self._stems(scene, job.output, job.make_folder, progress)
        counts, data = self.apply(scene)
        job.make_folder()
        if job.output == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            _write(job.output, data, self.overwrite)
        return about | counts | {"n_bytes": len(data)}

    def to_file(self, scene: Given, output: str | os.PathLike[str]) -> Path:
        """Export a scene, or that of a .mote file, and return where it is."""
        if self.to == "stems":
            self._stems(as_scene(scene), output)
        else:
            _write(output, self.apply(as_scene(scene))[1], self.overwrite)
        return Path(output)

    def apply(self, scene: Scene) -> tuple[dict[str, int], memoryview]:
        """How many events, or notes, are exported, and the bytes of them."""
        buffer = BytesIO()
        if self.to in NOTES:
            chosen = self._notes(scene)
            self._write_notes(chosen, buffer)
            return {"n_notes": len(chosen.notes)}, buffer.getbuffer()
        scene = scene if self.select is None else _only(scene, self.select)
        self._write_events(scene, buffer)
        return {"n_events": scene.n_events}, buffer.getbuffer()

    def _notes(self, scene: Scene) -> Chosen:
        from motes.library.exports.chosen_notes import chosen_notes

        return chosen_notes(scene, self.select, self.start_s, self.end_s)

    def _write_notes(self, chosen: Chosen, buffer: BytesIO) -> None:
        from motes.library.exports import note_rows
        from motes.library.exports.jams import write_jams
        from motes.library.exports.midi import write_midi

        write: dict[str, Callable[..., None]] = {
            "notes.csv": note_rows.write_csv,
            "notes.json": note_rows.write_json,
            "notes.parquet": note_rows.write_parquet,
            "jams": write_jams,
        }
        if self.to == "midi":
            write_midi(chosen, buffer, self.midi)
        else:
            write[self.to](chosen, buffer)

    def _stems(
        self,
        scene: Scene,
        folder: str | os.PathLike[str],
        make_folder: Callable[[], None] = lambda: None,
        progress: Progress = lambda *_: None,
    ) -> dict[str, Any]:
        from motes.library.exports.stems import write_stems

        if (self.start_s, self.end_s) != (None, None):
            raise ParameterError("stems are of the whole scene, so that they sum to it: start and end are not for them")
        chosen = self._notes(scene)
        make_folder()
        return {"n_notes": len(chosen.notes)} | write_stems(chosen, folder, self.stems, self.overwrite, progress)

    def _write_events(self, scene: Scene, buffer: BytesIO) -> None:
        from motes.library.exports.sdif import write_sdif
        from motes.report.instrument_json import write_instrument
        from motes.report.tables import write_csv, write_json, write_parquet

        write: dict[str, Callable[[Scene, BytesIO], None]] = {
            "csv": write_csv,
            "json": write_json,
            "parquet": write_parquet,
            "instrument.json": write_instrument,
            "sdif": write_sdif,
        }
        if self.to not in write:
            self._draw(scene, buffer)
            return
        is_part = (self.start_s, self.end_s) != (None, None)
        write[self.to](scene.slice(self.start_s, self.end_s) if is_part else scene, buffer)

    def _draw(self, scene: Scene, buffer: BytesIO) -> None:
        from motes.report.pictures.picture import scene_picture
        from motes.report.pictures.splat_picture import splat_picture

        if self.to in ("notes.png", "notes.svg"):
            self._draw_notes(scene, buffer)
            return
        if self.to == "event.png":
            last_s = float("inf") if self.end_s is None else self.end_s
            here = scene.splat.take((scene.splat.end_s > (self.start_s or 0.0)) & (scene.splat.start_s < last_s))
            if len(here) != 1:
                raise ParameterError(
                    f"event.png is the picture of one splat, and {len(here)} are chosen: choose one with --select"
                )
            buffer.write(splat_picture(scene.replace(splat=here), 0))
            return
        buffer.write(scene_picture(scene, start_s=self.start_s or 0.0, end_s=self.end_s, svg=self.to == "svg"))

    def _draw_notes(self, scene: Scene, buffer: BytesIO) -> None:
        from motes.report.pictures.roll_picture import notes_picture

        if not scene.notes:
            raise ParameterError("the scene has no notes to draw: `motes notes`, or motes.notes(scene), finds them")
        buffer.write(notes_picture(scene, start_s=self.start_s or 0.0, end_s=self.end_s, svg=self.to == "notes.svg"))


def export_format(output: str | os.PathLike[str] | None, to: str | None = None) -> str:
    """The format `to`, or what the name of the output says; ParameterError where that is none of EXPORTS."""
    name = "" if output is None else os.fspath(output).lower()
    two = (each for each in EXPORTS if "." in each and name.endswith(f".{each}"))
    last = os.path.splitext(name)[1][1:]
    ending = next(two, "midi" if last == "mid" else last)
    found = {"mid": "midi"}.get(to or ending, to or ending)
    if found not in EXPORTS or (to is None and found == "stems"):
        names = f"{', '.join(EXPORTS[:-1])} or {EXPORTS[-1]}"
        raise ParameterError(f"to must be {names}" + (f", not {found!r}" if found else ""))
    return found


@checked
def export(  # noqa: PLR0913 (the options of `motes export`, keywords only)
    scene: File | Scene,
    output: File,
    *,
    to: str | None = None,
    select: str | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    bend_range: int | None = None,
    mpe: bool = False,
    tempo: float | None = None,
    by: str = "part",
    reference: File | None = None,
    with_noise: bool = False,
    overwrite: bool = False,
) -> Path:
    """The file written: the events of a scene as a table (csv, json, parquet), drawn (png, svg, event.png), its
    partials (sdif), its instrument for a player (instrument.json), or its notes (notes.csv, notes.json, notes.parquet,
    midi, jams); or the folder of its stems. Without `to`, what the name of the output says.

    `bend_range` in semitones, `mpe` and `tempo` in beats per minute are for MIDI; `by`, "part" or "note", `reference`,
    the recording that stems and rest sum to, and `with_noise`, which gives notes their part of the noise, for stems.
    Where notes are exported, `select` is a condition on notes. ParameterError where the scene has none, or an option
    makes no sense.
    """
    how = Export(
        export_format(output, to),
        start_s,
        end_s,
        overwrite,
        select,
        MidiOptions(bend_range, mpe, tempo),
        StemOptions(by, reference, with_noise),
    )
    return how.to_file(scene, output)


def _write(output: str | os.PathLike[str], data: memoryview, overwrite: bool) -> None:
    with atomic_output(output, overwrite) as handle:
        handle.write(data)
