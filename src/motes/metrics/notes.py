"""How many notes of a reference an estimate finds, by the rules of mir_eval.transcription (Raffel et al. 2014).

An event is right where its onset is within 50 ms of that of a note, and its pitch within a quarter tone; each counts
once, and pairs are chosen so that as many as possible are right. With offsets, its end too has to be within 20 % of the
note's length, or 50 ms where that is more. Times are compared after differences are rounded to 0.1 ms: 50.04 ms late is
right, 50.06 ms is not. Of two empty lists all measures are 1, where mir_eval says 0: silence found in silence is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import MissingExtraError, ParameterError
from motes.events.notes import Notes, Reals, pitch_to_hz

ONSET_S, PITCH_CENTS = 0.05, 50.0
OFFSET_RATIO, OFFSET_S = 0.2, 0.05
# Notes that are further apart are no pair, however times are rounded: what lies on both sides of such a gap is matched
# apart, so that memory does not grow with the square of all notes.
_APART_S = 0.051
_MOST_PAIRS = 30_000_000


def require_note_scores() -> None:
    """MissingExtraError unless mir_eval is installed; a caller asks before long work begins."""
    _transcription()


def note_scores(estimate: Notes, reference: Notes) -> dict[str, float]:
    """Precision, recall and F1, 0 … 1: `note_…` of onset and pitch, `note_offset_…` of onset, pitch and end, both of
    the notes that have a pitch, `onset_…` of all onsets, and `unpitched_onset_…` where some have no pitch.

    `n_reference`, `n_estimate` are the notes of both, `events_per_note` their ratio, which is left out where the
    reference has no notes. MissingExtraError without mir_eval.
    """
    transcription = _transcription()
    pitched = estimate.take(estimate.has_pitch), reference.take(reference.has_pitch)
    unpitched = estimate.take(~estimate.has_pitch), reference.take(~reference.has_pitch)

    def by_pitch(e: Notes, r: Notes, offset_ratio: float | None = None) -> int:
        pitches = pitch_to_hz(r.pitch), pitch_to_hz(e.pitch)
        return len(
            transcription.match_notes(
                _intervals(r), pitches[0], _intervals(e), pitches[1], ONSET_S, PITCH_CENTS, offset_ratio, OFFSET_S
            )
        )

    def by_onset(e: Notes, r: Notes) -> int:
        return len(transcription.match_note_onsets(_intervals(r), _intervals(e), ONSET_S))

    result = _scores("note", *pitched, by_pitch)
    result |= _scores("note_offset", *pitched, lambda e, r: by_pitch(e, r, OFFSET_RATIO))
    result |= _scores("onset", estimate, reference, by_onset)
    if any(map(len, unpitched)):
        result |= _scores("unpitched_onset", *unpitched, by_onset)
    result |= {"n_reference": float(len(reference)), "n_estimate": float(len(estimate))}
    if len(reference):
        result["events_per_note"] = len(estimate) / len(reference)
    return result


def _scores(name: str, estimate: Notes, reference: Notes, match: Callable[[Notes, Notes], int]) -> dict[str, float]:
    n_right = sum(match(*pair) for pair in _near(estimate, reference))
    n_both = len(estimate) + len(reference)

    def share(n: int) -> float:
        return n_right / n if n else float(n_both == 0)

    f1 = 2 * n_right / n_both if n_both else 1.0
    return {f"{name}_f1": f1, f"{name}_precision": share(len(estimate)), f"{name}_recall": share(len(reference))}


def _near(estimate: Notes, reference: Notes) -> Iterator[tuple[Notes, Notes]]:
    """The notes of both between gaps in which nothing begins, where both have some."""
    onset_s = np.concatenate([estimate.onset_s, reference.onset_s])
    order = np.argsort(onset_s, kind="stable")
    group = np.empty(len(onset_s), np.int64)
    group[order] = np.cumsum(np.diff(onset_s[order], prepend=onset_s[order][:1]) > _APART_S)
    of_estimate, of_reference = group[: len(estimate)], group[len(estimate) :]
    for each in np.intersect1d(of_estimate, of_reference):
        e, r = estimate.take(of_estimate == each), reference.take(of_reference == each)
        if len(e) * len(r) > _MOST_PAIRS:
            raise ParameterError(f"{len(e)} events and {len(r)} notes without a gap are too many to be compared")
        yield e, r


def _intervals(notes: Notes) -> NDArray[np.float64]:
    intervals: Reals = np.stack([notes.onset_s, notes.end_s], axis=1)
    return intervals


def _transcription() -> Any:
    try:
        from mir_eval import transcription
    except ImportError as error:
        raise MissingExtraError("comparing notes", "eval") from error
    return transcription
