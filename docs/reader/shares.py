"""A packet of shares in plain Python: which part of an atom each event of a packet of gabor events is."""

from __future__ import annotations

from range_coder import Decoder, unzigzag

UNITS = 64
WHOLE = (UNITS, 0)
# Slots that know nothing, 64 for a number.
EVEN = [1 << 31] * 64


def read_shares(data: bytes, n_events: int, n_real: int) -> list[tuple[int, int]]:
    """Real and imaginary parts in 1/64, from the coded bytes, of which the real parts take the first `n_real`."""
    coder = Decoder(data[:n_real], EVEN, [])
    real = [UNITS - unzigzag(coder.number(0, 0)) for _ in range(n_events)]
    coder = Decoder(data[n_real:], EVEN * 2, [])
    shares = [(a, unzigzag(coder.number(0 if a == UNITS else 64, 0))) for a in real]
    assert all(0 < max(abs(a), abs(b)) <= 256 * UNITS for a, b in shares), "out of range"
    assert shares != [WHOLE] * n_events, "all are whole"
    return shares


def read_chirps(data: bytes, n_events: int) -> list[int]:
    """The steps of chirps, from the coded bytes."""
    coder = Decoder(data, EVEN, [])
    steps = [unzigzag(coder.number(0, 0)) for _ in range(n_events)]
    assert all(abs(k) <= 1 << 14 for k in steps), "out of range"
    assert any(steps), "none rises"
    return steps
