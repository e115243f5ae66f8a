"""A labelled set for training, rendered: piece number i is made of (seed, i) alone.

So a set that was interrupted goes on where it was, and a longer set begins with the pieces of a shorter one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from motes.data.rendering.gus_patches import Patches
from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.one_shots import OneShots
from motes.data.rendering.piece import Piece
from motes.data.rendering.random_scores import random_score
from motes.data.rendering.sampled_piano import SampledPiano
from motes.data.rendering.score import Score
from motes.data.rendering.set_folder import SAMPLE_RATE_HZ, SetFolder
from motes.data.rendering.soundfont import SoundFont
from motes.data.rendering.sources import Sound, Source
from motes.errors import ParameterError

PIECE_S = 30.0
PEAK, QUIETER_DB = 0.9, 15.0
Rng = np.random.Generator


@dataclass(frozen=True)
class RenderOptions:
    """What is rendered: hours, the seed of all chance, and where sounds and scores come from.

    `soundfonts` are files (SF2, SF3), `patches` a folder of Gravis Ultrasound patches, `samples` one of piano samples,
    `one_shots` folders of single sounds that drum parts are played with, `scores` a folder of MIDI files or scores as
    JSON. `additive` is how often a part is an instrument that never was, `written` how often an excerpt of a score is
    played instead of a random one, `in_rooms` how often a piece is in a room of IMPULSE_RESPONSE_PATH.
    """

    hours: float = 1.0
    seed: int = 0
    soundfonts: tuple[str, ...] = ()
    patches: str | None = None
    samples: str | None = None
    one_shots: tuple[str, ...] = ()
    scores: str | None = None
    additive: float = 0.25
    written: float = 0.75
    in_rooms: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.hours <= MOST_HOURS:
            raise ParameterError(f"hours must lie above 0 and be at most {MOST_HOURS:g}, not {self.hours!r}")
        for name in ("additive", "written", "in_rooms"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} is a share and must lie in 0 … 1, not {getattr(self, name)!r}")
        if not (self.soundfonts or self.patches or self.samples) and self.additive < 1:
            raise ParameterError(
                "there is nothing to render with: give a SoundFont, such as FluidR3_GM.sf2 of Debian's "
                "fluid-soundfont-gm, or additive=1 for instruments that never were"
            )

    @property
    def n_pieces(self) -> int:
        """How many pieces the hours are."""
        return max(1, round(self.hours * 3600 / PIECE_S))

    def recorded(self) -> dict[str, object]:
        """The options as a manifest holds them: of files and folders the names."""
        values: dict[str, object] = dict(asdict(self))
        for name, value in values.items():
            if name in ("soundfonts", "one_shots"):
                values[name] = [os.path.basename(str(path).rstrip("/")) for path in value]  # type: ignore[attr-defined]
            elif name in ("patches", "samples", "scores") and value is not None:
                values[name] = os.path.basename(str(value).rstrip("/"))
        return values


MOST_HOURS = 1000.0


def render_set(
    out: str | os.PathLike[str],
    options: RenderOptions,
    which: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render the pieces (of the set, or those of these numbers) that are not there yet, and write the manifest; the
    folder is returned. ParameterError where it holds a set of other options.
    """
    folder = SetFolder(Path(out), "train")
    sources_of(options)
    folder.begin(options.recorded(), but_for=("hours",))
    numbers = range(options.n_pieces) if which is None else which
    for done, number in enumerate(numbers):
        if not folder.label_path(number).exists():
            _render_piece(folder, options, number)
        if progress is not None:
            progress(done + 1, len(numbers))
    folder.finish(options.recorded())
    return folder.folder


def piece_of(options: RenderOptions, number: int) -> Piece:
    """Piece number `number` of a set, whose notes can be had alone."""
    rng = np.random.default_rng([options.seed, number])
    score = _score(options, rng)
    return Piece(score, sources_of(options), int(rng.integers(2**31)), options.additive, SAMPLE_RATE_HZ)


@cache
def sources_of(options: RenderOptions) -> tuple[Source, ...]:
    """What the parts of a set are played by. ParameterError or MissingExtraError where one of them cannot be had."""
    found: list[Source] = [SoundFont(path, SAMPLE_RATE_HZ) for path in options.soundfonts]
    if options.patches is not None:
        found.append(Patches(options.patches, SAMPLE_RATE_HZ))
    if options.samples is not None:
        found.append(SampledPiano(options.samples, SAMPLE_RATE_HZ))
    if options.one_shots:
        found.append(OneShots(options.one_shots, SAMPLE_RATE_HZ))
    return tuple(found)


def _score(options: RenderOptions, rng: Rng) -> Score:
    if options.scores is not None and rng.random() < options.written:
        from motes.data.rendering.written_scores import excerpt_by_chance

        found = excerpt_by_chance(options.scores, rng, PIECE_S)
        if found is not None:
            return found
    return random_score(rng, PIECE_S)


def _render_piece(folder: SetFolder, options: RenderOptions, number: int) -> None:
    piece = piece_of(options, number)
    audio, notes = piece.mix(round(PIECE_S * SAMPLE_RATE_HZ))
    rng = np.random.default_rng([options.seed, number, 1])
    known = responses(SAMPLE_RATE_HZ) if options.in_rooms else ()
    if known and rng.random() < options.in_rooms:
        audio = in_room(audio, known[int(rng.integers(len(known)))], float(rng.uniform(0.1, 0.6)))
    audio = filtered(audio, rng)
    peak = PEAK * 10 ** (-float(rng.uniform(0, QUIETER_DB)) / 20)
    gain = peak / max(float(np.abs(audio).max(initial=0.0)), 1e-6)
    folder.write(number, audio * np.float32(gain), notes, piece.score.beats_per_minute, 20 * float(np.log10(gain)))


def filtered(audio: Sound, rng: Rng) -> Sound:
    """Under a filter by chance: a tilt, and up to three broad peaks or dips."""
    spectrum = np.fft.rfft(audio)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ), 20) / 1000)
    gain_db = rng.uniform(-3, 3) * octaves
    for _ in range(int(rng.integers(0, 4))):
        gain_db += rng.uniform(-8, 6) * np.exp(-0.5 * ((octaves - rng.uniform(-4, 3)) / rng.uniform(0.3, 1.0)) ** 2)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(audio)).astype(np.float32)
