"""The fixed test sets: what no training hears, the same for everybody who has the same sources.

- `test`: 24 pieces of 30 s by a SoundFont, every second one in a room;
- `test-drums`: patterns of four drum kits that are kept for it;
- `test-nature`: drips, steps, knocks and bird calls over quiet rain;
- `test-piano`: a piano whose recordings are of a strength that is kept for it, with pedal, in rooms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.one_shots import TEST_KITS, OneShots
from motes.data.rendering.piece import Piece, PlayedNote
from motes.data.rendering.sampled_piano import TEST_LAYER, SampledPiano
from motes.data.rendering.score import Score
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ, SetFolder
from motes.data.rendering.soundfont import SoundFont
from motes.data.rendering.sources import Sound, Source
from motes.data.rendering.synthetic_sounds import NATURE, rain
from motes.data.rendering.test_scores import EXCERPTS, PIANO_EXCERPTS, test_score
from motes.data.rendering.unpitched import Placed, kit_of, pattern, scattered
from motes.errors import ParameterError

PIECE_S, PEAK = 30.0, 0.7
N_SAMPLES = round(PIECE_S * SAMPLE_RATE_HZ)
WETNESSES = (0.25, 0.4, 0.55)


class Rendered(NamedTuple):
    """A piece before its level is set: sound, notes, and quarter notes a minute."""

    audio: Sound
    notes: list[PlayedNote]
    tempo: float


Maker = Callable[[int], Rendered]


def render_fixed_set(
    out: str | os.PathLike[str],
    name: str,
    source: tuple[str, ...] = (),
    which: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render those pieces of a fixed set that are not there yet; the folder is returned.

    `source` is the SoundFont of `test`, the folder of drum kits of `test-drums`, that of piano samples of `test-piano`.
    `test` and `test-piano` need music21, whose corpus has the scores. ParameterError where the folder holds another
    set.
    """
    if name not in FIXED_SETS:
        raise ParameterError(f"there is no fixed set {name!r}: it is {', '.join(FIXED_SETS)}")
    n_pieces, makers = FIXED_SETS[name]
    numbers = range(n_pieces) if which is None else which
    options = {"set": name, "source": [os.path.basename(path.rstrip("/")) for path in source]}
    folder = SetFolder(Path(out), "test")
    make = makers(source)
    folder.begin(options)
    for done, number in enumerate(numbers):
        if not folder.label_path(number).exists():
            _write(folder, number, make(number))
        if progress is not None:
            progress(done + 1, len(numbers))
    folder.finish(options)
    return Path(out)


def _write(folder: SetFolder, number: int, piece: Rendered) -> None:
    gain = PEAK / max(float(np.abs(piece.audio).max(initial=0.0)), 1e-6)
    folder.write(number, piece.audio * np.float32(gain), piece.notes, piece.tempo, 20 * float(np.log10(gain)))


def _instruments(source: tuple[str, ...]) -> Maker:
    if len(source) != 1:
        raise ParameterError("the test set is rendered with one SoundFont: give TimGM6mb.sf2 of Debian's timgm6mb-soundfont")
    font = SoundFont(source[0], SAMPLE_RATE_HZ)
    return lambda number: _played(test_score(EXCERPTS[number], number, PIECE_S), font, number, number % 2 == 1)


def _piano(source: tuple[str, ...]) -> Maker:
    if len(source) != 1:
        raise ParameterError("the piano set needs one folder of piano samples, called as F#3v7.ogg")
    piano = SampledPiano(source[0], SAMPLE_RATE_HZ, (TEST_LAYER,))
    return lambda number: _played(test_score(PIANO_EXCERPTS[number], 100 + number, PIECE_S), piano, number, True)


def _played(score: Score, source: Source, number: int, is_in_room: bool) -> Rendered:
    piece = Piece(score, [source], number, 0.0, SAMPLE_RATE_HZ, plain=True)
    audio, notes = piece.mix(N_SAMPLES)
    return Rendered(_placed(audio, number) if is_in_room else audio, notes, score.beats_per_minute)


def _drums(source: tuple[str, ...]) -> Maker:
    shots = OneShots(source, SAMPLE_RATE_HZ, test_kits=True)

    def make(number: int) -> Rendered:
        rng, placed = np.random.default_rng([25, number]), Placed(N_SAMPLES)
        tempo = pattern(placed, kit_of(shots, rng, TEST_KITS[number % len(TEST_KITS)]), rng)
        return Rendered(_placed(placed.audio, number) if number % 2 else placed.audio, placed.notes, tempo)

    return make


def _nature(source: tuple[str, ...]) -> Maker:
    def make(number: int) -> Rendered:
        rng, placed = np.random.default_rng([26, number]), Placed(N_SAMPLES)
        kinds = NATURE if number % 3 == 0 else (NATURE[number % len(NATURE)],)
        per_s = float(rng.uniform(0.6, 2.5))
        scattered(placed, lambda r: kinds[int(r.integers(len(kinds)))](r, SAMPLE_RATE_HZ), per_s, rng, apart_s=0.12)
        below = 10 ** (-float(rng.uniform(30, 42)) / 20)
        return Rendered(placed.audio + np.float32(below) * rain(rng, N_SAMPLES, SAMPLE_RATE_HZ), placed.notes, 120.0)

    return make


def _placed(audio: Sound, number: int) -> Sound:
    known = responses(SAMPLE_RATE_HZ)
    return in_room(audio, known[number // 2 % len(known)], WETNESSES[number // 2 % 3])


FIXED_SETS: dict[str, tuple[int, Callable[[tuple[str, ...]], Maker]]] = {
    "test": (len(EXCERPTS), _instruments),
    "test-drums": (12, _drums),
    "test-nature": (12, _nature),
    "test-piano": (len(PIANO_EXCERPTS), _piano),
}
