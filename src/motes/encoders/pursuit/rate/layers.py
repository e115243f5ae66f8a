"""Two layers: atoms for what they say best, detail above them for what is too dense, and noise for the rest."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from motes.audio import Source
from motes.codec import code_ahead, dumps
from motes.encoders.detail import Analysis, analyse_detail
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.rate.rate_control import AtomSupply, encode_within
from motes.encoders.pursuit.schedule import PursuitContext
from motes.encoders.texture import TextureOptions, add_texture
from motes.encoders.threads import Mapped
from motes.encoders.workload import Workload
from motes.kinds.detail.integers import rounded
from motes.kinds.texture.table import Texture
from motes.scene.scene import Scene

# Chosen on the clips of benchmarks/quality.py, by Zimtohrli at 16, 24 and 48 kbps; docs/perception.md has the figures.
# Up to so many kbps of a channel atoms alone do as well or better.
ATOMS_ALONE_KBPS = 11.0
# Of so many kbps of a channel atoms take so many, and between as on straight lines: as few as sound best below, and
# from 48 kbps on enough that notes are found in them alone as in 24 kbps of atoms.
KBPS, ATOMS_KBPS = (20.0, 24.0, 32.0, 48.0), (4.2, 5.5, 6.5, 13.5)
# Noise beside detail, from so many kbps of a channel on; the most of all bits that it takes, and the part that it is
# thought to take at first.
COARSE_NOISE = TextureOptions(n_bands=48, step_db=3.0, detail=8.0, least_lacking=0.0, least_share=0.2)
FINE_NOISE = replace(COARSE_NOISE, n_bands=64, detail=16.0)
NOISES = (
    (0.0, COARSE_NOISE),
    (17.0, replace(FINE_NOISE, detail=8.0)),
    (22.0, FINE_NOISE),
    (36.0, replace(FINE_NOISE, step_db=2.0, detail=32.0)),
)
MOST_NOISE, USUAL_NOISE = 0.4, 0.18
# Steps in nepers about what masking tells at 24 kbps of a channel, and how much finer they are for twice as many.
USUAL_OFFSET, OFFSET_PER_DOUBLING = -2.0, -1.0
LOWEST_OFFSET, HIGHEST_OFFSET = -9.0, 6.0
# How much less, in nepers, bytes get for each neper of steps, to begin with; in so many trials steps are found that
# take this part of what there is, at first, before noise has been found, this, or within this part of a neper.
USUAL_SLOPE, MOST_TRIALS, NEAR_ENOUGH, FIRST_NEAR_ENOUGH, CLOSEST = -0.8, 8, 0.99, 0.95, 0.005
# What is aimed at of a budget, and the part from which on it is used.
AIM, LEAST_USE = 0.993, 0.98
ROUNDS = 3
# Nepers by which steps grow where a file does not fit yet.
STEP_WHERE_OVER = 0.03


def has_detail(options: PursuitOptions, n_channels: int) -> bool:
    """Whether a bitrate leaves bits for detail where it is asked for."""
    return bool(options.detail) and options.kbps is not None and options.kbps > ATOMS_ALONE_KBPS * n_channels


def encode_in_layers(source: Source, options: PursuitOptions, context: PursuitContext, work: Workload) -> Scene:
    """The scene of atoms, detail and noise whose file has at most `options.kbps`; without detail where none fits."""
    assert options.kbps is not None
    budget_bytes = int(options.kbps * 125 * source.n_samples / source.sample_rate_hz)
    atoms = _atoms(budget_bytes, source, options, context, work).replace(layered=options.layered)
    per_channel = options.kbps / source.n_channels
    return with_detail(atoms, source, budget_bytes, per_channel, work=work, mapped=context.pool.map)


def with_detail(
    atoms: Scene,
    source: Source,
    budget_bytes: int,
    per_channel: float,
    waveform: Source | None = None,
    work: Workload | None = None,
    mapped: Mapped = map,
) -> Scene:
    """Atoms with detail above them and noise beneath, in a file of at most so many bytes, `per_channel` kbps; detail is
    of `waveform`, where that is not all of the source. `mapped`, which is like `map`, may share the work out among
    threads.
    """
    work = work or Workload([])
    work.begin("analysis")
    offset = USUAL_OFFSET + OFFSET_PER_DOUBLING * float(np.log2(per_channel / 24))
    analysis = analyse_detail(atoms, waveform or source, offset, mapped)
    noise = replace([each for from_kbps, each in NOISES if from_kbps <= per_channel][-1], kbps=MOST_NOISE * per_channel)
    frame, of_noise = len(dumps(atoms)), USUAL_NOISE * budget_bytes
    tried: dict[float, float] = {}
    for nearly in (FIRST_NEAR_ENOUGH, *[NEAR_ENOUGH] * (ROUNDS - 1)):
        work.begin("steps")
        offset, of_detail = _finest(analysis, AIM * budget_bytes - frame - of_noise, offset, tried, nearly)
        detail = rounded(analysis.quantised(offset), source.sample_rate_hz)
        work.begin("noise")
        scene = add_texture(atoms.replace(detail=detail, format_version=2), source, noise, mapped)
        code_ahead(scene, mapped)
        n_bytes = len(dumps(scene))
        if LEAST_USE * budget_bytes <= n_bytes <= budget_bytes:
            break
        of_noise = n_bytes - frame - of_detail
    return _trimmed(scene, budget_bytes, analysis, offset)


def atoms_share(per_channel: float) -> float:
    """The part of all bytes that atoms take, at so many kbps of a channel."""
    return float(np.interp(per_channel, KBPS, ATOMS_KBPS)) / per_channel


def _finest(
    analysis: Analysis, most_bytes: float, guess: float, tried: dict[float, float], nearly: float
) -> tuple[float, int]:
    """Steps whose packets take at most so many bytes, and nearly so many, and what these take: by secants of the
    logarithm of bytes, from a guess on. `tried` has what other steps have been found to take.
    """
    at, low, high, slope = guess, LOWEST_OFFSET, HIGHEST_OFFSET, USUAL_SLOPE
    for _ in range(MOST_TRIALS):
        if at not in tried:
            tried[at] = max(1, analysis.n_bytes(analysis.quantised(at)))
        n_bytes = tried[at]
        low, high = (low, min(high, at)) if n_bytes <= most_bytes else (max(low, at), high)
        if nearly * most_bytes <= n_bytes <= most_bytes or high - low < CLOSEST:
            break
        if len(tried) > 1:
            one, other = sorted(tried, key=lambda offset: abs(tried[offset] - most_bytes))[:2]
            slope = float(np.clip(np.log(tried[one] / tried[other]) / (one - other), -2.0, -0.2))
        wanted = 0.5 * (1 + nearly) * max(most_bytes, 1.0)
        at = min(max(at + float(np.log(wanted / n_bytes)) / slope, low + CLOSEST / 2), high - CLOSEST / 2)
    return high, int(tried.get(high, 0))


def _trimmed(scene: Scene, budget_bytes: int, analysis: Analysis, offset: float) -> Scene:
    """The scene with coarser steps until its file fits, and without detail where that never does."""
    while len(dumps(scene)) > budget_bytes and len(scene.detail):
        offset += STEP_WHERE_OVER
        coarser = scene.detail.empty(scene.n_channels)
        if offset < HIGHEST_OFFSET:
            coarser = rounded(analysis.quantised(offset), scene.sample_rate_hz)
        scene = scene.replace(detail=coarser)
    return scene


def _atoms(
    budget_bytes: int, source: Source, options: PursuitOptions, context: PursuitContext, work: Workload
) -> Scene:
    """The atoms alone, which take their part of the budget."""
    assert options.kbps is not None
    share = atoms_share(options.kbps / source.n_channels)
    supply = AtomSupply(source, context, work)
    found = encode_within(int(share * budget_bytes), source, replace(options, texture=False), supply)
    metadata = msgspec.structs.replace(found.metadata, options=options.asked())
    return found.replace(texture=Texture.empty(source.n_channels), metadata=metadata)
