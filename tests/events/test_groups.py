"""Groups of events: what is in what, and what is known of those that are notes."""

import copy
import pickle

import numpy as np
import pytest
from note_examples import NOTE, OWN, PART, groups, notes

from motes.errors import ParameterError
from motes.events.groups import Groups
from motes.events.note_table import NoteTable


def table(ids, parents, roles, known=None):
    return Groups(*(np.array(column, np.int64) for column in (ids, parents, roles)), known or NoteTable.empty())


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([0], [0], [1]), "must ascend from 1"),
        (([2, 2], [0, 0], [1, 1]), "must ascend from 1"),
        (([1], [0], [5]), "the role of a group"),
        (([1], [2], [1]), "a group's parent"),
        (([1, 2], [0], [1, 1]), "need one id, parent and role each"),
        (([1, 2], [0, 0], [OWN, NOTE], notes((1,))), "a note must be a group of the role note"),
        (([1, 2], [2, 0], [NOTE, PART]), "only notes are in parts"),
        (([1, 2], [2, 0], [OWN, PART]), "only notes are in parts"),
        (([1, 2], [2, 0], [PART, OWN]), "a part is in no group"),
    ],
)
def test_what_makes_no_sense_is_refused(columns, says):
    with pytest.raises(ParameterError, match=says):
        table(*columns)


def test_roles_and_what_is_in_what():
    known = groups()
    assert known.with_role("part").tolist() == [4, 7]
    assert known.with_role("note").tolist() == [2, 3, 5, 8, 9]
    assert known.within(4).tolist() == [2, 4, 9]
    assert known.within([6, 7]).tolist() == [3, 5, 6, 7]
    with pytest.raises(ParameterError, match="there is no group 77"):
        known.within(77)


def test_some_groups_keep_what_is_known_of_them():
    known = groups()
    some = known.only(np.isin(known.id, [2, 3, 7]))
    assert some.id.tolist() == [2, 3, 7]
    assert some.parent.tolist() == [0, 7, 0]
    assert some.notes.equals(known.notes.only(np.array([0, 1])))
    assert known.only(np.ones(len(known), bool)).equals(known)
    assert known.stored().equals(known)
    assert not known.with_notes(known.notes.only(np.array([0, 1, 3]))).equals(known)


def test_joined_groups_have_new_ids_and_their_notes_too():
    known, other = groups(), groups()
    both = known.joined(other, 20)
    assert both.id.tolist() == [*range(1, 10), *range(21, 30)]
    assert both.parent[9:].tolist() == [0, 24, 27, 0, 26, 0, 0, 0, 24]
    assert both.notes.id.tolist() == [2, 3, 5, 9, 22, 23, 25, 29]
    assert both.only(both.id < 20).equals(known)


def test_copies_are_equal_and_read_only():
    known = groups()
    for again in (copy.deepcopy(known), pickle.loads(pickle.dumps(known))):
        assert again.equals(known)
        assert not again.notes.onset_s.flags.writeable
