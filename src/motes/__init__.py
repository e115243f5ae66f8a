"""motes: a recording as a sparse scene of sound events that can be read, edited, played and stored in a compact
file.

What the command line can, this can under the same name; docs/python.md lists both. Everything is imported when it is
called, so that `import motes` takes no time.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from motes.arguments import checked
from motes.errors import AudioError, FormatError, MissingExtraError, MotesError, MotesWarning, ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    from motes.audio import Audio
    from motes.codec import FileInfo
    from motes.data.dataset_check import check_data
    from motes.data.impulse_responses import room, rooms
    from motes.encoders.door import encode
    from motes.encoders.fit import GaborOptions, SplatOptions
    from motes.encoders.instrument import InstrumentOptions
    from motes.encoders.learned import load_dictionary
    from motes.encoders.progress import Progress
    from motes.encoders.pursuit import PursuitOptions
    from motes.encoders.siam import SiamOptions
    from motes.events.room import Room
    from motes.kinds.gabor.table import Gabor
    from motes.library.catalogue.build import build_catalogue
    from motes.library.catalogue.catalogue import Catalogue
    from motes.library.exports.export import export
    from motes.library.learn_dictionary import learn_dictionary
    from motes.library.publish import Published
    from motes.library.render_data import render_data
    from motes.library.trim import trim
    from motes.library.work import partials
    from motes.report.imports import from_csv, from_json, from_parquet
    from motes.scene.metadata import Marker
    from motes.scene.scene import Scene
    from motes.stop_reason import StopReason
    from motes.synth.player import Player
    from motes.training import train
    from motes.version import __version__

    File = str | os.PathLike[str]

__all__ = [
    "AudioError",
    "Catalogue",
    "FormatError",
    "Gabor",
    "GaborOptions",
    "InstrumentOptions",
    "Marker",
    "MissingExtraError",
    "MotesError",
    "MotesWarning",
    "ParameterError",
    "Player",
    "Progress",
    "PursuitOptions",
    "Room",
    "Scene",
    "SiamOptions",
    "SplatOptions",
    "StopReason",
    "__version__",
    "build_catalogue",
    "check_data",
    "decode",
    "edit",
    "encode",
    "evaluate",
    "export",
    "from_csv",
    "from_json",
    "from_parquet",
    "info",
    "learn_dictionary",
    "listen",
    "load",
    "load_dictionary",
    "notes",
    "partials",
    "perform",
    "publish",
    "remix",
    "render_data",
    "report",
    "room",
    "rooms",
    "train",
    "trim",
    "validate",
]

# The functions `edit`, `notes` and `report` below have the names of packages, whose first import binds the name here to
# them: it comes before the functions are defined, which then keep the names. `from motes.edit import …` and `import
# motes.edit.selection` work as ever; only `motes.edit.selection` as an expression, or after `as`, does not.
for _package in ("motes.edit", "motes.notes", "motes.report"):
    importlib.import_module(_package)

# The module that has a name, for what is not defined here.
_HOMES = {
    "Catalogue": "motes.library.catalogue.catalogue",
    "Gabor": "motes.kinds.gabor.table",
    **dict.fromkeys(("GaborOptions", "SplatOptions"), "motes.encoders.fit"),
    "InstrumentOptions": "motes.encoders.instrument",
    "Marker": "motes.scene.metadata",
    "Player": "motes.synth.player",
    "Progress": "motes.encoders.progress",
    "PursuitOptions": "motes.encoders.pursuit",
    "Room": "motes.events.room",
    "Scene": "motes.scene.scene",
    "SiamOptions": "motes.encoders.siam",
    "StopReason": "motes.stop_reason",
    "__version__": "motes.version",
    "build_catalogue": "motes.library.catalogue.build",
    "check_data": "motes.data.dataset_check",
    "encode": "motes.encoders.door",
    "export": "motes.library.exports.export",
    **dict.fromkeys(("from_csv", "from_json", "from_parquet"), "motes.report.imports"),
    "learn_dictionary": "motes.library.learn_dictionary",
    "listen": "motes.report.listening.listening_page",
    "load_dictionary": "motes.encoders.learned",
    "partials": "motes.library.work",
    "render_data": "motes.library.render_data",
    **dict.fromkeys(("room", "rooms"), "motes.data.impulse_responses"),
    "train": "motes.training",
    "trim": "motes.library.trim",
}


def __getattr__(name: str) -> Any:
    """What is defined elsewhere, imported when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'motes' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


