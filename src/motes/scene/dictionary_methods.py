"""The methods of a scene that tell of its dictionaries of learned waveforms."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from motes.errors import MotesWarning, ParameterError
from motes.events.model import Model

if TYPE_CHECKING:
    from motes.scene.scene import Scene


class DictionaryMethods:
    """What `motes.Scene` inherits of it."""

    def refer(self) -> Scene:
        """The scene with its dictionaries only named, so that files are smaller and take these to be heard; a
        MotesWarning names them.
        """
        scene = cast(Any, self)
        left_out = [model for model in scene.models if model.waveforms is not None]
        if not left_out:
            return cast("Scene", scene)
        names = ", ".join(f"{model.id} ({model.digest[:12]})" for model in left_out)
        warnings.warn(
            f"the waveforms of {names} are left out: the file takes its dictionary to be heard (--dictionary)",
            MotesWarning,
            stacklevel=2,
        )
        return cast("Scene", scene.replace(models=tuple(model.named() for model in scene.models)))

    def with_dictionary(self, dictionary: Model) -> Scene:
        """The scene with the waveforms of a dictionary that it only names; ParameterError where it names no such."""
        scene = cast(Any, self)
        joined = [model.joined(dictionary) for model in scene.models]
        if not any(joined):
            named = ", ".join(f"{model.id} ({model.digest[:12]})" for model in scene.models) or "none"
            raise ParameterError(
                f"the scene names no dictionary {dictionary.id} ({dictionary.digest[:12]}); it names {named}"
            )
        models = tuple(found or model for found, model in zip(joined, scene.models, strict=True))
        return cast("Scene", scene.replace(models=models))
