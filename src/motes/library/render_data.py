"""Rendering a labelled set of recordings, in this process or in several."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.rendered_set import begin, n_pieces, render_piece
from motes.errors import MotesError, ParameterError
from motes.library.batch import Progress, run
from motes.library.plan import Job


def render_data(
    out: str | os.PathLike[str], options: RenderOptions, n_processes: int = 1, progress: Progress = lambda *_: None
) -> Path:
    """The folder of the set, whose pieces that were not there yet are rendered; its manifest is written at the end.

    ParameterError where it holds a set of other options, and whatever a piece cannot be rendered for. What is
    interrupted leaves whole pieces, and goes on with the same call.
    """
    if n_processes < 1:
        raise ParameterError(f"jobs must be at least 1, not {n_processes}")
    folder = begin(out, options)
    numbers = range(n_pieces(options))
    jobs = [Job(str(number), os.fspath(folder.label_path(number)), skipped=folder.has(number)) for number in numbers]
    for outcome in run(jobs, partial(_render, os.fspath(out), options), n_processes, progress):
        if outcome.status == "failed":
            raise MotesError(outcome.reason)
    folder.finish(options.recorded())
    return folder.folder


def _render(out: str, options: RenderOptions, job: Job, progress: Progress) -> dict[str, Any]:
    render_piece(out, options, int(job.source))
    return {}
