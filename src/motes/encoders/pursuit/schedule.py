"""Pursuit along a whole recording, segment after segment, in memory that does not grow with its length.

Segments lie on a fixed grid. Each is analysed together with one more zone to its right, so that its last atoms are
chosen knowing what comes next; atoms centred in that zone are given back and found again by the next segment, in what
the first has left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.chirps import ChirpSearch
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.residual_stream import ResidualStream
from motes.encoders.pursuit.segment import Segment, SegmentBounds, core_samples, silent_energy, zone_samples
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import Dictionary
from motes.stop_reason import StopReason

# Energy of an atom over that of its segment's strongest below which float32 audio holds nothing but rounding: 140 dB.
LEAST_RATIO = 1e-14
# Visits per event asked for, or atoms per sample, after which a segment is given up as stalled: few atoms can help, and
# pursuit returns to them for ever. Chosen by hand: recordings take 1.01 visits per event, a pure tone any number.
MOST_VISITS = 4
# Visits that any segment may make.
FREE_VISITS = 1000

# Takes the part of the work done, 0 … 1, and the number of events so far.
OnBatch = Callable[[float, int], None]


def no_progress(fraction: float, n_events: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class StopCriterion:
    """When a pursuit has enough atoms, whichever comes first."""

    # Of an atom's weighted energy.
    threshold: float = 0.0
    n_events: float = np.inf
    # Of the whole recording: for a single segment.
    residual_energy: float = 0.0
    # Whether atoms that are more than is asked for are left out again.
    is_exact: bool = True


@dataclass(frozen=True, eq=False)
class PursuitResult:
    """Atoms found, the audio's energy and what they leave of it."""

    atoms: Atoms
    energy: float
    residual_energy: float
    # Why a segment could not have enough, else "".
    stopped: str
    # The lowest that a segment came to.
    threshold: float = 0.0


@dataclass(frozen=True, eq=False)
class PursuitContext:
    """What all segments of a pursuit share."""

    dictionary: Dictionary
    pool: ThreadPool
    # By which atoms are chosen; without it, by energy.
    masking: MaskingModel | None = None
    # Whether chirped atoms are taken first.
    chirps: bool = False

    @property
    def stop_energy(self) -> float:
        """Weighted energy of an atom below which there is nothing to hear."""
        if self.masking is None:
            return silent_energy(self.dictionary)
        return self.masking.least_benefit(self.dictionary.windows[0])

    @property
    def half_longest_window(self) -> int:
        """How far atoms reach from their centre, in samples."""
        return self.dictionary.longest // 2

    def segment(self, n_channels: int, max_samples: int) -> Segment:
        """Memory for segments of at most `max_samples`."""
        return Segment(self.dictionary, n_channels, max_samples, self.pool)


