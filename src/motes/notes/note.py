"""A note of a scene as an object, and the list of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import known_notes, part_numbers
from motes.events.notes import hz_to_pitch, pitch_name

if TYPE_CHECKING:
    from motes.edit.selection import Selection
    from motes.notes.pitch_curve import PitchCurve
    from motes.scene.scene import Scene


@dataclass(frozen=True)
class Note:
    """What is heard as one: when it begins and ends in seconds, how high it is (`f0_hz`, None for what has no pitch),
    how loud at its loudest in dBFS, and how sure it is to be a note, 0 … 1.

    `number` is what `select("note == 12")` calls it, `part` the number of its part from 1, 0 for none.
    """

    number: int
    onset_s: float
    end_s: float
    f0_hz: float | None
    gain_db: float
    sureness: float
    part: int
    program: int
    scene: Scene = field(repr=False, compare=False)

    @property
    def pitch(self) -> float | None:
        """Its MIDI number, which need not be whole; None for what has no pitch."""
        return None if self.f0_hz is None else float(hz_to_pitch(self.f0_hz))

    @property
    def name(self) -> str:
        """The nearest pitch, as in C4 or F#3; "" for what has none."""
        return "" if self.pitch is None else pitch_name(self.pitch)

    @property
    def cents(self) -> float | None:
        """How far it is from that, −50 … 50."""
        return None if self.pitch is None else 100 * (self.pitch - round(self.pitch))

    @property
    def events(self) -> Selection:
        """Its own events: those of a scene in which the atoms that it shares are divided."""
        return self.scene.select(note=self.number)

    @property
    def pitch_curve(self) -> PitchCurve:
        """How its fundamental runs: times in seconds and frequencies in Hz."""
        from motes.notes.pitch_curve import pitch_curve

        return pitch_curve(self)

    @property
    def vector(self) -> NDArray[np.float64] | None:
        """Its sixteen numbers, as `motes.kinds.vector.table.NUMBERS` names them, `(16,)`; None where it has none: they
        are found and stored where that is asked for (`motes.notes(scene, vectors=True)`).
        """
        from motes.notes.vectors import vector_of

        return vector_of(self)

    @property
    def partials(self) -> list[Any]:
        """The partials that it consists of, as `scene.partials` lists them."""
        from motes.edit.partials import partials

        return partials(self.events.only())

    def render(self, *, with_noise: bool = False) -> NDArray[np.float32]:
        """Its sound alone, as long as the scene; `with_noise` with its part of every band of noise."""
        return self.scene.select(note=self.number, with_noise=with_noise).only().render()


def notes_of(scene: Scene) -> tuple[Note, ...]:
    """The notes of a scene, by their numbers."""
    return scene.once("notes", lambda: _notes_of(scene))


def _notes_of(scene: Scene) -> tuple[Note, ...]:
    notes = known_notes(scene)
    columns = (getattr(notes, name).tolist() for name in ("id", "onset_s", "end_s", "f0_hz", "gain_db", "sureness"))
    rows = zip(*columns, part_numbers(scene, notes).tolist(), notes.program.tolist(), strict=True)
    return tuple(
        Note(number, onset, end, None if np.isnan(f0) else f0, gain, sureness, part, program, scene)
        for number, onset, end, f0, gain, sureness, part, program in rows
    )
