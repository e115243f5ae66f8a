"""Rate control: how many atoms, how finely quantised, beside how much noise, for a bitrate or for a quality.

Both choose atoms by ear and fill what they leave with texture. A bitrate is met by the size of the whole file: the most
useful atoms are kept, as many as fit. A quality is one threshold of usefulness for the whole recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from motes import kinds
from motes.audio import Source
from motes.codec import dumps, quantise
from motes.codec.quantise_scene import quantiser_for
from motes.encoders.pursuit.closed_loop_quantisation import quantise_in_closed_loop
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.events import unquantised_scene
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.schedule import OnBatch, PursuitContext, PursuitResult, StopCriterion, pursue_segments
from motes.encoders.pursuit.tuning import (
    BENEFIT_DB_PER_QUALITY,
    KBPS_AT_BEST,
    LEAST_BENEFIT_DB,
    N_PHASES,
    NOISE_TO_RESIDUAL,
    QUALITIES_PER_DOUBLING,
    STEPS_PER_DOUBLING,
    TEXTURE_LAYOUTS,
    TEXTURE_SHARE,
)
from motes.encoders.residual import energy_of
from motes.encoders.texture import TextureOptions, add_texture
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

# What an atom takes, to begin with; after that, as found. Chosen by hand: where it is off, a trial more is made.
BITS_PER_ATOM = 13.5
# What another atom may be found to take, in bytes: the difference of two sizes near each other says little.
LEAST_BYTES_PER_ATOM, MOST_BYTES_PER_ATOM = 1.0, 8.0
# More atoms than are thought to fit are looked for, by this factor and this number: another pursuit costs more than
# atoms that are left out. Chosen by hand.
SLACK = 1.15
SLACK_ATOMS = 16
# The part of the budget that is aimed at, and the part that is enough, chosen by hand: the search ends after two or
# three trials as a rule.
AIM = 0.993
LEAST_USE = 0.984
MOST_TRIALS = 8
# Noise may take this part of what the file's frame leaves of the budget; else it is in so few bands and coarse steps,
# or left out. Chosen by ear and by Zimtohrli on the demo at 1.5, 2 and 3 kbps.
MOST_NOISE = 0.6
COARSE_BANDS, COARSE_STEP_DB = 8, 6.0


def encode_at_bitrate(
    source: Source,
    options: PursuitOptions,
    context: PursuitContext,
    on_batch: OnBatch,
    supply: AtomSupply | None = None,
) -> Scene:
    """The scene of the most useful atoms whose file has at most `options.kbps`; where noise would take more than its
    part of that, it is coarser, or left out. Where no atom fits, the most useful one alone. `supply` is of atoms found
    for another bitrate.
    """
    assert options.kbps is not None
    budget_bytes = int(options.kbps * 125 * source.n_samples / source.sample_rate_hz)
    supply = supply or AtomSupply(source, context, on_batch)
    for noise in noises(options, source.n_channels):
        scene, n_bytes = _within(budget_bytes, noise, options, supply)
        if noise is not None and _leaves_room(scene, n_bytes, budget_bytes):
            break
    if scene.n_events:
        return scene if n_bytes <= budget_bytes else _with_reason(scene, StopReason.BITRATE_UNREACHABLE)
    one = _most_useful(supply.at_least(1), 1)
    reason = StopReason.BITRATE_UNREACHABLE if len(one.atoms) else StopReason.NOTHING_AUDIBLE_LEFT
    return _finished(supply, options, one, None, reason)


class AtomSupply:
    """The most useful atoms of a recording, found when they are first needed."""

    def __init__(self, source: Source, context: PursuitContext, on_batch: OnBatch) -> None:
        self.source, self.context, self._on_batch = source, context, on_batch
        self.found: PursuitResult | None = None

    def at_least(self, n_atoms: int) -> PursuitResult:
        """At least so many atoms, or all there are."""
        if self.found is None or (n_atoms > len(self.found.atoms) and not self.found.stopped):
            criterion = StopCriterion(n_events=round(n_atoms * SLACK) + SLACK_ATOMS)
            self.found = pursue(self.source, self.context, criterion, self._on_batch)
        return self.found


def noises(options: PursuitOptions, n_channels: int) -> Iterator[TextureOptions | None]:
    """Noise in the order of trials: as fine as suits the bitrate, coarse, and none unless it is asked for."""
    if options.with_texture:
        noise = texture_options(options, n_channels)
        yield noise
        yield replace(noise, n_bands=COARSE_BANDS, step_db=COARSE_STEP_DB)
    if not options.texture:
        yield None


def _within(
    budget_bytes: int, noise: TextureOptions | None, options: PursuitOptions, supply: AtomSupply
) -> tuple[Scene, int]:
    """The scene of as many atoms as fit into a file of so many bytes beside this noise, of none where none do; and how
    many bytes it takes.
    """
    search, best = SizeSearch(budget_bytes), None
    n_atoms = int(budget_bytes * (1 - TEXTURE_SHARE) * 8 / BITS_PER_ATOM)
    while True:
        found = supply.at_least(n_atoms)
        n_atoms = min(n_atoms, len(found.atoms))
        reason = StopReason.NOTHING_AUDIBLE_LEFT if found.energy == 0.0 else StopReason.BITRATE_REACHED
        scene = _finished(supply, options, _most_useful(found, n_atoms), noise, reason)
        search.record(n_atoms, n_bytes := len(dumps(scene)))
        if n_atoms == len(found.atoms) and found.stopped and (search.fits(n_atoms) or n_atoms == 0):
            return _with_reason(scene, found.stopped), n_bytes
        if search.has_found(n_atoms):
            return scene, n_bytes
        best = (scene, n_bytes) if search.is_best(n_atoms) else best
        del scene
        n_atoms = search.next_guess()
        if best is not None and search.is_over(n_atoms):
            return best


def _leaves_room(scene: Scene, n_bytes: int, budget_bytes: int) -> bool:
    """Whether a file of `n_bytes` is within the budget, and noise takes at most MOST_NOISE of what the file's frame
    leaves of that.
    """
    bare = scene.with_tables([kind.table.empty(scene.n_channels) for kind in kinds.KINDS])
    frame = len(dumps(bare))
    noise = len(dumps(bare.replace(texture=scene.texture))) - frame
    return n_bytes <= budget_bytes and noise <= MOST_NOISE * (budget_bytes - frame)


def _with_reason(scene: Scene, stop_reason: str) -> Scene:
    return scene.replace(metadata=msgspec.structs.replace(scene.metadata, stop_reason=stop_reason))


@dataclass
class SizeSearch:
    """Search for the number of atoms whose file nearly takes a budget, by the sizes of those tried."""

    budget_bytes: int
    # Bytes by number of atoms.
    tried: dict[int, int] = field(default_factory=dict)
    _last: int = 0

    def record(self, n_atoms: int, n_bytes: int) -> None:
        """Note what a number of atoms takes."""
        self.tried[n_atoms] = n_bytes
        self._last = n_atoms

    def fits(self, n_atoms: int) -> bool:
        """Whether a number tried is within the budget."""
        return self.tried[n_atoms] <= self.budget_bytes

    def has_found(self, n_atoms: int) -> bool:
        """Whether a number tried uses the budget well enough, or there are none fewer."""
        return n_atoms == 0 or (self.fits(n_atoms) and self.tried[n_atoms] >= LEAST_USE * self.budget_bytes)

    def is_best(self, n_atoms: int) -> bool:
        """Whether a number tried is the highest that fits."""
        return self.fits(n_atoms) and n_atoms == max(n for n in self.tried if self.fits(n))

    def is_over(self, n_atoms: int) -> bool:
        """Whether there is nothing left to try but `n_atoms`, tried before, or there were enough trials."""
        return n_atoms in self.tried or len(self.tried) >= MOST_TRIALS

    def next_guess(self) -> int:
        """A number of atoms that takes nearly the budget, between those that take less and those that take more."""
        low = max((n for n in self.tried if self.fits(n)), default=0)
        high = min((n for n in self.tried if not self.fits(n)), default=None)
        nearest, *others = sorted(self.tried, key=lambda n: abs(self.tried[n] - self.budget_bytes))
        per_atom = BITS_PER_ATOM / 8
        if others:
            slope = (self.tried[nearest] - self.tried[others[0]]) / (nearest - others[0])
            per_atom = float(np.clip(slope, LEAST_BYTES_PER_ATOM, MOST_BYTES_PER_ATOM))
        guess = nearest + int((AIM * self.budget_bytes - self.tried[nearest]) / per_atom)
        if high is None:
            return max(guess, self._last + 1)
        return min(max(guess, low + 1), high - 1) if high > low + 1 else low


def encode_at_quality(source: Source, options: PursuitOptions, context: PursuitContext, on_batch: OnBatch) -> Scene:
    """The scene of all atoms as useful as `options.quality` asks, found in one pass after one that measures how
    loud the recording is.
    """
    assert options.quality is not None
    assert context.masking is not None
    # Mean square, all channels together: benefits grow with it to the power of 1 − exponent.
    loudness = energy_of(source.blocks()) / max(1, source.n_samples)
    least_benefit = 10 ** ((LEAST_BENEFIT_DB + BENEFIT_DB_PER_QUALITY * options.quality) / 10)
    criterion = StopCriterion(threshold=least_benefit * loudness ** (1 - context.masking.exponent))
    found = pursue_segments(source, context, lambda _: criterion, on_batch=on_batch)
    reason = found.stopped or (StopReason.QUALITY_REACHED if len(found.atoms) else StopReason.NOTHING_AUDIBLE_LEFT)
    noise = texture_options(options, source.n_channels) if options.with_texture else None
    return _finished(AtomSupply(source, context, on_batch), options, found, noise, reason)


def _most_useful(found: PursuitResult, n_atoms: int) -> PursuitResult:
    """The atoms of most benefit, in their order."""
    order = np.argsort(-found.atoms.benefit, kind="stable")
    left = found.residual_energy + float(found.atoms.energy[order[n_atoms:]].sum())
    return replace(found, atoms=found.atoms.take(np.sort(order[:n_atoms])), residual_energy=left)


def _finished(
    supply: AtomSupply, options: PursuitOptions, found: PursuitResult, noise: TextureOptions | None, stop_reason: str
) -> Scene:
    """Atoms rounded, in closed loop, and what they leave filled with texture, beside which they are rounded again."""
    source = supply.source
    scene = unquantised_scene(source, options, supply.context, found, stop_reason)
    quantiser = quantiser_for(scene, found.residual_energy * NOISE_TO_RESIDUAL, STEPS_PER_DOUBLING, N_PHASES)
    scene = quantise(scene, quantiser)  # of an hour, what is not needed any more is a few hundred megabytes
    scene = quantise_in_closed_loop(scene, source)
    if noise is None or found.energy == 0.0:
        return scene
    return quantise_in_closed_loop(add_texture(scene, source, noise), source)


def texture_options(options: PursuitOptions, n_channels: int) -> TextureOptions:
    """Noise in as many bands and as fine steps as suit the bits that a channel takes, or is about to take at the
    quality asked for.
    """
    if options.kbps is not None:
        per_channel = options.kbps / n_channels
    else:
        quality = 0.0 if options.quality is None else options.quality
        per_channel = KBPS_AT_BEST * 2 ** ((quality - 10) / QUALITIES_PER_DOUBLING)
    n_bands, step_db, detail = next(row[1:] for row in TEXTURE_LAYOUTS if per_channel <= row[0])
    kbps = TEXTURE_SHARE * per_channel if options.texture_kbps is None else options.texture_kbps
    return TextureOptions(kbps=kbps, step_db=step_db, detail=detail, n_bands=n_bands)
