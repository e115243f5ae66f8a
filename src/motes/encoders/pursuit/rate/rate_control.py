"""Rate control: how many atoms, how finely quantised, beside how much noise, for a bitrate or for a quality.

Both choose atoms by ear and fill what they leave with texture. A bitrate is met by the size of the whole file: the most
useful atoms are kept, as many as fit. A quality is one threshold of usefulness for the whole recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.audio import Excerpts, HeldSource, Source
from motes.codec import code_ahead, dumps, quantise
from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.events import (
    excerpt_of,
    gabor_of,
    inserted,
    most_useful_of,
    quantiser_of,
    rounded_beside_noise,
    unquantised_scene,
    with_noise,
)
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.schedule import (
    OneSegmentPursuit,
    PursuitContext,
    PursuitResult,
    StopCriterion,
    pursue_segments,
    segment_grid,
)
from motes.encoders.pursuit.tuning import (
    BENEFIT_DB_PER_QUALITY,
    KBPS_AT_BEST,
    LEAST_BENEFIT_DB,
    QUALITIES_PER_DOUBLING,
    TEXTURE_LAYOUTS,
    TEXTURE_SHARE,
)
from motes.encoders.residual import energy_of
from motes.encoders.texture import TextureOptions
from motes.encoders.workload import Workload
from motes.events.event_table import none_of
from motes.events.packet import packet_samples
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

# What an atom takes, to begin with, in the first channel and in each further one; after that, as found. Chosen by hand:
# where it is off, a trial more is made.
BITS_PER_ATOM, BITS_PER_CHANNEL = 13.5, 6.0
# What another atom may be found to take, in bytes: the difference of two sizes near each other says little.
LEAST_BYTES_PER_ATOM, MOST_BYTES_PER_ATOM = 1.0, 8.0
# The part of the budget that is aimed at, and the part that is enough, chosen by hand: the search ends after one or
# two trials as a rule.
AIM = 0.99
LEAST_USE = 0.972
MOST_TRIALS, MOST_DRAFTS = 8, 3
# Rather so many times as many atoms go as seem to be too many than that the file is coded once more.
ENOUGH_LESS = 1.12
# By this part the number of atoms may change after the noise beside them was found.
NEAR = 0.04
# By this part it may change without another quantiser.
ALIKE = 0.12
# At most so often sizes are estimated from a sample, until they change by less than this part.
ESTIMATES = 3
SURE = 0.2
# Such a sample has at least so many packets, where there are twice as many, and of a long recording one in so many.
LEAST_PACKETS, MOST_APART = 2, 8
# Noise may take this part of what the file's frame leaves of the budget; else it is in so few bands and coarse steps,
# or left out. Chosen by ear and by Zimtohrli on the demo at 1.5, 2 and 3 kbps.
MOST_NOISE = 0.6
COARSE_BANDS, COARSE_STEP_DB = 8, 6.0


def encode_at_bitrate(
    source: Source, options: PursuitOptions, context: PursuitContext, work: Workload, supply: AtomSupply | None = None
) -> Scene:
    """The scene of the most useful atoms whose file has at most `options.kbps`; `supply` is of atoms found for another
    bitrate.
    """
    assert options.kbps is not None
    budget_bytes = int(options.kbps * 125 * source.n_samples / source.sample_rate_hz)
    return encode_within(budget_bytes, source, options, supply or AtomSupply(source, context, work))


def encode_within(budget_bytes: int, source: Source, options: PursuitOptions, supply: AtomSupply) -> Scene:
    """The scene of the most useful atoms whose file has at most so many bytes; where noise would take more than its
    part of that, it is coarser, or left out. Where no atom fits, the most useful one alone.
    """
    for noise in noises(options, source.n_channels):
        scene, n_bytes = _within(budget_bytes, noise, options, supply)
        if noise is not None and _leaves_room(scene, n_bytes, budget_bytes, supply):
            break
    if scene.n_events:
        return scene if n_bytes <= budget_bytes else _with_reason(scene, StopReason.BITRATE_UNREACHABLE)
    one = _most_useful(supply.at_least(1), 1)
    reason = StopReason.BITRATE_UNREACHABLE if len(one.atoms) else StopReason.NOTHING_AUDIBLE_LEFT
    return _beside([_draft(supply, options, one, None, reason)], supply, 1, 1)


class AtomSupply:
    """The most useful atoms of a recording, found when they are first needed; pursuit then goes on where it stopped."""

    def __init__(self, source: Source, context: PursuitContext, work: Workload) -> None:
        self.source, self.context, self.work = source, context, work
        self.found: PursuitResult | None = None
        self._one_segment: OneSegmentPursuit | None = None
        self._quantiser: tuple[int, GaborQuantiser | None] = (0, None)

    def at_least(self, n_atoms: int) -> PursuitResult:
        """At least so many atoms, or all there are."""
        if self.found is None or (n_atoms > len(self.found.atoms) and not self.found.stopped):
            criterion = StopCriterion(n_events=n_atoms, is_exact=False)
            self.found = self._pursued(criterion)
        return self.found

    def quantiser_of(self, found: PursuitResult) -> GaborQuantiser:
        """How coarsely atoms of it are rounded; what suits nearly as many does."""
        n_before, quantiser = self._quantiser
        if quantiser is None or abs(len(found.atoms) - n_before) > ALIKE * n_before:
            quantiser = quantiser_of(found, self.context, self.source.sample_rate_hz)
            self._quantiser = len(found.atoms), quantiser
        return quantiser

    def n_bytes(self, scene: Scene) -> int:
        """What the file of a scene takes."""
        code_ahead(scene, self.context.pool.map)
        return len(dumps(scene))

    def further(self, first: int, end: int) -> Atoms:
        """The atoms that come after the `first` most useful ones, up to `end` of them in all."""
        atoms = self.at_least(end).atoms
        return atoms.take(_by_benefit(atoms)[first:end])

    def _pursued(self, criterion: StopCriterion) -> PursuitResult:
        on_batch = self.work.begin("pursuit" if self.found is None else "more")
        if len(segment_grid(self.source.n_samples, self.context.dictionary)) > 1:
            return pursue(self.source, self.context, criterion, on_batch, self.found)
        self._one_segment = self._one_segment or OneSegmentPursuit(self.source, self.context)
        return self._one_segment.until(criterion, on_batch)


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

    A sample of the recording tells what atoms take. The noise beside about as many as fit tells how many there may be;
    where that is nearly so many, they are rounded beside it, and left out from the least useful on until they fit.
    """
    n_atoms, per_atom = _estimate(budget_bytes, noise, options, supply)
    search = SizeSearch(budget_bytes, per_atom or BITS_PER_ATOM / 8)
    while True:
        found = supply.at_least(n_atoms)
        n_atoms = min(n_atoms, len(found.atoms))
        reason = StopReason.NOTHING_AUDIBLE_LEFT if found.energy == 0.0 else StopReason.BITRATE_REACHED
        supply.work.begin("noise")
        drafts = [_draft(supply, options, _most_useful(found, n_atoms), noise, reason)]
        frame, of_noise = _sizes(drafts[0], supply)
        room = AIM * budget_bytes - frame - of_noise
        wanted = max(0, int(room / per_atom)) if per_atom else n_atoms
        if abs(wanted - n_atoms) > NEAR * n_atoms and search.may_try(wanted):
            search.drafts.append(n_atoms := wanted)
            del drafts, found  # of an hour, some hundred megabytes
            continue
        supply.work.begin("rounding")
        scene = _beside(drafts, supply, n_atoms, wanted if abs(wanted - n_atoms) <= NEAR * n_atoms else n_atoms)
        n_atoms = len(scene.gabor)
        supply.work.begin("bytes")
        search.record(n_atoms, n_bytes := supply.n_bytes(scene))
        if n_atoms == len(found.atoms) and found.stopped and (search.fits(n_atoms) or n_atoms == 0):
            return _with_reason(scene, found.stopped), n_bytes
        wanted = n_atoms if search.has_found(n_atoms) else search.next_guess()
        if (1 - NEAR) * n_atoms <= wanted <= n_atoms or search.is_over(wanted):
            return _trimmed(scene, search, supply)
        n_atoms, per_atom = wanted, 0.0


