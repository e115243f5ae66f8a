"""Editing files, exporting them and importing tables: each takes a job and leaves a whole file or none."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motes.errors import ParameterError
from motes.files import atomic_output
from motes.library.batch import Progress
from motes.library.plan import Job
from motes.library.work import _store, as_scene, load_scene

if TYPE_CHECKING:
    from motes.edit.selection import Selection
    from motes.events.room import Room
    from motes.library.work import Given
    from motes.scene.scene import Scene

EXPORTS = ("csv", "json", "parquet", "png", "svg", "instrument.json", "event.png")


@dataclass(frozen=True)
class Edit:
    """.mote file to .mote file. In this order: join, slice, select; then of what is selected only, drop, mute,
    solo, the band, gain, transposition, stretch, reversal, move, duplicate and room (a name that
    `motes.data.impulse_responses.room` knows, or "none").
    """

    select: str | None = None
    join: str | None = None
    at_s: float | None = None
    resample: bool = False
    start_s: float | None = None
    end_s: float | None = None
    with_overhang: bool = False
    only: bool = False
    drop: bool = False
    mute: bool = False
    solo: bool = False
    low_hz: float | None = None
    high_hz: float | None = None
    gain_db: float | None = None
    transpose: float | None = None
    stretch: float | None = None
    reverse: bool = False
    move_s: float | None = None
    duplicate_at_s: float | None = None
    room: str | None = None
    wetness: float = 0.3
    embed_rooms: bool = False
    overwrite: bool = False

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Edit one file; the report tells how many events were selected."""
        start = time.perf_counter()
        edited, n_selected, n_before = self.apply(load_scene(job.source))
        edited = edited.embed_rooms() if self.embed_rooms else edited
        job.make_folder()
        n_bytes = _store(edited, job.output, self.overwrite)
        return {
            "source": job.source,
            "output": job.output,
            "seconds": edited.duration_s,
            "n_selected": n_selected,
            "n_events_before": n_before,
            "n_events": edited.n_events,
            "n_bytes": n_bytes,
            "elapsed_s": time.perf_counter() - start,
        }

    def apply(self, scene: Scene) -> tuple[Scene, int, int]:
        """The edited scene, how many events were selected, and of how many."""
        if self.join is not None:
            scene = scene.join(load_scene(self.join), self.at_s, resample=self.resample)
        if self.start_s is not None or self.end_s is not None:
            scene = scene.slice(self.start_s, self.end_s, with_overhang=self.with_overhang)
        chosen = scene.select(self.select)
        n_selected, n_events = len(chosen), scene.n_events
        chosen = self._kept(chosen)
        if self.select is None:
            return self._whole(chosen.scene), n_selected, n_events
        for edit in self._edits():
            chosen = edit(chosen)
        return chosen.scene, n_selected, n_events

    def _kept(self, chosen: Selection) -> Selection:
        """What decides which events there are and which of them sound."""
        from motes.edit import operations as edit

        if self.only or self.drop:
            chosen = edit.kept(chosen, chosen.mask if self.only else ~chosen.mask)
        if self.mute or self.solo:
            chosen = edit.mute(chosen, chosen.mask if self.mute else ~chosen.mask)
        if self.low_hz is not None or self.high_hz is not None:
            chosen = edit.filter(chosen, self.low_hz, self.high_hz)
        return chosen

    def _edits(self) -> list[Callable[[Selection], Selection]]:
        """What is done to the selected events, each edit to the same ones."""
        from motes.edit import operations as edit

        steps: list[tuple[Any, Callable[[Selection], Selection]]] = [
            (self.gain_db, lambda chosen: edit.gain(chosen, self.gain_db or 0.0)),
            (self.transpose, lambda chosen: edit.transpose(chosen, self.transpose or 0.0)),
            (self.stretch, lambda chosen: edit.stretch(chosen, 1.0 if self.stretch is None else self.stretch)),
            (self.reverse or None, edit.reverse),
            (self.move_s, lambda chosen: edit.move(chosen, self.move_s or 0.0)),
            (self.duplicate_at_s, lambda chosen: edit.duplicate(chosen, self.duplicate_at_s or 0.0)),
            (self.room, lambda chosen: edit.into_room(chosen, self._room(), self.wetness)),
        ]
        return [step for value, step in steps if value is not None]

    def _whole(self, scene: Scene) -> Scene:
        """The same to a whole scene, whose length follows a stretch and which turns round about its own middle."""
        scene = scene if self.gain_db is None else scene.gain(self.gain_db)
        scene = scene if self.transpose is None else scene.transpose(self.transpose)
        scene = scene if self.stretch is None else scene.stretch(self.stretch)
        scene = scene.reverse() if self.reverse else scene
        scene = scene if self.move_s is None else scene.move(self.move_s)
        scene = scene if self.duplicate_at_s is None else scene.select().duplicate(self.duplicate_at_s)
        return scene if self.room is None else scene.select().room(self._room(), self.wetness)

    def _room(self) -> Room | None:
        from motes.data.impulse_responses import room

        assert self.room is not None
        return None if self.room == "none" else room(self.room)


