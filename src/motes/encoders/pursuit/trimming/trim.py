"""A smaller file of a scene, without its recording: encoded anew from its own render, with its own atoms as the
dictionary, so that nothing is searched for.

Whole layers go first, then the atoms that are worth least to the ear, as many as do not fit; the others are rounded as
coarsely as suits the rate, and noise takes the place of what is lost.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from motes.codec import dumps, quantise
from motes.codec.quantise_scene import quantiser_for
from motes.edit.note_changes import without_lost
from motes.encoders.pursuit.closed_loop_quantisation import quantise_in_closed_loop
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.rate.layers import ATOMS_ALONE_KBPS, atoms_share, with_detail
from motes.encoders.pursuit.rate.rate_control import BITS_PER_ATOM, MOST_NOISE, SizeSearch, noises
from motes.encoders.pursuit.trimming.benefits import benefits
from motes.encoders.pursuit.trimming.rendered_source import RenderedSource
from motes.encoders.pursuit.tuning import N_PHASES, STEPS_PER_DOUBLING, TEXTURE_SHARE
from motes.encoders.residual import energy_of, residual_blocks
from motes.encoders.texture import TextureOptions, add_texture
from motes.errors import MotesWarning
from motes.events.shares import shares_of
from motes.kinds.gabor.edited import base_of, follow_partials, is_edited
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.table import Texture
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

# Rounding adds this part of what the kept atoms leave of the render, before the closed loop takes some of it back: less
# than beside a recording, whose atoms have not been rounded before. Chosen by Zimtohrli on three clips.
NOISE_TO_RESIDUAL = 0.25
Ints = NDArray[np.int64]


def trim(scene: Scene, kbps: float) -> Scene:
    """The scene in a file of at most so many kilobits per second, all channels together; itself where its file is no
    larger.

    Its stop reason says whether the bitrate could be reached: events of other kinds than atoms and texture, groups,
    instruments and rooms stay, and count. MotesWarning says what of edits and notes could not be kept.
    """
    options = PursuitOptions(kbps=kbps)
    budget_bytes = int(kbps * 125 * scene.duration_s)
    rounded = quantise(scene)
    if len(dumps(rounded)) <= budget_bytes:
        return scene
    lighter = _labelled(rounded, kbps, StopReason.BITRATE_REACHED)
    if len(scene.detail) and kbps > ATOMS_ALONE_KBPS * scene.n_channels:
        return _coarser(lighter, budget_bytes, kbps / scene.n_channels)
    if len(scene.detail):
        lighter = lighter.without("detail")
        if len(dumps(lighter)) <= budget_bytes:
            return lighter
    trimmed, n_bytes = _trimmed(lighter, RenderedSource(rounded), options, budget_bytes)
    trimmed = without_lost(rounded, trimmed)
    if n_bytes > budget_bytes:
        trimmed = _labelled(trimmed, kbps, StopReason.BITRATE_UNREACHABLE)
    for lost in _lost(rounded, trimmed):
        warnings.warn(MotesWarning(lost), stacklevel=2)
    return trimmed


def _coarser(scene: Scene, budget_bytes: int, per_channel: float) -> Scene:
    """A scene with detail: its most useful atoms, detail that is coarser, and noise beneath both."""
    render, bare = RenderedSource(scene), scene.with_tables([scene.detail.empty(scene.n_channels)])
    waveform = RenderedSource(scene.with_tables([scene.texture.empty(scene.n_channels)]))
    trial = _Trial.of(bare, render)
    trial = trial if trial.atoms is None else replace(trial, atoms=waveform)
    atoms, _ = _within(int(atoms_share(per_channel) * budget_bytes), trial.n_atoms, partial(trial.made, noise=None))
    return with_detail(atoms, render, budget_bytes, per_channel, waveform)


def _trimmed(scene: Scene, render: RenderedSource, options: PursuitOptions, budget_bytes: int) -> tuple[Scene, int]:
    """The scene of the most useful atoms that fit beside as fine a noise as leaves them room; and its bytes."""
    trial = _Trial.of(scene, render)
    bare_bytes = len(dumps(trial.bare.with_tables([Gabor.empty(scene.n_channels)])))
    for noise in noises(options, scene.n_channels):
        trimmed, n_bytes = _within(budget_bytes, trial.n_atoms, partial(trial.made, noise=noise))
        kept_bytes = len(dumps(trimmed.with_tables([Gabor.empty(scene.n_channels)]))) - bare_bytes
        if n_bytes <= budget_bytes and kept_bytes <= MOST_NOISE * (budget_bytes - bare_bytes):
            break
    if trimmed.n_events or trial.n_atoms == 0:
        return trimmed, n_bytes
    one = trial.made(1, None)
    return one, len(dumps(one))


def _within(budget_bytes: int, n_atoms: int, made: Callable[[int], Scene]) -> tuple[Scene, int]:
    """The scene of as many atoms as fit, of none where none do; and how many bytes it takes."""
    search, best = SizeSearch(budget_bytes), None
    n = min(n_atoms, int(budget_bytes * (1 - TEXTURE_SHARE) * 8 / BITS_PER_ATOM))
    while True:
        scene = made(n)
        search.record(n, n_bytes := len(dumps(scene)))
        if search.has_found(n) or (n == n_atoms and search.fits(n)):
            return scene, n_bytes
        best = (scene, n_bytes) if search.is_best(n) else best
        n = min(search.next_guess(), n_atoms)
        if best is not None and search.is_over(n):
            return best


@dataclass(frozen=True, eq=False)
class _Trial:
    """A scene, and its atoms in the order in which they are kept."""

    # Without atoms, and with no texture but what is kept as it is.
    bare: Scene
    gabor: Gabor
    # The place of each row's atom in the order, the most useful 0; parts of one atom have one place.
    rank: Ints
    n_atoms: int
    render: RenderedSource
    # What atoms and events that are kept sound like, by which atoms are rounded; None where atoms are edited, or in a
    # room.
    atoms: RenderedSource | None

    @staticmethod
    def of(scene: Scene, render: RenderedSource) -> _Trial:
        """Atoms ranked by their benefits in the render."""
        gabor, texture = scene.gabor, scene.texture
        kept_as_it_is = texture.take((texture.group_id > 0) | _is_sent(texture))
        whole_atoms = scene.with_tables([kept_as_it_is])
        atom = _atom_numbers(gabor)
        benefit = np.bincount(atom, benefits(gabor, render)) if len(gabor) else np.empty(0)
        place = np.empty(len(benefit), np.int64)
        place[np.argsort(-benefit, kind="stable")] = np.arange(len(benefit))
        plain = not is_edited(gabor) and shares_of(gabor) is None and not scene.rooms
        return _Trial(
            bare=whole_atoms.with_tables([Gabor.empty(scene.n_channels)]),
            gabor=gabor,
            rank=place[atom],
            n_atoms=len(benefit),
            render=render,
            atoms=RenderedSource(whole_atoms) if plain else None,
        )

    def made(self, n_atoms: int, noise: TextureOptions | None) -> Scene:
        """The scene of so many atoms, rounded for what they leave, and of noise in its place."""
        scene = self.bare.with_tables([self.gabor.only(self.rank < n_atoms)])
        residual = energy_of(residual_blocks(scene, self.render))
        unedited = scene.with_tables([base_of(scene.gabor)])  # edits of partials take long, and change no step
        quantiser = quantiser_for(unedited, residual * NOISE_TO_RESIDUAL, STEPS_PER_DOUBLING, N_PHASES)
        scene = quantise(scene, quantiser)
        if self.atoms is not None:
            scene = quantise_in_closed_loop(scene, self.atoms)
        if noise is None:
            return scene
        added = add_texture(scene, self.render, noise).texture
        scene = scene.with_tables([scene.texture.with_more(added) if len(scene.texture) else added])
        return scene if self.atoms is None else quantise_in_closed_loop(scene, self.render)


def _atom_numbers(events: Gabor) -> Ints:
    """The number of the atom that each row is of, `(n_events,)`: parts of one atom have one number."""
    if shares_of(events) is None:
        return np.arange(len(events))
    base = base_of(events)
    places = np.stack([base.time_s, base.frequency_hz, base.window_s, base.edit_layer], axis=1)
    return np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)


def _is_sent(texture: Texture) -> NDArray[np.bool_]:
    """Which textures are sent to a room."""
    return np.asarray(texture.room_id) > 0


def _labelled(scene: Scene, kbps: float, reason: str) -> Scene:
    """The scene, which says what it was trimmed to beside how it was encoded."""
    options = scene.metadata.options | {"trimmed_kbps": kbps}
    return scene.replace(metadata=msgspec.structs.replace(scene.metadata, options=options, stop_reason=reason))


def _lost(before: Scene, after: Scene) -> Iterator[str]:
    """What could not be kept, in words."""
    n_notes = len(before.groups.notes) - len(after.groups.notes)
    if n_notes:
        yield f"{n_notes} of {len(before.groups.notes)} notes have lost all of their atoms, and are not kept"
    if len(before.gabor) and follow_partials(before.gabor).any() and not follow_partials(after.gabor).any():
        yield "partials that were transposed or stretched have lost atoms: they sound as edited, but that is final now"
