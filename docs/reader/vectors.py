"""A packet of vectors in plain Python, for reading and as the oracle of the compiled coder."""

from __future__ import annotations

from collections.abc import Sequence

from range_coder import Coder, Decoder, Encoder, unzigzag

TIMBRES = tuple(f"timbre_{k}" for k in range(1, 10))
WIDE = (248, 244, 236, 221, 182, 108, 31, 16)
# Mean (None: values are coded as they are), odds in 256 of more bits, and whether 0 has a bit of its own.
COLUMNS: dict[str, tuple[int | None, tuple[int, ...], bool]] = {
    "time_s": (None, (248, 237, 223, 224, 232, 213, 176, 122, 58, 16), False),
    "pitch_semitones": (2147, (*[248] * 6, 244, 231, 204, 143, 51), False),
    "loudness_db": (-30, (231, 205, 155, 88, 56, 18), False),
    "log2_length_s": (-13, (243, 225, 196, 150, 91, 27), False),
    "log2_t60_s": (7, (239, 218, 176, 101, 38), False),
    "log2_attack_s": (-51, (244, 227, 197, 136, 78, 20), False),
    "brightness_octaves": (30, (246, 235, 214, 174, 106, 51), False),
    "noise": (4, (239, 143, 133, 179, 95), True),
    **dict.fromkeys(TIMBRES, (0, (224, 184, 111, 39, 8), False)),
    "gain_db": (0, WIDE, True),
    "model": (None, (128, 64), True),
    "low_hz": (None, (*[248] * 6, 240, 224, 192, 128, 64), True),
    "high_hz": (None, (*[248] * 9, 240, 224, 192, 128, 64), True),
    "backward": (None, (16,), True),
    "group_id": (None, (240, 192, 128, 64), True),
}
# Half predicted by the event before that is nearest in pitch.
ALIKE = ["loudness_db", "log2_length_s", "log2_t60_s", "log2_attack_s", "brightness_octaves", "noise", *TIMBRES]
OPTIONAL = [name for name, (_, _, optional) in COLUMNS.items() if optional]


def first_slots(odds: Sequence[int]) -> list[int]:
    """The 66 slots that a column begins with."""
    return [p << 24 | 16 for p in (*odds, *[odds[-1]] * (64 - len(odds)), 192, 64)]


class Columns:
    """Both directions: `column` is handed the values to encode (a decoder ignores them) and returns those coded."""

    def __init__(self, data: bytes | None) -> None:
        self.coder: Coder = Encoder([], []) if data is None else Decoder(data, [], [])
        self.pitches: list[int] = []

    def column(self, name: str, values: Sequence[int]) -> list[int]:
        """The values of one of COLUMNS."""
        mean, odds, optional = COLUMNS[name]
        self.coder.slots = first_slots(odds)
        centre, count, before, made = (mean or 0) << 8, 8, 1, []
        for i, value in enumerate(values):
            if optional:
                before = self.coder.adaptive(65 - before, int(value == 0))
                if before:
                    made.append(0)
                    continue
            if mean is None:
                made.append(self.coder.number(0, value))
                continue
            predicted = centre
            if name in ALIKE and i > 0:
                near = min(max(made[self._nearest(i)], -(1 << 30)), 1 << 30)
                predicted = (centre + (near << 8)) >> 1
            predicted = (predicted + 128) >> 8
            value = predicted + self.coder.signed(0, value - predicted)
            made.append(value)
            cut = min(max(value, -(1 << 30)), 1 << 30)
            centre += ((cut << 8) - centre) * (131072 // (2 * count + 3)) >> 16
            count = min(count + 1, 60)
        if name == "pitch_semitones":
            self.pitches = made
        return made

    def _nearest(self, i: int) -> int:
        """Which of the eight events before the ith is nearest in pitch, the last of several."""
        return min(range(i - 1, max(0, i - 8) - 1, -1), key=lambda j: abs(self.pitches[j] - self.pitches[i]))


def read_vectors(data: bytes, n_events: int, mask: int, n_channels: int, begins: int) -> dict[str, list[list[int]]]:
    """The columns behind the varints of a packet as whole numbers, each a list for each channel; times are multiples of
    their step, of which `begins` come before the packet.
    """
    columns, found, nothing = Columns(data), {}, [0] * n_events
    for name in COLUMNS:
        if name in OPTIONAL and not mask >> OPTIONAL.index(name) & 1:
            found[name] = [nothing] * (n_channels if name == "gain_db" else 1)
            continue
        found[name] = [columns.column(name, nothing)]
        if name == "time_s":
            found[name] = [_added_up(found[name][0], begins)]
        elif name == "gain_db":
            for _ in range(1, n_channels):
                more = columns.column(name, nothing)
                found[name].append([a + b for a, b in zip(found[name][0], more, strict=True)])
    return found


def read_note_vectors(data: bytes, cents: Sequence[int]) -> dict[str, list[int]]:
    """What of the vectors of notes of these pitches is stored, by column."""
    columns = Columns(data)
    columns.pitches = list(cents)
    names = [name for name in COLUMNS if name in ALIKE and name not in ("loudness_db", "log2_length_s")]
    return {name: columns.column(name, [0] * len(cents)) for name in names}


def _added_up(steps: list[int], begins: int) -> list[int]:
    """Times from how far each is from the one before."""
    times = [begins + unzigzag(steps[0])]
    for step in steps[1:]:
        times.append(times[-1] + step)
    return times
