"""What an edit takes in large scenes: `bench_studio.py --large SCENE.mote [COPIES]`, of a scene so many times on end.

Seconds of processor time, of this process and all its threads, from an edit of a stretch until the half second of sound
is there where it begins; the middle and the worst of nine. What a page asks for before and after an edit (the choice
of events, and the tiles of what is in view) is counted by itself.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

import motes
from motes.kinds.gabor.edited import USUAL, prepare
from motes.scene.scene import Scene
from motes.studio.document.documents import Document
from motes.studio.drawing.tiles import event_tile
from motes.studio.schemas import EditBody, EventFilter

# Seconds that are edited, the last of which are about as many atoms as 124,000 of the song in RESULTS.md.
SPANS_S, N_TIMES = (1.0, 4.0, 120.0), 9
EDITS = (("gain", "db", 1.0), ("transpose", "semitones", 1.0), ("move", "by_s", 0.05), ("stretch", "factor", 1.02))


def repeated(scene: Scene, copies: int) -> Scene:
    """A scene so many times, one after the other."""
    tables = []
    for table in scene.tables:
        late = np.repeat(np.arange(copies) * scene.duration_s, len(table))
        found = table.take(np.tile(np.arange(len(table)), copies))
        found = found.replace(time_s=found.column("time_s") + late)  # moved, they would remember where they were
        order = found.order()
        tables.append(found if order is None else found.take(order))
    return scene.with_tables(tables, n_samples=scene.n_samples * copies)


def large(path: Path, copies: int) -> None:
    """The table of a scene."""
    scene = repeated(motes.load(path), copies)
    print(f"{scene.n_events:,} events in {scene.duration_s:.0f} s", flush=True)
    start = time.process_time()
    prepare(scene.gabor, scene.sample_rate_hz, USUAL if len(scene.gabor) <= 1 << 17 else ())
    document = Document("1", "scene", scene)
    print(f"lines are found in {time.process_time() - start:.1f} s, in the background")
    print("| edit | atoms | until heard, s: middle | worst | choice and tiles, s |\n|---|---|---|---|---|")
    for span_s in SPANS_S:
        for op, name, amount in EDITS:
            print(_line(document, scene, span_s, {"op": op, name: amount}), flush=True)


def _line(document: Document, scene: Scene, span_s: float, edit: dict[str, Any]) -> str:
    random, n, heard, shown = np.random.default_rng(0), [], [], []
    amount = next(name for name in edit if name != "op")
    for time_ in range(N_TIMES + 1):
        begin = float(random.uniform(0.1, 0.9)) * max(0.0, scene.duration_s - span_s)
        now = document.history.current
        first = int(begin * scene.sample_rate_hz)
        document.sound.samples("reconstruction", now, first, first + scene.sample_rate_hz // 2)
        start = time.process_time()
        chosen = document.selected(EventFilter(start_s=begin, end_s=begin + span_s), now)
        middle = time.process_time()
        fields = edit | {amount: edit[amount] * float(random.uniform(0.9, 1.1))}
        what = EventFilter(ranges=chosen["ranges"])
        document.edit(EditBody(revision=now.number, what=what, edit=fields), _no_clip)
        made = document.history.current
        document.sound.samples("reconstruction", made, first, first + scene.sample_rate_hz // 2)
        end = time.process_time()
        geometry, level = document.geometry(made), 1
        index = int(begin)
        event_tile(geometry, made.muted, level, index, made.number, scene.duration_s)
        if time_:  # the first finds what is kept for later ones
            n.append(chosen["n"])
            heard.append(end - middle)
            shown.append(middle - start + time.process_time() - end)
        document.undo()
    figures = " | ".join(f"{one:.3f}" for one in (statistics.median(heard), max(heard), statistics.median(shown)))
    return f"| {edit['op']} {span_s:g} s | {min(n):,} to {max(n):,} | {figures} |"


def _no_clip(*_: Any) -> Any:
    raise AssertionError("nothing is pasted")
