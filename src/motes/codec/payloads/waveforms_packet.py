"""One packet of waveforms: those of a dictionary that the events of a file play ◀▶ payload. Needs numba."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints
from motes.errors import FormatError
from motes.events.event_table import Ints
from motes.events.limits import MAX_SAMPLE_RATE_HZ
from motes.events.model import MAX_MODELS, MAX_SAMPLE, MAX_WAVEFORM_SAMPLES, MAX_WAVEFORMS, Model

# At most, so that memory stays in proportion to the file.
SAMPLES_PER_BYTE = 64
# A waveform is coded as its samples, or as their first or second differences, by slots of its part: so many.
ORDERS, PARTS = 3, 16


class Held(NamedTuple):
    """Waveforms of a dictionary whose name is not yet known: as the columns of `Model`."""

    sample_rate_hz: int
    numbers: Ints
    waveforms: NDArray[np.int16]

    def of(self, model: Model) -> Model:
        """The dictionary with them; ParameterError where they make no sense."""
        return replace(model, **self._asdict())


def pack_waveforms(model: Model, number: int) -> bytes:
    """The payload of the waveforms that a scene's model with this number holds."""
    assert model.waveforms is not None
    whole = model.waveforms.astype(np.int64)
    n, length = whole.shape
    orders = np.array([min(range(ORDERS), key=lambda k: (np.abs(_differences(one, k)).sum(), k)) for one in whole])
    values = np.concatenate([zigzags(_differences(one, int(k))) for one, k in zip(whole, orders, strict=True)])
    payload = varints(number, model.sample_rate_hz, length, n, *np.diff(model.held, prepend=-1) - 1, *orders)
    payload += encode_numbers(values, _places(orders, length))
    return payload + bytes(max(0, -(-n * length // SAMPLES_PER_BYTE) - len(payload)))


def unpack_waveforms(reader: Reader) -> tuple[int, Held]:
    """The inverse: the model's number, and its waveforms; FormatError, which names the packet, where a number is out
    of its range.
    """
    number, rate = reader.varint(MAX_MODELS - 1), reader.varint(MAX_SAMPLE_RATE_HZ)
    length, n = reader.varint(MAX_WAVEFORM_SAMPLES), reader.varint(MAX_WAVEFORMS)
    if not 0 < n * length <= SAMPLES_PER_BYTE * len(reader):
        raise FormatError(f"{reader.name}: {n} waveforms of {length} samples in {len(reader)} bytes cannot be")
    numbers = np.cumsum([reader.varint(MAX_WAVEFORMS) + 1 for _ in range(n)]) - 1
    orders = np.array([reader.varint(ORDERS - 1) for _ in range(n)])
    values = unzigzags(decode_numbers(reader.rest(), _places(orders, length)).reshape(n, length))
    if np.abs(values).max() > MAX_SAMPLE << ORDERS:
        raise FormatError(f"{reader.name}: a sample is out of range")
    for row, order in zip(values, orders, strict=True):
        for _ in range(order):
            row[:] = np.cumsum(row)
    if np.abs(values).max() > MAX_SAMPLE:
        raise FormatError(f"{reader.name}: a sample is out of range")
    return number, Held(rate, numbers, values.astype(np.int16))


def _differences(values: Ints, order: int) -> Ints:
    for _ in range(order):
        values = np.diff(values, prepend=0)
    return values


def _places(orders: Ints, length: int) -> Ints:
    """By which slots each sample is coded: a set for each order and each of 16 parts of a waveform."""
    part = np.arange(length, dtype=np.int64) * PARTS // length
    return np.concatenate([order * PARTS + part for order in orders.astype(np.int64)])
