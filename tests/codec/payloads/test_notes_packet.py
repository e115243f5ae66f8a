"""What files tell of notes: round trips, what they cost, and payloads that make no sense."""

import numpy as np
import pytest
from codec_scenes import small_scene
from hypothesis import given
from hypothesis import strategies as st
from note_examples import NOTE, OWN, PART, groups, notes

from motes.cli.app import main
from motes.codec import dumps, info, load, loads
from motes.codec.frames import PREAMBLE_SIZE, frame, read_frame
from motes.codec.index import pack_end
from motes.codec.packets import END, GROUPS, NOTES, OPTIONAL, TAGS
from motes.codec.payloads.group_packet import pack_groups, unpack_groups
from motes.codec.payloads.notes_packet import NotesOfFile, pack_notes, unpack_notes, without_parts
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.groups import Groups
from motes.events.note_table import NoteTable

SCENE = small_scene().replace(groups=groups()).quantise()


def of(payload):
    return unpack_notes(Reader(payload, "packet 3"))


@st.composite
def tables(draw):
    """Groups of any number of notes and parts, whose ids are near to each other or far away."""
    n, n_parts = draw(st.integers(0, 12)), draw(st.integers(0, 4))
    ids = np.cumsum(
        draw(st.lists(st.sampled_from([1, 1, 1, 2, 700, 2**33]), min_size=n + n_parts, max_size=n + n_parts))
    )
    order = np.array(draw(st.permutations(range(n + n_parts))), int)
    is_part = np.isin(np.arange(n + n_parts), order[:n_parts])
    parts = ids[is_part]
    parent = [0 if own else draw(st.sampled_from([0, *parts.tolist()])) for own in is_part]
    known = notes(ids[~is_part], draw(st.integers(0, 99)))
    return Groups(ids, np.array(parent, np.int64), np.where(is_part, PART, NOTE), known)


@given(tables())
def test_any_notes_come_back(known):
    found = NotesOfFile.of(known)
    assert bool(found) == (len(known) > 0)
    if not found:
        return
    again = of(pack_notes(found))
    assert again.notes.equals(known.notes)
    assert again.added_to(without_parts(known)).equals(known)
    assert pack_notes(again) == pack_notes(found)


@pytest.mark.parametrize("version", [1, 2])
def test_groups_with_notes_and_parts_come_back_from_a_file(version, tmp_path):
    path = SCENE.save(tmp_path / "a.mote", version=version)
    again = load(path)
    assert again.groups.equals(SCENE.groups)
    assert dumps(again) == path.read_bytes()
    assert load(path, 0.5, 0.6).groups.equals(SCENE.groups)
    assert (info(path).notes, info(path).parts) == (4, 2)
    plain = SCENE.replace(groups=Groups.empty(), gabor=SCENE.gabor)
    np.testing.assert_array_equal(again.render(), plain.render())


@pytest.mark.parametrize(
    ("kept", "told"), [([2, 3, 4, 7], "notes        2 in 2 parts"), ([1, 5], "notes        1\n"), ([1], "")]
)
def test_motes_info_tells_of_notes_and_parts(kept, told, tmp_path, capsys):
    known = groups().only(np.isin(groups().id, kept))
    path = SCENE.replace(groups=known).save(tmp_path / "a.mote")
    assert main(["info", str(path)]) == 0
    out = capsys.readouterr().out
    assert told in out
    assert ("\nnotes " in out) == bool(told)


def test_notes_without_parts_and_parts_without_notes():
    for kept in ([2, 3, 5], [4, 7], [1, 6]):
        known = groups().only(np.isin(groups().id, kept))
        again = loads(dumps(SCENE.replace(groups=known)))
        assert again.groups.equals(known)


def test_notes_that_are_not_rounded_are_rounded_once():
    known = groups()
    exact = known.with_notes(known.notes.replace(f0_hz=known.notes.f0_hz * 1.00012, onset_s=known.notes.onset_s - 1e-4))
    scene = SCENE.replace(groups=exact)
    assert not loads(dumps(scene)).groups.equals(exact)
    assert loads(dumps(scene)).groups.equals(scene.quantise().groups)
    assert dumps(scene.quantise()) == dumps(scene)


