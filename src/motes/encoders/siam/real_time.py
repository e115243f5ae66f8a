"""Events of a recording as a stream brings them: each start as soon as it is known, and with each end the numbers.

The causal network knows pitch, level and length of an event. Its other numbers are what vectors of such a pitch, level
and length are like in the mean, by the decoder's prior.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.siam.peaks import Detections, Thresholds
from motes.encoders.siam.streaming import End, Start, hear_stream
from motes.kinds.vector.decoder import Prior
from motes.kinds.vector.decoding import current, require_known
from motes.scene.notes import NOTE_PART

Reals = NDArray[np.float64]
# Which of the sixteen numbers a stream knows: pitch, level, length.
KNOWN = np.array([0, 1, 2])
# What has no pitch is nearly all noise.
NOISE, OF_NO_PITCH = 6, 0.9
SHORTEST_S = 0.02


def streamed(
    source: Source, thresholds: Thresholds, report: Callable[[float, int, str], None]
) -> tuple[Detections, Reals]:
    """The events of a recording that is read once, from its beginning, and the sixteen numbers of each, `(n, 16)`.

    `report` is called with the part of the recording that was read, the number of events so far, and a line of JSON for
    each start and each end: every start is followed by one end.
    """
    prior = require_known(current()).prior
    begun: dict[int, Start] = {}
    done: list[tuple[Start, float, Reals]] = []
    read = [0]
    for event in hear_stream(_counted(source, read), source.sample_rate_hz, thresholds):
        fraction = read[0] / max(source.n_samples, 1)
        if isinstance(event, Start):
            begun[event.number] = event
            report(fraction, len(begun), _line_of_start(event))
            continue
        start = begun[event.number]
        numbers = expected_numbers(start, event, prior)
        done.append((start, event.end_s, numbers))
        report(fraction, len(begun), _line_of_end(event, numbers))
    return _table(done)


def expected_numbers(start: Start, end: End, prior: Prior) -> Reals:
    """The sixteen numbers of an event: three that are known, the others in the mean of vectors that have these."""
    length_s = max(end.end_s - start.onset_s, SHORTEST_S) / (NOTE_PART if start.is_pitched else 1.0)
    known = np.array([start.pitch, start.loudness_db, np.log2(length_s)])
    mean, covariance = prior.mean, prior.covariance
    among = covariance[np.ix_(KNOWN, KNOWN)] + 1e-6 * np.eye(len(KNOWN))
    numbers: Reals = mean + covariance[:, KNOWN] @ np.linalg.solve(among, known - mean[KNOWN])
    numbers[KNOWN] = known
    numbers[NOISE] = np.clip(numbers[NOISE], 0.0, 1.0) if start.is_pitched else OF_NO_PITCH
    return numbers


def _counted(source: Source, read: list[int]) -> Iterator[NDArray[np.float32]]:
    for block in source.blocks():
        read[0] += block.shape[1]
        yield block


def _line_of_start(event: Start) -> str:
    pitch = {"pitch": round(event.pitch, 2)} if event.is_pitched else {"centre": round(event.pitch, 1)}
    about = {"event": "start", "number": event.number, "onset_s": round(event.onset_s, 4)} | pitch
    return json.dumps(about | {"loudness_db": round(event.loudness_db, 1), "sureness": round(event.sureness, 3)})


def _line_of_end(event: End, numbers: Reals) -> str:
    vector = [round(float(value), 3) for value in numbers]
    return json.dumps({"event": "end", "number": event.number, "end_s": round(event.end_s, 4), "vector": vector})


def _table(done: list[tuple[Start, float, Reals]]) -> tuple[Detections, Reals]:
    """In the order of onsets, then pitches."""
    done = sorted(done, key=lambda each: (each[0].onset_s, each[0].pitch, each[0].number))
    starts = [start for start, _, _ in done]
    found = Detections(
        np.array([start.onset_s for start in starts], np.float64),
        np.array([end_s for _, end_s, _ in done], np.float64),
        np.array([start.pitch for start in starts], np.float64),
        np.array([start.loudness_db for start in starts], np.float32),
        np.array([start.sureness for start in starts], np.float32),
        np.array([start.is_pitched for start in starts], bool),
        np.arange(len(starts)),
    )
    return found, np.array([numbers for _, _, numbers in done], np.float64).reshape(-1, 16)
