"""Vectors as the splats that they sound as."""

from __future__ import annotations

import numpy as np

from motes.kinds.vector.decoding import decoded, is_known
from motes.scene.scene import Scene


def bake(scene: Scene) -> Scene:
    """The scene with the splats that its vectors are decoded to in their place; those whose model is missing stay, and
    models that no vector is left of go.
    """
    vectors, known = scene.vector, np.array([is_known(model) for model in scene.models], np.bool_)
    if not len(vectors):
        return scene.replace(models=())
    splats, _ = decoded(vectors, scene.models)
    number = np.cumsum(~known) - 1
    left = vectors.take(~known[vectors.model]).with_models(number)
    models = tuple(model for model, found in zip(scene.models, known, strict=True) if not found)
    return scene.with_tables([scene.splat.with_more(splats), left], models=models if len(left) else ())
