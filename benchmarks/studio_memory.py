"""What a studio holds in memory while a scene is open, edited and closed: `bench_studio.py --memory [SCENE.mote]`.

Resident memory of the process that serves and asks, as the system counts it, in MB: what the program takes by itself,
with the scene open, the most of 15 edits and what was heard after each, and 3 s after the scene was closed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from motes.studio.document.memory import share_one_arena

EDITS: tuple[dict[str, Any], ...] = (
    {"op": "gain", "db": 1.0},
    {"op": "transpose", "semitones": 1.0},
    {"op": "move", "by_s": 0.01},
)
N_EDITS = 15
STRETCH_S = 30.0
AUDIBLE_SAMPLES = 4 * 44_100


def resident_mb(pid: int | str = "self") -> int:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return 0 if found is None else int(found[1]) // 1024


def memory(scene: Path, served: Callable[[Path], httpx.Client]) -> None:
    """A line of the table for a scene."""
    share_one_arena()  # as the studio does before its threads begin
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(scene, Path(name) / "scene.mote")
        client = served(Path(name))
        taken = [resident_mb()]
        document = client.post("/documents", json={"path": "scene.mote"}).raise_for_status().json()
        at = f"/documents/{document['id']}"
        time.sleep(10)  # lines are found in the background
        taken += [resident_mb(), max(_edited(client, at, number) for number in range(N_EDITS))]
        client.delete(at, params={"discard": True}).raise_for_status()
        time.sleep(3)
        taken.append(resident_mb())
    print("| events | s | before, MB | open | most of 15 edits | closed |\n|---|---|---|---|---|---|")
    figures = " | ".join(map(str, taken))
    print(f"| {document['n_events']:,} | {document['duration_s']:.0f} | {figures} |")


def _edited(client: httpx.Client, at: str, number: int) -> int:
    """Resident memory after an edit of half a minute, of which the beginning was heard."""
    before = client.get(at).json()["revision"]
    what = {"start_s": 10.0 + number, "end_s": 10.0 + number + STRETCH_S}
    body = {"revision": before, "what": what, "edit": EDITS[number % len(EDITS)]}
    now = client.post(f"{at}/edits", json=body).raise_for_status().json()["revision"]
    sound = f"{at}/revisions/{now}/audio/reconstruction.f32"
    client.get(sound, params={"first": int(44_100 * what["start_s"]), "n": AUDIBLE_SAMPLES}).raise_for_status()
    return resident_mb()
