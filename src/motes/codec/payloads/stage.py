"""The parts of a file, in order, and how often a packet may stand in one."""

from __future__ import annotations

from enum import Enum, IntEnum


class Stage(IntEnum):
    """The parts of a file, in order."""

    HEADER = 0
    GROUPS = 1
    INSTRUMENTS = 2
    ROOMS = 3
    MODELS = 4
    WAVEFORMS = 5
    ATTACKS = 6
    TAGS = 7
    NOTES = 8
    NOTE_VECTORS = 9
    FRONT = 10
    POWERS = 11
    EVENTS = 12
    INDEX = 13
    END = 14


class Often(Enum):
    """How many packets of a type a file holds."""

    ONCE = "once"
    AT_MOST_ONCE = "at most once"
    MANY = "any number"
