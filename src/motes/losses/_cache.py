"""Tensors that are made once and kept: filters, windows, indices."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")


def kept(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator for functions of hashable arguments that keeps the last `maxsize` results.

    They are made outside of inference mode, even when first asked for within: its tensors could never take part in a
    backward pass later.
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(maxsize=maxsize)
        @wraps(make)
        def made(*arguments: P.args, **options: P.kwargs) -> T:
            with torch.inference_mode(False), torch.no_grad():
                return make(*arguments, **options)

        return made  # type: ignore[return-value]

    return decorate