@checked
def load(
    path: File, start_s: float | None = None, end_s: float | None = None, *, rooms: File | Sequence[Room] | None = None
) -> Scene:
    """The scene in a .mote file, or what of it sounds between two times in seconds; raises FormatError where the file
    is damaged.

    `rooms`, a folder or the rooms themselves, is where rooms that the file only names are looked for; by default the
    folder IMPULSE_RESPONSE_PATH.
    """
    from motes.codec import load as read
    from motes.data.impulse_responses import finder

    return read(path, start_s, end_s, finder(rooms))


@checked
def decode(  # noqa: PLR0913 (the options of `motes decode`, keywords only)
    scene: File | Scene,
    output: File,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    sample_rate_hz: int | None = None,
    subtype: str | None = None,
    select: str | None = None,
    with_noise: bool = False,
    detail: bool = True,
    salvage: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """What `motes decode --json` reports: a scene, or that of a .mote file, is written as audio in the format that the
    name of the output says.

    `select` is a condition, such as "note == 12": only these events, and `with_noise` notes with their part of noise;
    without `detail` only atoms are heard, and texture in its place.
    `sample_rate_hz` is another than the scene's, `subtype` a coding other than 24 bits, such as FLOAT; `salvage`
    decodes what is intact in a damaged file. `scene.render()` is the audio as an array.
    """
    from motes.library.work import Decode

    how = Decode(start_s, end_s, sample_rate_hz, subtype, overwrite, salvage, select, with_noise, detail)
    return how.to_file(scene, os.fspath(output))


@checked
def edit(
    scene: File | Scene, select: Any = None, *, with_noise: bool = False, with_detail: bool = True, **edits: Any
) -> Scene:
    """The scene, or that of a .mote file, with edits of the events that `select` chooses, or of all:
    `motes.edit(scene, "time_s < 3", transpose=-3, gain_db=6)`.

    The edits are the options of `motes edit`, and are done in its order, those of `motes.edit.edits.EDITS`. `select` is
    what `scene.select` takes, as `with_noise` and `with_detail` are; scenes may be files and rooms names.
    ParameterError where an edit is not known, or makes no sense.
    """
    from motes.library.changes import Edit
    from motes.library.work import as_scene

    return Edit(select, edits, with_noise=with_noise, with_detail=with_detail).apply(as_scene(scene)).scene


@checked
def notes(
    scene: File | Scene,
    reference: File | None = None,
    *,
    sureness: float | None = None,
    instruments: int | None = None,
    vectors: bool = False,
) -> Scene:
    """The scene, or that of a .mote file, with its notes found: `scene.notes` lists them, `scene.select(note=12)` takes
    hold of one.

    They are looked for in the scene's sound, or in the recording that it was made from, `reference`; those less
    likely than `sureness` (0.4 by default) are left out. Notes that were edited or grouped by hand stay. Where it is
    known how many `instruments` play, besides drums, notes come in so many parts. `vectors` stores `note.vector`, the
    sixteen numbers of each, in some 45 bits a note.
    """
    from motes.library.find_notes import notes as found

    return found(scene, reference, sureness=sureness, instruments=instruments, vectors=vectors)


@checked
def perform(  # noqa: PLR0913 (the options of `motes perform`, keywords only)
    scene: File | Scene,
    *,
    random: int | None = None,
    density_per_s: float = 4.0,
    duration_s: float | None = None,
    permute: int | None = None,
    midi: File | None = None,
    strikes: File | Scene | None = None,
    notes_of: File | Scene | None = None,
    damping: float = 1.0,
    brightness: float = 0.0,
    transpose: float = 0.0,
    inharmonicity: float = 0.0,
    position: float = 0.0,
    spread: float = 0.0,
    send: float = 0.0,
    gain_db: float = 0.0,
) -> Scene:
    """The instrument of a scene as it is played: by chance from the seed `random`, in another order from the seed
    `permute`, as a MIDI file or another scene says, or as it was; and in another shape. Of a scene with notes and no
    instrument: a MIDI file as these play it, or these as the notes of the scene `notes_of` play them.

    What deforms the instrument, from `damping` to `send`, is as `motes.events.deformation.Deformation` has it.
    """
    from motes.events.deformation import Deformation
    from motes.library.changes import Perform
    from motes.library.work import as_scene

    shape = Deformation(damping, brightness, transpose, inharmonicity, position, spread, send)
    how = Perform(random, density_per_s, duration_s, permute, midi, strikes, shape, gain_db, notes_of=notes_of)
    return how.apply(as_scene(scene))


@checked
def remix(  # noqa: PLR0913 (the options of `motes remix`, keywords only)
    scene: File | Scene,
    *,
    nearest: int | None = None,
    count: int = 8,
    between: Sequence[int] | None = None,
    steps: int = 5,
    random: int | None = None,
    times: Sequence[float] | None = None,
    shuffle_times: bool = False,
    redraw: bool = False,
    seed: int = 0,
    select: Any = None,
) -> Scene:
    """New sounds of the vectors (learned events) of a scene, in one of five ways: the event `nearest` and the `count`
    most like it; the two events `between` with so many `steps` from one to the other; as many as `random` by chance, at
    `times` in seconds or random ones; the events at random times; or others in their place.

    Events are numbered as `scene.select` does. `select` says which are looked among, moved or replaced.
    """
    from motes.library.remix import Remix
    from motes.library.work import as_scene

    how = Remix(nearest, count, between, steps, random, times, seed, shuffle_times, redraw, select)
    return how.apply(as_scene(scene))


@checked
def evaluate(
    estimate: Audio | Scene,
    reference: Audio | Scene | None = None,
    *,
    sample_rate_hz: float | None = None,
    notes: File | None = None,
    perceptual: bool = False,
    controls: bool = False,
    align: bool = False,
    loss: str | Sequence[str] = (),
) -> dict[str, float]:
    """How near an estimate is to its reference, by the names of the measures: SNR, SI-SDR, spectral convergence …

    Both are scenes, .mote files, recordings or arrays; arrays need their `sample_rate_hz`. `perceptual` adds Zimtohrli
    and ViSQOL, `controls` these of two bad copies, `loss` training losses by their names; `align` first moves the
    estimate by up to a second. `notes`, a file of labels (CSV, JSON or MIDI), adds how many of them are in the
    estimate, a scene or a .mote file; it needs no reference.
    """
    from motes.library.evaluate import evaluate as measured

    loss = (loss,) if isinstance(loss, str) else loss
    return measured(
        estimate,
        reference,
        sample_rate_hz,
        notes=notes,
        perceptual=perceptual,
        controls=controls,
        align=align,
        loss=loss,
    )


@checked
def info(path: File) -> FileInfo:
    """What a .mote file says of itself, without decoding its events."""
    from motes.codec import info as read

    return _with_options(read(path))


@checked
def validate(path: File) -> FileInfo:
    """What a .mote file says of itself, once every checksum is right and every event could be decoded; raises
    FormatError where not.
    """
    from motes.codec import validate as check

    return _with_options(check(path))


def _with_options(found: FileInfo) -> FileInfo:
    """All options in force, where a file holds only those that are not as usual."""
    import msgspec

    from motes.encoders import options_in_force

    return msgspec.structs.replace(found, options=options_in_force(found.encoder, found.options))


@checked
def report(  # noqa: PLR0913 (the options of `motes report`, keywords only)
    scenes: File | Scene | Sequence[File | Scene],
    output: File,
    *,
    reference: File | Sequence[File] = (),
    start_s: float | None = None,
    end_s: float | None = None,
    megabytes: float = 8.0,
    quick: bool = False,
    instrument: bool = False,
    overwrite: bool = False,
) -> Path:
    """The HTML file written: a page to hear and see scenes, beside the recordings they were made from; or,
    `instrument`, one to play the instrument of a scene.

    `reference` are these recordings, one for each scene; without them, those of .mote files are looked for beside the
    file and in AUDIO_PATH. `megabytes` bounds the page, `quick` leaves out what takes long.
    """
    from motes.report.report import write_report

    several = [scenes] if isinstance(scenes, str | os.PathLike) or not isinstance(scenes, Sequence) else scenes
    references = [reference] if isinstance(reference, str | os.PathLike) else reference
    how: dict[str, Any] = {"quick": quick, "instrument": instrument, "overwrite": overwrite}
    return write_report(several, output, references, start_s=start_s, end_s=end_s, megabytes=megabytes, **how).path


@checked
def publish(
    paths: File | Iterable[File],
    bucket: str | None = None,
    *,
    prefix: str = "",
    public: bool = False,
    days: float = 7.0,
    dry_run: bool = False,
) -> list[Published]:
    """What became of each file sent to a bucket that speaks S3, by default S3_BUCKET of the settings; folders stand for
    the files in them.

    `prefix` stands before the name of each; `public` makes links that anyone can open for so many `days`; `dry_run`
    sends nothing.
    """
    from motes.library.publish import publish_files

    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    return list(publish_files(several, bucket, prefix, days if public else None, dry_run))
