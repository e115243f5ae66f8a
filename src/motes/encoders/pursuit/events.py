"""Atoms as the events of a scene, rounded beside noise that fills what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.codec import quantise
from motes.codec.quantise_scene import quantiser_for
from motes.encoders.pursuit.atoms import Atoms, atom_parameters, places
from motes.encoders.pursuit.closed_loop_quantisation import ClosedLoop
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.schedule import PursuitContext, PursuitResult
from motes.encoders.pursuit.tuning import N_PHASES, NOISE_TO_RESIDUAL, STEPS_PER_DOUBLING
from motes.encoders.residual import residual_blocks
from motes.encoders.texture import TextureOptions, texture_of
from motes.events.chirps import BINS_PER_STEP
from motes.events.event_table import Array
from motes.events.frozen import handed_over
from motes.kernels.dictionary import HOP_DIVISOR
from motes.kinds.gabor.integers import slices
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.table import Texture
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.version import __version__

# A quantiser is chosen by at most twice as many.
ENOUGH_ATOMS = 2000
# Rounds of closed-loop quantisation before there is noise, by which only this is found, and beside it.
ROUNDS_BEFORE_NOISE, ROUNDS_BESIDE_NOISE = 1, 2


def unquantised_scene(
    source: Source, options: PursuitOptions, context: PursuitContext, found: PursuitResult, stop_reason: str
) -> Scene:
    """The atoms as events, not yet rounded."""
    rate = source.sample_rate_hz
    metadata = Metadata(
        encoder="pursuit",
        options=options.asked(),
        stop_reason=stop_reason,
        source_digest=source.digest(),
        version=__version__,
    )
    return Scene(rate, source.n_samples, source.n_channels, gabor_of(found.atoms, context, rate), metadata=metadata)


def gabor_of(atoms: Atoms, context: PursuitContext, sample_rate_hz: int) -> Gabor:
    """Atoms as a table, in the order of scenes, so that these need not sort it."""
    atoms, rate = atoms.take(atoms.scene_order(context.dictionary)), sample_rate_hz
    centre, window, _, amplitude, phase = atom_parameters(atoms, context.dictionary)
    frequency_hz = rate / window
    columns: dict[str, Array] = {}
    if atoms.chirp.any():
        columns["chirp_hz_per_s"] = BINS_PER_STEP * np.square(frequency_hz) * atoms.chirp
    frequency_hz *= atoms.bin
    centre /= rate
    window /= rate
    columns |= {"time_s": centre, "window_s": window, "frequency_hz": frequency_hz}
    return Gabor(**handed_over(columns | {"amplitude": amplitude, "phase_rad": phase}))


def most_useful_of(scene: Scene, atoms: Atoms, context: PursuitContext, n_atoms: int) -> Gabor:
    """Those `n_atoms` of a scene of atoms that have most benefit."""
    gabor, rate = scene.gabor, scene.sample_rate_hz
    windows, known = np.asarray(context.dictionary.windows), atoms.places()
    order, worth = np.argsort(known), np.empty(len(gabor))
    for part in slices(len(gabor)):  # an hour's need not all be there at once
        length = np.rint(gabor.window_s[part] * rate).astype(np.int64)
        frame = np.rint(gabor.time_s[part] * rate * HOP_DIVISOR / length).astype(np.int64)
        bin_ = np.rint(gabor.frequency_hz[part] * length / rate).astype(np.int64)
        chirp = np.rint(gabor.chirp_hz_per_s[part] * np.square(length / rate) / BINS_PER_STEP)
        wanted = places(np.searchsorted(windows, length), frame, bin_, chirp)
        worth[part] = -atoms.benefit[order[np.searchsorted(known, wanted, sorter=order)]]
    return gabor.take(np.sort(np.argsort(worth, kind="stable")[:n_atoms]))


def inserted(tables: list[Gabor], others: Gabor) -> Gabor:
    """The last of some tables with others inserted, both in the order of scenes, in that order; it is taken off the
    list and let go column after column, so that an hour's events need not be there twice.
    """
    table = tables.pop()
    if not (len(table) and len(others)):
        return table if len(table) else others
    place = _places(*([getattr(one, name) for name in table.ORDER] for one in (table, others)))
    names = [f.name for f in fields(table) if not (table.at_default(f.name) and others.at_default(f.name))]
    columns = {name: getattr(table, name) for name in names}
    del table
    made = {name: np.insert(columns.pop(name), place, getattr(others, name), axis=0) for name in names}
    return Gabor(**handed_over(made))


def _places(mine: list[Array], theirs: list[Array]) -> NDArray[np.intp]:
    """Before which rows of sorted columns those of others belong."""
    place = np.searchsorted(mine[0], theirs[0], side="right")
    while True:  # back among those of the same time
        before = np.maximum(place - 1, 0)
        later, same = np.zeros(len(place), np.bool_), place > 0
        for one, other in zip(mine, theirs, strict=True):
            later |= same & (one[before] > other)
            same &= one[before] == other
        if not later.any():
            return place
        place -= later


def quantiser_of(found: PursuitResult, context: PursuitContext, sample_rate_hz: int) -> GaborQuantiser:
    """How coarsely atoms are rounded, by what they leave of the recording; of many atoms, some are looked at."""
    some = found.atoms.take(slice(None, None, 1 + len(found.atoms) // ENOUGH_ATOMS))
    scene = Scene(sample_rate_hz, 0, some.n_channels, gabor_of(some, context, sample_rate_hz))
    allowed = found.residual_energy * NOISE_TO_RESIDUAL * len(some) / max(1, len(found.atoms))
    return quantiser_for(scene, allowed, STEPS_PER_DOUBLING, N_PHASES)


def excerpt_of(found: PursuitResult, numbers: Sequence[int], length: int, context: PursuitContext) -> PursuitResult:
    """The atoms centred in stretches of `length` samples with these numbers, as if only these stretches were there.

    Hops divide `length`, so that atoms stay on the grid.
    """
    centre = found.atoms.centre_samples(context.dictionary)
    number = np.maximum(centre, 0) // length
    chosen = np.asarray(numbers)
    inside = np.isin(number, chosen)
    atoms, earlier = found.atoms.take(inside), number[inside] - np.searchsorted(chosen, number[inside])
    hop = np.asarray(context.dictionary.windows)[atoms.window] // HOP_DIVISOR
    return replace(found, atoms=replace(atoms, frame=(atoms.frame - earlier * length // hop).astype(np.int32)))


def with_noise(scene: Scene, source: Source, context: PursuitContext, noise: TextureOptions) -> Scene:
    """Atoms rounded once in closed loop, and noise that fills what they leave."""
    scene = scene.with_tables(_with_noise(scene, source, context, noise))
    return quantise(scene)


def _with_noise(scene: Scene, source: Source, context: PursuitContext, noise: TextureOptions) -> tuple[Gabor, Texture]:
    assert scene.quantiser is not None
    loop = ClosedLoop(scene.gabor, scene.sample_rate_hz, scene.quantiser, context.pool)
    pairs = (
        np.concatenate([residual, signal - residual])
        for residual, signal in loop.residual(source.blocks(), ROUNDS_BEFORE_NOISE)
    )
    texture = texture_of(pairs, scene.n_channels, scene.sample_rate_hz, noise, context.pool.map)
    return loop.gabor(), texture


def rounded_beside_noise(scene: Scene, source: Source, context: PursuitContext) -> Scene:
    """Atoms rounded in closed loop beside the noise of their scene."""
    if len(scene.gabor) == 0:
        return quantise(scene)
    assert scene.quantiser is not None
    loop = ClosedLoop(scene.gabor, scene.sample_rate_hz, scene.quantiser, context.pool)
    noise = scene.with_tables([Gabor.empty(scene.n_channels)])
    blocks = residual_blocks(noise, source, context.pool.map) if len(scene.texture) else source.blocks()
    for _ in loop.residual(blocks, ROUNDS_BESIDE_NOISE):
        pass
    return quantise(scene.with_tables([loop.gabor()]))
