"""Editing files, playing them and importing tables: each takes a job and leaves a whole file or none."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from motes import places
from motes.errors import MotesWarning, ParameterError
from motes.events.deformation import NEUTRAL, Deformation
from motes.library.batch import Progress
from motes.library.plan import Job
from motes.library.work import _store, as_scene, load_scene

if TYPE_CHECKING:
    from motes.edit.edits import Edited
    from motes.library.work import Given
    from motes.scene.scene import Scene


@dataclass(frozen=True)
class Edit:
    """.mote file to .mote file, by `edits` of the events that `select` chooses, or of all: by the names of
    `motes.edit.edits.FLAGS`, scenes as files and rooms as names (of `motes.data.impulse_responses.room`, or "none").
    """

    select: Any = None
    edits: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False
    # Whether notes that are selected have their part of noise.
    with_noise: bool = False
    # Whether what is selected has its share of detail.
    with_detail: bool = True

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Edit one file; the report says how many events were selected."""
        start = time.perf_counter()
        before = load_scene(job.source)
        edited = self.apply(before)
        if self.select is not None and not edited.n_selected and edited.n_events:
            warnings.warn(MotesWarning(f"{job.source}: none of {edited.n_events} events is selected"), stacklevel=2)
        job.make_folder()
        n_bytes = _store(edited.scene, job.output, self.overwrite)
        return {
            "source": job.source,
            "output": job.output,
            "seconds": edited.scene.duration_s,
            "n_selected": edited.n_selected,
            "n_events_before": edited.n_events,
            "n_events": edited.scene.n_events,
            "n_bytes": n_bytes,
            **self._rest(before, edited),
            "elapsed_s": time.perf_counter() - start,
        }

    def _rest(self, before: Scene, edited: Edited) -> dict[str, float]:
        """For edits of notes, how loud what changed in the rest of the sound is at most, in dBFS."""
        from motes.edit.edits import steps
        from motes.edit.note_columns import WORDS
        from motes.edit.selection import parse
        from motes.notes.splitting import rest_change_db

        of_notes = isinstance(self.select, str) and not parse(self.select).names.isdisjoint(WORDS)
        if not of_notes and not any(edit.first for edit, _ in steps(self.edits)):
            return {}
        change_db = rest_change_db(before, edited.scene, self.with_noise, self.with_detail)
        return {} if change_db is None else {"rest_change_db": change_db}

    def apply(self, scene: Scene) -> Edited:
        """The edited scene."""
        from motes.data.impulse_responses import room
        from motes.edit.edits import FLAGS, Breakpoints, NoteNumbers, edited
        from motes.edit.gains import read_points
        from motes.events.room import Room
        from motes.scene.scene import Scene

        read: dict[Any, Callable[[str], Any]] = {
            Scene: load_scene,
            Room: lambda name: 0 if name == "none" else room(name),
            NoteNumbers: _numbers,
            Breakpoints: read_points,
        }
        edits = {}
        for flag, value in self.edits.items():
            wanted = FLAGS[flag].type if flag in FLAGS else None
            edits[flag] = (
                read[wanted](os.fspath(value)) if wanted in read and isinstance(value, str | os.PathLike) else value
            )
        return edited(scene, self.select, edits, self.with_noise, self.with_detail)


def _numbers(text: str) -> list[int]:
    """Numbers of notes with commas between."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(f"notes are numbers with commas between, as in 3,4, not {text!r}") from None


@dataclass(frozen=True)
class Import:
    """Table (CSV, JSON or Parquet) to .mote file."""

    sample_rate_hz: int | None = None
    duration_s: float | None = None
    overwrite: bool = False

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Import one table."""
        from motes.report.imports import from_table, scene_of_table

        if places.is_folder(job.source):
            raise ParameterError(f"{job.source} is a folder, not a table")
        if job.source == "-":
            scene = scene_of_table(sys.stdin.buffer.read(), self.sample_rate_hz, self.duration_s)
        else:
            scene = from_table(job.source, sample_rate_hz=self.sample_rate_hz, duration_s=self.duration_s)
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
    MIDI or as another scene does; or one with notes: a MIDI file played by these, or these by the notes of another.
    """

    random: int | None = None
    density_per_s: float = 4.0
    duration_s: float | None = None
    permute: int | None = None
    midi: str | os.PathLike[str] | None = None
    strikes: Given | None = None
    deformation: Deformation = NEUTRAL
    gain_db: float = 0.0
    overwrite: bool = False
    notes_of: Given | None = None

    def __post_init__(self) -> None:
        chosen = [
            name for name in ("random", "permute", "midi", "strikes", "notes_of") if getattr(self, name) is not None
        ]
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

        if self.notes_of is not None or (not scene.instruments and self.midi is not None and scene.notes):
            return self._by_notes(scene)
        perform.instrument_of(scene)
        if self.random is not None:
            scene = perform.random_strikes(scene, self.random, self.density_per_s, self.duration_s)
        elif self.permute is not None:
            scene = perform.permuted(scene, self.permute)
        elif self.midi is not None:
            scene = perform.play_notes(scene, read_notes(self.midi))
        elif self.strikes is not None:
            scene = perform.on_instrument(scene, as_scene(self.strikes))
        return perform.deformed(scene, self.deformation, self.gain_db)

    def _by_notes(self, scene: Scene) -> Scene:
        """A MIDI file played by the notes of the scene, or these by those of another."""
        from motes.library.play_notes import play, score_of_midi, score_of_scene

        if (plain := replace(self.deformation, transpose=0.0)) != NEUTRAL:
            changed = [each.name for each in fields(plain) if getattr(plain, each.name) != getattr(NEUTRAL, each.name)]
            raise ParameterError(f"{' and '.join(changed)}: of instruments only, notes are as the recording has them")
        if self.notes_of is not None:
            scene = play(as_scene(self.notes_of), score_of_scene(scene))
        else:
            assert self.midi is not None
            scene = play(scene, score_of_midi(self.midi))
        if self.deformation.transpose:
            scene = scene.transpose(self.deformation.transpose)
        return scene.gain(self.gain_db) if self.gain_db else scene
