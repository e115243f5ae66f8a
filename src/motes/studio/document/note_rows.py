"""Notes in numbers: all of them, and what one consists of."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import numpy as np

from motes.edit.note_columns import group_ids, known_notes, levels_db, note_of_groups, part_numbers
from motes.events.event_table import Array, EventTable, Mask
from motes.events.notes import pitch_name
from motes.notes.note import Note, notes_of
from motes.notes.splitting import split
from motes.scene.scene import Scene
from motes.studio.document.history import Revision
from motes.studio.document_answers import (
    CurveAnswer,
    NoteAnswer,
    NoteDetailAnswer,
    NoteEventsAnswer,
    NotePartialAnswer,
    NotesAnswer,
)

# Events of a note that are listed.
_MOST_LISTED = 500
# Points of a curve are so far apart at least, in cents.
_APART_CENTS = 1.0
_MOST_POINTS = 400


def note_rows(revision: Revision) -> NotesAnswer:
    """All notes of a revision."""
    scene = revision.scene
    notes = known_notes(scene)
    has, mutes = _counts(scene, np.ones(scene.n_events, np.bool_)), _counts(scene, revision.muted)
    columns = (notes.id, notes.onset_s, notes.end_s, notes.f0_hz, notes.gain_db, notes.sureness, notes.program)
    parts = part_numbers(scene, notes)
    rows = zip(*(column.tolist() for column in (*columns, notes.pitch, parts)), strict=True)
    return {
        "revision": revision.number,
        "notes": [
            {
                **_height(f0_hz, pitch),
                "note": number,
                "onset_s": onset_s,
                "end_s": end_s,
                "gain_db": gain_db,
                "sureness": sureness,
                "part": part,
                "program": program,
                "muted": 0 < has.get(number, 0) == mutes.get(number, 0),
                "n_events": has.get(number, 0),
            }
            for number, onset_s, end_s, f0_hz, gain_db, sureness, program, pitch, part in rows
        ],
    }


def _counts(scene: Scene, mask: Mask) -> dict[int, int]:
    """How many events in `mask` each note has of its own."""
    of_event = note_of_groups(scene.groups, group_ids(scene))[mask]
    return dict(zip(*(column.tolist() for column in np.unique(of_event, return_counts=True)), strict=True))


def _height(f0_hz: float, pitch: float) -> NoteAnswer:
    """The fields of a note that say how high it is."""
    if np.isnan(f0_hz):
        return {"f0_hz": None, "pitch": None, "name": "", "cents": None}  # type: ignore[typeddict-item]
    cents = 100 * (pitch - round(pitch))
    return {"f0_hz": f0_hz, "pitch": pitch, "name": pitch_name(pitch), "cents": cents}  # type: ignore[typeddict-item]


class Curves:
    """The pitch curves of a document's notes, kept by what each note is: most edits leave most notes as they are."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, float, float, float], CurveAnswer] = {}
        # Requests find curves in several threads; one at a time, since they use the interpreter.
        self._lock = threading.Lock()

    def of(self, scene: Scene, numbers: Iterable[int] | None, within_s: float) -> tuple[list[CurveAnswer], int]:
        """The curves of these notes, by default of all, and how many of them were not found in so many seconds."""
        wanted = None if numbers is None else set(numbers)
        notes = [
            note for note in notes_of(scene) if note.f0_hz is not None and (wanted is None or note.number in wanted)
        ]
        with self._lock:
            end_s = time.monotonic() + within_s
            missing = [note for note in notes if _key(note) not in self._kept]
            parts = split(scene, [note.number for note in missing]) if missing else scene
            there = {note.number: note for note in notes_of(parts)} if missing else {}
            for note in missing:
                if time.monotonic() > end_s:
                    break
                self._kept[_key(note)] = _curve(there[note.number])
            found = [self._kept[_key(note)] for note in notes if _key(note) in self._kept]
        return found, len(notes) - len(found)


def _key(note: Note) -> tuple[int, float, float, float]:
    return note.number, note.onset_s, note.end_s, note.f0_hz or 0.0


def _curve(note: Note) -> CurveAnswer:
    """The curve by as few points as draw it."""
    time_s, f0_hz = note.pitch_curve
    if not len(time_s):
        return {"note": note.number, "time_s": [], "f0_hz": []}
    kept = _turns(time_s, 1200 * np.log2(np.maximum(f0_hz, 1.0)))
    return {
        "note": note.number,
        "time_s": [round(value, 4) for value in time_s[kept].tolist()],
        "f0_hz": [round(value, 3) for value in f0_hz[kept].tolist()],
    }


def _turns(time_s: Array, cents: Array) -> list[int]:
    """Points that a line has to go through to stray nowhere from the others (Ramer 1972)."""
    kept, waiting = {0, len(time_s) - 1}, [(0, len(time_s) - 1)]
    while waiting and len(kept) < _MOST_POINTS:
        low, high = waiting.pop(0)
        if high - low < 2:
            continue
        inside = slice(low + 1, high)
        off = np.abs(cents[inside] - np.interp(time_s[inside], time_s[[low, high]], cents[[low, high]]))
        if off.max() > _APART_CENTS:
            middle = low + 1 + int(off.argmax())
            kept.add(middle)
            waiting += [(low, middle), (middle, high)]
    return sorted(kept)


def note_detail(scene: Scene, number: int) -> NoteDetailAnswer:
    """What a note of a scene, in which it has events of its own, consists of."""
    note = next(note for note in notes_of(scene) if note.number == number)
    partials: list[NotePartialAnswer] = [
        {
            "number": one.number,
            "start_s": float(one.start_s),
            "end_s": float(one.end_s),
            "frequency_hz": float(one.frequency_hz),
            "cents": float(one.cents),
            "level_db": float(one.level_db),
            "n_atoms": int(one.n_atoms),
            "harmonic": None if note.f0_hz is None else max(1, round(float(one.frequency_hz) / note.f0_hz)),
        }
        for one in note.partials
    ]
    partials.sort(key=lambda one: (one["frequency_hz"], one["start_s"]))
    return {"note": number, "partials": partials, "events": _listed(note.events.only())}


def _listed(scene: Scene) -> NoteEventsAnswer:
    rows = [row for table in scene.tables if len(table) for row in _rows(table)]
    strongest = sorted(rows, key=lambda row: -row[3])[:_MOST_LISTED]
    time_s, duration_s, frequency_hz, level_db = map(list, zip(*sorted(strongest), strict=True)) if rows else ([],) * 4
    return {
        "n": len(rows),
        "time_s": time_s,
        "duration_s": duration_s,
        "frequency_hz": [None if np.isnan(hz) else hz for hz in frequency_hz],
        "level_db": level_db,
    }


def _rows(table: EventTable) -> list[tuple[float, float, float, float]]:
    """Time, duration, frequency and level of each event."""
    names = {param.name for param in table.PARAMS}
    name = next((name for name in ("frequency_hz", "f0_hz") if name in names), None)
    hz = np.full(len(table), np.nan) if name is None else table.column(name)
    columns = (table.column("time_s"), table.end_s - table.start_s, hz, levels_db(table))
    return list(zip(*(np.asarray(column, np.float64).tolist() for column in columns), strict=True))
