"""A target for a recording of several segments: atoms of all of them, down to one threshold.

The threshold is guessed from a pilot on a few segments, and lowered where it turns out too high.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.audio import Source
from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.schedule import (
    OnBatch,
    PursuitContext,
    PursuitResult,
    SegmentLoader,
    StopCriterion,
    no_progress,
    progress_db,
    pursue_segments,
    segment_grid,
    spare_atoms,
)
from motes.encoders.pursuit.segment import BATCH_RATIO, Segment, SegmentBounds, zone_samples
from motes.kernels.dictionary import Dictionary
from motes.stop_reason import StopReason

# Stretches that the pilot looks at, and their length in zones: of a minute a fifth.
PILOT_STRETCHES, PILOT_ZONES = 8, 8
# The part of the work, for the display of progress alone, that the pilot takes, and of what is left that the pass after
# it takes (further ones are short). Chosen by hand.
PILOT_SHARE, PASS_SHARE = 0.3, 0.9
# What a batch is taken to take off the residual and to multiply the number of events by. It is less, about 1 dB and
# 1.33: too few batches cost another pass, too many atoms that are given up again.
DB_PER_BATCH, EVENTS_RATIO_PER_BATCH = 1.5, 1.4


def pursue(
    source: Source,
    context: PursuitContext,
    criterion: StopCriterion,
    on_batch: OnBatch = no_progress,
    earlier: PursuitResult | None = None,
) -> PursuitResult:
    """Atoms of a recording until they meet a criterion together; of one of several segments, beginning with those found
    `earlier`.
    """
    if len(segment_grid(source.n_samples, context.dictionary)) > 1:
        return pursue_to_common_threshold(source, context, criterion, on_batch, earlier)
    return pursue_segments(source, context, lambda _: criterion, on_batch=on_batch)


def pursue_to_common_threshold(
    source: Source,
    context: PursuitContext,
    criterion: StopCriterion,
    on_batch: OnBatch = no_progress,
    earlier: PursuitResult | None = None,
) -> PursuitResult:
    """Atoms of all segments down to the threshold at which they meet a criterion together."""
    done, found = 0.0, earlier
    if found is None:
        threshold = _pilot_threshold(source, context, criterion, lambda part, n: on_batch(PILOT_SHARE * part, n))
        done, found = PILOT_SHARE, PursuitResult(Atoms.empty(source.n_channels), 0.0, 0.0, "")
    else:
        threshold = found.threshold * BATCH_RATIO ** _batches_to_go(found, criterion)
    while True:
        found = _pass_to(threshold, source, context, found, _progress_of_pass(on_batch, done, len(found.atoms)))
        done += PASS_SHARE * (1 - done)
        reached = len(found.atoms) >= criterion.n_events or found.residual_energy <= criterion.residual_energy
        if reached or threshold <= context.stop_energy:
            break
        threshold *= BATCH_RATIO ** _batches_to_go(found, criterion)
    atoms = found.atoms
    spare = spare_atoms(atoms, criterion, found.residual_energy)
    left = found.residual_energy + float(atoms.energy[spare].sum(dtype=np.float64))
    stopped = "" if reached else found.stopped or StopReason.NOTHING_AUDIBLE_LEFT
    return PursuitResult(atoms.take(~spare), found.energy, left, stopped, threshold)


def _pass_to(
    threshold: float, source: Source, context: PursuitContext, found: PursuitResult, on_batch: OnBatch
) -> PursuitResult:
    """What was found, and all atoms above a threshold in what that leaves."""
    criterion = StopCriterion(threshold=threshold)
    more = pursue_segments(source, context, lambda _: criterion, earlier=found.atoms, on_batch=on_batch)
    return replace(more, atoms=Atoms.join([found.atoms, more.atoms]).merged())


def _progress_of_pass(on_batch: OnBatch, done: float, n_before: int) -> OnBatch:
    def on_part(part: float, n_events: int) -> None:
        on_batch(done + PASS_SHARE * (1 - done) * part, n_before + n_events)

    return on_part


def _batches_to_go(found: PursuitResult, criterion: StopCriterion) -> int:
    """How many batches deeper to go, at least one and rather too few."""
    missing_db = missing_ratio = np.inf
    if criterion.residual_energy:
        missing_db = 10 * np.log10(found.residual_energy / criterion.residual_energy)
    if np.isfinite(criterion.n_events):
        missing_ratio = criterion.n_events / max(1, len(found.atoms))
    return max(1, int(min(missing_db / DB_PER_BATCH, np.log(missing_ratio) / np.log(EVENTS_RATIO_PER_BATCH))))


def _pilot_threshold(source: Source, context: PursuitContext, criterion: StopCriterion, on_batch: OnBatch) -> float:
    """The common threshold at which the whole recording about meets a criterion, from a few of its segments."""
    chosen = _pilot_stretches(source.n_samples, context.dictionary)
    segments = _loaded(source, context, chosen)
    part = sum(min(b.look_ahead_end, source.n_samples) - b.first for b in chosen) / max(1, source.n_samples)
    # At either end of a segment lies what atoms centred outside would explain: energy is compared in between.
    margin = context.half_longest_window
    inner = [(b.first + margin, min(b.look_ahead_end, source.n_samples) - margin) for b in chosen]
    n_wanted = criterion.n_events * part
    energy_wanted = criterion.residual_energy * (sum(end - first for first, end in inner) / max(1, source.n_samples))
    n_events, left, energy = 0, np.inf, 0.0
    while n_events < n_wanted and left > energy_wanted:
        threshold = max(segment.threshold for segment in segments)
        if threshold <= context.stop_energy:
            break
        for segment in segments:
            if segment.threshold >= threshold:
                n_events += len(segment.batch())
        if criterion.residual_energy:
            left = sum(segment.residual_energy(*ends) for segment, ends in zip(segments, inner, strict=True))
            energy = max(energy, left)
            on_batch(progress_db(energy, left, energy_wanted), n_events)
        else:
            on_batch(min(1.0, n_events / max(1.0, n_wanted)), n_events)
    return max(segment.threshold for segment in segments)


def _pilot_stretches(n_samples: int, dictionary: Dictionary) -> list[SegmentBounds]:
    """Stretches of whole zones, evenly spread."""
    zone = zone_samples(dictionary)
    n_zones = -(-n_samples // zone)
    step = max(n_zones // PILOT_STRETCHES, PILOT_ZONES)
    starts = range((step - PILOT_ZONES) // 2, n_zones, step)
    ends = [min((start + PILOT_ZONES) * zone, n_samples + 1) for start in starts]
    return [SegmentBounds(start * zone, end, end) for start, end in zip(starts, ends, strict=True)]


def _loaded(source: Source, context: PursuitContext, chosen: list[SegmentBounds]) -> list[Segment]:
    """A segment for each bounds, begun."""
    loader, segments = SegmentLoader(source, context), []
    for bounds in chosen:
        segments.append(context.segment(source.n_channels, bounds.n_samples))
        loader.load(segments[-1], bounds)
    return segments
