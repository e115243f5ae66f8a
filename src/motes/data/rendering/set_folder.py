"""A folder in MusicNet's layout: WAV files, a CSV of notes for each, and a manifest with options and hashes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from motes.audio.write import write_audio
from motes.data.rendering.piece import PlayedNote, Rendered
from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.sounds.sources import Sound
from motes.errors import ParameterError
from motes.files import atomic_output, digest_of

SAMPLE_RATE_HZ = 44100
# First number of a piece, as MusicNet's files are called by numbers.
FIRST = 10000
# MusicNet's columns, and after them what is known of rendered notes.
COLUMNS = (
    "start_time,end_time,instrument,note,start_beat,end_beat,note_value",
    "velocity,loudness_db,part,held_samples,centre_key",
)
MANIFEST = "manifest.json"


class SetFolder:
    """The folder of a set: `<split>_data/10000.wav` and `<split>_labels/10000.csv` on."""

    def __init__(self, folder: Path, split: str) -> None:
        self.folder, self.split = folder, split

    def audio_path(self, number: int) -> Path:
        """Where a piece is."""
        return self.folder / f"{self.split}_data" / f"{FIRST + number}.wav"

    def label_path(self, number: int) -> Path:
        """Where the notes of a piece are; written last, so that a piece is whole where it is there."""
        return self.folder / f"{self.split}_labels" / f"{FIRST + number}.csv"

    def has(self, number: int) -> bool:
        """Whether a piece is there, sound and labels."""
        return self.label_path(number).exists() and self.audio_path(number).exists()

    def begin(self, options: Mapping[str, object], but_for: Sequence[str] = ()) -> None:
        """Make the folders, and a manifest that says what is begun. ParameterError where the manifest there is of other
        options, but for those named.
        """
        self._refuse_another(options, but_for)
        try:
            for path in (self.audio_path(0), self.label_path(0)):
                path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(f"{self.folder} cannot be the folder of a set: {error.strerror or error}") from None
        if not (self.folder / MANIFEST).exists():
            self._write_manifest({"options": dict(options), "sha256": {}})

    def _refuse_another(self, options: Mapping[str, object], but_for: Sequence[str] = ()) -> None:
        path = self.folder / MANIFEST
        if not path.exists():
            return
        try:
            there = json.loads(path.read_text())["options"]
        except (ValueError, KeyError, TypeError, OSError):
            raise ParameterError(f"{path} cannot be read: render into another folder, or remove it") from None
        for name, value in options.items():
            if name not in but_for and there.get(name) != value:
                was, now = (f"{each!r:.60}" for each in (there.get(name), value))
                raise ParameterError(f"{self.folder} holds a set with {name} {was}, not {now}: choose another folder")

    def write(self, number: int, audio: Sound, piece: Rendered, gain_db: float) -> None:
        """Write the audio of a piece, and its notes, whose levels `gain_db` is added to."""
        write_audio(self.audio_path(number), audio, SAMPLE_RATE_HZ, 1, overwrite=True, subtype="PCM_16")
        notes = [note._replace(end=min(note.end, len(audio))) for note in piece.notes]
        with atomic_output(self.label_path(number), overwrite=True) as handle:
            handle.write(label_text(notes, piece.tempo, gain_db).encode())

    def finish(self, options: Mapping[str, object]) -> None:
        """The manifest: options, and the hash of every file."""
        parts = ("data/*.wav", "labels/*.csv")
        files = sorted(path for part in parts for path in self.folder.glob(f"{self.split}_{part}"))
        digests = {path.relative_to(self.folder).as_posix(): digest_of(path) for path in files}
        self._write_manifest({"options": dict(options), "sha256": digests})

    def _write_manifest(self, contents: Mapping[str, object]) -> None:
        with atomic_output(self.folder / MANIFEST, overwrite=True) as handle:
            handle.write(json.dumps(contents, indent=1).encode())


def label_text(notes: Sequence[PlayedNote], beats_per_minute: float, gain_db: float) -> str:
    """The notes as MusicNet writes them, instruments counted from 1 (percussion is 129), and more columns."""
    beats = beats_per_minute / 60
    text = io.StringIO()
    text.write(",".join(COLUMNS) + "\n")
    for note in sorted(notes, key=lambda note: (note.onset, note.key, note.part)):
        start = note.onset / SAMPLE_RATE_HZ * beats
        centre = "" if note.centre_key is None else f"{note.centre_key:.2f}"
        values = [note.onset, note.end, min(note.program, DRUMS) + 1, note.key, f"{start:.4f}"]
        values += [
            f"{start + note.duration_s * beats:.4f}",
            "Rendered",
            note.velocity,
            f"{note.loudness_db + gain_db:.2f}",
        ]
        values += [note.part, round(note.duration_s * SAMPLE_RATE_HZ), centre]
        text.write(",".join(map(str, values)) + "\n")
    return text.getvalue()
