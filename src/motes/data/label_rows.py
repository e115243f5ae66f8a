"""Labels of notes as a file has them, and what in them makes no sense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motes.errors import ParameterError
from motes.events.notes import DRUMS, Mask, Notes, Reals

# MusicNet counts samples at this rate, whatever rate a copy of its audio has.
MUSICNET_RATE_HZ = 44100
LOWEST_KEY, HIGHEST_KEY = 21, 108  # those of a piano, which holds all of MusicNet
# The median note is longer, in any music: shorter ones are a mistake of the unit.
SHORTEST_MEDIAN_S = 0.005
# What labels may go on after the audio: how exactly they were aligned, and what a file may lose at its end.
ALIGNED_S, LOST_S = 0.05, 1.0
# Labels of a whole recording reach over this share of it.
COVERED = 0.8
# So many notes after the end are mistakes of their own.
FEW_LATE = 2
USUAL_RATES_HZ = (8000, 16000, 22050, 24000, 32000, 48000, 88200, 96000, 192000)


@dataclass(frozen=True)
class LabelRows:
    """Labels as a file has them, in its order, before anything is checked but that they are numbers.

    The columns are those of `Notes`, `(n,)`; `numbers` is where in the file each stands, in units of `unit` ("line",
    "note"). `in_samples`: whether the file counts samples at 44,100 Hz; `whole`: whether these are whole numbers.
    """

    path: str
    unit: str
    numbers: Sequence[int]
    onset_s: Reals
    end_s: Reals
    pitch: Reals
    strength: Reals
    instrument: Reals
    in_samples: bool = False
    whole: bool = True

    def notes(self) -> Notes:
        """The labels as notes; ParameterError, which names the file, where they are none."""
        try:
            pitch = np.where(self.instrument == DRUMS, np.nan, self.pitch)
            return Notes(self.onset_s, self.end_s, pitch, self.strength, self.instrument.astype(np.int64))
        except ParameterError as error:
            raise ParameterError(f"{self.path}: {error}") from None


class Fault(NamedTuple):
    """What is wrong: its name, one line about it, and whether labels with it are refused."""

    what: str
    text: str
    is_error: bool = True


def faults(rows: LabelRows, duration_s: float | None = None, sample_rate_hz: int | None = None) -> list[Fault]:
    """All that is wrong with labels, in themselves and, where these are given, beside the audio's length and rate."""
    if len(rows.onset_s) == 0:
        return [Fault("no_notes", "it holds no notes", False)]
    if (unit := _unit(rows)) is not None:
        return [unit]  # all else would follow from it
    found = list(_in_themselves(rows))
    return found if duration_s is None else found + list(_beside(rows, duration_s, sample_rate_hz))


def _unit(rows: LabelRows) -> Fault | None:
    """Seconds where samples are expected."""
    if not rows.in_samples:
        return None
    advice = (
        f"are they in seconds? samples at {MUSICNET_RATE_HZ} Hz are expected, or columns named onset_s, end_s, pitch"
    )
    if not rows.whole:
        return Fault("seconds", f"its times are not whole numbers: {advice}")
    median_s = float(np.median(np.abs(rows.end_s - rows.onset_s)))
    if median_s < SHORTEST_MEDIAN_S:
        return Fault("seconds", f"its median note lasts {median_s * MUSICNET_RATE_HZ:.0f} samples: {advice}")
    return None


def _in_themselves(rows: LabelRows) -> Iterator[Fault]:
    onset_s, end_s, pitch = rows.onset_s, rows.end_s, rows.pitch
    yield from _if_any(rows, end_s < onset_s, "ends_before_start", "end before they begin")
    yield from _if_any(rows, onset_s < 0, "negative", "begin before 0 s")
    yield from _if_any(rows, end_s == onset_s, "no_length", "have no length", False)
    is_pitch = np.isnan(pitch) | ((pitch >= 0) & (pitch < 128))
    words = f"have no MIDI number as their pitch ({pitch[~is_pitch][0]:g}: is it in Hz?)" if not is_pitch.all() else ""
    yield from _if_any(rows, ~is_pitch, "pitch", words)
    outside = is_pitch & (rows.instrument != DRUMS) & ((pitch < LOWEST_KEY) | (pitch > HIGHEST_KEY))
    yield from _if_any(rows, outside, "outside_piano", f"lie outside {LOWEST_KEY} … {HIGHEST_KEY}", False)
    bad = ~np.isnan(rows.strength) & ((rows.strength < 0) | (rows.strength > 1))
    yield from _if_any(rows, bad, "strength", "have a strength outside 0 … 1 (a velocity outside 0 … 127)")
    bad = (rows.instrument < -1) | (rows.instrument > DRUMS) | (rows.instrument != np.round(rows.instrument))
    yield from _if_any(rows, bad, "instrument", "have an instrument that is no General MIDI program")
    yield from _if_any(rows, _repeated(rows), "duplicate", "are there twice", False)


def _repeated(rows: LabelRows) -> Mask:
    """Those of which an equal one stands before."""
    table = np.stack([rows.onset_s, rows.end_s, np.nan_to_num(rows.pitch, nan=-1.0), rows.instrument], axis=1)
    _, first = np.unique(table, axis=0, return_index=True)
    repeated = np.ones(len(table), bool)
    repeated[first] = False
    return repeated


def _beside(rows: LabelRows, duration_s: float, sample_rate_hz: int | None) -> Iterator[Fault]:
    last_s = float(rows.end_s.max())
    late = rows.end_s > duration_s + ALIGNED_S
    rate_hz = _counted_at(rows, duration_s, sample_rate_hz, int(late.sum()))
    if rate_hz is not None:
        yield Fault(
            "rate",
            f"its last note ends at {last_s:.1f} s of {duration_s:.1f} s: were samples counted at {rate_hz} Hz? "
            f"{MUSICNET_RATE_HZ} Hz are expected",
            rate_hz in (sample_rate_hz, *USUAL_RATES_HZ[USUAL_RATES_HZ.index(48000) :]),
        )
        return
    is_error = bool(np.any(rows.end_s > duration_s + LOST_S) or np.any(rows.onset_s > duration_s + ALIGNED_S))
    words = f"go on after the end of the audio (to {last_s:.2f} s, it has {duration_s:.2f} s)"
    yield from _if_any(rows, late, "past_end", words, is_error)


def _counted_at(rows: LabelRows, duration_s: float, sample_rate_hz: int | None, n_late: int) -> int | None:
    """Another rate than 44,100 Hz at which samples may have been counted, as then labels end where the audio does: that
    of the audio, or a usual one. None where they do so as it is, or few notes alone speak against it.
    """
    last_s = float(rows.end_s.max())
    if not rows.in_samples or duration_s <= 0 or 0 < n_late <= FEW_LATE:
        return None
    if COVERED * duration_s <= last_s <= duration_s + LOST_S:
        return None
    candidates = filter(None, (sample_rate_hz, *USUAL_RATES_HZ))
    covered = {rate_hz: last_s * MUSICNET_RATE_HZ / rate_hz / duration_s for rate_hz in candidates}
    return next((rate_hz for rate_hz, share in covered.items() if COVERED <= share <= 1.02), None)


def _if_any(rows: LabelRows, bad: Mask, what: str, words: str, is_error: bool = True) -> Iterator[Fault]:
    at = np.flatnonzero(bad)
    if len(at):
        place = (
            f"the first in {rows.unit} {rows.numbers[at[0]]}" if len(at) > 1 else f"{rows.unit} {rows.numbers[at[0]]}"
        )
        yield Fault(what, f"{len(at)} of its {len(bad)} notes {words}, {place}", is_error)
