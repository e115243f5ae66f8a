"""Scores of music21's corpus as notes in beats: the same form that JSON files of scores hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from motes.data.missing import MissingPackageError

# Scores that are kept for tests: no training set holds them.
FOR_TESTS = ("bach", "joplin", "haydn")
SHORTEST_BEATS = 16


def corpus_paths() -> list[tuple[str, Path]]:
    """Name, as `bach/bwv66.6.mxl`, and path of every score of the corpus. MissingExtraError without music21."""
    try:
        from music21 import corpus
    except ImportError:
        raise MissingPackageError("scores of music21's corpus", "music21") from None
    found = []
    for path in map(Path, corpus.getPaths()):
        name = "/".join(path.parts[path.parts.index("corpus") + 1 :])
        found.append((name, path))
    return sorted(found)


def scores_of(path: Path) -> list[dict[str, Any]]:
    """The scores of a file: notes as (beat, beats, key, part), and how many parts. Ties are joined, grace notes and
    chord symbols left out; so are scores shorter than SHORTEST_BEATS.
    """
    from music21 import converter, stream

    parsed = converter.parse(path)
    found = []
    for score in parsed.scores if isinstance(parsed, stream.Opus) else [parsed]:
        parts = list(score.parts) or [score]
        notes = [note for number, part in enumerate(parts) for note in _notes_of(part, number)]
        if notes and max(note[0] for note in notes) > SHORTEST_BEATS:
            found.append({"notes": sorted(notes), "parts": len(parts)})
    return found


def _notes_of(part: Any, number: int) -> list[list[float]]:
    notes: list[list[float]] = []
    tied: dict[int, list[float]] = {}
    for element in part.flatten().notes:
        start, beats = float(element.offset), float(element.quarterLength)
        if element.duration.isGrace or beats <= 0 or not hasattr(element, "pitches"):
            continue
        # Of a chord each note may be tied for itself.
        for single in getattr(element, "notes", (element,)):
            key, tie = int(single.pitch.midi), single.tie.type if single.tie is not None else ""
            before = tied.get(key)
            goes_on = before is not None and abs(before[0] + before[1] - start) < 0.01
            if tie in ("stop", "continue") and before is not None and goes_on:
                before[1] = start + beats - before[0]
            else:
                notes.append([start, beats, key, number])
                tied[key] = notes[-1]
    return notes
