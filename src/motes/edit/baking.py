"""Vectors as the splats that they sound as."""

from __future__ import annotations

import numpy as np

from motes.kinds.vector.decoding import decoded, is_known
from motes.scene.scene import Scene


def bake(scene: Scene) -> Scene:
    """The scene with the splats that its vectors are decoded to in their place; those whose model is missing stay, and
    models that no event is left of go.
    """
    vectors, known = scene.vector, np.array([is_known(model) for model in scene.models], np.bool_)
    splats, _ = decoded(vectors, scene.models)
    left = vectors.take(~known[vectors.model]) if len(vectors) else vectors
    used = np.isin(np.arange(len(known)), np.concatenate([left.model, scene.learned.model]))
    number = np.cumsum(used) - 1
    models = tuple(model for model, is_used in zip(scene.models, used, strict=True) if is_used)
    tables = [scene.splat.with_more(splats) if len(splats) else scene.splat, left.with_models(number)]
    return scene.with_tables([*tables, scene.learned.with_models(number)], models=models)