def _estimate(
    budget_bytes: int, noise: TextureOptions | None, options: PursuitOptions, supply: AtomSupply
) -> tuple[int, float]:
    """About how many atoms fit into a budget beside noise, and the bytes of each, by a packet here and there; 0.0 where
    there are too few packets to tell.
    """
    source, rate = supply.source, supply.source.sample_rate_hz
    bits_per_atom = BITS_PER_ATOM + BITS_PER_CHANNEL * (source.n_channels - 1)
    n_atoms, length = int(budget_bytes * (1 - TEXTURE_SHARE) * 8 / bits_per_atom), packet_samples(rate)
    numbers = _sampled_packets(-(-source.n_samples // length))
    stretches = [(n * length, min((n + 1) * length, source.n_samples)) for n in numbers]
    excerpts, per_atom = HeldSource(Excerpts(source, stretches)), 0.0
    if not n_atoms or 2 * excerpts.n_samples > source.n_samples:
        return n_atoms, per_atom
    for _ in range(ESTIMATES):
        found = supply.at_least(n_atoms)
        if found.stopped:
            break
        supply.work.begin("estimate")
        found = _most_useful(found, n_atoms)
        some = excerpt_of(found, numbers, length, supply.context)
        scene = unquantised_scene(excerpts, options, supply.context, some, "")
        scene = scene.replace(quantiser=supply.quantiser_of(found))
        scene = quantise(scene) if noise is None else with_noise(scene, excerpts, supply.context, noise)
        frame, of_noise = _sizes(scene, supply)
        per_atom = max((supply.n_bytes(scene) - frame - of_noise) / max(1, len(some.atoms)), LEAST_BYTES_PER_ATOM)
        room = AIM * budget_bytes - frame - of_noise * source.n_samples / excerpts.n_samples
        before, n_atoms = n_atoms, int(np.clip(room / per_atom, max(1, n_atoms // 2), 2 * n_atoms))
        if abs(n_atoms - before) < SURE * before:
            break
    return n_atoms, per_atom


def _sampled_packets(n_packets: int) -> range:
    """The numbers of the packets from which sizes are estimated."""
    step = min(max(1, n_packets // LEAST_PACKETS), MOST_APART)
    return range(step // 2, n_packets, step)


def _trimmed(scene: Scene, search: SizeSearch, supply: AtomSupply) -> tuple[Scene, int]:
    """A scene without those of its least useful atoms that have to go so that its file fits; and its bytes."""
    n_bytes, per_atom = supply.n_bytes(scene), search.bytes_per_atom()
    assert supply.found is not None
    while n_bytes > search.budget_bytes and len(scene.gabor):
        n_less = min(len(scene.gabor), 1 + math.ceil(ENOUGH_LESS * (n_bytes - search.budget_bytes) / per_atom))
        n_atoms, before = len(scene.gabor) - n_less, n_bytes
        scene = scene.with_tables([most_useful_of(scene, supply.found.atoms, supply.context, n_atoms)])
        n_bytes = supply.n_bytes(scene)
        per_atom = max((before - n_bytes) / n_less, per_atom / 2)
    return scene, n_bytes


def _draft(
    supply: AtomSupply, options: PursuitOptions, found: PursuitResult, noise: TextureOptions | None, stop_reason: str
) -> Scene:
    """Atoms, and what they leave filled with noise; the atoms are to be rounded once more beside it."""
    scene = unquantised_scene(supply.source, options, supply.context, found, stop_reason)
    drafts = [scene.replace(quantiser=supply.quantiser_of(found))]
    if noise is None or found.energy == 0.0:
        return drafts.pop()
    del scene, found  # of an hour, some hundred megabytes
    return with_noise(drafts.pop(), supply.source, supply.context, noise)


def _beside(drafts: list[Scene], supply: AtomSupply, n_before: int, n_atoms: int) -> Scene:
    """The last of some drafts, of the `n_before` most useful atoms, with `n_atoms` in their place, rounded beside its
    noise; it is taken off the list, so that its atoms need not be there beside the new ones.
    """
    draft = drafts.pop()
    gabor, context, source = draft.gabor, supply.context, supply.source
    if n_atoms < n_before:
        gabor = most_useful_of(draft, supply.at_least(n_atoms).atoms, context, n_atoms)
    elif n_atoms > n_before:
        tables, draft = [gabor], draft.with_tables([none_of(gabor.empty, source.n_channels)])
        del gabor
        gabor = inserted(tables, gabor_of(supply.further(n_before, n_atoms), context, source.sample_rate_hz))
    draft = draft.with_tables([gabor])
    return rounded_beside_noise(draft, source, context)


def _leaves_room(scene: Scene, n_bytes: int, budget_bytes: int, supply: AtomSupply) -> bool:
    """Whether a file is within the budget, and noise takes at most MOST_NOISE of what its frame leaves of that."""
    frame, of_noise = _sizes(scene, supply)
    return n_bytes <= budget_bytes and of_noise <= MOST_NOISE * (budget_bytes - frame)


def _sizes(scene: Scene, supply: AtomSupply) -> tuple[int, int]:
    """What the file of a scene takes without its events, and what their noise adds."""
    bare = scene.with_tables([none_of(kind.table.empty, scene.n_channels) for kind in kinds.KINDS])
    frame = len(dumps(bare))
    return frame, supply.n_bytes(bare.replace(texture=scene.texture)) - frame if len(scene.texture) else 0


def _with_reason(scene: Scene, stop_reason: str) -> Scene:
    return scene.replace(metadata=msgspec.structs.replace(scene.metadata, stop_reason=stop_reason))


@dataclass
class SizeSearch:
    """Search for the number of atoms whose file nearly takes a budget, by the sizes of those tried."""

    budget_bytes: int
    # What an atom takes where only one number has been tried.
    usual_bytes: float = BITS_PER_ATOM / 8
    # Bytes by number of atoms.
    tried: dict[int, int] = field(default_factory=dict)
    # Numbers for which noise was found.
    drafts: list[int] = field(default_factory=list)
    _last: int = 0

    def may_try(self, n_atoms: int) -> bool:
        """Whether to look for the noise beside a number of atoms, after the drafts before."""
        return n_atoms not in self.drafts and len(self.drafts) < MOST_DRAFTS

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

    def bytes_per_atom(self) -> float:
        """What another atom takes, by the two numbers tried whose files are nearest to the budget."""
        nearest, *others = sorted(self.tried, key=lambda n: abs(self.tried[n] - self.budget_bytes))
        if not others:
            return self.usual_bytes
        slope = (self.tried[nearest] - self.tried[others[0]]) / (nearest - others[0])
        return float(np.clip(slope, LEAST_BYTES_PER_ATOM, MOST_BYTES_PER_ATOM))

    def next_guess(self) -> int:
        """A number of atoms that takes nearly the budget, between those that take less and those that take more."""
        low = max((n for n in self.tried if self.fits(n)), default=0)
        high = min((n for n in self.tried if not self.fits(n)), default=None)
        nearest = min(self.tried, key=lambda n: abs(self.tried[n] - self.budget_bytes))
        guess = nearest + int((AIM * self.budget_bytes - self.tried[nearest]) / self.bytes_per_atom())
        if high is None:
            return max(guess, self._last + 1)
        return min(max(guess, low + 1), high - 1) if high > low + 1 else low


def encode_at_quality(source: Source, options: PursuitOptions, context: PursuitContext, work: Workload) -> Scene:
    """The scene of all atoms as useful as `options.quality` asks, found in one pass after one that measures how
    loud the recording is.
    """
    assert options.quality is not None
    assert context.masking is not None
    # Mean square, all channels together: benefits grow with it to the power of 1 − exponent.
    loudness = energy_of(source.blocks()) / max(1, source.n_samples)
    least_benefit = 10 ** ((LEAST_BENEFIT_DB + BENEFIT_DB_PER_QUALITY * options.quality) / 10)
    criterion = StopCriterion(threshold=least_benefit * loudness ** (1 - context.masking.exponent))
    found = pursue_segments(source, context, lambda _: criterion, on_batch=work.begin("pursuit"))
    reason = found.stopped or (StopReason.QUALITY_REACHED if len(found.atoms) else StopReason.NOTHING_AUDIBLE_LEFT)
    noise = texture_options(options, source.n_channels) if options.with_texture else None
    supply = AtomSupply(source, context, work)
    n_atoms = len(found.atoms)
    work.begin("noise")
    drafts = [_draft(supply, options, found, noise, reason)]
    del found  # of an hour, some hundred megabytes
    work.begin("rounding")
    return _beside(drafts, supply, n_atoms, n_atoms)


def _by_benefit(atoms: Atoms) -> NDArray[np.intp]:
    """Atoms by benefit, the highest first."""
    return np.argsort(-atoms.benefit, kind="stable")


def _most_useful(found: PursuitResult, n_atoms: int) -> PursuitResult:
    """The atoms of most benefit, in their order."""
    order = _by_benefit(found.atoms)
    left = found.residual_energy + float(found.atoms.energy[order[n_atoms:]].sum(dtype=np.float64))
    return replace(found, atoms=found.atoms.take(np.sort(order[:n_atoms])), residual_energy=left)


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