def segment_grid(n_samples: int, dictionary: Dictionary, segmented: bool = True) -> list[SegmentBounds]:
    """The grid of segments; what is shorter than a quarter at the end joins the one before it."""
    core, zone = core_samples(dictionary), zone_samples(dictionary)
    end = n_samples + 1  # centres may lie on the end itself
    starts = list(range(0, max(1, end - core // 4), core)) if segmented else [0]
    ends = [*starts[1:], end]
    return [SegmentBounds(a, b, min(b + zone, end)) for a, b in zip(starts, ends, strict=True)]


class SegmentLoader:
    """Hands a recording, less the atoms of `earlier` passes, to segments in order of time."""

    def __init__(self, source: Source, context: PursuitContext, earlier: Atoms | None = None) -> None:
        self._context, self._n_samples = context, source.n_samples
        self._is_first = earlier is None or not len(earlier)
        self.residual = ResidualStream(source, context.dictionary, earlier)
        self._reference = ResidualStream(source, context.dictionary) if context.masking else None

    def load(self, segment: Segment, bounds: SegmentBounds) -> None:
        """Begin a segment with the residual as it is, and the weights that the recording itself gives it; digital
        silence needs none.
        """
        first, end = bounds.first, bounds.look_ahead_end
        residual = self._samples(self.residual, bounds)
        is_whole = self._is_first and first == 0  # nothing has been taken from it yet
        if self._reference is not None and self._context.masking is not None and residual.any():
            reference = residual if is_whole else self._samples(self._reference, bounds)
            segment.set_weights(reference, first, end, self._context.masking)
        else:
            is_whole = False
        chirps, context = None, self._context
        if context.chirps and self._is_first:
            begin = first - context.half_longest_window
            chirps = ChirpSearch(residual, begin, (first, end), context.dictionary, context.masking)
        segment.begin(residual, first, end, self._n_samples, is_whole, chirps)

    def _samples(self, stream: ResidualStream, bounds: SegmentBounds) -> NDArray[np.float32]:
        margin = self._context.half_longest_window
        stream.skip_to(bounds.first - margin)
        stream.read_until(bounds.look_ahead_end + margin)
        return stream.samples(bounds.first - margin, bounds.look_ahead_end + margin)

    def store(self, segment: Segment, bounds: SegmentBounds) -> None:
        """Take back what a segment has left, but for what lies past its look-ahead."""
        begin = bounds.first - self._context.half_longest_window
        self.residual.put(segment.residual[:, : bounds.look_ahead_end - begin], begin)
        self.residual.discard(min(bounds.end, self._n_samples + 1) - self._context.half_longest_window)


def pursue_segments(
    source: Source,
    context: PursuitContext,
    criterion_of: Callable[[SegmentBounds], StopCriterion],
    *,
    earlier: Atoms | None = None,
    segmented: bool = True,
    on_batch: OnBatch = no_progress,
) -> PursuitResult:
    """Atoms of every segment, until each meets its own criterion."""
    grid = segment_grid(source.n_samples, context.dictionary, segmented)
    segment = context.segment(source.n_channels, max(bounds.n_samples for bounds in grid))
    loader = SegmentLoader(source, context, earlier)
    parts, n_events, stopped, threshold = [Atoms.empty(source.n_channels)], 0, "", np.inf
    for bounds in grid:
        loader.load(segment, bounds)
        on_part = _progress_of_segment(on_batch, bounds, source.n_samples + 1, n_events)
        kept, why = _pursue_segment(segment, bounds, criterion_of(bounds), source.n_samples, context, on_part)
        stopped, threshold = why or stopped, min(threshold, segment.threshold)
        n_events += len(kept)
        parts.append(kept)
        loader.store(segment, bounds)
    loader.residual.discard()
    return PursuitResult(Atoms.join(parts), loader.residual.energy, loader.residual.residual_energy, stopped, threshold)


def _progress_of_segment(on_batch: OnBatch, bounds: SegmentBounds, n_samples: int, n_before: int) -> OnBatch:
    def on_part(part: float, n_here: int) -> None:
        on_batch((bounds.first + part * (bounds.end - bounds.first)) / n_samples, n_before + n_here)

    return on_part


def _pursue_segment(
    segment: Segment,
    bounds: SegmentBounds,
    criterion: StopCriterion,
    n_samples: int,
    context: PursuitContext,
    on_batch: OnBatch,
) -> tuple[Atoms, str]:
    """Run a segment until it has enough and leave its residual without the atoms kept; these, and why it had to
    stop before, if so.
    """
    run = _SegmentRun(segment, bounds, n_samples, context)
    why = run.until(criterion, on_batch)
    atoms = Atoms.join(run.kept).merged()
    spare = spare_atoms(atoms, criterion, run.left)
    segment.give_back(Atoms.join([*run.given_back, atoms.take(spare)]))
    return atoms.take(~spare), why


class _SegmentRun:
    """Pursuit in a segment that has begun, which may go on to further criteria."""

    def __init__(self, segment: Segment, bounds: SegmentBounds, n_samples: int, context: PursuitContext) -> None:
        self._segment, self._bounds, self._n_samples = segment, bounds, n_samples
        self._silent, self._rounding = context.stop_energy, segment.threshold * LEAST_RATIO
        self.kept, self.given_back = [Atoms.empty(segment.n_channels)], [Atoms.empty(segment.n_channels)]
        self._n_visits = 0
        # Energy of the residual, as far as it had to be known.
        self.left = np.inf

    def until(self, criterion: StopCriterion, on_batch: OnBatch) -> str:
        """Take atoms until there are enough; why it had to stop before, if so, else ""."""
        segment = self._segment
        part_done, n_kept = _SegmentProgress(segment, criterion), self._n_visits
        most_visits = min(MOST_VISITS * self._bounds.n_samples, MOST_VISITS * criterion.n_events + FREE_VISITS)
        while True:
            self.left = segment.expected_residual_energy
            if self.left <= criterion.residual_energy:  # by what each atom took: look what is really left
                self.left = segment.residual_energy(0, self._n_samples)
            if self._n_visits >= criterion.n_events:
                n_kept = Atoms.join(self.kept).n_places()
            if (
                (criterion.threshold > 0.0 and segment.threshold <= criterion.threshold)
                or n_kept >= criterion.n_events
                or self.left <= criterion.residual_energy
            ):
                return ""
            if segment.threshold <= max(self._silent, self._rounding) or self._n_visits > most_visits:
                return StopReason.NOTHING_AUDIBLE_LEFT if segment.threshold <= self._silent else StopReason.STALLED
            n_kept = self._batch()
            on_batch(part_done(n_kept), n_kept)

    def _batch(self) -> int:
        """Take one batch of atoms; how many are kept by then."""
        return self._sort(self._segment.batch())

    def _sort(self, batch: Atoms) -> int:
        """Keep those atoms that are centred in the segment; how many these are by then."""
        mine = batch.centre_samples(self._segment.dictionary) < self._bounds.end
        self.kept.append(batch.take(mine))
        self.given_back.append(batch.take(~mine))
        self._n_visits += len(self.kept[-1])
        return self._n_visits


class OneSegmentPursuit:
    """Pursuit of a recording of one segment that goes on where it stopped."""

    def __init__(self, source: Source, context: PursuitContext) -> None:
        (bounds,) = segment_grid(source.n_samples, context.dictionary)
        self._n_samples, self._segment = source.n_samples, context.segment(source.n_channels, bounds.n_samples)
        loader = SegmentLoader(source, context)
        loader.load(self._segment, bounds)
        self._energy = loader.residual.energy
        self._run = _SegmentRun(self._segment, bounds, source.n_samples, context)

    def until(self, criterion: StopCriterion, on_batch: OnBatch) -> PursuitResult:
        """All atoms found until there are enough."""
        stopped = self._run.until(criterion, on_batch)
        left = self._segment.residual_energy(0, self._n_samples)
        atoms = Atoms.join(self._run.kept).merged()
        return PursuitResult(atoms, self._energy, left, stopped, self._segment.threshold)


class _SegmentProgress:
    """How far a segment has come towards whichever part of its criterion it will meet first."""

    def __init__(self, segment: Segment, criterion: StopCriterion) -> None:
        self._segment, self._criterion = segment, criterion
        self._first_threshold, self._first_energy = segment.threshold, segment.expected_residual_energy

    def __call__(self, n_kept: int) -> float:
        """The part done, 0 … 1."""
        segment, criterion = self._segment, self._criterion
        parts = [n_kept / criterion.n_events if criterion.n_events else 1.0]
        if criterion.threshold:
            parts.append(progress_db(self._first_threshold, segment.threshold, criterion.threshold))
        if criterion.residual_energy:
            left = max(segment.expected_residual_energy, 1e-30)
            parts.append(progress_db(self._first_energy, left, criterion.residual_energy))
        return float(min(1.0, max(parts)))


def progress_db(energy: float, left: float, target: float) -> float:
    """How much of the way, in dB, from all of an energy to a target what is left has come: 0 … 1."""
    if left <= target or energy <= target:
        return 1.0
    return float(np.log(energy / left) / np.log(energy / target))


def spare_atoms(atoms: Atoms, criterion: StopCriterion, residual_energy: float) -> NDArray[np.bool_]:
    """Which atoms to leave out, weakest first: as many as a criterion that is exact has no need of, by their number or
    by the energy that is left.
    """
    spare = np.zeros(len(atoms), bool)
    if not criterion.is_exact:
        return spare
    too_many, energy_to_spare = len(atoms) - criterion.n_events, criterion.residual_energy - residual_energy
    order = np.argsort(atoms.benefit, kind="stable")
    n_spare = int(max(0, too_many)) if np.isfinite(too_many) else 0
    if energy_to_spare > 0:
        n_spare = max(n_spare, int(np.searchsorted(np.cumsum(atoms.energy[order], dtype=np.float64), energy_to_spare)))
    spare[order[:n_spare]] = True
    return spare
