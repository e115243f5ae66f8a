"""The one place that decorates with numba, so that every kernel compiles, caches and releases the lock alike."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import event

Function = TypeVar("Function", bound=Callable[..., Any])


def cache_folder() -> Path:
    """The user's folder for things that can be made again: `MOTES_CACHE`, or what the platform calls it."""
    if chosen := os.environ.get("MOTES_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "motes" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/motes"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "motes"


def _sources_digest() -> str:
    """Name of the kernels' sources: numba does not compile a cached kernel anew when one that it calls, in another
    file, has changed.
    """
    digest = hashlib.sha256()
    for source in kernel_sources():
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def kernel_sources() -> list[Path]:
    """Files that may hold kernels, in order."""
    package = Path(__file__).parents[1]
    return sorted(source for folder in ("kernels", "coding", "kinds") for source in package.glob(f"{folder}/**/*.py"))


def _writable_cache() -> str | None:
    """Where compiled kernels are kept, or None where nothing can be kept (numba would crash at import there)."""
    try:
        folder = cache_folder() / "kernels" / _sources_digest()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return None


_CACHE = _writable_cache()


def jit(function: Function) -> Function:
    """Compile at first call: no Python inside, lock released, kept in the user's cache.

    Sums may be reassociated and multiply-adds contracted (so that loops use vector units); NaN and infinity keep their
    meaning nowhere: kernels get finite numbers only.
    """
    return _compiled(function)


def inner(function: Function) -> Function:
    """Compile as `jit` does, for kernels only to call: a third less work without the ways in from Python and C."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def jit_in_order(function: Function) -> Function:
    """As `jit`, but sums are taken in the order in which they are written and nothing is contracted: the bits are
    those of any processor.
    """
    return _compiled(function, fastmath=False)


def _compiled(function: Function, fastmath: bool = True, **options: bool) -> Function:
    before = numba.config.CACHE_DIR
    if _CACHE is not None:
        numba.config.CACHE_DIR = _CACHE
    try:
        compiled = numba.njit(nogil=True, cache=_CACHE is not None, error_model="numpy", fastmath=fastmath, **options)
        kernel = compiled(function)
        return kernel if _CACHE is None else _surviving_its_cache(kernel)
    finally:
        numba.config.CACHE_DIR = before


def _surviving_its_cache(kernel: Any) -> Any:
    """The kernel, which does without its cache where that cannot be read or written: the disk is full or damaged."""
    cache = kernel._cache
    load, save = cache.load_overload, cache.save_overload

    def load_overload(*args: Any) -> Any:
        with contextlib.suppress(Exception):  # whatever half a pickle may raise
            return load(*args)
        return None

    def save_overload(*args: Any) -> None:
        with contextlib.suppress(Exception):
            save(*args)

    cache.load_overload, cache.save_overload = load_overload, save_overload
    return kernel


class _Once(event.Listener):
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def on_start(self, event: Any) -> None:
        if self.callback is not None:
            callback, self.callback = self.callback, None
            callback()

    def on_end(self, event: Any) -> None:
        pass


def on_first_compilation(callback: Callable[[], None]) -> None:
    """Call `callback` once if a kernel has to be compiled (and not merely loaded from the cache)."""
    event.register("numba:compile", _Once(callback))
