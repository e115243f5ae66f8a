"""The range coder of a .mote file in plain Python, for reading and as the oracle of the compiled one: numbers of
any size, one class that encodes and one that decodes. docs/format.md has it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

# fmt: off
KNOTS = (
    3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793,
    47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514, 65523,
    65528, 65531, 65533,
)
# fmt: on


def _squash(x: int) -> int:
    k, r = divmod(x + 2560, 128)
    above = KNOTS[min(k + 1, len(KNOTS) - 1)]
    return min(max((KNOTS[k] * (128 - r) + above * r + 64) >> 7, 3), 65533)


# Probabilities in 1/65536 by their logit in 1/256, and the logits of probabilities in 1/4096.
SQUASH = {x: _squash(x) for x in range(-2560, 2561)}


def _stretches() -> list[int]:
    found, x = [], -2560
    for i in range(4096):
        while SQUASH[x] < 16 * i + 8 and x < 2560:
            x += 1
        found.append(min(max(x, -2047), 2047))
    return found


STRETCH = _stretches()


def zigzag(value: int) -> int:
    """A signed number as one that is not negative."""
    return 2 * value if value >= 0 else -2 * value - 1


def unzigzag(value: int) -> int:
    """The inverse of `zigzag`."""
    return value // 2 if value % 2 == 0 else -(value // 2) - 1


def tables(name: str, n_slots: int, n_mixers: int) -> tuple[list[int], list[int]]:
    """Slots and weights from which the packets of a kind start: `src/motes/kinds/NAME/tables.bin`."""
    data = (Path(__file__).parents[2] / "src/motes/kinds" / name / "tables.bin").read_bytes()
    assert len(data) == 3 * n_slots + 24 * n_mixers
    numbers = [int.from_bytes(data[2 * i : 2 * i + 2], "little") for i in range(n_slots)]
    slots = [probability << 16 | count for probability, count in zip(numbers, data[2 * n_slots :], strict=False)]
    first = 3 * n_slots
    weights = [data[first + 4 * i : first + 4 * i + 4] for i in range(6 * n_mixers)]
    return slots, [int.from_bytes(weight, "little", signed=True) for weight in weights]


class Predictions:
    """What slots and mixers have learnt, in either direction."""

    def __init__(self, slots: Sequence[int], weights: Sequence[int]) -> None:
        self.slots, self.weights = [int(s) for s in slots], [int(w) for w in weights]

    def mixed(self, where: list[int], mixer: int) -> tuple[int, list[int]]:
        """Probability of a 1 in 1/65536, and the stretched predictions it is mixed from."""
        inputs = [STRETCH[self.slots[at] >> 20] for at in where]
        weights = self.weights[6 * mixer : 6 * mixer + 6]
        total = sum(w * t for w, t in zip(weights, inputs, strict=True)) >> 16
        return SQUASH[min(max(total, -2560), 2560)], inputs

    def learn(self, where: list[int], bit: int) -> None:
        """Move the slots towards a bit (each once: no slot stands twice in `where`)."""
        for at in where:
            count, p = self.slots[at] & 1023, self.slots[at] >> 10
            p += ((bit * (2**22 - 1) - p) * (131072 // (2 * count + 3))) >> 16
            self.slots[at] = p << 10 | min(count + 1, 255)

    def learn_mix(self, mixer: int, inputs: list[int], p: int, bit: int) -> None:
        """Move the weights of a mixer against the error it made."""
        error = ((bit << 16) - p) * 14
        for i, t in enumerate(inputs):
            self.weights[6 * mixer + i] += (t * error + (1 << 19)) >> 20


class Coder(Predictions):
    """What both directions share: each method is handed the value to encode (decoders ignore it) and returns the
    value coded.
    """

    def interval(
        self, low_of: Callable[[int], int], size_of: Callable[[int], int], value: int, find: Callable[[int], int]
    ) -> int:
        raise NotImplementedError

    def decide(self, p: int, bit: int) -> int:
        """A bit that is 1 with probability p/65536: the lower part of the range."""
        bound = (self.range >> 16) * p
        above = self.range - bound
        return self.interval(
            lambda b: 0 if b else bound, lambda b: bound if b else above, bit, lambda code: int(code < bound)
        )

    def uniform(self, n: int, value: int) -> int:
        """One of `n` equally likely values."""
        step = self.range // n
        return self.interval(lambda v: v * step, lambda v: step, value, lambda code: min(code // step, n - 1))

    def bit(self, where: list[int], mixer: int, bit: int) -> int:
        """A bit predicted by six slots through a mixer."""
        p, inputs = self.mixed(where, mixer)
        bit = self.decide(p, bit)
        self.learn_mix(mixer, inputs, p, bit)
        self.learn(where, bit)
        return bit

    def adaptive(self, at: int, bit: int) -> int:
        """A bit predicted by one slot."""
        bit = self.decide(min(max(self.slots[at] >> 16, 32), 65504), bit)
        self.learn([at], bit)
        return bit

    def number(self, base: int, value: int) -> int:
        """Elias gamma of value + 1, its length in adaptive unary."""
        length = 0
        while length < 62 and self.adaptive(base + length, int((value + 1) >> (length + 1) > 0)):
            length += 1
        number = 1
        for k in range(length - 1, -1, -1):
            number = number << 1 | self.uniform(2, (value + 1) >> k & 1)
        return number - 1

    def signed(self, base: int, value: int) -> int:
        """A number of either sign, as zigzag."""
        return unzigzag(self.number(base, zigzag(value)))

    range: int = 1 << 40
    decoding: bool = False


class Encoder(Coder):
    """Writes: the code is one long binary fraction, kept exactly."""

    def __init__(self, slots: Sequence[int], weights: Sequence[int]) -> None:
        super().__init__(slots, weights)
        self.low, self.n_bytes = 0, 5  # low is the whole fraction so far, of 8·n_bytes bits

    def interval(
        self, low_of: Callable[[int], int], size_of: Callable[[int], int], value: int, find: Callable[[int], int]
    ) -> int:
        self.low += low_of(value)
        self.range = size_of(value)
        while self.range < 1 << 32:
            self.low, self.range, self.n_bytes = self.low << 8, self.range << 8, self.n_bytes + 1
        return value

    def finish(self) -> bytes:
        """The number in the last range that ends in most zeros, without these."""
        for bits in range(40, -1, -8):
            value = -(-self.low >> bits) << bits
            if value < self.low + self.range:
                return value.to_bytes(self.n_bytes, "big").rstrip(b"\0")
        raise AssertionError("some number lies in the range")


class Decoder(Coder):
    """Reads: `code` is how far the payload lies above the low end of the range."""

    def __init__(self, data: bytes, slots: Sequence[int], weights: Sequence[int]) -> None:
        super().__init__(slots, weights)
        self.data, self.position, self.code, self.decoding = data, 0, 0, True
        for _ in range(5):
            self._next()

    def _next(self) -> None:
        self.code = self.code << 8 | (self.data[self.position] if self.position < len(self.data) else 0)
        self.position += 1

    def interval(
        self, low_of: Callable[[int], int], size_of: Callable[[int], int], value: int, find: Callable[[int], int]
    ) -> int:
        value = find(self.code)
        self.code -= low_of(value)
        self.range = size_of(value)
        while self.range < 1 << 32:
            self.range <<= 8
            self._next()
        return value
