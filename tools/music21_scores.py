"""Scores of music21's corpus as JSON, for `motes data render --scores FOLDER`.

    python tools/music21_scores.py FOLDER

Bach's chorales, Joplin and Haydn's string quartets stay out: they are kept for tests. So does what is marked as
non-commercial, and the Essen folk songs, thousands of single lines.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

LEFT_OUT = ("bach", "joplin", "haydn", "essenFolksong", "demos", "theoryExercises", "luca", "trecento", "nottingham")
# Of folders with hundreds of dances, this many.
MOST_OF_A_FOLDER = 60
SHORTEST_BEATS = 16
# Collections and whole operas take minutes to parse.
LARGEST_BYTES = 60_000


def main() -> int:
    """Write one file a piece; those there already are left."""
    from music21 import corpus

    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    taken: dict[str, int] = {}
    for path in sorted(corpus.getPaths(), key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        folder = path.parts[path.parts.index("corpus") + 1]
        if folder.startswith(LEFT_OUT) or taken.get(folder, 0) >= MOST_OF_A_FOLDER or path.suffix == ".abc":
            continue
        if path.stat().st_size > LARGEST_BYTES:
            continue
        taken[folder] = taken.get(folder, 0) + 1
        name = out / ("_".join(path.parts[path.parts.index("corpus") + 1 :]).replace(" ", "") + ".json")
        if name.exists():
            continue
        try:
            scores = scores_of(path)
        except Exception as error:  # whatever a file of the corpus does to its parser
            print(f"{path.name}: {error!r:.80}", file=sys.stderr)
            continue
        if scores:
            name.write_text(json.dumps(scores))
    return 0


def scores_of(path: Path) -> list[dict[str, object]]:
    """Its scores: notes as (beat, beats, key, part), and how many parts."""
    from music21 import converter, stream

    parsed = converter.parse(path)
    found = []
    for score in parsed.scores if isinstance(parsed, stream.Opus) else [parsed]:
        notes, parts = [], list(score.parts) or [score]
        for number, part in enumerate(parts):
            for element in part.flatten().notes:
                if element.duration.isGrace or not hasattr(element, "pitches"):
                    continue
                tied = element.tie.type if element.tie is not None else ""
                for pitch in element.pitches:
                    beats = float(element.quarterLength)
                    if tied in ("stop", "continue"):
                        lengthen(notes, number, pitch.midi, float(element.offset), beats)
                    else:
                        notes.append([float(element.offset), beats, pitch.midi, number])
        if notes and max(note[0] for note in notes) > SHORTEST_BEATS:
            found.append({"notes": sorted(notes), "parts": len(parts)})
    return found


def lengthen(notes: list[list[float]], part: int, key: int, offset: float, beats: float) -> None:
    """A tied note goes on."""
    for note in reversed(notes):
        if note[3] == part and note[2] == key:
            note[1] = offset + beats - note[0]
            return


if __name__ == "__main__":
    raise SystemExit(main())
