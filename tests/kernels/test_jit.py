"""The cache of kernels is named by all files that have some: one is compiled anew when another it calls changes."""

from pathlib import Path

from numba.core.caching import IndexDataCacheFile

import motes
from motes.kernels import _jit
from motes.kernels._jit import kernel_sources


def test_all_kernels_name_their_cache():
    package = Path(motes.__file__).parent
    compiled = {path for path in package.rglob("*.py") if "@jit" in (text := path.read_text()) or "@inner" in text}
    assert compiled
    assert compiled <= set(kernel_sources())


def test_a_damaged_cache_is_done_without(monkeypatch):
    """A full disk was blamed on the file that was being read, and half a pickle on motes."""

    def broken(*_):
        raise OSError(28, "No space left on device")

    def half(*_):
        raise EOFError("Ran out of input")

    monkeypatch.setattr(IndexDataCacheFile, "save", broken)
    monkeypatch.setattr(IndexDataCacheFile, "load", half)
    twice = _jit.jit(lambda x: 2 * x)
    assert twice(3) == 6
