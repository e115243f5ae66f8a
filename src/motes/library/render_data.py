"""Rendering a labelled set of recordings, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from motes.arguments import checked
from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.rendered_set import begin, n_pieces, render_piece
from motes.errors import MotesError, ParameterError
from motes.library.batch import Progress, run
from motes.library.plan import Job

File = str | os.PathLike[str]


@checked
def render_data(  # noqa: PLR0913 (options of a verb)
    output: File,
    *,
    set_name: str = "training",
    hours: float = 1.0,
    seed: int = 0,
    soundfonts: Sequence[File] = (),
    patches: File | None = None,
    samples: File | None = None,
    one_shots: Sequence[File] = (),
    scores: File | None = None,
    additive: float = 0.25,
    written: float = 0.75,
    in_rooms: float = 0.5,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Path:
    """The folder `output`, into which a labelled set of recordings is rendered, laid out as MusicNet; labels are exact
    to the sample.

    `set_name` is training, unpitched, or one of the fixed sets test, test-drums, test-nature, test-piano. Sounds come
    from `soundfonts` (SF2, SF3), a folder of Gravis Ultrasound `patches`, one of piano `samples`, and folders of
    `one_shots`; `additive` is how often a part is played by an additive instrument instead (1 needs no other source).
    `scores` is a folder of MIDI files or JSON, `written` how often an excerpt of one is played instead of a random
    score, `in_rooms` how often a piece is in a room of IMPULSE_RESPONSE_PATH or a synthetic one; shares are 0 … 1.
    `jobs` processes work at once; `progress` is called with the fraction done. What was interrupted goes on with the
    same call. Raises ParameterError for options that make no sense, or where the folder holds a set of others;
    MissingExtraError where a library is missing that a source needs.
    """
    options = RenderOptions(
        set_name=set_name,
        hours=hours,
        seed=int(seed),
        soundfonts=tuple(os.fspath(path) for path in soundfonts),
        patches=_path(patches),
        samples=_path(samples),
        one_shots=tuple(os.fspath(path) for path in one_shots),
        scores=_path(scores),
        additive=additive,
        written=written,
        in_rooms=in_rooms,
    )
    return render_set(output, options, int(jobs), progress or (lambda *_: None))


def render_set(
    output: File, options: RenderOptions, n_processes: int = 1, progress: Progress = lambda *_: None
) -> Path:
    """The folder of a set, whose pieces that were not there yet are rendered; its manifest is written at the end."""
    if n_processes < 1:
        raise ParameterError(f"jobs must be at least 1, not {n_processes}")
    folder = begin(output, options)
    numbers = range(n_pieces(options))
    jobs = [Job(str(number), os.fspath(folder.label_path(number)), skipped=folder.has(number)) for number in numbers]
    for outcome in run(jobs, partial(_render, os.fspath(output), options), n_processes, progress):
        if outcome.status == "failed":
            raise MotesError(outcome.reason)
    folder.finish(options.recorded())
    return folder.folder


def _render(output: str, options: RenderOptions, job: Job, progress: Progress) -> dict[str, Any]:
    render_piece(output, options, int(job.source))
    return {}


def _path(path: File | None) -> str | None:
    return None if path is None else os.fspath(path)
