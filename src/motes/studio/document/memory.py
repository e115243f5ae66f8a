"""Memory that is no longer needed, given back: scenes have caches that refer to them, and the allocator of glibc keeps
what threads have freed, an arena for each of them.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

# Of mallopt(3). Arrays of this size and more are given back as soon as they are freed; left alone, glibc raises the
# size up to 32 MiB as such are freed, and the columns of large scenes leave holes.
_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
_OWN_BYTES = 1 << 20


def share_one_arena() -> None:
    """Let all threads allocate from one arena, so that what one has freed another can use; and let the collector pass
    over what is there for as long as the process lives. To be called once, before threads are started.
    """
    if (library := _glibc()) is not None:
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_MMAP_THRESHOLD, _OWN_BYTES)
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Free what only refers to itself, and give freed memory back to the system."""
    gc.collect()
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def held_bytes(held: Iterable[Any]) -> int:
    """What the arrays take that these objects lead to, with what has been derived from them; each counts once."""
    seen, waiting, n_bytes = set[int](), list(held), 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or one is None or isinstance(one, str | int | float | bytes | type | ModuleType):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            if isinstance(one.base, np.ndarray):
                waiting.append(one.base)
            elif any(one.strides) or one.size == 1:
                n_bytes += one.nbytes
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif type(one).__module__.startswith("motes."):
            slots = (name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ()))
            waiting += [*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in slots)]
    return n_bytes


def _glibc() -> Any:
    """The C library, where it is one that can be told."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
