"""A rendered set: a folder of pieces with labels, each made of the options and its number alone.

So a set that was interrupted goes on where it was, a longer one begins with the pieces of a shorter one, and pieces can
be rendered in any order and in any process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motes.data.rendering import render_options as names
from motes.data.rendering.piece import Rendered
from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.scores.written_scores import score_paths
from motes.data.rendering.set_folder import SetFolder
from motes.data.rendering.test_pieces import (
    N_DRUMS,
    N_INSTRUMENTS,
    N_NATURE,
    N_PIANO,
    drums_piece,
    instruments_piece,
    nature_piece,
    piano_piece,
)
from motes.data.rendering.training_pieces import sources_of, training_piece
from motes.data.rendering.unpitched_pieces import unpitched_piece


class _Maker(NamedTuple):
    """What renders a piece, and how many there are; None of a set whose hours say so."""

    render: Callable[[RenderOptions, int], Rendered]
    n_pieces: int | None = None


MAKERS = {
    names.TRAINING: _Maker(training_piece),
    names.UNPITCHED: _Maker(unpitched_piece),
    names.TEST: _Maker(instruments_piece, N_INSTRUMENTS),
    names.TEST_DRUMS: _Maker(drums_piece, N_DRUMS),
    names.TEST_NATURE: _Maker(nature_piece, N_NATURE),
    names.TEST_PIANO: _Maker(piano_piece, N_PIANO),
}


def n_pieces(options: RenderOptions) -> int:
    """How many pieces a set has."""
    return MAKERS[options.set_name].n_pieces or options.n_pieces_of_chance


def folder_of(out: str | os.PathLike[str], options: RenderOptions) -> SetFolder:
    """The folder that a set goes into."""
    return SetFolder(Path(out), "test" if options.is_fixed else "train")


def begin(out: str | os.PathLike[str], options: RenderOptions) -> SetFolder:
    """The folder, made if need be. ParameterError where it holds a set of other options, or a source makes no sense."""
    folder = folder_of(out, options)
    if not options.is_fixed:
        sources_of(options)
        if options.scores is not None:
            score_paths(options.scores)
    folder.begin(options.recorded(), but_for=("hours",))
    return folder


def render_piece(out: str | os.PathLike[str], options: RenderOptions, number: int) -> None:
    """Render a piece and write it and its labels, at the level it is made for."""
    piece = MAKERS[options.set_name].render(options, number)
    gain = piece.peak / max(float(np.abs(piece.audio).max(initial=0.0)), 1e-6)
    folder_of(out, options).write(number, piece.audio * np.float32(gain), piece, 20 * float(np.log10(gain)))
