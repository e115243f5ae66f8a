"""What is derived from frozen objects is kept with them, found once, and left behind by copies."""

import copy
import pickle
import threading
from dataclasses import fields, replace

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

from motes.events.groups import Groups
from motes.events.room import Room

COPIES = [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), replace]


def arrays(thing):
    for field in fields(thing):
        value = getattr(thing, field.name)
        for part in value if isinstance(value, tuple) else [value]:
            if isinstance(part, np.ndarray):
                yield part
            elif hasattr(part, "__dataclass_fields__"):
                yield from arrays(part)


@pytest.mark.parametrize("copied", COPIES)
def test_copies_are_read_only_and_leave_behind_what_was_derived(copied):
    scene = scene_of(*(example(kind, 2) for kind in EXAMPLES), n_channels=2)
    scene = scene.select([1]).room(Room.synthetic(0.3), 0.5).replace(groups=Groups.partials([1]))
    assert scene.once("one", lambda: 1) == scene.gabor.once("one", lambda: 1) == 1
    scene.rooms[0].kernels(8000, 1)
    other = copied(scene)
    assert other is not scene
    assert other.once("one", lambda: 2) == 2
    assert all(a.equals(b) for a, b in zip(other.tables, scene.tables, strict=True))
    assert np.array_equal(other.render(), scene.render())
    assert len(list(arrays(other))) == len(list(arrays(scene))) > 50
    assert not any(array.flags.writeable for array in arrays(other))
    for table, before in zip(other.tables, scene.tables, strict=True):
        assert table.defaults == before.defaults


def test_what_is_derived_is_no_part_of_the_object():
    table = example("gabor")
    table.once("number", lambda: 3)
    assert set(vars(table)) == {field.name for field in fields(table)}
    assert replace(table).once("number", lambda: 4) == table.replace(group_id=None).once("number", lambda: 4) == 4


def test_a_second_thread_waits_for_what_the_first_derives_and_another_table_does_not():
    table, other, began, may_end = example("gabor"), example("splat"), threading.Event(), threading.Event()
    made = []

    def make():
        began.set()
        made.append(1)
        assert may_end.wait(10)
        return len(made)

    found = []
    threads = [threading.Thread(target=lambda: found.append(table.once("slow", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert began.wait(10)
    assert other.once("fast", lambda: 5) == 5
    assert not found
    may_end.set()
    for thread in threads:
        thread.join(10)
    assert found == [1, 1]


def test_defaults_are_known_by_name_not_by_how_columns_lie_in_memory():
    table = example("gabor")
    assert {"group_id", "room_id", "edit_ratio", "base_phase_rad"} <= table.defaults
    assert not {"time_s", "amplitude"} & table.defaults
    plain = {field.name: np.array(getattr(table, field.name)) for field in fields(table)}
    assert type(table)(**plain).defaults == table.defaults
    assert table.replace(group_id=np.ones(len(table), int)).defaults == table.defaults - {"group_id"}
    assert table.replace(edit_ratio=np.full(len(table), 2.0)).replace(edit_ratio=None).equals(table)
    assert table.take([1, 2]).defaults == table.with_more(table).defaults == table.defaults
    assert table.group_id.strides == (0,)  # takes no memory


def test_who_asks_for_another_thing_does_not_wait():
    table, began, may_end = example("gabor"), threading.Event(), threading.Event()

    def slow():
        began.set()
        assert may_end.wait(10)
        return table.once("within", lambda: 1) + 1

    thread = threading.Thread(target=table.once, args=("slow", slow))
    thread.start()
    assert began.wait(10)
    assert table.once("quick", lambda: 5) == 5
    may_end.set()
    thread.join(10)
    assert table.once("slow", lambda: 0) == 2
