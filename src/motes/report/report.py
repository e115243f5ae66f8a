"""A report of scenes: the file that `motes report` and `motes.report` write."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from motes.errors import ParameterError
from motes.files import refuse_existing
from motes.report.instrument_page import write_instrument_page
from motes.report.page import MEGABYTES, PageOptions, write_page
from motes.report.subject import Subject, subject_of, subject_of_file
from motes.settings import load_settings

if TYPE_CHECKING:
    from motes.scene.scene import Scene

File = str | os.PathLike[str]


class Report(NamedTuple):
    """A report that was written: its path, its size in bytes, and of which scenes the recording was there."""

    path: Path
    n_bytes: int
    references: list[bool]


def write_report(  # noqa: PLR0913 (the options of `motes report`, keywords only)
    scenes: Sequence[File | Scene],
    output: File,
    references: Sequence[File] = (),
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    megabytes: float = MEGABYTES,
    quick: bool = False,
    instrument: bool = False,
    overwrite: bool = False,
    command: str = "",
    progress: Callable[[float], None] = lambda _: None,
) -> Report:
    """Write one HTML file of scenes and .mote files, from `start_s` to `end_s` of each.

    `references` are their recordings, one for each or none: then those of files are looked for beside the file and in
    AUDIO_PATH. `quick` leaves out what takes long, `command` is what the page says made it. With `instrument` the page
    is the instrument of one scene, to play.
    """
    if references and len(references) != len(scenes):
        raise ParameterError(f"there are {len(references)} references for {len(scenes)} scenes: one for each, or none")
    if instrument and len(scenes) != 1:
        raise ParameterError(f"a page to play holds the instrument of one scene, not of {len(scenes)}")
    refuse_existing(os.fspath(output), overwrite)
    subjects = []
    for number, scene in enumerate(scenes):
        progress(0.5 * number / len(scenes))
        reference = references[number] if references else None
        subjects.append(_subject(scene, number, reference, start_s, end_s))
    if instrument:
        how: dict[str, Any] = {"megabytes": megabytes, "command": command, "overwrite": overwrite}
        n_bytes = write_instrument_page(subjects[0], output, **how)
        return Report(Path(output), n_bytes, [subjects[0].original is not None])
    options = PageOptions(megabytes, "PCA" if quick else "", not quick, command)
    n_bytes = write_page(subjects, output, options, overwrite=overwrite)
    return Report(Path(output), n_bytes, [subject.original is not None for subject in subjects])


def _subject(
    scene: File | Scene, number: int, reference: File | None, start_s: float | None, end_s: float | None
) -> Subject:
    if not isinstance(scene, str | os.PathLike):
        return subject_of(scene, f"scene {number + 1}", reference=reference, start_s=start_s, end_s=end_s)
    folder = load_settings().audio_path.value
    return subject_of_file(os.fspath(scene), reference, start_s, end_s, (str(folder),) if folder else ())