def test_what_a_note_costs():
    """With the packet of groups; asked were at most 110 bits."""
    n = 600
    ids = np.arange(1, n + 4)
    for n_parts in (1, 3):
        part = ids[n : n + n_parts]
        parent = np.append(part[np.random.default_rng(0).integers(0, n_parts, n)], np.zeros(n_parts, np.int64))
        known = notes(ids[:n]).replace(program=parent[:n] - n)
        known = known.replace(onset_s=known.onset_s * 60, end_s=known.onset_s * 60 + 0.5)
        roles = np.append(np.full(n, NOTE), np.full(n_parts, PART))
        told = Groups(ids[: n + n_parts], parent, roles, known)
        n_bytes = len(pack_notes(NotesOfFile.of(told))) + len(pack_groups(without_parts(told)))
        assert 8 * n_bytes / n <= 110


NOTE_1 = (2, 1000, 500, 6001, 40, 0, 1)


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "cut short"),
        (varints(0, 0), "it holds no notes"),
        (varints(0, 200), "past the limit"),
        (varints(200, 0), "past the limit"),
        (varints(2, 0, 4), "cut short"),
        (varints(2, 0, 4, 0), "an id is out of range, or stands twice"),
        (varints(1, 0, 0), "an id is out of range, or stands twice"),
        (varints(2, 0, 1 << 40, 1), "an id is out of range"),
        (varints(0, 2, 60, 10, 500, 6001, 40, 61, 1, 10, 500, 6001, 40), "an id is out of range, or stands twice"),
        (varints(0, 1, 61, 0, 10, 500, 6001, 40), "an id is out of range, or stands twice"),
        (varints(0, 1, 61, 1 << 41, 10, 500, 6001, 40), "past the limit"),
        (varints(0, 2, 61, 1 << 40, 10, 500, 6001, 40, 60, 10, 500, 6001, 40), "id of a note must lie in"),
        (varints(0, 1, 60, 10**11, 500, 6001, 40), "past the limit"),
        (varints(0, 1, 60, 4 * 10**9 + 2, 500, 6001, 40), "onset_s of a note"),
        (varints(0, 1, 60, 10, 10**10, 6001, 40), "end_s of a note"),
        (varints(0, 1, 60, 10, 500, 30_000, 40), "f0_hz of a note"),
        (varints(0, 1, 60, 10, 500, 40_000, 40), "past the limit"),
        (varints(0, 1, 60, 10, 500, 6001, 2000), "gain_db of a note"),
        (varints(0, 1, 31 << 2, 10, 500, 6001, 40), "sureness of a note"),
        (varints(0, 1, 62, 10, 500, 6001, 40, 130, 0), "program of a note"),
        (varints(0, 1, 62, 10, 500, 6001, 40, 3, 1), "past the limit"),
        (varints(0, 1, 62, 10, 500, 6001, 40, 0, 0), "told to be played by another, and is not"),
        (varints(0, 1, 60, 10, 500, 6001, 40) + b"x", "1 bytes too many"),
    ],
)
def test_payloads_that_cannot_be_are_refused(payload, says):
    with pytest.raises(FormatError, match=f"packet 3: .*{says}"):
        of(payload)


def test_many_large_steps_of_ids_do_not_overflow():
    """They are refused at once: some millions of them would pass 2⁶³."""
    with pytest.raises(FormatError, match="an id is out of range"):
        of(varints(3, 0, *[1 << 40] * 3))
    with pytest.raises(FormatError, match="an id is out of range"):
        unpack_groups(Reader(varints(3) + varints(1 << 40, 1, 0) * 2, "groups"))


@pytest.mark.parametrize(
    ("table", "found", "says"),
    [
        (Groups(np.array([2]), np.array([0]), np.array([OWN])), notes((2,)), "a note must be a group of the role note"),
        (
            Groups(np.array([2, 3]), np.array([3, 0]), np.array([NOTE, OWN])),
            notes((2,)),
            "in one group, or in one part",
        ),
    ],
)
def test_notes_that_are_no_notes_are_refused(table, found, says):
    with pytest.raises(ParameterError, match=says):
        NotesOfFile(np.array([9]), found, np.ones(1, np.int64)).added_to(table)
    with pytest.raises(ParameterError, match="ids of groups must ascend"):
        NotesOfFile(np.array([2]), found.only(np.array([], int)), np.empty(0, np.int64)).added_to(table)


def test_parts_among_the_groups_are_refused():
    payload = varints(1, 4, PART, 0)
    with pytest.raises(FormatError, match="it tells of parts, which stand with the notes"):
        unpack_groups(Reader(payload, "groups"))


# --- files


def packets(data):
    found, at = [], PREAMBLE_SIZE
    while at < len(data):
        packet = read_frame(data, at, len(found))
        found.append((packet.kind, packet.payload))
        at += packet.size
    return found


