"""Until when notes are not made longer, in files."""

from __future__ import annotations

import pytest

from motes.codec.payloads.attacks_packet import pack_attacks, unpack_attacks
from motes.coding.varints import Reader, varints
from motes.errors import FormatError


def test_what_is_packed_is_read():
    found = {0: 360, 3: 1, 4: 10_000}
    assert unpack_attacks(Reader(pack_attacks(found), "attacks")) == found


@pytest.mark.parametrize(
    "numbers", [(), (0,), (1, 0), (1, 0, 0), (2, 0, 5, 0, 5), (1, 1 << 21, 5), (1, 0, 1 << 40), (1, 0, 5, 7)]
)
def test_nonsense_is_refused(numbers):
    with pytest.raises(FormatError):
        unpack_attacks(Reader(varints(*numbers), "attacks"))
