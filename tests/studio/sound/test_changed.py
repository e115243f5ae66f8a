"""What an edit costs follows what it changes: rows that are the same in both scenes are compared, and never hashed."""

from __future__ import annotations

import numpy as np
import pytest

from motes.edit.selection import Selection
from motes.kinds.gabor import edited
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene
from motes.studio.sound import changed as module
from motes.studio.sound.changed import changed


def scene_of(n):
    random = np.random.default_rng(0)
    time_s = np.sort(random.uniform(0, 100, n))
    return Scene(8000, 800_000, 1, Gabor(time_s, np.full(n, 0.05), random.uniform(100, 3000, n), *np.ones((2, n, 1))))


def edits(scene, mask):
    return {
        "gain": Selection(scene, mask).gain(3.0),
        "transpose": Selection(scene, mask).transpose(2.0),
        "delete": Selection(scene, mask).drop(),
        "move": Selection(scene, mask).move(0.5),
        "only_group": scene.with_tables([scene.gabor.replace(group_id=np.arange(len(scene.gabor)))]),
    }


@pytest.mark.parametrize("name", ["gain", "transpose", "delete", "move", "only_group"])
def test_only_what_differs_is_hashed(monkeypatch, name):
    hashed, row_hashes = [], module.row_hashes
    scene = scene_of(4000)
    mask = (scene.gabor.time_s > 50) & (scene.gabor.time_s < 51)
    after = edits(scene, mask)[name]
    monkeypatch.setattr(module, "row_hashes", lambda table: hashed.append(len(table)) or row_hashes(table))
    found = changed(scene, after)
    assert sum(hashed) < 8 * np.count_nonzero(mask)
    if name == "only_group":
        assert found is None
        return
    assert found.start_s == pytest.approx(50, abs=0.2)
    assert found.end_s == pytest.approx(51.5 if name == "move" else 51, abs=0.2)


def test_the_stretch_is_that_of_all_rows_hashed(monkeypatch):
    """As by the definition: events that are in one scene only, whatever order they stand in."""
    scene = scene_of(300)
    for seed in range(20):
        random = np.random.default_rng(seed)
        mask = random.random(300) < 0.05
        for after in edits(scene, mask).values():
            quick = changed(scene, after)
            with monkeypatch.context() as patch:
                patch.setattr(module, "_differing", lambda one, other: (np.arange(len(one)), np.arange(len(other))))
                assert changed(scene, after) == quick


def test_lines_of_a_large_scene_are_found_when_it_is_opened(client, monkeypatch):
    """The first edit of pitch then finds them there; what takes the interpreter is left for the edit."""
    from motes.studio import studio

    moves = []
    monkeypatch.setattr(studio, "_MOST_PREPARED", 1)
    monkeypatch.setattr(studio, "prepare", lambda events, rate, by=edited.USUAL: moves.append((len(events), by)))
    document = client.open()
    _soon(lambda: moves)
    scene = client.studio.documents[document["id"]].history.current.scene
    assert moves == [(len(scene.gabor), ())]


def _soon(condition):
    import time

    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_lines_alone_are_found_where_nothing_is_moved(monkeypatch):
    from motes.kinds.gabor.partials import rewriting, tracking

    found, find_lines = [], tracking.find_lines
    monkeypatch.setattr(tracking, "find_lines", lambda *of: found.append(len(of[0])) or find_lines(*of))
    monkeypatch.setattr(rewriting, "rewrite_for_edit", lambda *_: pytest.fail("nothing is moved"))
    edited.prepare(scene_of(50).gabor, 8000, ())
    assert found == [50]
