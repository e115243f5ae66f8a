"""Pursuit along a whole recording, segment after segment, in memory that does not grow with its length.

Segments lie on a fixed grid. Each is analysed together with one more zone to its right, so that its last atoms are
chosen knowing what comes next; atoms centred in that zone are given back and found again by the next segment, in what
the first has left.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.masking import Hearing
from motes.encoders.pursuit.residual_stream import Tape
from motes.encoders.pursuit.segment import BATCH_RATIO, Atoms, Segment, core_samples, silent_energy, zone_samples
from motes.kernels.dictionary import Dictionary
from motes.stop_reason import StopReason

# Energy of an atom over that of its segment's strongest below which float32 audio holds nothing but rounding: 140 dB.
LEAST_RATIO = 1e-14
PILOT_SEGMENTS = 4
# The part of the work, for progress, that finding the common threshold takes.
PILOT_SHARE = 0.3
# Visits per event asked for, or atoms per sample, after which a segment is given up as stalled: few atoms can help, and
# pursuit returns to them for ever.
MOST_VISITS = 4


@dataclass(frozen=True)
class Stretch:
    """One segment of the grid: atoms centred in samples first … end − 1 are kept, those before `reach` are looked
    at.
    """

    first: int
    end: int
    reach: int


@dataclass(frozen=True)
class Enough:
    """When a segment has enough atoms: at a threshold of energy, a number of events, or a residual energy (of the
    whole recording, if that is one segment).
    """

    threshold: float = 0.0
    n_events: float = np.inf
    residual_energy: float = 0.0


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep found, the audio's energy and what is left of it, and `stopped`: why, where a segment could not
    have enough (else "").
    """

    atoms: Atoms
    energy: float
    residual_energy: float
    stopped: str


@dataclass(frozen=True, eq=False)
class Workshop:
    """The dictionary, the threads that share the work (none: this one), and the ear by which atoms are chosen
    (none: by energy).
    """

    dictionary: Dictionary
    executor: ThreadPoolExecutor | None
    n_threads: int
    hearing: Hearing | None = None

    @property
    def least(self) -> float:
        """Weighted energy of an atom below which there is nothing to hear."""
        return (
            silent_energy(self.dictionary)
            if self.hearing is None
            else self.hearing.least_benefit(self.dictionary.windows[0])
        )

    @property
    def margin(self) -> int:
        """How far atoms reach from their centre, in samples."""
        return self.dictionary.longest // 2

    def segment(self, n_channels: int, stretch: Stretch) -> Segment:
        """Memory for a segment as long as `stretch`."""
        return Segment(self.dictionary, n_channels, stretch.reach - stretch.first, self.executor, self.n_threads)


