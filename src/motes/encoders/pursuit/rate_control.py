"""Spending a bitrate, or holding a quality: how many atoms, how finely rounded, beside how much noise.

Both choose atoms by ear and fill what they leave with texture. A bitrate is met by the size of the whole file: the most
useful atoms are kept, as many as fit. A quality is one threshold of usefulness for the whole recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np

from motes.audio import Source
from motes.codec import dumps, quantise
from motes.codec.quantise_scene import quantiser_for
from motes.encoders.pursuit.closed_loop_quantisation import settle
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.schedule import Enough, Swept, Workshop, stretches, sweep, sweep_to
from motes.encoders.texture import TextureOptions, add_texture
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

STEPS_PER_DOUBLING, N_PHASES = 2, 8
# Rounding adds this part of the residual's energy, before it is settled: measured to score best at equal bits.
NOISE_TO_RESIDUAL = 0.35
# To begin with; after that, as found.
BITS_PER_ATOM = 13.5
# More atoms than are thought to fit are looked for, by this factor.
ROOM = 1.15
# Parts of the bytes to be spent that are aimed at, and that are enough.
AIM, LEAST_USE = 0.993, 0.984
MOST_TRIES = 8
# At most this for the noise of each channel where no bitrate or quality is asked for.
TEXTURE_KBPS = 3.0
# With a bitrate noise takes at most this part of it; most takes less.
TEXTURE_SHARE = 0.4
# Bands of the noise, steps of its levels in dB, and detail: the first row whose kbps of a channel are not exceeded.
TEXTURE_LAYOUTS = (
    (12.0, 32, 4.0, 8.0),
    (20.0, 48, 3.0, 8.0),
    (28.0, 64, 2.5, 8.0),
    (40.0, 64, 2.0, 8.0),
    (np.inf, 64, 2.0, 16.0),
)
# About what a quality takes per channel: this at 10, half of it as many steps below as the second tells.
KBPS_AT_BEST, QUALITIES_PER_DOUBLING = 64.0, 2.8
# Threshold of benefit at quality 0, and per step of quality, for a recording whose mean square, summed over channels,
# is 1.
LEAST_BENEFIT_DB, BENEFIT_DB_PER_QUALITY = 17.0, -3.0

AsScene = Callable[[Swept, str], Scene]
OnBatch = Callable[[float, int], None]


def spend(source: Source, options: PursuitOptions, workshop: Workshop, as_scene: AsScene, on_batch: OnBatch) -> Scene:
    """The scene of the most useful atoms whose file has at most `options.kbps`."""
    assert options.kbps is not None
    n_bytes = int(options.kbps * 125 * source.n_samples / source.sample_rate_hz)
    guess = int(max(0.0, n_bytes * (1 - TEXTURE_SHARE)) * 8 / BITS_PER_ATOM)
    found = _find(source, workshop, round(guess * ROOM) + 16, on_batch)
    tried: dict[int, int] = {}
    best: Scene | None = None
    while True:
        if guess > len(found.atoms) and not found.stopped:
            found = _find(source, workshop, round(guess * ROOM) + 16, on_batch)
        n_atoms = min(guess, len(found.atoms))
        scene = _finished(source, options, _best(found, n_atoms), as_scene, StopReason.BITRATE_REACHED)
        tried[n_atoms] = len(dumps(scene))
        fits = tried[n_atoms] <= n_bytes
        if n_atoms == len(found.atoms) and found.stopped and (fits or n_atoms == 0):
            return scene.replace(metadata=msgspec.structs.replace(scene.metadata, stop_reason=found.stopped))
        if n_atoms == 0 or (fits and tried[n_atoms] >= LEAST_USE * n_bytes):
            return scene
        best = scene if fits and n_atoms == max(n for n, size in tried.items() if size <= n_bytes) else best
        del scene
        guess = _better_guess(tried, n_bytes, n_atoms)
        if best is not None and (guess in tried or len(tried) >= MOST_TRIES):
            return best


def hold(source: Source, options: PursuitOptions, workshop: Workshop, as_scene: AsScene, on_batch: OnBatch) -> Scene:
    """The scene of all atoms as useful as `options.quality` asks, found in one pass after one that measures how
    loud the recording is.
    """
    assert options.quality is not None
    assert workshop.hearing is not None
    energy = sum(float(np.sum(np.square(block, dtype=np.float64))) for block in source.blocks())
    loudness = energy / max(1, source.n_samples)  # of all channels: benefits grow with it to the power of 1 − exponent
    threshold = 10 ** ((LEAST_BENEFIT_DB + BENEFIT_DB_PER_QUALITY * options.quality) / 10) * loudness ** (
        1 - workshop.hearing.exponent
    )
    found = sweep(source, workshop, lambda _: Enough(threshold=threshold), on_batch=on_batch)
    return _finished(
        source,
        options,
        found,
        as_scene,
        found.stopped or (StopReason.QUALITY_REACHED if len(found.atoms) else StopReason.NOTHING_AUDIBLE_LEFT),
    )


def _find(source: Source, workshop: Workshop, n_events: int, on_batch: OnBatch) -> Swept:
    enough = Enough(n_events=n_events)
    if len(stretches(source.n_samples, workshop.dictionary)) == 1:
        return sweep(source, workshop, lambda _: enough, on_batch=on_batch)
    return sweep_to(source, workshop, enough, on_batch=on_batch)


def _best(found: Swept, n_atoms: int) -> Swept:
    """The most useful of the atoms, in their order."""
    order = np.argsort(-found.atoms.benefit, kind="stable")
    left = found.residual_energy + float(found.atoms.energy[order[n_atoms:]].sum())
    return replace(found, atoms=found.atoms.take(np.sort(order[:n_atoms])), residual_energy=left)


def _finished(source: Source, options: PursuitOptions, found: Swept, as_scene: AsScene, why: str) -> Scene:
    """Atoms rounded, settled, and what they leave filled with texture."""
    scene = as_scene(found, why)
    scene = quantise(
        scene, quantiser_for(scene, found.residual_energy * NOISE_TO_RESIDUAL, STEPS_PER_DOUBLING, N_PHASES)
    )
    settled = scene = settle(scene, source)  # of an hour, what is not needed any more is a few hundred megabytes
    if not options.with_texture or found.energy == 0.0:
        return settled
    return settle(add_texture(settled, source, _texture_options(options, source.n_channels)), source)


def _texture_options(options: PursuitOptions, n_channels: int) -> TextureOptions:
    """Noise in as many bands and as fine steps as suit the bits that a channel takes, or is about to take at the
    quality asked for.
    """
    quality = 0.0 if options.quality is None else options.quality
    per_channel = (
        options.kbps / n_channels
        if options.kbps is not None
        else KBPS_AT_BEST * 2 ** ((quality - 10) / QUALITIES_PER_DOUBLING)
    )
    n_bands, step_db, detail = next(row[1:] for row in TEXTURE_LAYOUTS if per_channel <= row[0])
    kbps = TEXTURE_SHARE * per_channel if options.texture_kbps is None else options.texture_kbps
    return TextureOptions(kbps=kbps, step_db=step_db, detail=detail, n_bands=n_bands)


def _better_guess(tried: dict[int, int], n_bytes: int, last: int) -> int:
    """A number of atoms that takes nearly `n_bytes`, between those that take less and those that take more."""
    low = max((n for n, size in tried.items() if size <= n_bytes), default=0)
    high = min((n for n, size in tried.items() if size > n_bytes), default=None)
    by_size = sorted(tried, key=lambda n: abs(tried[n] - n_bytes))
    per_atom = BITS_PER_ATOM / 8
    if len(by_size) > 1 and by_size[0] != by_size[1]:
        per_atom = float(np.clip((tried[by_size[0]] - tried[by_size[1]]) / (by_size[0] - by_size[1]), 1.0, 8.0))
    guess = by_size[0] + int((AIM * n_bytes - tried[by_size[0]]) / per_atom)
    if high is None:
        return max(guess, last + 1)
    return min(max(guess, low + 1), high - 1) if high > low + 1 else low
