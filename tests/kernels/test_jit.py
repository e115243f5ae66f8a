"""The cache of kernels is named by all files that have some: one is compiled anew when another it calls changes."""

import gc
from pathlib import Path

import numba
import pytest
from numba.core import caching

import motes
from motes.kernels import _jit
from motes.kernels._jit import kernel_sources


def test_all_kernels_name_their_cache():
    package = Path(motes.__file__).parent
    compiled = {path for path in package.rglob("*.py") if "@jit" in (text := path.read_text()) or "@inner" in text}
    assert compiled
    assert compiled <= set(kernel_sources())


def test_a_cache_that_is_full_or_damaged_is_done_without(tmp_path, monkeypatch):
    def twice(x):
        return 2 * x

    monkeypatch.setattr(_jit, "_CACHE", str(tmp_path))
    full = OSError(28, "No space left on device")

    def refuse(*_):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(caching.IndexDataCacheFile, "_save_data", refuse)
        assert _jit.jit(twice)(3) == 6
    assert _jit.jit(twice)(3) == 6
    (index,), (data,) = tmp_path.rglob("*.nbi"), tmp_path.rglob("*.nbc")
    for file in (data, index):
        whole = file.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2]):
            file.write_bytes(damaged)
            assert _jit.jit(twice)(3) == 6
            assert _jit.jit(twice)(4) == 8


def test_inner_kernels_are_code_within_their_callers_only(tmp_path, monkeypatch):
    monkeypatch.setattr(_jit, "_CACHE", str(tmp_path))

    def twice(x):
        return 2 * x

    inner = _jit.leaf(twice)

    def four_times(x):
        return inner(inner(x))

    outer = _jit.jit(four_times)
    assert outer(3) == 12
    assert outer(1.5) == 6.0
    assert gc.isenabled()
    assert list(tmp_path.rglob("*four_times*.nbi"))
    assert not list(tmp_path.rglob("*twice*"))
    with pytest.raises(numba.errors.TypingError):
        outer(None)
    assert gc.isenabled()
