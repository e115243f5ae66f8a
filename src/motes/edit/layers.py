"""A scene without one kind of its events; without detail, its texture takes over what detail held."""

from __future__ import annotations

import numpy as np

from motes import kinds
from motes.errors import ParameterError
from motes.events.event_table import Array
from motes.kinds.texture.render import band_power, layout_weights, spectra_of
from motes.kinds.texture.table import LOWEST_LEVEL_DB, Texture, hop_samples
from motes.scene.scene import Scene


def without(scene: Scene, kind: str) -> Scene:
    """The scene without the events of a kind, by its name. Where these are detail, its texture is louder by the power
    that detail had in each band and frame, so that what is left sounds whole; ParameterError for a kind there is not.
    """
    if kind not in (known := [each.name for each in kinds.KINDS]):
        raise ParameterError(f"there is no kind {kind!r}, only {', '.join(known)}")
    empty = kinds.named(kind).table.empty(scene.n_channels)
    if kind != "detail" or not len(scene.detail):
        return scene.with_tables([empty])
    return scene.with_tables([empty, _raised(scene)])


def _raised(scene: Scene) -> Texture:
    """The texture, with the power of detail in its bands; events that edits turned or stretched stay as they are."""
    texture, rate = scene.texture, scene.sample_rate_hz
    hop, level_db = hop_samples(rate), texture.level_db.copy()
    render = kinds.named("detail").renderer(scene.detail, scene)
    start = texture.level_start
    for i in np.flatnonzero(texture.backward == 0):
        if abs(texture.frame_s[i] * rate - hop) > 1e-3:
            continue
        first, n_frames = (
            round(float(texture.time_s[i] - texture.into_s[i]) * rate) - hop // 2,
            int(texture.n_frames[i]),
        )
        audio = np.zeros((scene.n_channels, (n_frames + 1) * hop + 16))
        render.add(audio, first, (n_frames + 1) * hop)
        rows = slice(start[i], start[i + 1])
        level_db[rows] = _sum_db(level_db[rows], _power(texture, i, audio[:, : (n_frames + 1) * hop], rate))
    return texture.replace(level_db=level_db)


def _power(texture: Texture, i: np.intp, audio: Array, sample_rate_hz: int) -> Array:
    """Mean squares of audio in the bands and frames of event i, as rows of its levels."""
    edges = (float(texture.low_hz[i]), float(texture.high_hz[i]), int(texture.n_bands[i]))
    weights = layout_weights(*edges, float(texture.frequency_ratio[i]), sample_rate_hz)
    power = band_power(spectra_of(audio, hop_samples(sample_rate_hz)), weights)
    return np.moveaxis(power, 0, -1).reshape(-1, len(audio))


def _sum_db(level_db: Array, power: Array) -> Array:
    total = np.where(level_db > LOWEST_LEVEL_DB, 10 ** (level_db / 10), 0.0) + power
    return np.where(total > 1e-10, 10 * np.log10(np.maximum(total, 1e-20)), level_db)
