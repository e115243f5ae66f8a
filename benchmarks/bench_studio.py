"""How long from an edit to its sound, and how fast tiles come, over HTTP from a server in another thread.

    python benchmarks/bench_studio.py [--edits | --progress [WORD …] | --memory SCENE.mote]
    python benchmarks/bench_studio.py --large SCENE.mote [COPIES]

The first table is of the bundled recording, 10 s, as 20,000 events: from sending the edit until the first half second
of sound from where it changed something has arrived, and until all 10 s have; the median and the worst of seven edits
at other places (and by other amounts). The second is of tiles of scenes of random atoms: events and spectrograms, each
asked for once, with one connection. `--progress` runs jobs and compares what they tell of their progress with the time
that has gone (`studio_progress.py`); `--memory` measures resident memory (`studio_memory.py`), `--large` edits of large
scenes (`studio_large.py`).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

import motes
from motes.audio import open_source
from motes.encoders.pursuit import PursuitOptions, encode
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene
from motes.studio.http.app import create_app
from motes.studio.options import StudioOptions
from studio_large import large
from studio_memory import memory
from studio_progress import progress

RATE = 44_100
DEMO = Path(motes.__file__).parent / "demo" / "demo.flac"
EDITS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gain", {"db": 3.0}),
    ("move", {"by_s": 0.03}),
    ("transpose", {"semitones": 2.0}),
    ("stretch", {"factor": 1.1}),
    ("mute", {}),
    ("set", {"values": {"amplitude": 0.2}}),
    ("duplicate", {}),
    ("delete", {}),
)
# Edits that are done by another amount each time, and between which.
ANEW = {"transpose": {"semitones": (-7.0, 7.0)}, "stretch": {"factor": (0.8, 1.5)}}
WHAT = ("1 event", "50 in a box", "half a second", "all")
N_TIMES = 7


def served(folder: Path) -> httpx.Client:
    """A studio of this folder, and a connection to it."""
    app = create_app(StudioOptions(folder, folder / "state"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    return httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=300)


def opened(client: httpx.Client, name: str) -> dict[str, Any]:
    """The document of a file."""
    answer = client.post("/documents", json={"path": name})
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def selection(what: str, place_s: float, n_events: int, random: np.random.Generator) -> dict[str, Any]:
    """Events to edit at a place."""
    if what == "1 event":
        return {"ids": [int(random.integers(n_events))]}
    if what == "50 in a box":
        return {"ranges": [int(place_s / 10 * n_events), int(place_s / 10 * n_events) + 50]}
    return {"start_s": place_s, "end_s": place_s + 0.5} if what == "half a second" else {}


def from_edit_to_sound(
    client: httpx.Client, op: str, fields: dict[str, Any], what: str, warm: int = 1
) -> tuple[list[float], list[float]]:
    """ms until the first half second of what has changed is there, and until everything is, for edits one after the
    other, each undone.
    """
    document = opened(client, "demo.mote")
    at, random = f"/documents/{document['id']}", np.random.default_rng(1)
    first_ms, whole_ms = [], []
    for time_ in range(N_TIMES + warm):
        place = float(random.uniform(0.5, 9.0))
        fields = fields | ({"at_s": place + 0.1} if op == "duplicate" else {})
        if op in ANEW:  # never twice by the same amount, since what an edit has made may serve the next
            fields = {name: float(random.uniform(*ends)) for name, ends in ANEW[op].items()}
        now = client.get(at).json()["revision"]
        client.get(f"{at}/revisions/{now}/audio/reconstruction.f32")  # what was heard before
        body = {
            "revision": now,
            "what": selection(what, place, document["n_events"], random),
            "edit": {"op": op, **fields},
        }
        start = time.perf_counter()
        edited = client.post(f"{at}/edits", json=body).raise_for_status().json()
        stretch = edited["changed"] or {"start_s": 0.0}
        sound = f"{at}/revisions/{edited['revision']}/audio/reconstruction.f32"
        client.get(sound, params={"first": int(stretch["start_s"] * RATE), "n": RATE // 2}).raise_for_status()
        heard = time.perf_counter() - start
        client.get(sound).raise_for_status()
        if time_ >= warm:
            first_ms.append(1000 * heard)
            whole_ms.append(1000 * (time.perf_counter() - start))
        client.post(f"{at}/undo", json={}).raise_for_status()
    return first_ms, whole_ms


def random_scene(n_events: int, seconds: float) -> Scene:
    """Atoms anywhere."""
    random = np.random.default_rng(0)
    window = random.choice([512, 2048, 8192], n_events) / RATE
    amplitude, phase = random.exponential(0.01, (n_events, 1)), random.uniform(-3, 3, (n_events, 1))
    return Scene(
        RATE,
        int(seconds * RATE),
        1,
        Gabor(random.uniform(0, seconds, n_events), window, random.uniform(50, 15_000, n_events), amplitude, phase),
    )


def tiles(client: httpx.Client, name: str) -> None:
    """Tiles per second of a scene."""
    document = opened(client, name)
    at = f"/documents/{document['id']}/revisions/0"
    n = document["n_events"]
    client.get(f"{at}/events/0/0")  # the geometry, once
    for what, path in (("events", "events"), ("spectrogram", "spectrogram/reconstruction")):
        for level in sorted({0, 4, document["coarsest_level"]}):
            n_tiles = min(24, max(1, int(np.ceil(document["duration_s"] / (0.5 * 2**level)))))
            start = time.perf_counter()
            n_bytes = sum(
                len(client.get(f"{at}/{path}/{level}/{index}").raise_for_status().content) for index in range(n_tiles)
            )
            elapsed = time.perf_counter() - start
            figures = f"{n_tiles / elapsed:.0f} | {1000 * elapsed / n_tiles:.1f} | {n_bytes / n_tiles / 1000:.0f}"
            print(f"| {n:,} in {document['duration_s']:.0f} s | {what} | {level} | {figures} |")


def edits(client: httpx.Client) -> None:
    """From an edit to its sound."""
    opened(client, "demo.mote")
    time.sleep(5)  # lines are found in the background, a second after opening
    print(
        "| edit | of | first half second, ms: median | worst | all 10 s, ms: median | worst "
        "|\n|---|---|---|---|---|---|"
    )
    for op, fields in EDITS:
        for what in WHAT:
            if op in ("delete", "mute") and what == "all":
                continue
            first, whole = from_edit_to_sound(client, op, fields, what)
            figures = " | ".join(
                f"{value:.0f}" for value in (statistics.median(first), max(first), statistics.median(whole), max(whole))
            )
            print(f"| {op} | {what} | {figures} |", flush=True)


def main() -> None:
    part, *words = sys.argv[1:] or [""]
    if part == "--progress":
        progress(words)
        return
    if part == "--memory":
        memory(Path(words[0]), served)
        return
    if part == "--large":
        large(Path(words[0]), int(words[1]) if len(words) > 1 else 1)
        return
    sys.setswitchinterval(0.001)  # as the studio does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encode(open_source(DEMO), PursuitOptions(n_events=20_000)).save(folder / "demo.mote")
        client = served(folder)
        edits(client)
        if sys.argv[1:] == ["--edits"]:
            return
        random_scene(100_000, 10).save(folder / "dense.mote")
        random_scene(100_000, 3600).save(folder / "hour.mote")
        print("\n| scene | tiles | level | tiles/s | ms | kB |\n|---|---|---|---|---|---|")
        for name_ in ("dense.mote", "hour.mote"):
            tiles(client, name_)


if __name__ == "__main__":
    main()
