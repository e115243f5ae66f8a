"""The index at the front of a file in two layers: which packets of events come, and the bytes of the whole file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from motes import kinds
from motes.codec.index import Entry, Index
from motes.coding.varints import Reader, varint
from motes.events.packet import REACH_UNIT, packet_samples

_MOST_BYTES = 1 << 56
# Fades reach as far as this before a packet's first sample.
FADE_UNITS = 2


@dataclass(frozen=True)
class Front:
    """All packets of events, those of the sparse layer first, and the bytes of the whole file."""

    n_bytes: int
    index: Index

    @property
    def n_sparse(self) -> int:
        """How many packets the sparse layer has."""
        return sum(not is_upper(entry) for entry in self.index.entries)

    def pack(self) -> bytes:
        """As a payload."""
        return varint(self.n_bytes) + self.index.pack()

    @classmethod
    def unpack(cls, reader: Reader) -> Front:
        """From its payload."""
        return cls(reader.varint(_MOST_BYTES), in_layers(Index.unpack(reader)))

    def first(self, n_packets: int) -> Index:
        """The index of the first packets of events alone."""
        return replace(self.index, entries=self.index.entries[:n_packets])

    def missing_from(self, n_packets: int, sample_rate_hz: int) -> int | None:
        """From which sample on detail is missing where only so many packets are there; None where none is."""
        length = packet_samples(sample_rate_hz)
        starts = [
            min(entry.number * length, entry.span(sample_rate_hz)[0] + FADE_UNITS * REACH_UNIT)
            for entry in self.index.entries[n_packets:]
        ]
        return max(0, min(starts)) if starts else None


@dataclass(frozen=True)
class Prefix:
    """What is there of a file in two layers that ends within the upper one."""

    n_bytes: int
    whole_bytes: int
    # Where detail ends; None where all of it is there.
    until_s: float | None

    def __str__(self) -> str:
        if self.until_s is None:
            detail = "all detail"
        else:
            detail = f"detail up to {self.until_s:.2f} s" if self.until_s > 0 else "no detail"
        return f"the sparse layer and {detail}: {self.n_bytes} of {self.whole_bytes} bytes"


def in_layers(index: Index) -> Index:
    """An index in the order in which packets stand in a file in two layers."""
    return replace(index, entries=tuple(sorted(index.entries, key=is_upper)))


def is_upper(entry: Entry) -> bool:
    """Whether a packet is above the sparse layer."""
    return any(kind.is_upper and kind.letter[0] == entry.kind for kind in kinds.KINDS)
