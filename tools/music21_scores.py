"""Scores of music21's corpus as JSON, for `motes data render --scores FOLDER`.

    python tools/music21_scores.py FOLDER

Bach's chorales, Joplin and Haydn's string quartets stay out: they are kept for tests. So does what is marked as
non-commercial, the Essen folk songs and books of dances, which are thousands of single lines, and whole operas, which
take minutes to parse.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from motes.data.rendering.scores.music21_scores import FOR_TESTS, corpus_paths, scores_of

LEFT_OUT = (*FOR_TESTS, "essenFolksong", "demos", "theoryExercises", "luca", "trecento", "nottingham")
# Of folders with hundreds of pieces of a kind, this many. Larger files take minutes to parse.
MOST_OF_A_FOLDER, LARGEST_BYTES = 60, 60_000


def main() -> int:
    """Write one file a piece, in an order that mixes composers; those there already are left."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    taken: dict[str, int] = {}
    for name, path in sorted(corpus_paths(), key=lambda each: hashlib.sha256(each[0].encode()).digest()):
        folder = name.partition("/")[0]
        if folder.startswith(LEFT_OUT) or path.suffix == ".abc" or path.stat().st_size > LARGEST_BYTES:
            continue
        if taken.get(folder, 0) >= MOST_OF_A_FOLDER:
            continue
        taken[folder] = taken.get(folder, 0) + 1
        target = out / (name.replace("/", "_").replace(" ", "") + ".json")
        if target.exists():
            continue
        try:
            scores = scores_of(path)
        except Exception as error:  # whatever a file of the corpus does to its parser
            print(f"{name}: {error!r:.80}", file=sys.stderr)
            continue
        if scores:
            target.write_text(json.dumps(scores))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
