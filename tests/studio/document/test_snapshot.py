"""A snapshot is the scene to the bit, and a damaged one is refused."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

from motes.errors import FormatError
from motes.studio.document.snapshot import about_of, pack, unpack


def packed(*what) -> bytes:
    buffer = io.BytesIO()
    pack(buffer, *what)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_snapshot_is_the_scene_to_the_bit(kind):
    scene = scene_of(example(kind, 2), n_channels=2)
    scene = scene.select([0, 1]).transpose(1.0)
    muted = np.arange(scene.n_events) % 2 == 0
    found, marks, about = unpack(io.BytesIO(packed(scene, muted, {"name": "x"})))
    assert all(a.equals(b) for a, b in zip(found.tables, scene.tables, strict=True))
    assert np.array_equal(found.render(), scene.render())
    assert np.array_equal(marks, muted)
    assert about == {"name": "x"}


def test_damaged_snapshots_are_refused():
    data = packed(scene_of(example("gabor", 1)), np.zeros(12, bool), {})
    pickled = io.BytesIO()
    np.savez(pickled, head=np.array([{}], object))
    for broken in (b"", data[:40], data[:-100], b"x" + data, pickled.getvalue(), b"motes snapshot 1\n" + bytes(100)):
        with pytest.raises(FormatError):
            unpack(io.BytesIO(broken))
        with pytest.raises(FormatError):
            about_of(io.BytesIO(broken))


def test_no_flipped_byte_of_a_snapshot_raises_anything_else():
    data = packed(scene_of(example("gabor", 1)), np.zeros(12, bool), {"name": "x"})
    for place in range(0, len(data), 7):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        with contextlib.suppress(FormatError):
            unpack(io.BytesIO(broken))
