"""The fixed test set: 24 pieces of 30 s by a SoundFont that no training saw, every second one in a room."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.piece import Piece
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ, SetFolder
from motes.data.rendering.soundfont import SoundFont
from motes.data.rendering.test_scores import EXCERPTS, test_score

PIECE_S, PEAK = 30.0, 0.7


def render_test_set(
    out: str | os.PathLike[str],
    soundfont: str,
    which: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render those of the 24 pieces that are not there yet; the folder is returned. Needs music21, whose corpus has the
    scores. ParameterError where the folder holds another set.
    """
    options = {"set": "test", "soundfonts": [os.path.basename(soundfont)]}
    folder = SetFolder(Path(out), "test")
    font = SoundFont(soundfont, SAMPLE_RATE_HZ)
    folder.begin(options)
    numbers = range(len(EXCERPTS)) if which is None else which
    for done, number in enumerate(numbers):
        if not folder.label_path(number).exists():
            _render(folder, font, number)
        if progress is not None:
            progress(done + 1, len(numbers))
    folder.finish(options)
    return Path(out)


def _render(folder: SetFolder, font: SoundFont, number: int) -> None:
    score = test_score(number, PIECE_S)
    piece = Piece(score, [font], number, additive=0.0, sample_rate_hz=SAMPLE_RATE_HZ, plain=True)
    audio, notes = piece.mix(round(PIECE_S * SAMPLE_RATE_HZ))
    if number % 2:
        known = responses(SAMPLE_RATE_HZ)
        audio = in_room(audio, known[number // 2 % len(known)], (0.25, 0.4, 0.55)[number // 2 % 3])
    gain = PEAK / max(float(np.abs(audio).max(initial=0.0)), 1e-6)
    folder.write(number, audio * np.float32(gain), notes, score.beats_per_minute, 20 * float(np.log10(gain)))