@dataclass(frozen=True)
class Export:
    """.mote file to a table or a picture: `to` is one of EXPORTS; a picture may show only start_s … end_s, and
    `select` picks what is exported.
    """

    to: str
    start_s: float | None = None
    end_s: float | None = None
    overwrite: bool = False
    select: str | None = None

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Export one file."""
        scene, data = self.apply(load_scene(job.source))
        job.make_folder()
        if job.output == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            _write(job.output, data, self.overwrite)
        return {"source": job.source, "output": job.output, "n_events": scene.n_events, "n_bytes": len(data)}

    def to_file(self, scene: Given, output: str | os.PathLike[str]) -> Path:
        """Export a scene, or that of a .mote file, and return where it is."""
        _write(output, self.apply(as_scene(scene))[1], self.overwrite)
        return Path(output)

    def apply(self, scene: Scene) -> tuple[Scene, memoryview]:
        """What of the scene is exported, and the bytes of it."""
        from motes.report.instrument_json import write_instrument
        from motes.report.tables import write_csv, write_json, write_parquet

        scene = scene if self.select is None else scene.select(self.select).only()
        write = {
            "csv": write_csv,
            "json": write_json,
            "parquet": write_parquet,
            "instrument.json": write_instrument,
        }.get(self.to)
        buffer = BytesIO()
        if write is not None:
            write(
                scene.slice(self.start_s, self.end_s) if (self.start_s, self.end_s) != (None, None) else scene, buffer
            )
        else:
            self._draw(scene, buffer)
        return scene, buffer.getbuffer()

    def _draw(self, scene: Scene, buffer: BytesIO) -> None:
        from motes.report.picture import scene_picture
        from motes.report.splat_picture import splat_picture

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


def export_format(output: str | os.PathLike[str] | None, to: str | None = None) -> str:
    """The format `to`, or what the name of the output says; ParameterError where that is none of EXPORTS."""
    name = "" if output is None else os.fspath(output).lower()
    two = (each for each in EXPORTS if "." in each and name.endswith(f".{each}"))
    ending = next(two, os.path.splitext(name)[1][1:])
    if (found := to or ending) not in EXPORTS:
        names = f"{', '.join(EXPORTS[:-1])} or {EXPORTS[-1]}"
        raise ParameterError(f"to must be {names}" + (f", not {found!r}" if found else ""))
    return found


def _write(output: str | os.PathLike[str], data: memoryview, overwrite: bool) -> None:
    with atomic_output(output, overwrite) as handle:
        handle.write(data)


@dataclass(frozen=True)
class Import:
    """CSV to .mote file."""

    sample_rate_hz: int | None = None
    duration_s: float | None = None
    overwrite: bool = False

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Import one table."""
        from motes.report.tables import from_csv, scene_of_csv

        if os.path.isdir(job.source):
            raise ParameterError(f"{job.source} is a folder, not a CSV file")
        if job.source == "-":
            scene = scene_of_csv(
                sys.stdin.buffer.read().decode("utf-8-sig", "replace"), self.sample_rate_hz, self.duration_s
            )
        else:
            scene = from_csv(job.source, sample_rate_hz=self.sample_rate_hz, duration_s=self.duration_s)
        job.make_folder()
        n_bytes = _store(scene, job.output, self.overwrite)
        return {
            "source": job.source,
            "output": job.output,
            "seconds": scene.duration_s,
            "n_events": scene.n_events,
            "n_bytes": n_bytes,
        }


@dataclass(frozen=True)
class Perform:
    """.mote file with an instrument to audio or to another .mote file: played by chance, in another order, from
    MIDI or as another scene does.
    """

    random: int | None = None
    density_per_s: float = 4.0
    duration_s: float | None = None
    permute: int | None = None
    midi: str | os.PathLike[str] | None = None
    strikes: Given | None = None
    damping: float = 1.0
    brightness: float = 0.0
    transpose: float = 0.0
    gain_db: float = 0.0
    overwrite: bool = False

    def __post_init__(self) -> None:
        chosen = [name for name in ("random", "permute", "midi", "strikes") if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise ParameterError(f"one way of playing at a time: {' and '.join(chosen)} were both given")

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Play one file."""
        from motes.audio import write_audio
        from motes.synth.render import render_blocks

        start = time.perf_counter()
        played, n_clipped = self.apply(load_scene(job.source)), 0
        job.make_folder()
        if job.output == "-" or job.output.lower().endswith(".mote"):
            _store(played, job.output, self.overwrite)
        else:
            rate, blocks = played.sample_rate_hz, render_blocks(played)
            n_clipped = write_audio(
                job.output, blocks, rate, played.n_channels, overwrite=self.overwrite, n_samples=played.n_samples
            )
        return {
            "source": job.source,
            "output": job.output,
            "seconds": played.duration_s,
            "n_events": played.n_events,
            "n_clipped": n_clipped,
            "elapsed_s": time.perf_counter() - start,
        }

    def apply(self, scene: Scene) -> Scene:
        """The scene as it is played."""
        from motes.library import perform
        from motes.library.midi import read_notes

        perform.instrument_of(scene)
        if self.random is not None:
            scene = perform.random_strikes(scene, self.random, self.density_per_s, self.duration_s)
        elif self.permute is not None:
            scene = perform.permuted(scene, self.permute)
        elif self.midi is not None:
            scene = perform.play_notes(scene, read_notes(self.midi))
        elif self.strikes is not None:
            scene = perform.on_instrument(scene, as_scene(self.strikes))
        return perform.Shape(self.damping, self.brightness, self.transpose, self.gain_db).of(scene)
