"""The table of packets is that of docs/format.md, and every kind of event has its place in it."""

import inspect
from pathlib import Path

import pytest
from codec_scenes import random_scene

from motes.codec import dumps, loads
from motes.codec.frames import PREAMBLE_SIZE, frame, read_frame
from motes.codec.index import Entry
from motes.codec.packets import OPTIONAL, PacketCodec, event_packets, packets
from motes.codec.payloads.stage import Stage
from motes.codec.quantise_scene import IntegersModule
from motes.errors import FormatError
from motes.kinds import KINDS

SCENE = random_scene(5, 60, 1, rate=8000, n_samples=30_000)


def test_the_page_shows_the_table():
    page = (Path(__file__).parents[2] / "docs/format.md").read_text(encoding="utf-8")
    rows = page[page.index("| type | packet | how many | where |") :].split("\n\n")[0].splitlines()[2:]
    assert rows == [
        f"| `{packet.letter.decode()}` ({packet.number:02x}) | {packet.name} | {packet.often.value} | {packet.place} |"
        for packet in packets()
    ]


def test_packets_of_events_are_those_of_the_kinds_in_their_order():
    assert [(packet.letter, packet.name) for packet in event_packets()] == [(kind.letter, kind.name) for kind in KINDS]
    places = [Entry(packet.number, 3, 0, 0, 0, 0, 0).place for packet in event_packets()]
    assert places == sorted(places)
    assert [packet.stage for packet in packets()] == sorted(packet.stage for packet in packets())
    assert [packet.name for packet in packets() if packet.number & OPTIONAL] == ["tags", "notes", "note vectors"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(("protocol", "module"), [(PacketCodec, "packet"), (IntegersModule, "integers")])
def test_modules_of_a_kind_have_the_functions_that_the_codec_calls(kind, protocol, module):
    for name, wanted in inspect.getmembers(protocol, inspect.isfunction):
        if not name.startswith("_"):
            found = inspect.signature(getattr(kind.module(module), name))
            asked = [param for param in inspect.signature(wanted).parameters if param != "self"]
            has, further = list(found.parameters)[: len(asked)], list(found.parameters.values())[len(asked) :]
            assert has == asked
            assert all(param.default is not param.empty for param in further)


def split():
    data, at, found = dumps(SCENE), PREAMBLE_SIZE, []
    while at < len(data):
        found.append(read_frame(data, at, len(found)))
        at += found[-1].size
    return data[:PREAMBLE_SIZE], found


@pytest.mark.parametrize(
    "packet", [packet for packet in packets() if packet.stage is not Stage.EVENTS and not packet.is_optional]
)
def test_a_packet_that_stands_elsewhere_is_refused_by_its_rule(packet):
    start, found = split()
    first_event = next(i for i, one in enumerate(found) if one.type.stage is Stage.EVENTS)
    own = next((one.payload for one in found if one.type is packet), b"\0")
    wrong = 0 if packet.stage in (Stage.INDEX, Stage.END) else first_event + 1
    parts = [frame(one.kind, one.payload) for one in found]
    parts.insert(wrong, frame(packet.number, own))
    with pytest.raises(FormatError, match=rf"packet {wrong} .*must be the first|{packet.rule}"):
        loads(start + b"".join(parts))
