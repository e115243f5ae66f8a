"""A labelled set in MusicNet's layout, rendered: WAV files, a CSV of notes beside each, and a manifest with hashes.

Piece number i is made of (seed, i) alone: a set that was interrupted goes on where it was, and a longer set begins with
the pieces of a shorter one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from motes.audio.write import write_audio
from motes.data.impulse_responses import rooms
from motes.data.rendering.piece import Piece, PlayedNote, Sound, in_room
from motes.data.rendering.random_scores import random_score
from motes.data.rendering.score import DRUMS, Score
from motes.data.rendering.soundfont import SoundFont
from motes.errors import ParameterError
from motes.files import atomic_output

SAMPLE_RATE_HZ = 44100
PIECE_S = 30.0
# First number of a piece, as MusicNet's files are called by numbers.
FIRST = 10000
PEAK = 0.9
# MusicNet's columns, and after them what is known of rendered notes.
COLUMNS = (
    "start_time,end_time,instrument,note,start_beat,end_beat,note_value,velocity,loudness_db,part,held_samples"
).split(",")
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class RenderOptions:
    """What is rendered: hours, the seed of all chance, SoundFonts, how often a part is an instrument that never was,
    how often a piece is in a room, and a folder of MIDI files or scores as JSON to take excerpts from.
    """

    hours: float = 1.0
    seed: int = 0
    soundfonts: tuple[str, ...] = ()
    additive: float = 0.25
    in_rooms: float = 0.5
    scores: str | None = None
    written: float = 0.5

    @property
    def n_pieces(self) -> int:
        """How many pieces the hours are."""
        return max(1, round(self.hours * 3600 / PIECE_S))


def render_set(
    out: str | os.PathLike[str],
    options: RenderOptions,
    which: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render the pieces (of the set, or those of these numbers) that are not there yet, and write the manifest; the
    folder is returned. ParameterError where it holds a set of other options.
    """
    if not options.soundfonts:
        raise ParameterError("data render needs a SoundFont, such as FluidR3_GM.sf2 of Debian's fluid-soundfont-gm")
    folder = Path(out)
    for name in ("train_data", "train_labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _refuse_another(folder, options)
    numbers = range(options.n_pieces) if which is None else which
    for done, number in enumerate(numbers):
        if not label_path(folder, number).exists():
            _render_piece(folder, options, number)
        if progress is not None:
            progress(done + 1, len(numbers))
    _write_manifest(folder, options)
    return folder


def audio_path(folder: Path, number: int) -> Path:
    """Where a piece is."""
    return folder / "train_data" / f"{FIRST + number}.wav"


def label_path(folder: Path, number: int) -> Path:
    """Where the notes of a piece are; written last."""
    return folder / "train_labels" / f"{FIRST + number}.csv"


def piece_of(options: RenderOptions, number: int) -> Piece:
    """Piece number `number` of a set, whose notes can be had alone."""
    rng = np.random.default_rng([options.seed, number])
    font = _font(options.soundfonts[int(rng.integers(len(options.soundfonts)))])
    return Piece(_score(options, rng), font, int(rng.integers(2**31)), additive=options.additive)


def _score(options: RenderOptions, rng: np.random.Generator) -> Score:
    if options.scores is not None and rng.random() < options.written:
        from motes.data.rendering.written_scores import excerpt_by_chance

        found = excerpt_by_chance(options.scores, rng, PIECE_S)
        if found is not None:
            return found
    return random_score(rng, PIECE_S)


def _render_piece(folder: Path, options: RenderOptions, number: int) -> None:
    piece = piece_of(options, number)
    audio, notes = piece.mix(round(PIECE_S * SAMPLE_RATE_HZ))
    audio = _placed(audio, options, np.random.default_rng([options.seed, number, 1]))
    factor = PEAK * np.float32(10 ** (-float(np.random.default_rng([options.seed, number, 2]).uniform(0, 15)) / 20))
    gain = factor / max(float(np.abs(audio).max(initial=0.0)), 1e-6)
    write_audio(audio_path(folder, number), audio * gain, SAMPLE_RATE_HZ, 1, overwrite=True, subtype="PCM_16")
    write_labels(label_path(folder, number), notes, piece.score, 20 * float(np.log10(gain)))


def _placed(audio: Sound, options: RenderOptions, rng: np.random.Generator) -> Sound:
    """In a room by chance, under a filter by chance."""
    if rng.random() < options.in_rooms:
        room = _rooms()[int(rng.integers(len(_rooms())))]
        kernels = room.kernels(SAMPLE_RATE_HZ, 1)
        if kernels is not None:
            response = np.asarray(kernels, np.float32).reshape(-1, kernels.shape[-1])[0]
            audio = in_room(audio, response, float(rng.uniform(0.1, 0.6)))
    spectrum = np.fft.rfft(audio)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ), 20) / 1000)
    tilt_db = rng.uniform(-3, 3) * octaves
    for _ in range(int(rng.integers(0, 4))):
        tilt_db += rng.uniform(-8, 6) * np.exp(-0.5 * ((octaves - rng.uniform(-4, 3)) / rng.uniform(0.3, 1.0)) ** 2)
    return np.fft.irfft(spectrum * 10 ** (tilt_db / 20), len(audio)).astype(np.float32)


def write_labels(path: Path, notes: Sequence[PlayedNote], score: Score, gain_db: float) -> None:
    """The notes as MusicNet writes them, instruments counted from 1 (percussion is 129), and more columns."""
    beats = score.beats_per_minute / 60
    text = io.StringIO()
    text.write(",".join(COLUMNS) + "\n")
    for note in sorted(notes):
        start = note.onset / SAMPLE_RATE_HZ * beats
        values = [note.onset, note.end, min(note.program, DRUMS) + 1, note.key, f"{start:.4f}"]
        values += [f"{start + note.duration_s * beats:.4f}", "Rendered", note.velocity, f"{note.loudness_db + gain_db:.2f}"]
        text.write(",".join(map(str, [*values, note.part, round(note.duration_s * SAMPLE_RATE_HZ)])) + "\n")
    with atomic_output(path, overwrite=True) as handle:
        handle.write(text.getvalue().encode())


@cache
def _font(path: str) -> SoundFont:
    return SoundFont(path, SAMPLE_RATE_HZ)


@cache
def _rooms() -> list:  # type: ignore[type-arg]
    return rooms()


def _refuse_another(folder: Path, options: RenderOptions) -> None:
    """ParameterError where the manifest in the folder is of other options, but for the hours."""
    path = folder / MANIFEST
    if not path.exists():
        return
    try:
        there = json.loads(path.read_text())["options"]
    except (ValueError, KeyError, OSError):
        raise ParameterError(f"{path} cannot be read: render into another folder, or remove it") from None
    for name, value in _comparable(options).items():
        if name != "hours" and there.get(name) != value:
            raise ParameterError(f"{folder} holds a set with {name} {there.get(name)!r}, not {value!r}: choose another folder")


def _comparable(options: RenderOptions) -> dict[str, object]:
    values = asdict(options)
    values["soundfonts"] = [os.path.basename(path) for path in options.soundfonts]
    values["scores"] = None if options.scores is None else os.path.basename(options.scores)
    return values


def _write_manifest(folder: Path, options: RenderOptions) -> None:
    files = sorted([*folder.glob("train_data/*.wav"), *folder.glob("train_labels/*.csv")])
    digests = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    with atomic_output(folder / MANIFEST, overwrite=True) as handle:
        handle.write(json.dumps({"options": _comparable(options), "sha256": digests}, indent=1).encode())
