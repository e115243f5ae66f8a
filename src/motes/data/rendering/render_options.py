"""What a rendered set is made of, and what of it a manifest remembers."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from motes.data.impulse_responses import rooms
from motes.errors import ParameterError

PIECE_S, SHORTEST_S, LONGEST_S = 30.0, 1.0, 600.0
MOST_HOURS = 1000.0
TRAINING, UNPITCHED = "training", "unpitched"
TEST, TEST_DRUMS, TEST_NATURE, TEST_PIANO = "test", "test-drums", "test-nature", "test-piano"
# By the name of a set, the sources of sound it is rendered with; of the first two all that are given.
SETS: dict[str, tuple[str, ...]] = {
    TRAINING: ("soundfonts", "patches", "samples", "one_shots"),
    UNPITCHED: ("soundfonts", "patches", "samples", "one_shots"),
    TEST: ("soundfonts",),
    TEST_DRUMS: ("one_shots",),
    TEST_NATURE: (),
    TEST_PIANO: ("samples",),
}
# What a set of chance depends on beside its sources; the test sets are fixed.
_OF_CHANCE = ("seed", "piece_s", "additive", "written", "in_rooms")
_NEEDS = {
    "soundfonts": "one SoundFont, such as TimGM6mb.sf2 of Debian's timgm6mb-soundfont",
    "one_shots": "a folder of one-shots, such as the drum kits of Debian's hydrogen-drumkits",
    "samples": "a folder of piano samples, called as F#3v7.ogg",
}


@dataclass(frozen=True)
class RenderOptions:
    """What is rendered: which of SETS, its hours, the seed of all chance, and where sounds and scores come from.

    `soundfonts` are files (SF2, SF3), `patches` a folder of Gravis Ultrasound patches, `samples` one of piano samples,
    `one_shots` folders of single sounds without pitch, `scores` a folder of MIDI files or scores as JSON. `additive` is
    how often a part is played by an additive instrument made by chance, `written` how often an excerpt of a score is
    played instead of a random score, `in_rooms` how often a piece is in a room, all 0 … 1. A piece lasts `piece_s`. The
    rooms are those of IMPULSE_RESPONSE_PATH, or synthetic ones. ParameterError for what is out of range or not enough.
    """

    set_name: str = TRAINING
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
    piece_s: float = PIECE_S

    def __post_init__(self) -> None:
        if self.set_name not in SETS:
            raise ParameterError(f"there is no set {self.set_name!r}: it is one of {', '.join(SETS)}")
        if not 0 < self.hours <= MOST_HOURS:
            raise ParameterError(f"hours must lie above 0 and be at most {MOST_HOURS:g}, not {self.hours!r}")
        if not SHORTEST_S <= self.piece_s <= LONGEST_S:
            raise ParameterError(f"piece_s must lie in {SHORTEST_S:g} … {LONGEST_S:g} s, not {self.piece_s!r}")
        if not 0 <= self.seed < 2**63:
            raise ParameterError(f"seed must be a whole number from 0 on, not {self.seed!r}")
        for name in ("additive", "written", "in_rooms"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} is a share, 0 … 1, not {getattr(self, name)!r}")
        self._check_sources()

    def _check_sources(self) -> None:
        if self.is_fixed:
            for name in SETS[self.set_name]:
                if not getattr(self, name) or (name == "soundfonts" and len(self.soundfonts) > 1):
                    raise ParameterError(f"the set {self.set_name} is rendered with {_NEEDS[name]}")
        elif not (self.soundfonts or self.patches or self.samples) and self.additive < 1:
            raise ParameterError(
                "there is nothing to render with: give a SoundFont, such as FluidR3_GM.sf2 of Debian's "
                "fluid-soundfont-gm, or take additive instruments alone (additive 1)"
            )
        for path in (*self.soundfonts, *self.one_shots, self.patches, self.samples, self.scores):
            if path is not None and not os.path.exists(path):
                what = "SoundFont" if path in self.soundfonts else "folder"
                raise ParameterError(f"there is no {what} {path}")

    @property
    def is_fixed(self) -> bool:
        """Whether it is one of the test sets, where nothing is left to chance."""
        return self.set_name not in (TRAINING, UNPITCHED)

    @property
    def n_pieces_of_chance(self) -> int:
        """How many pieces the hours are."""
        return max(1, round(self.hours * 3600 / self.piece_s))

    def recorded(self) -> dict[str, object]:
        """What a manifest says: of files and folders name and size, not where they lie, and which rooms there were."""
        values: dict[str, object] = {"set_name": self.set_name}
        for name in SETS[self.set_name] if self.is_fixed else (*SETS[self.set_name], "scores"):
            given = getattr(self, name)
            paths = (given,) if isinstance(given, str) else given or ()
            values[name] = [_described(Path(path)) for path in paths]
        if not self.is_fixed:
            values |= {name: getattr(self, name) for name in _OF_CHANCE} | {"hours": self.hours}
        values["rooms"] = [room.name or f"synthetic {room.rt60_s:g} s" for room in rooms()] if self.in_rooms else []
        return values


def _described(path: Path) -> str:
    """A file's name and size; of a folder also a digest of names and sizes of what it holds."""
    if path.is_file():
        return f"{path.name}, {path.stat().st_size} bytes"
    digest, count = hashlib.sha256(), 0
    for inside in sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(f"{inside.relative_to(path).as_posix()} {inside.stat().st_size}\n".encode())
        count += 1
    return f"{path.resolve().name}, {count} files, {digest.hexdigest()[:16]}"
