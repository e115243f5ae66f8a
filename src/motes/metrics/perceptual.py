"""Estimates of how a listener would rate a copy: ViSQOL (Chinen et al. 2020, audio mode) and Zimtohrli (Alakuijala et
al. 2025), both 1 … 5.

Neither is to be trusted alone: see `motes.metrics.controls`, which both rate too highly. Both need `pip install
'motes[eval]'`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.audio.resample import resample_blocks
from motes.errors import MissingExtraError
from motes.metrics.signal import check_pair

Mono = NDArray[np.float32]
SCORED_AT_HZ = 48000
# Longer recordings are scored in pieces of equal length, none longer than this: memory is bounded.
PIECE_S = 30.0
# Shorter ones are followed by silence: both measures compare patches of about a second, and one crashes below a few
# milliseconds.
SHORTEST_S = 1.5
# Peak below which a recording counts as silent: −100 dBFS.
SILENCE = 1e-5
BEST, WORST = 5.0, 1.0


def zimtohrli(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> dict[str, float]:
    """Zimtohrli's mean opinion score, 1 … 5 (identical): `mean` and `worst` over the channels and, of two, their
    mid signal.
    """
    return _scores(_zimtohrli(), estimate, reference, sample_rate_hz)


def visqol(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> dict[str, float]:
    """ViSQOL's mean opinion score, 1 … 4.73 (what its model gives to identical recordings): `mean` and `worst` as for
    `zimtohrli`.

    The first call takes some ten seconds, in which ViSQOL compiles itself.
    """
    return _scores(_visqol(), estimate, reference, sample_rate_hz)


def require_scores() -> None:
    """MissingExtraError unless both measures are installed; a caller asks before long work begins."""
    _zimtohrli(), _visqol()


def compare_perceptually(estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int) -> dict[str, float]:
    """Both scores by name; `…_worst`, the worst of channels and mid, is given beside the mean where there are
    several channels.
    """
    result = {}
    for measure in (zimtohrli, visqol):
        scores = measure(estimate, reference, sample_rate_hz)
        result[measure.__name__] = scores["mean"]
        if np.ndim(reference) == 2 and len(np.asarray(reference)) > 1:
            result[f"{measure.__name__}_worst"] = scores["worst"]
    return result


def pieces(n_samples: int, sample_rate_hz: int) -> Iterator[slice]:
    """The pieces in which a recording is scored, of equal length up to one sample."""
    edges = np.linspace(0, n_samples, max(1, int(np.ceil(n_samples / (PIECE_S * sample_rate_hz)))) + 1).astype(int)
    return (slice(start, stop) for start, stop in pairwise(edges.tolist()))


def signals(audio: NDArray[Any]) -> NDArray[Any]:
    """What is listened to, `(n_signals, n)`: the channels, and of two also their mean."""
    return np.concatenate([audio, audio.mean(axis=0, keepdims=True)]) if len(audio) == 2 else audio


def _scores(
    score: Callable[[Mono, Mono], float], estimate: ArrayLike, reference: ArrayLike, sample_rate_hz: int
) -> dict[str, float]:
    """Mean over pieces of each signal's score; ParameterError where the two cannot be compared."""
    e, r = check_pair(estimate, reference)
    n = e.shape[1]
    totals = np.zeros(len(signals(e[:, :0])))
    for piece in pieces(n, sample_rate_hz):
        share = (piece.stop - piece.start) / n if n else 1.0
        pair = zip(_prepared(e[:, piece], sample_rate_hz), _prepared(r[:, piece], sample_rate_hz), strict=True)
        totals += share * np.array([_guarded(score, *one) for one in pair])
    return {"mean": float(totals.mean()), "worst": float(totals.min())}


def _prepared(audio: NDArray[Any], sample_rate_hz: int) -> NDArray[np.float32]:
    """The signals to compare at 48 kHz, at least `SHORTEST_S` long."""
    compared = signals(audio).astype(np.float32)
    blocks = list(resample_blocks([compared], len(compared), sample_rate_hz, SCORED_AT_HZ))
    missing = int(SHORTEST_S * SCORED_AT_HZ) - sum(block.shape[1] for block in blocks)
    return np.concatenate([*blocks, np.zeros((len(compared), max(0, missing)), np.float32)], axis=1)


def _guarded(score: Callable[[Mono, Mono], float], estimate: Mono, reference: Mono) -> float:
    """The score; of silence, which the measures know nothing of, the best where both are silent and the worst where one
    is.
    """
    silent = [float(np.abs(x).max(initial=0.0)) < SILENCE for x in (estimate, reference)]
    if any(silent):
        return BEST if all(silent) else WORST
    value = score(estimate, reference)
    return float(np.clip(value, WORST, BEST)) if np.isfinite(value) else WORST


@cache
def _zimtohrli() -> Callable[[Mono, Mono], float]:
    try:
        from zimtohrli import Pyohrli, mos_from_zimtohrli
    except ImportError as error:
        raise MissingExtraError("Zimtohrli", "eval") from error
    measure = Pyohrli()
    return lambda estimate, reference: float(mos_from_zimtohrli(measure.distance(reference, estimate)))


@cache
def _visqol() -> Callable[[Mono, Mono], float]:
    try:
        from visqol import VisqolApi
    except ImportError as error:
        raise MissingExtraError("ViSQOL", "eval") from error
    logging.getLogger("visqol").setLevel(logging.ERROR)
    measure = VisqolApi()
    measure.create(mode="audio")

    def score(estimate: Mono, reference: Mono) -> float:
        return float(
            measure.measure_from_arrays(reference.astype(np.float64), estimate.astype(np.float64), SCORED_AT_HZ).moslqo
        )

    return score
