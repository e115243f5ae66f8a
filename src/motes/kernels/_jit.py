"""The one place that decorates with numba, so that every kernel compiles, caches and releases the lock alike."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import cgutils, event
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import intrinsic

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
    """Compile as `jit` does, for kernels only to call: neither ways in from Python and C nor code of its own, only what
    callers take in, optimise and keep.
    """
    return _compiled(function, pipeline_class=_ForCallers, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def leaf(function: Function) -> Function:
    """As `inner`, for kernels that neither make nor return arrays: references to these are not counted, for which the
    processor would lock memory each time.
    """
    return _compiled(function, pipeline_class=_ForCallers, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@intrinsic  # type: ignore[misc]
def borrowed(typingctx, array):  # type: ignore[no-untyped-def]
    """The array, its references not counted: for loops that hand it on, where counting, for which the processor locks
    memory, is most of the work. The caller has to keep it meanwhile.
    """

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        view = context.make_array(signature.return_type)(context, builder, value=args[0])
        view.meminfo, view.parent = (cgutils.get_null_value(owner.type) for owner in (view.meminfo, view.parent))
        return view._getvalue()

    return array(array), generate


def jit_in_order(function: Function) -> Function:
    """As `jit`, but sums are taken in the order in which they are written and nothing is contracted: the bits are
    those of any processor.
    """
    return _compiled(function, fastmath=False)


class _ForgivingCache(FunctionCache):  # type: ignore[misc]
    """A cache that is done without where its disk is full or what it holds is damaged."""

    def load_overload(self, *about: Any) -> Any:
        try:
            return super().load_overload(*about)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, *about: Any) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
            super().save_overload(*about)


class _Inlined(JITCodeLibrary):  # type: ignore[misc]
    """Code that is linked into that of callers and only there optimised and made code for the processor."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Where there is no code, there is no place for its environment."""


class _ForCallers(CompilerBase):  # type: ignore[misc]
    """What numba does by default, into an `_Inlined` library."""

    def define_pipelines(self) -> list[Any]:
        self.state.library = _Inlined(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _WithoutCollections(event.Listener):
    """Puts off looking for garbage while kernels are compiled: a sixth of the time."""

    depth, was_enabled = 0, False

    def on_start(self, event: Any) -> None:
        if self.depth == 0:
            self.was_enabled = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if self.depth == 0 and self.was_enabled:
            gc.enable()


event.register("numba:compile", _WithoutCollections())


def _compiled(function: Function, fastmath: bool = True, **options: Any) -> Function:
    before = numba.config.CACHE_DIR
    if _CACHE is not None:
        numba.config.CACHE_DIR = _CACHE
    try:
        compiled = numba.njit(nogil=True, error_model="numpy", fastmath=fastmath, **options)(function)
        if _CACHE is not None and "pipeline_class" not in options:
            compiled._cache = _ForgivingCache(function)
        return compiled  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


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
