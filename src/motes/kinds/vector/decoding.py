"""Vectors ▶ the splats that they sound as: what their decoders make of them, where edits put it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints
from motes.events.model import Model
from motes.kinds.splat.table import Splat
from motes.kinds.vector.decoder import CURRENT, RELEASED, Decoder
from motes.kinds.vector.integers import seeds
from motes.kinds.vector.table import Vector
from motes.units import HIGHEST_HZ, SILENCE_DB


def current() -> Model:
    """The decoder that encoders of this release write for."""
    return Model(CURRENT, RELEASED[CURRENT])


def decoder_of(model: Model) -> Decoder | None:
    """The decoder that a scene or a file names; None where this release has none of the id, or another of it."""
    if RELEASED.get(model.id) != model.digest:
        return None
    return Decoder.named(model.id)


def is_known(model: Model) -> bool:
    """Whether this release has the model."""
    return RELEASED.get(model.id) == model.digest


def missing(vectors: Vector, models: Sequence[Model]) -> str:
    """One line on the vectors whose model this release lacks; "" where there are none such."""
    lacking = [(k, model) for k, model in enumerate(models) if not is_known(model) and np.any(vectors.model == k)]
    if not lacking:
        return ""
    n = int(np.isin(vectors.model, [k for k, _ in lacking]).sum())
    names = ", ".join(f"{model.id} ({model.digest[:12]})" for _, model in lacking)
    return (
        f"this release of motes lacks the model{'s' * (len(lacking) > 1)} {names}: {n} vector{'s' * (n != 1)} "
        "cannot be heard, but stay in the scene"
    )


def decoded(vectors: Vector, models: Sequence[Model]) -> tuple[Splat, Ints]:
    """The splats of all vectors whose model is known, in canonical order, and of which vector each is, `(n_splats,)`.

    They have the vectors' channels, groups and rooms. Raises ParameterError where a decoder makes what no splat can be.
    """
    parts, origins = [Splat.empty(vectors.n_channels or 1)], [np.zeros(0, np.int64)]
    for number, model in enumerate(models):
        which = np.flatnonzero(vectors.model == number)
        decoder = decoder_of(model) if len(which) else None
        if decoder is None:
            continue
        these = vectors.take(which)
        splats, of = decoder.splats(these.numbers, these.time_s, np.zeros((len(these), 1)))
        parts.append(_edited(splats, these.take(of)))
        origins.append(which[of])
    both, origin = parts[0].with_more(*parts[1:]), np.concatenate(origins)
    order = both.order()
    return (both, origin) if order is None else (both.take(order), origin[order])


def _edited(splats: Splat, vectors: Vector) -> Splat:
    """Splats as the vectors that they are of, one for each, were edited."""
    splats = _within(splats, vectors)
    backward = vectors.backward == 1
    gain: Array = splats.gain_db[:, :1] + vectors.gain_db
    silent = (splats.gain_db[:, :1] <= SILENCE_DB) | (vectors.gain_db <= SILENCE_DB)
    high = np.minimum(splats.high_hz, vectors.high_hz)
    return splats.replace(
        time_s=np.where(backward, 2 * vectors.time_s - splats.time_s, splats.time_s),
        gain_db=np.where(silent, SILENCE_DB, np.clip(gain, SILENCE_DB, 400.0)),
        low_hz=np.minimum(np.maximum(splats.low_hz, vectors.low_hz), high),
        high_hz=np.minimum(high, HIGHEST_HZ),
        backward=splats.backward ^ vectors.backward,
        seed=(splats.seed + seeds(vectors)) & 0xFFFFFFFF,
        group_id=vectors.group_id,
        room_id=vectors.room_id,
        wetness=vectors.wetness,
    )


def _within(splats: Splat, vectors: Vector) -> Splat:
    """Splats that sound no earlier and no longer than their vectors say, of whatever decoder: those that would are
    moved, or made shorter.
    """
    before, after = vectors.reach_s()
    start, end = vectors.time_s - before, vectors.time_s + after
    earlier, later = np.where(splats.backward == 1, splats.reach_s()[::-1], splats.reach_s())
    time_s = np.clip(splats.time_s, start + np.minimum(earlier, 0.25 * (end - start)), end - 1e-3 * after)
    factor = np.minimum(1.0, np.minimum((end - time_s) / later, (time_s - start) / earlier))
    if np.all(factor == 1):
        return splats.replace(time_s=time_s)
    shorter: dict[str, Array] = {name: np.maximum(splats.column(name) * factor, 1e-5) for name in ("width_s", "t60_s")}
    return splats.replace(time_s=time_s, **shorter)


def require_known(model: Model) -> Decoder:
    """The decoder of a model; ParameterError where this release has none."""
    found = decoder_of(model)
    if found is None:
        raise ParameterError(f"this release of motes lacks the model {model.id} ({model.digest[:12]})")
    return found
