"""What scenes can of the dictionaries of learned waveforms: only name them, or take in their waveforms."""

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

    @property
    def unheard(self) -> str:
        """A line on the vectors and the learned events whose model is not there; "" where all are heard."""
        from motes.kinds.learned.audio import missing as missing_waveforms
        from motes.kinds.vector.decoding import missing

        scene = cast(Any, self)
        lines = missing(scene.vector, scene.models), missing_waveforms(scene.learned, scene.models)
        return "; ".join(filter(None, lines))

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
