"""A learned decoder that events are played by: named, never held, by its id and the digest of its weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Ints

# Of a scene.
MAX_MODELS = 256
# They are names of files too.
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Model:
    """Which decoder it is: `id`, at most 64 of a … z, 0 … 9 and `._-`, and `digest`, the SHA-256 of its file in
    hexadecimal. ParameterError for others.
    """

    id: str
    digest: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ParameterError(f"a model's id is made of a-z, 0-9, '.', '_' and '-', at most 64, not {self.id!r}")
        if not _DIGEST.fullmatch(self.digest):
            raise ParameterError(f"the digest of model {self.id} must be 64 hexadecimal digits, not {self.digest!r}")

    def equals(self, other: Model) -> bool:
        """Whether it is the same one."""
        return self == other


def check_models(models: Sequence[Model]) -> None:
    """ParameterError where a scene cannot have so many."""
    if len(models) > MAX_MODELS:
        raise ParameterError(f"a scene has at most {MAX_MODELS} models, not {len(models)}")


def together(ours: tuple[Model, ...], theirs: tuple[Model, ...]) -> tuple[tuple[Model, ...], Ints]:
    """All models, equal ones once, and what number each of `theirs` has among them."""
    both = tuple(dict.fromkeys((*ours, *theirs)))
    return both, np.array([both.index(model) for model in theirs], np.int64)
