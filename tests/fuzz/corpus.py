"""Small files of everything that a file may hold, in both versions of the format, made anew each time."""

from __future__ import annotations

import sys
from pathlib import Path

from mutator import Parts, parts_of

from motes.codec import dumps, loads
from motes.codec.writer import needed_version

TESTS = Path(__file__).parents[1]
# Vectors are made of many events; those in a file of the corpus are so few that a mutant takes a millisecond.
MOST_EVENTS = 5
MOST_BYTES = 6000


def corpus() -> list[Parts]:
    """The files that mutants are made from."""
    sys.path.insert(0, str(TESTS / "examples"))
    from codec_scenes import small_scene
    from kind_examples import example, scene_of

    scenes = [small_scene(), small_scene().replace(tags={"TITLE": "a", "ARTIST": ("b", "ö")})]
    for path in sorted((TESTS / "vectors").glob("v*/*.mote")):
        scene = loads(path.read_bytes())
        few = scene.with_tables(
            table.take(slice(0, 2 if table.KIND == "texture" else MOST_EVENTS)) for table in scene.tables
        )
        scenes.append(few)
    files = [dumps(scene, version) for scene in scenes for version in (1, 2) if version >= needed_version(scene)[1]]
    files += [dumps(scene_of(example("detail", n).take(slice(1, 3)), n_channels=n)) for n in (1, 2)]
    return [parts_of(data) for data in files if len(data) <= MOST_BYTES]