def file_of(parts):
    """A file of these packets, its end made anew."""
    body = [frame(kind, payload) for kind, payload in parts if kind != END.number]
    return dumps(SCENE)[:PREAMBLE_SIZE] + b"".join(body) + frame(END.number, pack_end(len(body[-1]), len(body) + 1))


ALL = packets(dumps(SCENE.replace(tags={"TITLE": "a"})))
PLACE = next(i for i, (kind, _) in enumerate(ALL) if kind == NOTES.number)


def test_readers_that_do_not_know_notes_find_all_the_sound():
    without = loads(file_of([part for part in ALL if part[0] != NOTES.number]))
    assert without.gabor.equals(SCENE.gabor)
    assert without.groups.equals(without_parts(SCENE.groups))


def test_notes_may_follow_a_packet_that_is_not_known_and_stand_but_once(tmp_path):
    other = (OPTIONAL | 0x70, b"new")
    moved = file_of([*ALL[:PLACE], other, *ALL[PLACE:]])
    assert loads(moved).groups.equals(SCENE.groups)
    (tmp_path / "a.mote").write_bytes(moved)
    assert load(tmp_path / "a.mote", 0.0, 9.0).groups.equals(SCENE.groups)
    assert (info(tmp_path / "a.mote").notes, dict(info(tmp_path / "a.mote").tags)) == (4, {"TITLE": ("a",)})
    for wrong in ([*ALL[: PLACE + 1], *ALL[PLACE:]], [*ALL[:PLACE], other, ALL[PLACE], *ALL[PLACE:]]):
        with pytest.raises(FormatError, match=r"notes stand before all events|it stands twice"):
            loads(file_of(wrong))
    tags = next(i for i, (kind, _) in enumerate(ALL) if kind == TAGS.number)
    with pytest.raises(FormatError, match="tags stand before all events"):
        loads(file_of([*ALL[:tags], ALL[PLACE], ALL[tags], *ALL[PLACE + 1 :]]))


def test_notes_of_groups_that_are_not_there_are_refused():
    with pytest.raises(FormatError, match=r"notes.*it tells of notes that are no groups"):
        loads(file_of([part for part in ALL if part[0] != GROUPS.number]))


# --- what is lost


def damaged(kind):
    data, at = bytearray(dumps(SCENE)), PREAMBLE_SIZE
    while (packet := read_frame(bytes(data), at, 0)).kind != kind.number:
        at += packet.size
    data[at + packet.size - 1] ^= 1
    return bytes(data)


def test_lost_notes_leave_groups_and_lost_groups_leave_notes():
    found = salvage(damaged(NOTES))
    assert found.scene.groups.equals(without_parts(SCENE.groups))
    assert any("damaged" in line for line in found.skipped)
    found = salvage(damaged(GROUPS))
    assert found.scene.groups.notes.equals(SCENE.groups.notes)
    assert found.scene.groups.id.tolist() == [2, 3, 4, 5, 7, 9]
    assert found.scene.groups.parent.tolist() == [4, 7, 0, 0, 0, 4]
    dumps(found.scene)


def test_events_stay_in_the_notes_that_are_left():
    n = len(SCENE.gabor)
    scene = SCENE.replace(gabor=SCENE.gabor.replace(group_id=np.array([0, 1, 2, 5])[np.arange(n) % 4]))
    data = dumps(scene).replace(
        pack_groups(without_parts(groups())), b"\x00" * len(pack_groups(without_parts(groups())))
    )
    found = salvage(data)
    assert set(found.scene.gabor.group_id) == {0, 2, 5}
    assert any("the groups are lost" in line for line in found.skipped)
    assert loads(dumps(found.scene)).groups.equals(found.scene.groups)


def test_notes_that_do_not_fit_the_groups_are_left_out_of_what_is_salvaged():
    wrong = pack_groups(Groups(np.array([2]), np.array([0]), np.array([OWN])))
    found = salvage(file_of([(kind, wrong if kind == GROUPS.number else payload) for kind, payload in ALL]))
    assert any("a note must be a group of the role note" in line for line in found.skipped)
    assert len(found.scene.groups.notes) == 0


def test_events_in_a_part_itself_are_written_in_none():
    scene = SCENE.replace(gabor=SCENE.gabor.replace(group_id=np.full(len(SCENE.gabor), 4)))
    again = loads(dumps(scene))
    assert not again.gabor.group_id.any()
    assert again.groups.equals(SCENE.groups)


def test_a_table_of_no_notes_is_not_written():
    assert NOTES.number not in {kind for kind, _ in packets(dumps(small_scene()))}
    assert not NotesOfFile.of(Groups.empty().with_notes(NoteTable.empty()))