def stretches(n_samples: int, dictionary: Dictionary, segmented: bool = True) -> list[Stretch]:
    """The grid of segments; what is shorter than a quarter at the end joins the one before it."""
    core, zone = core_samples(dictionary), zone_samples(dictionary)
    last = n_samples + 1  # centres may lie on the end itself
    starts = list(range(0, max(1, last - core // 4), core)) if segmented else [0]
    ends = [*starts[1:], last]
    return [Stretch(a, b, min(b + zone, last)) for a, b in zip(starts, ends, strict=True)]


def sweep(
    source: Source,
    workshop: Workshop,
    enough: Callable[[Stretch], Enough],
    *,
    earlier: Atoms | None = None,
    segmented: bool = True,
    on_batch: Callable[[float, int], None] = lambda fraction, n_events: None,
) -> Swept:
    """Take atoms from every segment until it has `enough`; `on_batch` hears the part done and how many there are."""
    grid = stretches(source.n_samples, workshop.dictionary, segmented)
    segment = workshop.segment(source.n_channels, max(grid, key=lambda s: s.reach - s.first))
    tape = Tape(source, workshop.dictionary, earlier)
    heard = Tape(source, workshop.dictionary, None) if workshop.hearing else None
    lots, n_events, stopped = [Atoms.empty(source.n_channels)], 0, ""
    for stretch in grid:
        begin, end = stretch.first - workshop.margin, stretch.reach + workshop.margin
        if heard is not None:
            _weigh(segment, heard, workshop, stretch)
        tape.reach(end)
        segment.begin(tape.samples(begin, end), begin, stretch.first, stretch.reach, source.n_samples)
        tell = partial(_tell, on_batch, stretch, source.n_samples + 1, n_events)
        kept, why = _fill(segment, stretch, enough(stretch), source.n_samples, workshop.least, tell)
        stopped = why or stopped
        n_events += len(kept)
        lots.append(kept)
        tape.put(segment.residual[:, : stretch.reach - begin], begin)
        tape.forget(min(stretch.end, source.n_samples + 1) - workshop.margin)
    tape.forget(tape.first + tape.audio.shape[1])
    return Swept(Atoms.join(lots), tape.energy, tape.residual_energy, stopped)


def _weigh(segment: Segment, heard: Tape, workshop: Workshop, stretch: Stretch) -> None:
    """Let the segment choose by what the recording itself masks in this stretch."""
    assert workshop.hearing is not None
    begin, end = stretch.first - workshop.margin, stretch.reach + workshop.margin
    heard.skip_to(begin)
    heard.reach(end)
    segment.weigh(heard.samples(begin, end), begin, stretch.first, stretch.reach, workshop.hearing)


def _tell(
    on_batch: Callable[[float, int], None], stretch: Stretch, n_samples: int, n_before: int, part: float, n_here: int
) -> None:
    on_batch((stretch.first + part * (stretch.end - stretch.first)) / n_samples, n_before + n_here)


def _fill(
    segment: Segment,
    stretch: Stretch,
    enough: Enough,
    n_samples: int,
    least: float,
    on_batch: Callable[[float, int], None],
) -> tuple[Atoms, str]:
    """Run a segment until it has enough and leave its residual without the atoms kept; these, and why it had to
    stop before, if so.
    """
    kept, back = [Atoms.empty(segment.n_channels)], [Atoms.empty(segment.n_channels)]
    n_kept, n_visits = 0, 0
    first_threshold, first_left = segment.threshold, segment.left
    most_visits = min(MOST_VISITS * (stretch.reach - stretch.first), MOST_VISITS * enough.n_events + 1000)
    silent, rounding = least, segment.threshold * LEAST_RATIO
    while True:
        left = segment.left
        if left <= enough.residual_energy:  # by the sum of what each atom took: look what is really left
            left = segment.residual_energy(0, n_samples)
        if n_visits >= enough.n_events:
            n_kept = Atoms.join(kept).n_places()
        has_enough = (
            segment.threshold <= enough.threshold or n_kept >= enough.n_events or left <= enough.residual_energy
        )
        if has_enough or segment.threshold <= max(silent, rounding) or n_visits > most_visits:
            break
        lot = segment.batch()
        mine = lot.centre_samples(segment.dictionary) < stretch.end
        kept.append(lot.take(mine))
        back.append(lot.take(~mine))
        n_visits += len(kept[-1])
        n_kept = n_visits
        on_batch(_part_done(segment, enough, n_kept, first_threshold, first_left), n_kept)
    atoms = Atoms.join(kept).merged()
    spare = _spare(atoms, len(atoms) - enough.n_events, enough.residual_energy - left)
    back.append(atoms.take(spare))
    segment.give_back(Atoms.join(back))
    return atoms.take(~spare), "" if has_enough else (
        StopReason.NOTHING_AUDIBLE_LEFT if segment.threshold <= silent else StopReason.STALLED
    )


def _part_done(segment: Segment, enough: Enough, n_kept: int, first_threshold: float, first_left: float) -> float:
    """How far a segment has come towards whichever it will have enough of first: 0 … 1."""
    count = n_kept / enough.n_events if enough.n_events else 1.0
    down = _progress_db(first_threshold, segment.threshold, enough.threshold) if enough.threshold else 0.0
    removed = (
        _progress_db(first_left, max(segment.left, 1e-30), enough.residual_energy) if enough.residual_energy else 0.0
    )
    return float(min(1.0, max(count, down, removed)))


def _spare(lot: Atoms, too_many: float, energy_to_spare: float) -> NDArray[np.bool_]:
    """Which atoms to leave out, weakest first: as many as are too many, or as their energy allows."""
    order = np.argsort(lot.benefit, kind="stable")
    n_spare = int(max(0, too_many)) if np.isfinite(too_many) else 0
    if energy_to_spare > 0:
        n_spare = max(n_spare, int(np.searchsorted(np.cumsum(lot.energy[order]), energy_to_spare)))
    spare = np.zeros(len(lot), bool)
    spare[order[:n_spare]] = True
    return spare


def sweep_to(
    source: Source,
    workshop: Workshop,
    enough: Enough,
    *,
    on_batch: Callable[[float, int], None] = lambda fraction, n_events: None,
) -> Swept:
    """Take atoms from a recording of several segments, down to one threshold for all, at which it has `enough`."""
    threshold = _pilot_threshold(source, workshop, enough, lambda part, n: on_batch(PILOT_SHARE * part, n))
    found: Swept | None = None
    done, n_events = PILOT_SHARE, 0
    while True:
        tell = partial(_within, on_batch, done, n_events)
        swept = sweep(source, workshop, partial(_at, threshold), earlier=found.atoms if found else None, on_batch=tell)
        done += 0.9 * (1 - done)  # another sweep would be a short one
        energy = found.energy if found else swept.energy
        atoms = Atoms.join([found.atoms, swept.atoms]) if found else swept.atoms
        found = Swept(atoms.merged(), energy, swept.residual_energy, swept.stopped)
        n_events = len(found.atoms)
        reached = len(found.atoms) >= enough.n_events or found.residual_energy <= enough.residual_energy
        if reached or threshold <= workshop.least:
            break
        threshold *= BATCH_RATIO ** _batches_to_go(found, enough)
    spare = _spare(found.atoms, len(found.atoms) - enough.n_events, enough.residual_energy - found.residual_energy)
    left = found.residual_energy + float(found.atoms.energy[spare].sum())
    return Swept(
        found.atoms.take(~spare),
        found.energy,
        left,
        "" if reached else found.stopped or StopReason.NOTHING_AUDIBLE_LEFT,
    )


def _batches_to_go(found: Swept, enough: Enough) -> int:
    """How many batches deeper to go, at least one and rather too few: one takes about 1 dB off the residual and
    adds a third to the events.
    """
    missing_db = 10 * np.log10(found.residual_energy / enough.residual_energy) if enough.residual_energy else np.inf
    missing_ratio = enough.n_events / max(1, len(found.atoms)) if np.isfinite(enough.n_events) else np.inf
    return max(1, int(min(missing_db / 1.5, np.log(missing_ratio) / np.log(1.4))))


def _progress_db(energy: float, left: float, target: float) -> float:
    """How much of the way, in dB, from all of an energy to a target what is left has come: 0 … 1."""
    if left <= target or energy <= target:
        return 1.0
    return float(np.log(energy / left) / np.log(energy / target))


def _within(on_batch: Callable[[float, int], None], done: float, n_before: int, part: float, n_events: int) -> None:
    on_batch(done + 0.9 * (1 - done) * part, n_before + n_events)


def _at(threshold: float, stretch: Stretch) -> Enough:
    return Enough(threshold=threshold)


def _pilot_threshold(
    source: Source, workshop: Workshop, enough: Enough, on_batch: Callable[[float, int], None]
) -> float:
    """The common threshold at which the whole recording has about `enough` (events or residual), from a few of its
    segments.
    """
    grid = stretches(source.n_samples, workshop.dictionary)
    chosen = [
        grid[i] for i in sorted({round(x) for x in np.linspace(0, len(grid) - 1, min(PILOT_SEGMENTS, len(grid)))})
    ]
    tape, segments = Tape(source, workshop.dictionary, None), []
    heard = Tape(source, workshop.dictionary, None) if workshop.hearing else None
    for stretch in chosen:
        begin, end = stretch.first - workshop.margin, stretch.reach + workshop.margin
        tape.skip_to(begin)
        tape.reach(end)
        segments.append(workshop.segment(source.n_channels, stretch))
        if heard is not None:
            _weigh(segments[-1], heard, workshop, stretch)
        segments[-1].begin(tape.samples(begin, end), begin, stretch.first, stretch.reach, source.n_samples)
    part = sum(min(s.reach, source.n_samples) - s.first for s in chosen) / max(1, source.n_samples)
    # At either end of a stretch lies what atoms centred outside would explain: energy is compared in between.
    inner = [(s.first + workshop.margin, min(s.reach, source.n_samples) - workshop.margin) for s in chosen]
    inner_part = sum(last - first for first, last in inner) / max(1, source.n_samples)
    n_events, left, energy = 0, np.inf, 0.0
    while n_events < enough.n_events * part and left > enough.residual_energy * inner_part:
        threshold = max(segment.threshold for segment in segments)
        if threshold <= workshop.least:
            break
        for segment in segments:
            if segment.threshold >= threshold:
                n_events += len(segment.batch())
        if enough.residual_energy:
            left = sum(segment.residual_energy(*ends) for segment, ends in zip(segments, inner, strict=True))
            energy = max(energy, left)
            on_batch(_progress_db(energy, left, enough.residual_energy * inner_part), n_events)
        else:
            on_batch(min(1.0, n_events / max(1.0, enough.n_events * part)), n_events)
    return max(segment.threshold for segment in segments)
