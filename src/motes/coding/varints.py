"""Whole numbers as bytes that need no compiler: varints, and signed numbers as ones that are not negative."""

from __future__ import annotations

from motes.errors import FormatError


def varint(value: int) -> bytes:
    """A whole number in groups of seven bits, lowest first, each but the last with bit 7 set."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def varints(*values: int) -> bytes:
    """Several whole numbers, one after another."""
    return b"".join(map(varint, values))


def zigzag(value: int) -> int:
    """A signed number as one that is not negative: 0, −1, 1, −2 … become 0, 1, 2, 3 …"""
    return 2 * value if value >= 0 else -2 * value - 1


def unzigzag(value: int) -> int:
    """The inverse of `zigzag`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


class Reader:
    """Takes numbers and bytes from a payload; FormatError (which names the payload) where it ends too soon or is
    not in the shortest form.
    """

    def __init__(self, data: bytes | memoryview, name: str) -> None:
        self.data, self.name, self.position = data, name, 0

    def __len__(self) -> int:
        """The bytes of the whole payload, taken or not."""
        return len(self.data)

    def varint(self, limit: int) -> int:
        """A number from 0 to `limit`."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 63:
                raise FormatError(f"{self.name}: a number does not end")
        if byte == 0 and shift > 7:
            raise FormatError(f"{self.name}: a number is not in its shortest form")
        if value > limit:
            raise FormatError(f"{self.name}: {value} is past the limit of {limit}")
        return value

    def zigzag(self, limit: int) -> int:
        """A signed number whose zigzag is at most `limit`."""
        return unzigzag(self.varint(limit))

    def take(self, n: int) -> bytes:
        """The next `n` bytes."""
        if n > len(self.data) - self.position:
            raise FormatError(f"{self.name}: cut short")
        self.position += n
        return bytes(self.data[self.position - n : self.position])

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self.data) - self.position)

    def finish(self) -> None:
        """FormatError if anything is left."""
        if self.position != len(self.data):
            raise FormatError(f"{self.name}: {len(self.data) - self.position} bytes too many")
