"""The events of a packet of gabor events in plain Python, for reading and as the oracle of the compiled model:
dictionaries instead of grids. docs/format.md has it in words ("Order of the model", "Contexts").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from range_coder import Coder, Decoder, Encoder

N_SLOTS, N_MIXERS = 11383, 68
BLOCK = 16
MAX_CLASS = 95
N_UNARY = 24
# Where each set of contexts begins among the slots: is there an atom in these 16 bins, in this bin, strength of the
# first channel, of a further channel.
T_BLOCK = (0, 360, 630, 1270, 1334, 1494)
T_BIN = (2134, 2294, 2934, 3414, 3542, 3670)
T_STRENGTH = (4694, 6614, 6998, 7382, 7766, 8150)
T_OTHER = (8534, 8918, 9302, 9686, 10070, 10454)
EXTRA, CHANNEL, SAME_PHASE, SAME_STRENGTH = 10838, 11030, 11158, 11174
FREE_TIME, FREE_FREQUENCY, FREE_WINDOW, SAME_WINDOW = 11190, 11254, 11318, 11382
# The first mixer of each.
MIX_BLOCK, MIX_BIN, MIX_STRENGTH, MIX_OTHER = 0, 10, 20, 44
WINDOWS = [32768 >> k for k in range(10)]


@dataclass
class Atom:
    """An event as integers: place on the grid or values in full, and per channel (amplitude index or None, phase
    index).
    """

    place: tuple[int, int, int]
    sound: list[tuple[int | None, int]]
    strength: int = 0


@dataclass
class Packet:
    """What the model needs to know before the first event."""

    base: int
    slope: int
    n_phases: int
    samples: int
    n_channels: int
    windows: list[int]
    mean: int = 4 << 8
    atoms: list[Atom] = field(default_factory=list)


def class_of(value: int) -> int:
    """0 1 2 3, then two classes per doubling."""
    k = value.bit_length() - 1
    return value if value < 4 else 2 * k + (value >> (k - 1) & 1)


def code_strength(coder: Coder, steps: list[int], tables: tuple[int, ...], mixer: int, value: int) -> int:
    """A whole number: class in unary, then what the class leaves open."""
    wanted, strength = class_of(value), 0
    while strength < MAX_CLASS:
        j = min(strength, N_UNARY - 1)
        if not coder.bit(
            [t + s * N_UNARY + j for t, s in zip(tables, steps, strict=True)], mixer + j, int(wanted > strength)
        ):
            break
        strength += 1
    if strength < 4:
        return strength
    number = 2 + (strength & 1)
    left = (strength >> 1) - 1
    for i in range(left - 1, -1, -1):
        bit = value >> i & 1
        if i == left - 1:
            bit = coder.adaptive(EXTRA + strength, bit)
        elif i == left - 2:
            bit = coder.adaptive(EXTRA + 96 + strength, bit)
        else:
            bit = coder.uniform(2, bit)
        number = number << 1 | bit
    return number


def code_sound(coder: Coder, packet: Packet, steps: list[int], atom: Atom) -> int:
    """All channels of an event; the class of its loudest."""
    coded: list[tuple[int | None, int]] = []
    loudest, strength, value_before, before = -1, -1, -1, (0, 1)
    for channel in range(packet.n_channels):
        index, phase = atom.sound[channel] if atom.sound else (0, 0)
        silent = 0
        if loudest >= 0 or channel < packet.n_channels - 1:
            silent = coder.adaptive(CHANNEL + 2 * min(channel, 63) + (loudest >= 0), int(index is None))
        if silent:
            coded.append((None, 0))
            continue
        value = (index or 0) - packet.base
        if loudest < 0:
            value = code_strength(coder, steps, T_STRENGTH, MIX_STRENGTH, value)
        elif coder.adaptive(SAME_STRENGTH + min(strength, 15), int(value == value_before)):
            value = value_before
        else:
            value = code_strength(coder, [min(strength, 15)] * 6, T_OTHER, MIX_OTHER, value)
        strength, value_before, index = class_of(value), value, packet.base + value
        levels = min(packet.n_phases + (packet.n_phases * packet.slope * min(max(index, 0), 1 << 30) >> 16), 1 << 16)
        if loudest < 0:
            phase = coder.uniform(levels, phase)
        else:
            expected = (before[0] * levels + before[1] // 2) // before[1] % levels
            if coder.adaptive(SAME_PHASE + min(strength, 15), int(phase == expected)):
                phase = expected
            else:
                phase = (expected + 1 + coder.uniform(levels - 1, (phase - expected - 1) % levels)) % levels
        coded.append((index, phase))
        loudest, before = max(loudest, strength), (phase, levels)
    atom.sound = coded
    return loudest


class Grid:
    """One window's atoms, and what is known about each place when its turn comes."""

    def __init__(self, packet: Packet, w: int) -> None:
        self.packet, self.w, self.window, self.size = packet, w, packet.windows[w], 9 - w
        self.n_frames, self.n_bins = packet.samples // (self.window // 4), self.window // 2 + 1
        self.level: dict[tuple[int, int], int] = defaultdict(int)
        self.count: dict[tuple[int, int], int] = defaultdict(int)
        self.near: dict[tuple[int, int], int] = defaultdict(int)
        self.near_block: dict[tuple[int, int], int] = defaultdict(int)
        self.peak: dict[tuple[int, int], int] = defaultdict(int)
        self.slow: dict[int, int] = defaultdict(int)
        self.slow_block: dict[int, int] = defaultdict(int)
        for atom in packet.atoms:
            self.mark(atom)

    def mark(self, atom: Atom) -> None:
        """Spread an atom of a longer window over the cells it overlaps, and half as much over the time around."""
        other, hop = self.packet.windows[atom.place[0]], self.window // 4
        centre, reach = atom.place[1] * (other // 4), max(self.window, other) // 2
        middle, width = (atom.place[2] * self.window + other // 2) // other, max(self.window // other, 1)
        bins = range(max(middle - width, 0), min(middle + width, self.n_bins - 1) + 1)
        for n in range(self.n_frames):
            if abs(n * hop - centre) <= 3 * reach:
                core = abs(n * hop - centre) <= reach
                for m in bins:
                    self.near[n, m] += 1 + core
                    if core:
                        self.peak[n, m] = max(self.peak[n, m], min(atom.strength + 1, 15))
                for b in {m // BLOCK for m in bins}:
                    self.near_block[n, b] += 1 + core

    def next_frame(self) -> None:
        """Memory fades by a sixteenth."""
        for memory in (self.slow, self.slow_block):
            for at in memory:
                memory[at] -= memory[at] >> 4

    def block_contexts(self, n: int, b: int) -> list[int]:
        """Six slots for: does this block hold an atom?"""

        def c(frames: int, blocks: int) -> int:
            return self.count[n - frames, b + blocks]

        past = min(c(1, 0), 2) + 3 * min(c(2, 0), 2) + 9 * min(c(3, 0), 1) + 18 * min(c(4, 0), 1)
        side = min(c(0, -1), 2) + 3 * min(c(0, -2), 2) + 9 * min(c(1, -1) + c(1, 1), 2)
        cells = [(1, 0), (2, 0), (3, 0), (4, 0), (0, -1), (0, -2), (1, -1), (1, 1), (2, -1), (2, 1), (1, -2), (1, 2)]
        around = min(sum(c(*cell) for cell in cells), 15)
        recent = 0 if past == 0 else 1 if c(1, 0) + c(2, 0) == 0 else 2
        others = min(class_of(min(self.near_block[n, b], 255)), 15)
        zone = min(class_of(max(min((b * BLOCK + 8) * 2048 // self.window, 1024), 1)), 31)
        density = min(
            class_of(min((self.slow_block[b] * 2 + self.slow_block[b - 1] + self.slow_block[b + 1]) >> 6, 255)), 15
        )
        rows = (
            self.size * 36 + past,
            self.size * 27 + side,
            self.size * 64 + zone * 2 + (others > 0),
            others * 4 + recent,
            self.size * 16 + around,
            self.size * 64 + density * 4 + others // 4,
        )
        return [t + row for t, row in zip(T_BLOCK, rows, strict=True)]

    def bin_contexts(self, n: int, m: int, found: int, by_slow: int, by_near: int) -> list[int]:
        """Six slots for: does this bin hold an atom?"""

        def there(frames: int, bins: int) -> int:
            return int(self.level[n - frames, m + bins] > 0)

        same = sum(there(k + 1, 0) << k for k in range(4))
        beside = sum(there(*cell) << i for i, cell in enumerate([(1, -1), (1, 1), (2, -1), (2, 1), (0, -1), (0, -2)]))
        rows = (
            self.size * 16 + same,
            self.size * 64 + beside,
            self.size * 48 + m % BLOCK * 3 + min(found, 2),
            by_slow * 4 + min(found, 3),
            by_near * 4 + min(found, 3),
            by_slow * 32 + by_near,
        )
        return [t + row for t, row in zip(T_BIN, rows, strict=True)]

    def strength_contexts(self, n: int, m: int, memory: int) -> list[int]:
        """Six rows of slots for the strength."""
        own = max(self.level[n - k, m] for k in range(1, 5))
        sides = max(self.level[n - k, m + d] for k in (1, 2) for d in (-1, 1))
        zone = min(class_of(max(m * 2048 // self.window, 1)), 31)
        below = max(self.level[n, m - 1], self.level[n, m - 2])
        mean = min((self.packet.mean + 128) >> 8, 15)
        return [
            self.size * 8 + zone // 4,
            max(own, sides),
            below,
            self.peak[n, m],
            mean,
            min(class_of(min(memory >> 8, 255)), 15),
        ]


def share(part: int, whole: int) -> int:
    """0 for all, then four steps per doubling, at most 31."""
    value = max(min(whole * 16 // part, 4095), 16)
    k = value.bit_length()
    return min((k - 5) * 4 + (value >> (k - 3) & 3), 31)


def code_block(coder: Coder, packet: Packet, grid: Grid, n: int, b: int, todo: list[Atom], left: int) -> int:
    """The bins of an active block; returns how many atoms it holds."""
    bins = range(b * BLOCK, min((b + 1) * BLOCK, grid.n_bins))
    rest_slow, rest_near, found = sum(grid.slow[m] + 256 for m in bins), sum(2 * grid.near[n, m] + 1 for m in bins), 0
    for m in bins:
        if found >= left:
            break
        own_slow, own_near, hit = grid.slow[m] + 256, 2 * grid.near[n, m] + 1, 1
        if found or m != bins[-1]:
            where = grid.bin_contexts(n, m, found, share(own_slow, rest_slow), share(own_near, rest_near))
            hit = coder.bit(where, MIX_BIN + grid.size, int(bool(todo) and todo[0].place == (grid.w, n, m)))
        rest_slow, rest_near = rest_slow - own_slow, rest_near - own_near
        if not hit:
            continue
        atom = Atom((grid.w, n, m), []) if coder.decoding else todo.pop(0)
        atom.strength = code_sound(coder, packet, grid.strength_contexts(n, m, own_slow), atom)
        packet.mean += ((atom.strength << 8) - packet.mean) >> 4
        grid.level[n, m] = min(atom.strength + 1, 15)
        for at, gain in ((m - 1, 2048), (m, 4096), (m + 1, 2048)):
            grid.slow[at] += gain
        rest_slow += 2048 if m != bins[-1] else 0
        packet.atoms.append(atom)
        found += 1
    return found


def code_grid(coder: Coder, packet: Packet, n_events: int, todo: list[Atom]) -> None:
    """All events on the grid, to `packet.atoms`; when encoding, from `todo` (sorted by window, frame, bin)."""
    for w, window in enumerate(packet.windows):
        if len(packet.atoms) >= n_events:
            break
        top = max((a.place[2] // BLOCK + 1 for a in todo if a.place[0] == w), default=0)
        if not coder.uniform(2, int(top > 0)):
            continue
        top = 1 + coder.uniform(window // 2 // BLOCK + 1, top - 1)
        grid = Grid(packet, w)
        for n in range(grid.n_frames):
            grid.next_frame()
            for b in range(top):
                if len(packet.atoms) >= n_events:
                    break
                active = bool(todo) and todo[0].place[:2] == (w, n) and todo[0].place[2] // BLOCK == b
                if coder.bit(grid.block_contexts(n, b), MIX_BLOCK + grid.size, int(active)):
                    found = code_block(coder, packet, grid, n, b, todo, n_events - len(packet.atoms))
                    grid.count[n, b] = found
                    grid.slow_block[b] += 512 * found


def code_free(coder: Coder, packet: Packet, atoms: list[Atom]) -> None:
    """The events off the grid; `place` is time, frequency, window."""
    time, window = 0, 1
    for atom in atoms:
        time += coder.signed(FREE_TIME, atom.place[0] - time)
        frequency = coder.number(FREE_FREQUENCY, atom.place[1])
        if not coder.adaptive(SAME_WINDOW, int(atom.place[2] == window)):
            window = coder.number(FREE_WINDOW, atom.place[2])
        atom.place = (time, frequency, window)
        code_sound(coder, packet, [0] * 6, atom)


def encode(packet: Packet, grid: list[Atom], free: list[Atom], slots: Sequence[int], weights: Sequence[int]) -> bytes:
    """The coded part of a packet."""
    coder = Encoder(slots, weights)
    code_grid(coder, packet, len(grid), list(grid))
    code_free(coder, packet, free)
    return coder.finish()


def decode(
    data: bytes, packet: Packet, n_grid: int, n_free: int, slots: Sequence[int], weights: Sequence[int]
) -> tuple[list[Atom], list[Atom]]:
    """Its inverse: the events on the grid and off it."""
    coder = Decoder(data, slots, weights)
    free = [Atom((0, 0, 0), []) for _ in range(n_free)]
    code_grid(coder, packet, n_grid, [])
    code_free(coder, packet, free)
    return packet.atoms, free
