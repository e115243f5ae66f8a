"""Signed numbers have one zigzag, whether it is computed of a number, of an array or in a kernel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from motes.coding.integers import EVEN, code_signed, decode_numbers, encode_numbers, padded, unzigzags, zigzags
from motes.coding.range_coder import N_STATE, finish, start
from motes.coding.varints import Reader, unzigzag, varints, zigzag
from motes.kernels._jit import jit

numbers = st.lists(st.integers(-(1 << 60), 1 << 60), max_size=30)


@jit
def code_all(decoding, buffer, slots, values):
    """Signed values through the kernel, to `buffer` or back."""
    rc = np.zeros(N_STATE, np.int64)
    start(rc, buffer, decoding)
    for i in range(len(values)):
        values[i] = code_signed(rc, buffer, slots, np.int64(0), values[i])
    return np.int64(0) if decoding else finish(rc, buffer)


@given(numbers)
def test_numbers_and_arrays_agree(values):
    folded = zigzags(np.array(values, np.int64))
    assert folded.tolist() == [zigzag(value) for value in values]
    assert unzigzags(folded).tolist() == values == [unzigzag(value) for value in folded.tolist()]
    reader = Reader(varints(*folded.tolist()), "numbers")
    assert [reader.zigzag(1 << 62) for _ in values] == values
    reader.finish()


@given(numbers)
def test_kernels_agree(values):
    held, buffer = np.array(values, np.int64), np.zeros(64 + 20 * len(values), np.uint8)
    n = code_all(0, buffer, np.full(64, EVEN), held.copy())
    data, columns = buffer[:n].tobytes(), np.zeros(len(values), np.int64)
    assert data == encode_numbers(zigzags(held), columns)
    assert unzigzags(decode_numbers(data, columns)).tolist() == values
    back = np.zeros_like(held)
    code_all(1, padded(data), np.full(64, EVEN), back)
    assert back.tolist() == values
