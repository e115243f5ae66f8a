"""A page that is a map of a catalogue's sounds, to hear and to collect from: one HTML file, which works from disk."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Callable
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.events.event_table import Array, Ints
from motes.files import atomic_output
from motes.library.catalogue.excerpt import AFTER_S, BEFORE_S, LIST_FORMAT, Placed, Scenes, alone, placed
from motes.report.corpus.answers_page import audible
from motes.report.page import asset, hashed, kind_styles, with_size
from motes.report.sound import OPUS_BYTES_PER_S, opus

if TYPE_CHECKING:
    from motes.library.catalogue.catalogue import Catalogue
    from motes.report.corpus.embedding import Embedding
    from motes.scene.scene import Scene

MEGABYTES = 8.0
# Of each sound so much is heard; so many at most.
LONGEST_S, MOST_SOUNDS = 1.0, 1000
_GRID = 65535  # steps of a coordinate


def write_map_page(
    catalogue: Catalogue,
    found: Embedding,
    path: str | os.PathLike[str],
    *,
    megabytes: float = MEGABYTES,
    command: str = "",
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> int:
    """Write the page and return its size in bytes; `command` is what the page says made it.

    As many sounds are in it as `megabytes` hold, spread over the map. FormatError where a file of the catalogue is
    gone.
    """
    text = map_page(catalogue, found, megabytes, command, progress)
    with atomic_output(path, overwrite) as handle:
        handle.write(text)
    return len(text)


def map_page(
    catalogue: Catalogue,
    found: Embedding,
    megabytes: float = MEGABYTES,
    command: str = "",
    progress: Callable[[float], None] = lambda _: None,
) -> bytes:
    """The page; as `write_map_page`."""
    columns = _columns(found)
    room = megabytes * 1e6 - len(json.dumps(columns)) - 60_000
    n_playable = int(np.clip(room / (OPUS_BYTES_PER_S * LONGEST_S * 4 / 3), 0, MOST_SOUNDS))
    playable = spread_out(found.points, n_playable)
    data = columns | {"format": LIST_FORMAT, "catalogue": catalogue.path.name}
    data |= {"playable": playable.tolist(), "sounds": _sounds(catalogue, found, playable, progress)}
    style, script = asset("page.css") + asset("corpus/map.css") + kind_styles(), asset("corpus/map.js")
    n = len(found.rows)
    sample = f", drawn from {found.n_rows:,}" if n < found.n_rows else ""
    text = Template(asset("corpus/map.html")).substitute(
        name=html.escape(catalogue.path.name),
        policy=f"default-src 'none'; media-src data:; style-src '{hashed(style)}'; script-src '{hashed(script)}'",
        style=style,
        script=script,
        summary=html.escape(f"{n:,} sounds{sample}; alike ones lie near each other ({found.method})"),
        playable=f"{len(playable):,}",
        data=json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        made=f"<p>This page: <code>{html.escape(command)}</code></p>" if command else "",
    )
    return with_size(text)


def spread_out(points: Array, count: int) -> Ints:
    """At most `count` of points `(n, 2)` in 0 … 1, one from each cell of a grid, ascending."""
    if len(points) <= count:
        return np.arange(len(points))
    low, high = 1, 2 * _GRID
    first: Ints = np.zeros(0, np.int64)
    while low < high:  # the finest grid whose cells are not too many
        side = (low + high + 1) // 2
        cell = np.minimum((points * side).astype(np.int64), side - 1)
        _, at = np.unique(cell[:, 0] * side + cell[:, 1], return_index=True)
        low, high, first = (side, high, at) if len(at) <= count else (low, side - 1, first)
    return np.sort(first)[:count]


def _columns(found: Embedding) -> dict[str, Any]:
    """What is known of each point, in the order of the rows."""
    rows = found.rows
    files, file = np.unique(np.array(rows["file"].to_pylist(), object).astype(str), return_inverse=True)
    kinds, kind = np.unique(np.array(rows["kind"].to_pylist(), object).astype(str), return_inverse=True)
    held = {name: np.array(rows[name].to_pylist(), np.float64) for name in ("time_s", "length_s", "gain_db", "number")}
    pitch = np.array([np.nan if each is None else each for each in rows["pitch"].to_pylist()], np.float32)
    return {
        "files": files.tolist(),
        "kinds": kinds.tolist(),
        "x": _packed(np.rint(found.points[:, 0] * _GRID), "<u2"),
        "y": _packed(np.rint(found.points[:, 1] * _GRID), "<u2"),
        "file": _packed(file, "<u4"),
        "kind": _packed(kind, "<u1"),
        "number": _packed(held["number"], "<u4"),
        "pitch": _packed(pitch, "<f4"),
        "gain": _packed(held["gain_db"], "<f4"),
        "time": _packed(held["time_s"], "<f4"),
        "length": _packed(held["length_s"], "<f4"),
    }


def _packed(values: Any, kind: str) -> str:
    """Numbers as bytes in base64, which pages read fast."""
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()


def _sounds(catalogue: Catalogue, found: Embedding, playable: Ints, progress: Callable[[float], None]) -> list[str]:
    scenes, urls = Scenes(catalogue), []
    for i, sound in enumerate(placed(found.rows.take(playable))):  # which are in order of their files
        scene = _excerpt(scenes.of(sound.file), sound)
        urls.append(opus(audible(scene)[:1], scene.sample_rate_hz).url)
        progress((i + 1) / len(playable))
    return urls


def _excerpt(scene: Scene, sound: Placed) -> Scene:
    """A sound alone; a note as it sounds in its file, since to find its own part of the atoms takes a second each."""
    if sound.kind != "note":
        return alone(scene, sound, LONGEST_S)
    start_s = max(sound.time_s - BEFORE_S, 0.0)
    end_s = min(sound.time_s + min(sound.length_s + AFTER_S, LONGEST_S), scene.duration_s)
    return scene.slice(start_s, max(end_s, start_s), with_overhang=True)
