"""The notes of a file: read, or found and written into it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from motes.audio import open_source
from motes.errors import ParameterError
from motes.events.note_table import SURENESS_UNITS
from motes.library.work import _store, as_scene, load_scene

if TYPE_CHECKING:
    from motes.library.work import Given
    from motes.notes.note import Note
    from motes.scene.scene import Scene

# How much longer or shorter than the scene a recording may be, in seconds.
MOST_APART_S = 0.25
LOWEST_SURENESS, HIGHEST_SURENESS = 0.03, 0.99


class Row(NamedTuple):
    """A note as `motes notes` lists it; without a pitch its name is empty, and frequency and cents are None. `vector`,
    its sixteen numbers where it has such, is for JSON alone.
    """

    number: int
    onset_s: float
    end_s: float
    pitch: str
    cents: float | None
    f0_hz: float | None
    gain_db: float
    sureness: float
    part: int
    vector: list[float] | None = None


def rows_of(scene: Scene, sureness: float | None = None) -> list[Row]:
    """The notes of a scene, by their numbers, without those that are less sure."""
    return [
        Row(n.number, n.onset_s, n.end_s, n.name, n.cents, n.f0_hz, n.gain_db, n.sureness, n.part, _numbers(n))
        for n in scene.notes
        if sureness is None or n.sureness >= sureness - 0.5 / SURENESS_UNITS
    ]


def _numbers(note: Note) -> list[float] | None:
    found = note.vector
    return None if found is None else [round(float(number), 4) for number in found]


def notes(
    scene: Given,
    reference: str | os.PathLike[str] | None = None,
    *,
    sureness: float | None = None,
    instruments: int | None = None,
    vectors: bool = False,
) -> Scene:
    """The scene, or that of a .mote file, with its notes found: `scene.notes` lists them.

    They are looked for in the scene's sound, or in the recording that it was made from, `reference`; those less likely
    than `sureness` (0.4 by default) are left out. Notes that were edited, or grouped by hand, stay. Where it is
    known how many `instruments` play, besides drums, notes come in so many parts. `vectors` stores the sixteen numbers
    of each, `note.vector`, in some 45 bits a note.
    """
    from motes.notes.finding import SURENESS, find

    require_sureness(sureness)
    least = SURENESS if sureness is None else sureness
    if instruments is not None and instruments < 1:
        raise ParameterError(f"instruments must be at least 1, not {instruments}")
    given = as_scene(scene)
    if reference is None:
        return find(given, None, least, n_instruments=instruments, vectors=vectors)
    source = open_source(os.fspath(reference))
    duration_s = source.n_samples / source.sample_rate_hz
    if abs(duration_s - given.duration_s) > MOST_APART_S:
        raise ParameterError(
            f"{os.fspath(reference)} lasts {duration_s:.2f} s and the scene {given.duration_s:.2f} s: is it another "
            "recording?"
        )
    return find(given, source, least, n_instruments=instruments, vectors=vectors)


def require_sureness(sureness: float | None) -> None:
    """ParameterError for what no note can be."""
    if sureness is not None and not LOWEST_SURENESS <= sureness <= HIGHEST_SURENESS:
        raise ParameterError(f"sureness must lie in {LOWEST_SURENESS} … {HIGHEST_SURENESS}, not {sureness:g}")


def found_notes(  # noqa: PLR0913 (the options of `motes notes`)
    path: str,
    output: str | None,
    reference: str | None,
    sureness: float | None,
    instruments: int | None,
    again: bool,
    dry_run: bool,
    overwrite: bool,
    vectors: bool = False,
) -> tuple[Scene, str | None]:
    """The scene of a file with its notes, and where it was written, None for nowhere."""
    require_sureness(sureness)
    scene = load_scene(path)
    is_new = again or reference is not None or instruments is not None or not scene.notes
    is_new |= vectors and not len(scene.vector) and not scene.groups.notes.has_vector.any()
    if is_new:
        scene = notes(scene, reference, sureness=sureness, instruments=instruments, vectors=vectors)
    target = output if output is not None else path if is_new else None
    if dry_run or target is None or (target == "-" and output is None):
        return scene, None
    _store(scene, target, overwrite or output is None)
    return scene, target
