"""What scenes can of notes: one line each, imported when called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from motes.arguments import checked

if TYPE_CHECKING:
    from motes.notes.note import Note


def _scene(one: Any) -> Any:
    """What is a scene: the class of scenes is built on this one, so that types cannot say so."""
    return one


class NoteMethods:
    """The notes of a scene, and edits that make, divide or join notes."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its notes, by their numbers: those that `motes.notes` found, and groups of the role note."""
        from motes.notes.note import notes_of

        return notes_of(_scene(self))

    @checked
    def split_note(self, note: int, at_s: float) -> Self:
        """The scene with a note as two, the second of which begins at `at_s`; it sounds as before."""
        from motes.notes.changing import split_note

        return _scene(split_note(_scene(self), note, at_s).scene)

    @checked
    def merge_notes(self, *notes: int) -> Self:
        """The scene with two notes or more as one, the first of them; it sounds as before."""
        from motes.notes.changing import merge_notes

        return _scene(merge_notes(_scene(self), notes).scene)

    @checked
    def add_note(
        self, pitch: str | float | None, onset_s: float, like: int, end_s: float | None = None, gain_db: float = 0.0
    ) -> Self:
        """The scene with a copy of the note `like` at another pitch (a name such as "A4", a MIDI number, or None for
        that of `like`) and time, as long as that note or until `end_s`, and louder by `gain_db`.
        """
        from motes.notes.changing import add_note

        return _scene(add_note(_scene(self), pitch, onset_s, like, end_s, gain_db).scene)
